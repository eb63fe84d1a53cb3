// Planted defects at the FileStore port: names and their durability, secrets, and what is asked of the
// source.
#include "scenarios/defect_files.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

namespace {

using How = DefectTrial::How;

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

}  // namespace

std::vector<PlantedCase> file_cases() {
  const auto run = [](const char* scenario) { return DefectTrial{How::run, scenario}; };
  const DefectTrial explore{How::explore, "suites/core/undisturbed.toml"};
  return {
      {"directory-not-synced",
       "FileStore",
       "no directory is ever synced: names of new files are not durable",
       {run("suites/core/undisturbed.toml")},
       {{Verdict::lost, 2}},
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
  };
}

}  // namespace seedbed
