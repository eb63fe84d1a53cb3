// A base blob: an append-only file of sealed records behind a head of its own, everything a multiple of 512
// bytes (docs/formats/base-blob.md). One task uses it.
//
// Durability: append promises nothing; sync makes everything before it durable, and a mark appended after
// that says so. After a failed sync or append the object is of no use any more: the next run finds out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/staging/aib.h"

namespace seedbed {

// What a base blob holds, as far as it can be believed.
struct BlobScan {
  AibHead head;                     // numbers and facts of the blob's own head
  std::vector<IndexEntry> entries;  // the head, and all whole records
  uint64_t durable_bytes = 0;       // what the last mark vouches for, without the mark; 0: there is no mark
  uint64_t source_bytes = 0;        // as the last mark says
  uint64_t end_bytes = 0;           // of the last whole record
  uint64_t file_bytes = 0;          // more than end_bytes: a torn tail
  size_t marked_entries = 0;        // of `entries`: up to the last mark, itself included
};

// Heads are read, marks opened, and what lies behind the last mark is opened record by record; with
// `every_record` the digest of each is computed anew (for an index that does not rely on marks). not_found
// when the file is absent; corrupt when it has no head, or a mark below the last one does not open.
Result<BlobScan> scan_base_blob(FileStore& files, const std::string& path, const ChunkKeys& keys,
                                bool every_record = false);

// One record, opened; corrupt, with file and offset.
Result<OpenedRecord> read_record(File& file, const std::string& path, const IndexEntry& entry,
                                 Opener& opener);

class BaseBlob {
 public:
  // Made new, with its head; when it returns head and name are durable.
  static Result<std::unique_ptr<BaseBlob>> create(FileStore& files, const std::string& path,
                                                  const AibHead& head);
  // Goes on behind the last whole record. What no mark vouches for is written again, the torn tail is cut
  // off, all of it is made durable: the writer may have died after a sync that failed.
  static Result<std::unique_ptr<BaseBlob>> resume(FileStore& files, const std::string& path, BlobScan scan);

  const AibHead& head() const noexcept { return head_; }
  const std::string& path() const noexcept { return path_; }
  uint64_t size_bytes() const noexcept { return size_bytes_; }
  uint64_t next_sequence() const noexcept { return entries_.size(); }
  const std::vector<IndexEntry>& entries() const noexcept { return entries_; }
  bool has_no_mark() const noexcept { return marked_ == 0; }
  // Bytes that a mark written now would take.
  uint64_t mark_bytes() const noexcept;

  Status append(RecordKind kind, const ChunkId& id, ByteSpan record);
  Status sync() { return file_->sync(); }
  // A mark for all that was synced: nothing may have been appended since.
  Status append_mark(Sealer& sealer, ChunkNamer& namer, uint64_t source_bytes);

 private:
  BaseBlob(std::unique_ptr<File> file, std::string path, AibHead head)
      : file_(std::move(file)), path_(std::move(path)), head_(std::move(head)) {}
  std::unique_ptr<File> file_;
  std::string path_;
  AibHead head_;
  std::vector<IndexEntry> entries_;
  size_t marked_ = 0;  // entries that a mark has told
  uint64_t size_bytes_ = 0;
};

}  // namespace seedbed
