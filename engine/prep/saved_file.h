// A file beside the journal that one of its records speaks of: it is believed only when it has the length and
// the digest that the record carries. A value; any task may hold it.
//
// Durability: whoever returns one has made the file durable, its name included; the record is written after.
#pragma once

#include <cstdint>
#include <string>

namespace seedbed {

struct SavedFile {
  std::string path;
  uint64_t length_bytes = 0;
  std::string sha256;  // upper-case hex over the whole file
  friend bool operator==(const SavedFile&, const SavedFile&) = default;
};

}  // namespace seedbed
