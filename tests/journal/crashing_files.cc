#include "tests/journal/crashing_files.h"

#include <algorithm>
#include <stdexcept>

#include "engine/ports/runtime.h"

namespace seedbed::test {

class CrashingFile final : public File {
 public:
  CrashingFile(CrashingFiles& store, std::shared_ptr<CrashingFiles::Inode> inode)
      : store_(store), inode_(std::move(inode)), incarnation_(store.incarnation_) {}
  ~CrashingFile() override {
    if (inode_->locked_by == this) inode_->locked_by = nullptr;
  }
  Result<uint64_t> size() override {
    step();
    return inode_->seen.size();
  }
  Result<size_t> read_at(uint64_t offset_bytes, MutableByteSpan out) override {
    step();
    const Bytes& seen = inode_->seen;
    if (offset_bytes >= seen.size()) return size_t{0};
    const size_t got_bytes = std::min<size_t>(out.size(), seen.size() - offset_bytes);
    std::copy_n(seen.begin() + static_cast<ptrdiff_t>(offset_bytes), got_bytes, out.begin());
    return got_bytes;
  }
  Status write_at(uint64_t offset_bytes, ByteSpan data) override {
    return change({offset_bytes, Bytes(data.begin(), data.end())});
  }
  Status truncate(uint64_t size_bytes) override { return change({size_bytes, std::nullopt}); }
  Status sync() override {
    step();
    return store_.sync(*inode_);
  }
  Status lock() override {
    step();
    if (inode_->locked_by != nullptr && inode_->locked_by != this)
      return fail(ErrorCode::busy, "locked", "file");
    inode_->locked_by = this;
    return {};
  }

 private:
  void step() {
    if (incarnation_ != store_.incarnation_) throw std::logic_error("a handle outlived its process");
    store_.step();
  }
  Status change(CrashingFiles::Change change) {
    step();
    CrashingFiles::apply(change, inode_->seen);
    inode_->unsynced.push_back(std::move(change));
    return {};
  }

  CrashingFiles& store_;
  std::shared_ptr<CrashingFiles::Inode> inode_;
  uint64_t incarnation_;
};

void CrashingFiles::step() {
  if (!calls_to_crash_) return;
  if (*calls_to_crash_ == 0) throw Killed{};
  --*calls_to_crash_;
}

bool CrashingFiles::sync_fails() {
  if (!syncs_to_failure_) return false;
  if ((*syncs_to_failure_)-- != 0) return false;
  syncs_to_failure_.reset();
  return true;
}

void CrashingFiles::apply(const Change& change, Bytes& bytes) {
  if (!change.data) {
    bytes.resize(change.offset_bytes);
    return;
  }
  bytes.resize(std::max<size_t>(bytes.size(), change.offset_bytes + change.data->size()));
  std::copy(change.data->begin(), change.data->end(),
            bytes.begin() + static_cast<ptrdiff_t>(change.offset_bytes));
}

void CrashingFiles::apply(const NameChange& change, Names& names) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.inode;
}

// Where a write lies over bytes that were durable before, each is old or new; garbage comes only where the
// file grew.
void CrashingFiles::survive(const Change& change, Bytes& bytes) {
  if (random_.chance(1, 4)) return;
  if (!change.data || random_.chance(1, 4)) return apply(change, bytes);
  const size_t old_bytes = bytes.size();
  Bytes data = *change.data;
  const size_t kept_bytes = random_.below(data.size() + 1);
  switch (random_.below(4)) {
    case 0:  // a prefix
      data.resize(kept_bytes);
      break;
    case 1: {  // the size grew, but from somewhere on there are zeros
      std::fill(data.begin() + static_cast<ptrdiff_t>(kept_bytes), data.end(), uint8_t{0});
      break;
    }
    case 2: {  // the same with garbage
      random_.fill(MutableByteSpan(data).subspan(kept_bytes));
      break;
    }
    default: {  // a hole
      const size_t hole_end = kept_bytes + random_.below(data.size() - kept_bytes + 1);
      std::fill(data.begin() + static_cast<ptrdiff_t>(kept_bytes),
                data.begin() + static_cast<ptrdiff_t>(hole_end), uint8_t{0});
    }
  }
  for (size_t i = kept_bytes; i < data.size() && change.offset_bytes + i < old_bytes; i++)
    data[i] = bytes[change.offset_bytes + i];
  apply({change.offset_bytes, std::move(data)}, bytes);
}

Status CrashingFiles::sync(Inode& inode) {
  if (sync_fails()) {
    std::move(inode.unsynced.begin(), inode.unsynced.end(), std::back_inserter(inode.dropped));
    inode.unsynced.clear();
    return fail(ErrorCode::io_error, "fdatasync: Input/output error", "file");
  }
  for (const Change& change : inode.dropped)
    survive(change, inode.durable);  // never again written, perhaps written before
  for (const Change& change : inode.unsynced) apply(change, inode.durable);
  inode.dropped.clear();
  inode.unsynced.clear();
  return {};
}

void CrashingFiles::kill() {
  incarnation_++;
  calls_to_crash_.reset();
  syncs_to_failure_.reset();
  for (auto& inode : inodes_) inode->locked_by = nullptr;
}

void CrashingFiles::power_cut() {
  kill();
  for (auto* list : {&dropped_names_, &unsynced_names_}) {
    for (const NameChange& change : *list)
      if (random_.chance(1, 2)) apply(change, durable_names_);
    list->clear();
  }
  names_ = durable_names_;
  for (auto& inode : inodes_) {
    for (auto* list : {&inode->dropped, &inode->unsynced}) {
      for (const Change& change : *list) survive(change, inode->durable);
      list->clear();
    }
    inode->seen = inode->durable;
  }
}

void CrashingFiles::set_content(const std::string& path, ByteSpan bytes) {
  Inode& inode = *names_.at(path);
  inode.seen.assign(bytes.begin(), bytes.end());
  inode.durable = inode.seen;
}

void CrashingFiles::change_name(NameChange change) {
  apply(change, names_);
  unsynced_names_.push_back(std::move(change));
}

Result<std::unique_ptr<File>> CrashingFiles::open(const std::string& path, OpenMode how, uint32_t mode) {
  step();
  const bool present = names_.contains(path);
  if (present && how == OpenMode::create_new)
    return fail(ErrorCode::already_exists, "open: File exists", path);
  if (!present && how != OpenMode::create && how != OpenMode::create_new)
    return fail(ErrorCode::not_found, "open: no such file", path);
  if (!present) {
    auto inode = std::make_shared<Inode>();
    inode->number = inodes_.size() + 1;
    inode->mode = mode;
    inodes_.push_back(inode);
    change_name({"", path, std::move(inode)});
  }
  return std::make_unique<CrashingFile>(*this, names_.at(path));
}

Result<FileStat> CrashingFiles::stat(const std::string& path) {
  step();
  const auto found = names_.find(path);
  if (found == names_.end()) return fail(ErrorCode::not_found, "stat: no such file", path);
  return FileStat{
      .size_bytes = found->second->seen.size(), .mode = found->second->mode, .inode = found->second->number};
}

Status CrashingFiles::rename(const std::string& from, const std::string& to) {
  step();
  const auto found = names_.find(from);
  if (found == names_.end()) return fail(ErrorCode::not_found, "rename: no such file", from);
  change_name({from, to, found->second});
  return {};
}

Status CrashingFiles::remove(const std::string& path) {
  step();
  if (!names_.contains(path)) return fail(ErrorCode::not_found, "unlink: no such file", path);
  change_name({path, "", nullptr});
  return {};
}

Status CrashingFiles::sync_directory(const std::string& path) {
  step();
  if (sync_fails()) {
    std::move(unsynced_names_.begin(), unsynced_names_.end(), std::back_inserter(dropped_names_));
    unsynced_names_.clear();
    return fail(ErrorCode::io_error, "fsync: Input/output error", path);
  }
  for (const NameChange& change : dropped_names_)
    if (random_.chance(1, 2)) apply(change, durable_names_);
  for (const NameChange& change : unsynced_names_) apply(change, durable_names_);
  dropped_names_.clear();
  unsynced_names_.clear();
  return {};
}

Result<std::string> CrashingFiles::real_path(const std::string& path) {
  step();
  if (!names_.contains(path)) return fail(ErrorCode::not_found, "realpath: no such file", path);
  return path;
}

// The journal's room uses none of these.
Result<std::vector<DirectoryEntry>> CrashingFiles::list(const std::string& path) {
  return fail(ErrorCode::unsupported, "list", path);
}
Status CrashingFiles::make_directory(const std::string& path, uint32_t) {
  return fail(ErrorCode::unsupported, "mkdir", path);
}
Result<std::string> CrashingFiles::read_link(const std::string& path) {
  return fail(ErrorCode::unsupported, "readlink", path);
}
Result<uint64_t> CrashingFiles::free_bytes(const std::string& path) {
  return fail(ErrorCode::unsupported, "statvfs", path);
}

}  // namespace seedbed::test
