// The journal of one drive: an append-only file of records (record.h) on the copy computer, mode 0600, never
// on the target drive.
//
// Owned by one task and one process (the file is locked while open). append() returns after the record is
// durable (write, sync; for a new journal also the directory): a record is a promise, so write it after what
// it speaks of. A torn tail found by open() is cut off and the cut is synced before anything is appended.
// compact() rewrites the file (temp, sync, rename, directory sync) with fewer records, so that it stays under
// 2 MiB.
#pragma once

#include <functional>
#include <memory>

#include "engine/journal/record.h"
#include "engine/ports/file_store.h"
#include "engine/ports/runtime.h"

namespace seedbed {

inline constexpr uint64_t kJournalBoundBytes = 64 * MiB;  // more is no journal of ours

class Journal {
 public:
  // already_exists if the path exists. The first record (NewJournalFile, VocabularyVersion, JournalId) is
  // durable on return.
  static Result<Journal> create(FileStore& store, Runtime& runtime, const std::string& path,
                                const std::string& journal_id);
  // not_found, corrupt (not a journal, damaged before its tail: line and byte), busy (another process).
  static Result<Journal> open(FileStore& store, Runtime& runtime, const std::string& path);
  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  ~Journal();

  const std::string& path() const noexcept;
  const std::vector<Record>& records() const noexcept;
  bool was_torn() const noexcept;  // open() cut a tail off
  uint64_t size_bytes() const noexcept;

  Status append(Record record);  // utc_ns is set here, never earlier than the last record's
  // Keeps the records for which keep(index) says yes; renumbers. Durable on return.
  Status compact(const std::function<bool(size_t index)>& keep);

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace seedbed
