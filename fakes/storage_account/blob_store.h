// The rows and files that storage accounts consist of: containers, blobs, blocks, page ranges. Every function
// is called with the ServiceState's lock held, in the transaction of whoever calls (but those that touch
// files only). One task at a time, by that lock.
//
// A data file is named by a number that no other file had. It is written and synced, its name too, before a
// row names it, and removed after the row has gone; what no row names is removed at the next opening.
#pragma once

#include <functional>

#include "fakes/storage_account/blob_request.h"
#include "fakes/store/service_state.h"

namespace seedbed {

struct ContainerRow {
  int64_t id = 0;
  std::string name;
  int64_t etag = 0, modified_ns = 0;
  Metadata metadata;
};

struct BlobRow {
  int64_t id = 0;  // 0: not stored yet
  int64_t container = 0;
  std::string name;
  bool page = false;
  uint64_t size_bytes = 0;
  int64_t data = 0;  // the file of a page blob
  int64_t etag = 0, created_ns = 0, modified_ns = 0, sequence_number = 0;
  ContentHeaders content;
  Metadata metadata;
  std::string import_id;
};

struct BlockRow {
  std::string block_id;  // base64
  uint64_t size_bytes = 0;
  int64_t data = 0;
};

std::string etag_text(int64_t etag);  // with its quotes

class BlobStore {
 public:
  explicit BlobStore(ServiceState& state) : state_(state) {}
  Status create_tables();

  Result<std::optional<ContainerRow>> container(const std::string& account, const std::string& name);
  Result<std::vector<ContainerRow>> containers(const std::string& account, const std::string& from_name,
                                               size_t count_max);
  Status save_container(const std::string& account, ContainerRow& row);  // a new etag
  Status remove_container(int64_t id);                                   // with all that is in it
  Result<std::optional<BlobRow>> blob(int64_t container, const std::string& name);
  // In order of names, from that name on, until `take` says false.
  Status blobs_from(int64_t container, const std::string& from_name,
                    const std::function<bool(BlobRow)>& take);
  Status save_blob(BlobRow& row);  // a new etag and time; replaces the row of that id or makes it
  Status remove_blob(int64_t id);  // and its pieces, ranges; its files are garbage once that has committed

  // Pieces of a block blob, in order.
  Result<std::vector<BlockRow>> pieces(int64_t blob);
  Status set_pieces(int64_t blob, const std::vector<BlockRow>& pieces);
  // Blocks put and not yet committed, in order of their ids.
  Result<std::vector<BlockRow>> uncommitted(int64_t container, const std::string& name);
  Status put_uncommitted(int64_t container, const std::string& name, const BlockRow& block);
  Status drop_uncommitted(int64_t container, const std::string& name);

  // --- data files ---
  Result<int64_t> write_new_data(ByteSpan bytes);  // takes no lock but for the number: call it without
  int64_t new_number() { return next_data_++; }
  Result<int64_t> make_empty_data();  // of a page blob
  Result<std::unique_ptr<File>> open_data(int64_t data, OpenMode how);
  // Files that have lost their last row in this transaction: removed by this, after the commit. What cannot
  // be removed waits for the next opening.
  void remove_lost_files();
  void forget_lost_files() { lost_.clear(); }  // the transaction was rolled back
  void remove_unnamed(int64_t data);           // written for nothing

 private:
  std::string path_of(int64_t data) const;
  Result<int64_t> next_etag();
  Status lose_files(std::string_view sql, int64_t id);
  Status remove_strays();

  ServiceState& state_;
  int64_t next_data_ = 1;
  std::vector<int64_t> lost_;
};

}  // namespace seedbed
