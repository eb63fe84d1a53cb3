// Which pages of a page blob hold data: sorted ranges that neither meet nor touch. Everything else reads as
// zeros. Called with the ServiceState's lock, changes in a transaction.
#pragma once

#include <vector>

#include "fakes/store/service_state.h"

namespace seedbed {

class PageRanges {
 public:
  explicit PageRanges(Database& database) : database_(database) {}
  static Status create_tables(Database& database);
  Status add(int64_t data, Extent range);
  Status clear(int64_t data, Extent range);
  // Those that meet `within`, cut to it; at most `count_max` of them.
  Result<std::vector<Extent>> list(int64_t data, Extent within, size_t count_max);

 private:
  // Takes out what meets or touches, and tells what it was.
  Result<std::vector<Extent>> take(int64_t data, uint64_t from_bytes, uint64_t to_bytes);
  Status insert(int64_t data, uint64_t start_bytes, uint64_t end_bytes);
  Database& database_;
};

}  // namespace seedbed
