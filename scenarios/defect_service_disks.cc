// Planted defects at the FileStore port of the services' machine, below the fakes: they forget what they
// acknowledged.
#include "scenarios/defect_files.h"

namespace seedbed {

namespace {

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

std::vector<PlantedCase> service_disk_cases() {
  const DefectTrial journey{DefectTrial::How::run, "suites/first-journey/undisturbed.toml"};
  return {
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
