#include "simulator/simulated_files.h"

#include <mutex>

namespace seedbed {

static uint64_t digest_of(const FileAttributes& attributes) {
  TraceHash hash;
  hash.mix(attributes.mode ? *attributes.mode + 1 : 0);
  hash.mix(attributes.modified_ns.has_value());
  hash.mix(static_cast<uint64_t>(attributes.modified_ns.value_or(0)));
  if (const auto& owner = attributes.owner_and_group) hash.mix(uint64_t{owner->first} << 32 | owner->second);
  return hash.value();
}

// What the store and its open files have in common; the files may outlive the store.
struct SimulatedFiles::Shared {
  Runtime& runtime;
  std::shared_ptr<FileTree> tree;
  SimulatedFilesOptions options;
  EventLog* log;
  std::mutex mutex;

  // One port call: the wait, the event, then `effect(tree, event number)` at once.
  template <typename Effect>
  auto call(Event event, Effect effect) {
    runtime.sleep_ns(options.latency_ns);
    return befall(std::move(event), std::move(effect), [](FileTree&) {});
  }
  // The same for what leaves a time stamp: `effect(tree, now_ns, event number)`.
  template <typename Effect>
  auto stamped_call(Event event, Effect effect) {
    runtime.sleep_ns(options.latency_ns);
    const int64_t now_ns = runtime.utc_ns();
    return befall(
        std::move(event), [&](FileTree& its, uint64_t number) { return effect(its, now_ns, number); },
        [](FileTree&) {});
  }
  // The same for a sync, which when it fails has lost what it covered.
  template <typename Effect, typename Loss>
  Status sync_call(Event event, Effect effect, Loss loss) {
    runtime.sleep_ns(options.latency_ns);
    return befall(std::move(event), [&](FileTree& its, uint64_t) { return effect(its); }, std::move(loss));
  }

 private:
  template <typename Effect, typename Loss>
  auto befall(Event event, Effect effect, Loss loss) -> decltype(effect(*tree, uint64_t{0})) {
    if (log == nullptr) {
      const std::scoped_lock lock(mutex);
      return effect(*tree, 0);
    }
    event.machine = options.machine;
    using Answer = decltype(effect(*tree, uint64_t{0}));
    const Interference what = log->begin(event);
    const bool lies =
        what.lie && (event.kind == EventKind::file_sync || event.kind == EventKind::directory_sync);
    Answer answer = [&]() -> Answer {
      const std::scoped_lock lock(mutex);
      if (what.error) {
        loss(*tree);
        return std::unexpected(*what.error);
      }
      if constexpr (std::is_same_v<Answer, Status>)
        if (lies) return {};
      return effect(*tree, event.number);
    }();
    log->end(event, !answer);
    return answer;
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
    return shared_->call(event(EventKind::file_look),
                         [&](FileTree& tree, uint64_t) { return tree.size(handle_); });
  }
  Result<size_t> read_at(uint64_t offset_bytes, MutableByteSpan out) override {
    return shared_->call(event(EventKind::file_read, offset_bytes, out.size()),
                         [&](FileTree& tree, uint64_t) { return tree.read(handle_, offset_bytes, out); });
  }
  Status write_at(uint64_t offset_bytes, ByteSpan data) override {
    Event write = event(EventKind::file_write, offset_bytes, data.size());
    if (shared_->log != nullptr) write.detail = detail_of(as_text(data));
    return shared_->stamped_call(std::move(write), [&](FileTree& tree, int64_t now_ns, uint64_t number) {
      return tree.write(handle_, offset_bytes, data, now_ns, number);
    });
  }
  Status truncate(uint64_t size_bytes) override {
    return shared_->stamped_call(event(EventKind::file_truncate, 0, size_bytes),
                                 [&](FileTree& tree, int64_t now_ns, uint64_t number) {
                                   return tree.truncate(handle_, size_bytes, now_ns, number);
                                 });
  }
  Status sync() override {
    return shared_->sync_call(
        event(EventKind::file_sync), [&](FileTree& tree) { return tree.sync(handle_); },
        [&](FileTree& tree) { tree.lose_sync(handle_); });
  }
  Status lock() override {
    return shared_->call(event(EventKind::file_lock),
                         [&](FileTree& tree, uint64_t) { return tree.lock(handle_); });
  }

 private:
  Event event(EventKind kind, uint64_t offset_bytes = 0, uint64_t length_bytes = 0) const {
    return {.kind = kind,
            .place = shared_->log == nullptr ? std::string() : shared_->tree->path_of(handle_),
            .offset_bytes = offset_bytes,
            .length_bytes = length_bytes};
  }

  std::shared_ptr<SimulatedFiles::Shared> shared_;
  FileTree::Handle handle_;
};

SimulatedFiles::SimulatedFiles(Runtime& runtime, std::shared_ptr<FileTree> tree,
                               SimulatedFilesOptions options, EventLog* log)
    : shared_(new Shared{runtime, std::move(tree), std::move(options), log, {}}) {}

Result<std::unique_ptr<File>> SimulatedFiles::open(const std::string& path, OpenMode how, uint32_t mode) {
  auto handle = TRY(shared_->stamped_call(
      {.kind = EventKind::file_open, .place = path, .detail = static_cast<uint64_t>(how)},
      [&](FileTree& tree, int64_t now_ns, uint64_t number) {
        return tree.open(path, how, mode, now_ns, number);
      }));
  return std::make_unique<SimulatedFile>(shared_, std::move(handle));
}

Result<FileStat> SimulatedFiles::stat(const std::string& path) {
  return shared_->call({.kind = EventKind::file_look, .place = path},
                       [&](FileTree& tree, uint64_t) { return tree.stat(path); });
}

Result<std::vector<DirectoryEntry>> SimulatedFiles::list(const std::string& path) {
  return shared_->call({.kind = EventKind::file_look, .place = path},
                       [&](FileTree& tree, uint64_t) { return tree.list(path); });
}

Status SimulatedFiles::make_directory(const std::string& path, uint32_t mode) {
  return shared_->stamped_call({.kind = EventKind::make_directory, .place = path},
                               [&](FileTree& tree, int64_t now_ns, uint64_t number) {
                                 return tree.make_directory(path, mode, now_ns, number);
                               });
}

Status SimulatedFiles::rename(const std::string& from, const std::string& to) {
  return shared_->stamped_call(
      {.kind = EventKind::rename, .place = from + " > " + to},
      [&](FileTree& tree, int64_t now_ns, uint64_t number) { return tree.rename(from, to, now_ns, number); });
}

Status SimulatedFiles::remove(const std::string& path) {
  return shared_->stamped_call(
      {.kind = EventKind::remove, .place = path},
      [&](FileTree& tree, int64_t now_ns, uint64_t number) { return tree.remove(path, now_ns, number); });
}

Status SimulatedFiles::sync_directory(const std::string& path) {
  return shared_->sync_call(
      {.kind = EventKind::directory_sync, .place = path},
      [&](FileTree& tree) { return tree.sync_directory(path); },
      [&](FileTree& tree) { tree.lose_directory_sync(path); });
}

Result<std::string> SimulatedFiles::read_link(const std::string& path) {
  return shared_->call({.kind = EventKind::file_look, .place = path},
                       [&](FileTree& tree, uint64_t) { return tree.read_link(path); });
}

Status SimulatedFiles::make_symlink(const std::string& target, const std::string& path) {
  return shared_->stamped_call({.kind = EventKind::make_symlink, .place = path, .detail = detail_of(target)},
                               [&](FileTree& tree, int64_t now_ns, uint64_t number) {
                                 return tree.make_symlink(target, path, now_ns, number);
                               });
}

Status SimulatedFiles::make_hard_link(const std::string& existing, const std::string& path) {
  return shared_->stamped_call({.kind = EventKind::make_hard_link, .place = existing + " > " + path},
                               [&](FileTree& tree, int64_t now_ns, uint64_t number) {
                                 return tree.make_hard_link(existing, path, now_ns, number);
                               });
}

Status SimulatedFiles::set_attributes(const std::string& path, const FileAttributes& attributes) {
  return shared_->call(
      {.kind = EventKind::set_attributes, .place = path, .detail = digest_of(attributes)},
      [&](FileTree& tree, uint64_t number) { return tree.set_attributes(path, attributes, number); });
}

Result<uint64_t> SimulatedFiles::free_bytes(const std::string& path) {
  return shared_->call({.kind = EventKind::file_look, .place = path},
                       [&](FileTree& tree, uint64_t) { return tree.free_bytes(path); });
}

Result<std::string> SimulatedFiles::real_path(const std::string& path) {
  return shared_->call({.kind = EventKind::file_look, .place = path},
                       [&](FileTree& tree, uint64_t) { return tree.real_path(path); });
}

void SimulatedFiles::kill() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->tree->kill();
}

void SimulatedFiles::power_cut(const Survivors& survivors) {
  const std::scoped_lock lock(shared_->mutex);
  shared_->tree->power_cut(survivors);
}

}  // namespace seedbed
