// Planted defects at the FileStore port: of the computers that stage, prepare and restore, and of the
// services' machine.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "scenarios/defect_catalog.h"
#include "scenarios/defect_ports.h"

namespace seedbed {

namespace {

using How = DefectTrial::How;

class DefectiveFiles : public PassingFiles {
 public:
  DefectiveFiles(FileStore& below, const DefectSite& site, const PlantedDefect& defect)
      : PassingFiles(below), site_(site), defect_(defect) {}

 protected:
  void acts() { defect_.acts(site_); }
  World& world() noexcept { return site_.world; }
  DefectSite site_;
  const PlantedDefect& defect_;
};

// `machine`: only there; "": everywhere but at the services.
template <typename Files, typename... More>
auto at_files(const char* name, const char* machine, More... more) {
  return [=]() -> std::shared_ptr<const PlantedDefect> {
    const auto wrap = [=](FileStore& below, const DefectSite& site,
                          const PlantedDefect& defect) -> std::unique_ptr<FileStore> {
      const bool here = *machine == '\0' ? !site.is("services") : site.is(machine);
      return here ? std::make_unique<Files>(below, site, defect, more...) : nullptr;
    };
    return std::make_shared<FilesDefect<decltype(wrap)>>(name, wrap);
  };
}

// ---- names and their durability ----

class DirectoriesNotSynced final : public DefectiveFiles {
 public:
  using DefectiveFiles::DefectiveFiles;
  Status sync_directory(const std::string&) override {
    acts();
    return {};
  }
};

// A file made under another name is synced only when it has its own.
class RenameBeforeSync final : public DefectiveFiles {
 public:
  using DefectiveFiles::DefectiveFiles;
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    auto file = TRY(below_.open(path, how, mode));
    if (!path.ends_with(".new")) return file;
    return std::make_unique<Unsynced>(std::move(file), *this, path);
  }
  Status rename(const std::string& from, const std::string& to) override {
    if (unsynced_.erase(from) != 0) owed_.push_back(to);
    return below_.rename(from, to);
  }
  Status sync_directory(const std::string& path) override {
    TRY(below_.sync_directory(path));
    for (const std::string& file : std::exchange(owed_, {})) {
      auto opened = TRY(below_.open(file, OpenMode::read_write));
      TRY(opened->sync());
    }
    return {};
  }

 private:
  class Unsynced final : public PassingFile {
   public:
    Unsynced(std::unique_ptr<File> below, RenameBeforeSync& store, std::string path)
        : PassingFile(std::move(below)), store_(store), path_(std::move(path)) {}
    Status sync() override {
      if (synced_) return below_->sync();  // later: it has its name by now
      synced_ = true;
      store_.unsynced_.insert(path_);
      store_.acts();
      return {};
    }

   private:
    RenameBeforeSync& store_;
    std::string path_;
    bool synced_ = false;
  };
  std::set<std::string> unsynced_;
  std::vector<std::string> owed_;
};

class SyncErrorIgnored final : public DefectiveFiles {
 public:
  using DefectiveFiles::DefectiveFiles;
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    return std::make_unique<Deaf>(TRY(below_.open(path, how, mode)), *this);
  }

 private:
  class Deaf final : public PassingFile {
   public:
    Deaf(std::unique_ptr<File> below, SyncErrorIgnored& store)
        : PassingFile(std::move(below)), store_(store) {}
    Status sync() override {
      if (!below_->sync()) store_.acts();
      return {};
    }

   private:
    SyncErrorIgnored& store_;
  };
};

// ---- secrets ----

class ReadableByAll final : public DefectiveFiles {
 public:
  using DefectiveFiles::DefectiveFiles;
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    const bool journal = path.ends_with(".jrn.new");
    if (journal) acts();
    return below_.open(path, how, journal ? 0644 : mode);
  }
};

// A helpful log of what was done, key and all.
class KeyInALog final : public DefectiveFiles {
 public:
  using DefectiveFiles::DefectiveFiles;
  Status sync_directory(const std::string& path) override {
    TRY(below_.sync_directory(path));
    const auto history = world().history(world().scenario->drives.front().name);
    if (!history || !history->built || written_) return {};
    written_ = true;
    acts();
    const auto log = TRY(below_.open("/desk/debug.log", OpenMode::create));
    const std::string line = fmt::format("volume key {}\n", history->drive.recovery_password.text());
    return log->write_at(0, as_bytes(line));
  }

 private:
  bool written_ = false;
};

// ---- the source ----

// What was asked of a source file is never asked again, not by a later run either.
class SourceLookedAtOnce final : public DefectiveFiles {
 public:
  using DefectiveFiles::DefectiveFiles;
  Result<FileStat> stat(const std::string& path) override {
    FileStat now = TRY(below_.stat(path));
    if (!path.starts_with("/source/") || now.kind != FileKind::file) return now;
    auto& numbers = world().defect_memory.numbers;
    const auto [size, fresh] = numbers.try_emplace(path + " size", now.size_bytes);
    const auto time = numbers.try_emplace(path + " time", static_cast<uint64_t>(now.modified_ns)).first;
    if (now.modified_ns != static_cast<int64_t>(time->second)) acts();
    now.size_bytes = size->second;
    now.modified_ns = static_cast<int64_t>(time->second);
    return now;
  }
};

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

// The second record of a base blob is the first one again, as far as there is room; then both in turn.
class RecordTwice final : public DefectiveFiles {
 public:
  using DefectiveFiles::DefectiveFiles;
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    auto file = TRY(below_.open(path, how, mode));
    if (!path.ends_with(".BaseBlob")) return file;
    return std::make_unique<Blob>(std::move(file), *this);
  }

 private:
  class Blob final : public PassingFile {
   public:
    Blob(std::unique_ptr<File> below, RecordTwice& store) : PassingFile(std::move(below)), store_(store) {}
    Status write_at(uint64_t offset_bytes, ByteSpan data) override {
      if (++writes_ == 2) last_.assign(data.begin(), data.end());
      if (writes_ != 3) return below_->write_at(offset_bytes, data);
      last_.resize(data.size());
      store_.acts();
      return below_->write_at(offset_bytes, last_);
    }

   private:
    RecordTwice& store_;
    uint64_t writes_ = 0;
    Bytes last_;
  };
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

// ---- the services' disk ----

// Files with that ending are not synced, and their directories neither.
class NotSynced final : public DefectiveFiles {
 public:
  NotSynced(FileStore& below, const DefectSite& site, const PlantedDefect& defect, const char* ending)
      : DefectiveFiles(below, site, defect), ending_(ending) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    auto file = TRY(below_.open(path, how, mode));
    if (path.find(ending_) == std::string::npos) return file;
    return std::make_unique<Unsynced>(std::move(file), *this);
  }

 private:
  class Unsynced final : public PassingFile {
   public:
    Unsynced(std::unique_ptr<File> below, NotSynced& store) : PassingFile(std::move(below)), store_(store) {}
    Status sync() override {
      store_.acts();
      return {};
    }

   private:
    NotSynced& store_;
  };
  std::string ending_;
};

// What the vault writes of a chunk that came by network is lost, and it has noted that it has it.
class ChunkForgotten final : public DefectiveFiles {
 public:
  using DefectiveFiles::DefectiveFiles;
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    auto file = TRY(below_.open(path, how, mode));
    if (!path.ends_with(".pack") || how == OpenMode::read || world().chain->sent_chunks.empty()) return file;
    return std::make_unique<Forgetful>(std::move(file), *this);
  }

 private:
  class Forgetful final : public PassingFile {
   public:
    Forgetful(std::unique_ptr<File> below, ChunkForgotten& store)
        : PassingFile(std::move(below)), store_(store) {}
    Status write_at(uint64_t offset_bytes, ByteSpan data) override {
      store_.acts();
      return below_->write_at(offset_bytes, Bytes(data.size()));
    }

   private:
    ChunkForgotten& store_;
  };
};

}  // namespace

std::vector<PlantedCase> file_cases() {
  const auto run = [](const char* scenario) { return DefectTrial{How::run, scenario}; };
  const DefectTrial explore{How::explore, "suites/core/undisturbed.toml"};
  const DefectTrial journey = run("suites/first-journey/undisturbed.toml");
  const std::vector<DefectCatch> lost = {{Verdict::lost, 2}};
  const std::vector<DefectCatch> not_restored = {{Verdict::lost, 1}};
  return {
      {"directory-not-synced",
       "FileStore",
       "no directory is ever synced: names of new files are not durable",
       {run("suites/core/undisturbed.toml")},
       lost,
       1,
       true,
       at_files<DirectoriesNotSynced>("directory-not-synced", "")},
      {"rename-before-sync",
       "FileStore",
       "a new journal gets its name before its bytes are durable",
       {explore},
       {{Verdict::lost, 2}, {Verdict::stuck, 0}, {Verdict::stuck, 9}},
       600,
       true,
       at_files<RenameBeforeSync>("rename-before-sync", "")},
      {"sync-error-ignored",
       "FileStore",
       "a sync that failed is told as done",
       {{How::explore, "suites/core/journal-sync-fails.toml"}},
       {{Verdict::lost, 2}, {Verdict::stuck, 0}, {Verdict::stuck, 9}},
       300,
       true,
       at_files<SyncErrorIgnored>("sync-error-ignored", "")},
      {"key-in-a-readable-file",
       "FileStore",
       "journals, which hold the recovery password, are made readable for all",
       {run("suites/core/undisturbed.toml")},
       {{Verdict::broke_contract, 8}},
       1,
       true,
       at_files<ReadableByAll>("key-in-a-readable-file", "")},
      {"key-in-a-log",
       "FileStore",
       "a log file beside the journal tells the recovery password",
       {run("suites/core/undisturbed.toml")},
       {{Verdict::broke_contract, 8}},
       1,
       true,
       at_files<KeyInALog>("key-in-a-log", "")},
      {"source-looked-at-once",
       "FileStore",
       "a changed source file is not noticed by the resume",
       {run("planted/source-changes-between-boots.toml")},
       {{Verdict::silently_wrong, 3}, {Verdict::lost, 2}, {Verdict::survived, 0}},
       1,
       true,
       at_files<SourceLookedAtOnce>("source-looked-at-once", "")},
      {"staging-from-zero",
       "FileStore",
       "staging that was interrupted is thrown away and begun again",
       {run("planted/killed-late-in-staging.toml")},
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
       at_files<RecordTwice>("chunk-record-twice", "source computer")},
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
      {"service-point-not-synced",
       "FileStore, services",
       "the services' database is never synced: what they acknowledged is not durable",
       {journey},
       {{Verdict::lost, 1}, {Verdict::lost, 2}},
       1,
       true,
       at_files<NotSynced>("service-point-not-synced", "services", ".db")},
      {"vault-pack-not-synced",
       "FileStore, services",
       "the vault acknowledges chunks whose pack is not durable",
       {journey},
       {{Verdict::lost, 1}, {Verdict::lost, 2}},
       1,
       true,
       at_files<NotSynced>("vault-pack-not-synced", "services", ".pack")},
      {"vault-forgets-a-chunk",
       "FileStore, services",
       "the vault says that it has a chunk of the increment and kept zeros",
       {journey},
       {{Verdict::lost, 1}, {Verdict::lost, 2}},
       1,
       true,
       at_files<ChunkForgotten>("vault-forgets-a-chunk", "services")},
  };
}

}  // namespace seedbed
