// A FileStore in memory for the journal's tests: files of one flat directory, with what a process kill and a
// power cut leave of them.
//
// An unsynced write survives a cut whole, as a prefix, with zeros or garbage where the file had grown, or not
// at all; an unsynced name change survives or not. A failed sync drops some of the writes for good, though
// reading still shows them, and a later sync of them says yes: what kernels do. crash_at(n): the n-th call
// from now throws Killed, a sync perhaps half done.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/random.h"
#include "engine/ports/file_store.h"

namespace seedbed::test {

class CrashingFiles final : public FileStore {
 public:
  explicit CrashingFiles(uint64_t seed) : random_(seed) {}

  void kill();       // the process dies: handles and locks go, the files stay as they look
  void power_cut();  // the computer dies: also what was not synced, as chance has it
  void crash_at(uint64_t calls) { calls_to_crash_ = calls; }
  void no_crash() { calls_to_crash_.reset(); }
  void fail_sync_at(uint64_t syncs) { syncs_to_failure_ = syncs; }  // 0: the next one
  void no_failure() { syncs_to_failure_.reset(); }

  const Bytes& content(const std::string& path) const { return names_.at(path)->seen; }
  void set_content(const std::string& path, ByteSpan bytes);  // made durable
  bool exists(const std::string& path) const { return names_.contains(path); }
  uint32_t mode(const std::string& path) const { return names_.at(path)->mode; }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override;
  Result<FileStat> stat(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  Status make_directory(const std::string& path, uint32_t mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::string> read_link(const std::string& path) override;
  Result<uint64_t> free_bytes(const std::string& path) override;
  Result<std::string> real_path(const std::string& path) override;

 private:
  friend class CrashingFile;
  struct Change {  // a write, or a truncation when there is no data
    uint64_t offset_bytes = 0;
    std::optional<Bytes> data;
  };
  struct Inode {
    uint64_t number = 0;
    uint32_t mode = 0;
    Bytes seen, durable;
    std::vector<Change> unsynced, dropped;
    const void* locked_by = nullptr;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  struct NameChange {
    std::string from, to;  // either may be empty
    std::shared_ptr<Inode> inode;
  };

  static void apply(const Change& change, Bytes& bytes);
  static void apply(const NameChange& change, Names& names);
  void survive(const Change& change, Bytes& bytes);
  Status sync(Inode& inode);
  void change_name(NameChange change);
  bool sync_fails();
  void step();  // every call begins here

  Random random_;
  Names names_, durable_names_;
  std::vector<NameChange> unsynced_names_, dropped_names_;
  std::vector<std::shared_ptr<Inode>> inodes_;
  uint64_t incarnation_ = 1;
  std::optional<uint64_t> calls_to_crash_, syncs_to_failure_;
};

}  // namespace seedbed::test
