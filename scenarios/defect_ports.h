// Ports that pass everything on to the port below: what planted defects (planted_defect.h) are made of. A
// defect derives from one and changes what it is about.
//
// Each lives as long as the boot it was made for and is used as the port's header says of its kind.
#pragma once

#include <deque>
#include <map>

#include "engine/base/bytes.h"
#include "scenarios/planted_defect.h"
#include "scenarios/world.h"

namespace seedbed {

class PassingFile : public File {
 public:
  explicit PassingFile(std::unique_ptr<File> below) : below_(std::move(below)) {}
  Result<uint64_t> size() override { return below_->size(); }
  Result<size_t> read_at(uint64_t offset_bytes, MutableByteSpan out) override {
    return below_->read_at(offset_bytes, out);
  }
  Status write_at(uint64_t offset_bytes, ByteSpan data) override {
    return below_->write_at(offset_bytes, data);
  }
  Status truncate(uint64_t size_bytes) override { return below_->truncate(size_bytes); }
  Status sync() override { return below_->sync(); }
  Status lock() override { return below_->lock(); }

 protected:
  std::unique_ptr<File> below_;
};

class PassingFiles : public FileStore {
 public:
  explicit PassingFiles(FileStore& below) : below_(below) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    return below_.open(path, how, mode);
  }
  Result<FileStat> stat(const std::string& path) override { return below_.stat(path); }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override { return below_.list(path); }
  Status make_directory(const std::string& path, uint32_t mode) override {
    return below_.make_directory(path, mode);
  }
  Status rename(const std::string& from, const std::string& to) override { return below_.rename(from, to); }
  Status remove(const std::string& path) override { return below_.remove(path); }
  Status sync_directory(const std::string& path) override { return below_.sync_directory(path); }
  Result<std::string> read_link(const std::string& path) override { return below_.read_link(path); }
  Status make_symlink(const std::string& target, const std::string& path) override {
    return below_.make_symlink(target, path);
  }
  Status make_hard_link(const std::string& existing, const std::string& path) override {
    return below_.make_hard_link(existing, path);
  }
  Status set_attributes(const std::string& path, const FileAttributes& attributes) override {
    return below_.set_attributes(path, attributes);
  }
  Result<uint64_t> free_bytes(const std::string& path) override { return below_.free_bytes(path); }
  Result<std::string> real_path(const std::string& path) override { return below_.real_path(path); }

 protected:
  FileStore& below_;
};

class PassingOperator : public Operator {
 public:
  explicit PassingOperator(Operator& below) : below_(below) {}
  bool interactive() const noexcept override { return below_.interactive(); }
  Result<bool> confirm(std::string_view question, std::string_view remedy) override {
    return below_.confirm(question, remedy);
  }
  Result<std::string> ask(std::string_view question, std::string_view remedy) override {
    return below_.ask(question, remedy);
  }
  void notice(NoticeLevel level, std::string_view text) override { below_.notice(level, text); }
  void progress(const Progress& progress) override { below_.progress(progress); }
  void event(std::string_view name, const std::vector<std::pair<std::string, std::string>>& fields) override {
    below_.event(name, fields);
  }

 protected:
  Operator& below_;
};

// Besides passing on, it can ask the drive something of its own while requests are in flight.
class PassingDrive : public BlockDevice {
 public:
  PassingDrive(std::unique_ptr<BlockDevice> below, const DefectSite& site)
      : below_(std::move(below)), site_(site) {}
  const DeviceIdentity& identity() const noexcept override { return below_->identity(); }
  const DeviceContract& contract() const noexcept override { return below_->contract(); }
  uint64_t reset_epoch() override { return below_->reset_epoch(); }
  Result<std::vector<MutableByteSpan>> pool(uint32_t count, uint64_t each_bytes) override {
    return below_->pool(count, each_bytes);
  }
  Status submit(const IoRequest& request) final;
  Status reap(std::vector<IoCompletion>& out, uint32_t least) final;

 protected:
  // A request on its way: it may be changed (`spare` then owns other bytes for it). True: it is answered
  // well, and the drive is not asked.
  virtual bool swallow(IoRequest& request, AlignedBuffer& spare);
  // It has come back; `request` as it was asked for.
  virtual void came_back(const IoRequest& request, Status& outcome);
  // Waits for its end; others that come back meanwhile wait to be reaped.
  Status now(IoRequest request);
  Status write_now(uint64_t offset_bytes, ByteSpan bytes);  // whole physical sectors
  Status read_now(uint64_t offset_bytes, MutableByteSpan out);

  bool busy() const noexcept { return !flights_.empty(); }
  World& world() noexcept { return site_.world; }
  const std::string& phase() noexcept { return site_.world.phase; }
  const std::string& serial() const noexcept { return below_->identity().serial; }

  std::unique_ptr<BlockDevice> below_;
  DefectSite site_;

 private:
  struct Flight {
    IoRequest asked;
    AlignedBuffer spare;
  };
  void settle(const IoCompletion& completion);
  std::map<uint64_t, Flight> flights_;  // by the tag they have below
  std::deque<IoCompletion> ready_;
  uint64_t tickets_ = 0;
};

}  // namespace seedbed
