// The FileStore of a simulated machine: a FileTree behind a Runtime. Every call costs a fixed latency of
// virtual time, in which it parks and may be killed; what it does, it does at once when it wakes, so that a
// killed call has done nothing. With a log each call is one event of it, after the latency: what the world
// answers there befalls the call, and its effect carries the event's number.
//
// Any task of the machine may call; the tree must not be used otherwise meanwhile. The tree outlives the
// machine: a reboot is a new SimulatedFiles over the same tree after FileTree::kill() or power_cut(). Files
// of a dead machine are void, and closing them is inert. A lock inside guards memory operations only and is
// never held across a port call or an event.
#pragma once

#include "engine/ports/file_store.h"
#include "engine/ports/runtime.h"
#include "simulator/event_log.h"
#include "simulator/file_tree.h"

namespace seedbed {

struct SimulatedFilesOptions {
  uint64_t latency_ns = 20'000;  // 0: calls take no time, but still are a point where the schedule may turn
  std::string machine = {};      // whose files these are, for events; "": the computer's
};

class SimulatedFiles final : public FileStore {
 public:
  SimulatedFiles(Runtime& runtime, std::shared_ptr<FileTree> tree, SimulatedFilesOptions options = {},
                 EventLog* log = nullptr);

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode = 0600) override;
  Result<FileStat> stat(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  Status make_directory(const std::string& path, uint32_t mode = 0700) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::string> read_link(const std::string& path) override;
  Status make_symlink(const std::string& target, const std::string& path) override;
  Status make_hard_link(const std::string& existing, const std::string& path) override;
  Status set_attributes(const std::string& path, const FileAttributes& attributes) override;
  Result<uint64_t> free_bytes(const std::string& path) override;
  Result<std::string> real_path(const std::string& path) override;

  // What happens to the machine (see FileTree); the caller has killed its Runtime before.
  void kill();
  void power_cut(const Survivors& survivors = {.shape = Survivors::Shape::none});

 private:
  friend class SimulatedFile;
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace seedbed
