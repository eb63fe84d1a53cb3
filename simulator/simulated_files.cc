#include "simulator/simulated_files.h"

#include <mutex>

namespace seedbed {

// What the store and its open files have in common; the files may outlive the store.
struct SimulatedFiles::Shared {
  Runtime& runtime;
  std::shared_ptr<FileTree> tree;
  uint64_t latency_ns;
  std::mutex mutex;

  // One port call: the wait, then `action(tree)` at once.
  template <typename Action>
  auto call(Action action) {
    runtime.sleep_ns(latency_ns);
    const std::scoped_lock lock(mutex);
    return action(*tree);
  }
  // The same for what leaves a time stamp: `action(tree, now_ns)`.
  template <typename Action>
  auto stamped_call(Action action) {
    runtime.sleep_ns(latency_ns);
    const int64_t now_ns = runtime.utc_ns();
    const std::scoped_lock lock(mutex);
    return action(*tree, now_ns);
  }
};

class SimulatedFile final : public File {
 public:
  SimulatedFile(std::shared_ptr<SimulatedFiles::Shared> shared, FileTree::Handle handle)
      : shared_(std::move(shared)), handle_(std::move(handle)) {}
  ~SimulatedFile() override {  // no port call: destructors of a dead machine run this too
    const std::scoped_lock lock(shared_->mutex);
    shared_->tree->close(handle_);
  }

  Result<uint64_t> size() override {
    return shared_->call([&](FileTree& tree) { return tree.size(handle_); });
  }
  Result<size_t> read_at(uint64_t offset_bytes, MutableByteSpan out) override {
    return shared_->call([&](FileTree& tree) { return tree.read(handle_, offset_bytes, out); });
  }
  Status write_at(uint64_t offset_bytes, ByteSpan data) override {
    return shared_->stamped_call(
        [&](FileTree& tree, int64_t now_ns) { return tree.write(handle_, offset_bytes, data, now_ns); });
  }
  Status truncate(uint64_t size_bytes) override {
    return shared_->stamped_call(
        [&](FileTree& tree, int64_t now_ns) { return tree.truncate(handle_, size_bytes, now_ns); });
  }
  Status sync() override {
    return shared_->call([&](FileTree& tree) { return tree.sync(handle_); });
  }
  Status lock() override {
    return shared_->call([&](FileTree& tree) { return tree.lock(handle_); });
  }

 private:
  std::shared_ptr<SimulatedFiles::Shared> shared_;
  FileTree::Handle handle_;
};

SimulatedFiles::SimulatedFiles(Runtime& runtime, std::shared_ptr<FileTree> tree,
                               SimulatedFilesOptions options)
    : shared_(new Shared{runtime, std::move(tree), options.latency_ns, {}}) {}

Result<std::unique_ptr<File>> SimulatedFiles::open(const std::string& path, OpenMode how, uint32_t mode) {
  auto handle = TRY(shared_->stamped_call(
      [&](FileTree& tree, int64_t now_ns) { return tree.open(path, how, mode, now_ns); }));
  return std::make_unique<SimulatedFile>(shared_, std::move(handle));
}

Result<FileStat> SimulatedFiles::stat(const std::string& path) {
  return shared_->call([&](FileTree& tree) { return tree.stat(path); });
}

Result<std::vector<DirectoryEntry>> SimulatedFiles::list(const std::string& path) {
  return shared_->call([&](FileTree& tree) { return tree.list(path); });
}

Status SimulatedFiles::make_directory(const std::string& path, uint32_t mode) {
  return shared_->stamped_call(
      [&](FileTree& tree, int64_t now_ns) { return tree.make_directory(path, mode, now_ns); });
}

Status SimulatedFiles::rename(const std::string& from, const std::string& to) {
  return shared_->stamped_call([&](FileTree& tree, int64_t now_ns) { return tree.rename(from, to, now_ns); });
}

Status SimulatedFiles::remove(const std::string& path) {
  return shared_->stamped_call([&](FileTree& tree, int64_t now_ns) { return tree.remove(path, now_ns); });
}

Status SimulatedFiles::sync_directory(const std::string& path) {
  return shared_->call([&](FileTree& tree) { return tree.sync_directory(path); });
}

Result<std::string> SimulatedFiles::read_link(const std::string& path) {
  return shared_->call([&](FileTree& tree) { return tree.read_link(path); });
}

Result<uint64_t> SimulatedFiles::free_bytes(const std::string& path) {
  return shared_->call([&](FileTree& tree) { return tree.free_bytes(path); });
}

Result<std::string> SimulatedFiles::real_path(const std::string& path) {
  return shared_->call([&](FileTree& tree) { return tree.real_path(path); });
}

void SimulatedFiles::kill() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->tree->kill();
}

void SimulatedFiles::power_cut() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->tree->power_cut();
}

}  // namespace seedbed
