// Pack files: where sealed chunks lie, one file for each request that brought some. A pack is announced in
// the database, written, synced, and then its rows say where in it each chunk is; a pack that was announced
// and never finished is cleared away when the service opens.
//
// Any task may call; none of this holds the ServiceState's lock over I/O of a pack.
#pragma once

#include "engine/base/checksum.h"
#include "fakes/store/service_state.h"

namespace seedbed {

class ChunkPacks {
 public:
  explicit ChunkPacks(ServiceState& state) : state_(state) {}
  // Under the lock, outside of a transaction.
  Status open();

  // A pack being written. Its destructor closes it and promises nothing.
  class Writer {
   public:
    int64_t pack() const noexcept { return pack_; }
    uint64_t size_bytes() const noexcept { return size_bytes_; }
    Result<uint64_t> append(ByteSpan record);  // the offset it got
    Status finish();                           // durable, bytes and name

   private:
    friend class ChunkPacks;
    ChunkPacks* packs_ = nullptr;
    int64_t pack_ = 0;
    std::unique_ptr<File> file_;
    uint64_t size_bytes_ = 0;
  };
  // Announces a pack (its own transaction, takes the lock) and opens its file.
  Result<Writer> begin();
  // In the caller's transaction, which adds the rows that name the pack.
  Status keep(int64_t pack);
  // Takes a pack back that no row names (takes the lock). Best effort: open() clears what stays.
  void discard(int64_t pack);
  // Packs that no chunk names any more, in the caller's transaction; their files are removed by remove_files
  // once it has committed.
  Result<std::vector<int64_t>> forget_unnamed();
  void remove_files(const std::vector<int64_t>& packs);

  // not_found: the pack is gone; corrupt: the bytes are not what they were.
  Result<Bytes> read(int64_t pack, uint64_t offset_bytes, uint64_t length_bytes, const Sha256& sha256);

 private:
  std::string directory() const { return join_path(state_.directory, "vaults"); }
  std::string path_of(int64_t pack) const;
  ServiceState& state_;
};

}  // namespace seedbed
