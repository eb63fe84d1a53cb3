// Planted defects at the FileStore port of the computer that stages and restores.
#include <functional>

#include "scenarios/defect_files.h"

namespace seedbed {

namespace {

using How = DefectTrial::How;

// ---- staging ----

// A run that finds something begun in the staging location throws it away.
class StagingFromZero final : public DefectiveFiles {
 public:
  StagingFromZero(FileStore& below, const DefectSite& site, const PlantedDefect& defect)
      : DefectiveFiles(below, site, defect) {}
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override {
    TRY(clear());
    return below_.list(path);
  }
  Result<FileStat> stat(const std::string& path) override {
    TRY(clear());
    return below_.stat(path);
  }

 private:
  Status clear() {
    if (std::exchange(cleared_, true) || !world().chain || world().chain->staged || world().boots < 2)
      return {};
    for (const DirectoryEntry& entry : TRY(below_.list("/staging"))) {
      TRY(below_.remove("/staging/" + entry.name));
      acts();
    }
    return below_.sync_directory("/staging");
  }
  bool cleared_ = false;
};

// An index, once it stands, is never replaced.
class StaleIndex final : public DefectiveFiles {
 public:
  using DefectiveFiles::DefectiveFiles;
  Status rename(const std::string& from, const std::string& to) override {
    if (!to.ends_with(".AIBBlob") || !below_.stat(to)) return below_.rename(from, to);
    acts();
    return below_.remove(from);
  }
};

// Base blobs whose writes a defect changes: `Blob` wraps each, made of the file below and the store.
template <typename Blob>
class DefectiveBlobs final : public DefectiveFiles {
 public:
  using DefectiveFiles::DefectiveFiles;
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    auto file = TRY(below_.open(path, how, mode));
    if (!path.ends_with(".BaseBlob")) return file;
    return std::make_unique<Blob>(std::move(file), [this] { acts(); });
  }
};

// Looks at the third write of a blob, and keeps the second.
class DefectiveBlob : public PassingFile {
 public:
  DefectiveBlob(std::unique_ptr<File> below, std::function<void()> acts)
      : PassingFile(std::move(below)), acts_(std::move(acts)) {}
  Status write_at(uint64_t offset_bytes, ByteSpan data) override {
    writes_++;
    if (writes_ == 2) second_.assign(data.begin(), data.end());
    if (writes_ != 3) return below_->write_at(offset_bytes, data);
    acts_();
    return write_third(offset_bytes, data);
  }

 protected:
  virtual Status write_third(uint64_t offset_bytes, ByteSpan data) = 0;
  Bytes second_;

 private:
  std::function<void()> acts_;
  uint64_t writes_ = 0;
};

// The second record of a base blob is the first one again, as far as there is room; then both in turn.
class RecordTwice final : public DefectiveBlob {
 public:
  using DefectiveBlob::DefectiveBlob;

 private:
  Status write_third(uint64_t offset_bytes, ByteSpan data) override {
    second_.resize(data.size());
    return below_->write_at(offset_bytes, second_);
  }
};

// The second and the third record of a base blob stand in each other's place; the index was told otherwise.
class RecordsSwapped final : public DefectiveBlob {
 public:
  using DefectiveBlob::DefectiveBlob;

 private:
  Status write_third(uint64_t offset_bytes, ByteSpan data) override {
    const uint64_t begin_bytes = offset_bytes - second_.size();
    TRY(below_->write_at(begin_bytes, data));
    return below_->write_at(begin_bytes + data.size(), second_);
  }
};

// ---- restore ----

enum class Forgotten : uint8_t { time, mode, empty_file, symlink, directory_sync };
class RestoreForgets final : public DefectiveFiles {
 public:
  RestoreForgets(FileStore& below, const DefectSite& site, const PlantedDefect& defect, Forgotten what)
      : DefectiveFiles(below, site, defect), what_(what) {}
  Status set_attributes(const std::string& path, const FileAttributes& attributes) override {
    FileAttributes less = attributes;
    if (inside(path) && what_ == Forgotten::time) less.modified_ns.reset();
    if (inside(path) && what_ == Forgotten::mode) less.mode.reset();
    if (gone_.contains(path)) return {};
    if (less.modified_ns != attributes.modified_ns || less.mode != attributes.mode) acts();
    return below_.set_attributes(path, less);
  }
  Status rename(const std::string& from, const std::string& to) override {
    if (gone_.contains(from)) return {};
    if (what_ == Forgotten::empty_file && inside(to)) {
      const auto stat = below_.stat(from);
      if (stat && stat->kind == FileKind::file && stat->size_bytes == 0) {
        acts();
        return below_.remove(from);
      }
    }
    return below_.rename(from, to);
  }
  Status make_symlink(const std::string& target, const std::string& path) override {
    if (what_ != Forgotten::symlink || !inside(path)) return below_.make_symlink(target, path);
    acts();
    gone_.insert(path);
    return {};
  }

 private:
  static bool inside(const std::string& path) { return path.starts_with("/restored"); }
  Forgotten what_;
  std::set<std::string> gone_;
};

}  // namespace

std::vector<PlantedCase> staging_cases() {
  const DefectTrial journey{How::run, "suites/first-journey/undisturbed.toml"};
  const std::vector<DefectCatch> not_restored = {{Verdict::lost, 1}};
  return {
      {"staging-from-zero",
       "FileStore",
       "staging that was interrupted is thrown away and begun again",
       {{How::run, "planted/killed-late-in-staging.toml"}},
       {{Verdict::broke_contract, 6}},
       1,
       true,
       at_files<StagingFromZero>("staging-from-zero", "source computer")},
      {"stale-aib",
       "FileStore",
       "the index of a base blob stays as it was when the blob was begun",
       {journey},
       {{Verdict::lost, 2}},
       1,
       true,
       at_files<StaleIndex>("stale-aib", "source computer")},
      {"chunk-record-twice",
       "FileStore",
       "a base blob holds one record twice and the next not at all",
       {journey},
       {{Verdict::lost, 2}, {Verdict::lost, 1}},
       1,
       true,
       at_files<DefectiveBlobs<RecordTwice>>("chunk-record-twice", "source computer")},
      {"chunk-records-swapped",
       "FileStore",
       "two neighbouring records of a base blob stand in each other's place",
       {journey},
       {{Verdict::lost, 2}, {Verdict::lost, 1}},
       1,
       true,
       at_files<DefectiveBlobs<RecordsSwapped>>("chunk-records-swapped", "source computer")},
      {"restore-drops-times",
       "FileStore",
       "restored files bear the time of the restore",
       {journey},
       not_restored,
       1,
       true,
       at_files<RestoreForgets>("restore-drops-times", "source computer", Forgotten::time)},
      {"restore-drops-modes",
       "FileStore",
       "restored files keep the mode they were made with",
       {journey},
       not_restored,
       1,
       false,
       at_files<RestoreForgets>("restore-drops-modes", "source computer", Forgotten::mode)},
      {"restore-drops-empty-files",
       "FileStore",
       "empty files are not restored",
       {journey},
       not_restored,
       1,
       true,
       at_files<RestoreForgets>("restore-drops-empty-files", "source computer", Forgotten::empty_file)},
      {"restore-drops-symlinks",
       "FileStore",
       "symbolic links are not restored",
       {journey},
       not_restored,
       1,
       false,
       at_files<RestoreForgets>("restore-drops-symlinks", "source computer", Forgotten::symlink)},
  };
}

}  // namespace seedbed
