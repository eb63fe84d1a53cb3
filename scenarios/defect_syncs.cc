#include "scenarios/defect_syncs.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "scenarios/defect_ports.h"

namespace seedbed {

std::string starred_place(std::string_view place) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string out;
  for (size_t at = 0; at < place.size();) {
    if (!is_word(place[at])) {
      out += place[at++];
      continue;
    }
    size_t end = at;
    while (end < place.size() && is_word(place[end])) end++;
    const std::string_view word = place.substr(at, end - at);
    at = end;
    const auto digits = static_cast<size_t>(std::ranges::count_if(word, is_digit));
    const bool hex = word.size() >= 8 && std::ranges::all_of(word, [](char c) {
                       return std::isxdigit(static_cast<unsigned char>(c)) != 0;
                     });
    if (hex || (digits > 0 && (digits == word.size() || word.starts_with("SIM"))))
      out += '*';
    else
      out += word;
  }
  return out;
}

namespace {

constexpr std::string_view kServices = "services";

// Whether a call of that class is to be dropped.
using Ask = std::function<bool(const std::string& class_name)>;

// What the services do when they start is the same in every command; the first time they make their state.
std::string_view stage_of(const DefectSite& site) {
  const World& world = site.world;
  if (!site.is(kServices) || world.chain->services_answer) return world.phase;
  return world.chain->service_boots == 1 ? "making" : "opening";
}

std::string class_of(std::string_view kind, const DefectSite& site, std::string_view place) {
  return fmt::format("{} · {} · {} · {}", kind, site.machine, stage_of(site), starred_place(place));
}

// Remembers what the sync would have made durable, did it what it says.
template <typename Sync>
void note_undone(const DefectSite& site, Sync sync) {
  FileTree done = site.is(kServices) ? site.world.chain->services : site.world.files;
  std::set<uint64_t> covered;
  for (const PendingEffect& effect : done.pending()) covered.insert(effect.event);
  sync(done);
  for (const PendingEffect& effect : done.pending()) covered.erase(effect.event);
  site.world.defect_memory.undone.merge(covered);
}

class AskingFile final : public PassingFile {
 public:
  AskingFile(std::unique_ptr<File> below, std::string path, const DefectSite& site, const Ask& ask)
      : PassingFile(std::move(below)), path_(std::move(path)), site_(site), ask_(ask) {}
  Status sync() override {
    if (!ask_(class_of("file.sync", site_, path_))) return below_->sync();
    note_undone(site_, [&](FileTree& tree) {
      if (const auto handle = tree.open(path_, OpenMode::read, 0, 0)) (void)tree.sync(*handle);
    });
    return {};
  }

 private:
  std::string path_;
  DefectSite site_;
  const Ask& ask_;
};

class AskingFiles final : public PassingFiles {
 public:
  AskingFiles(FileStore& below, const DefectSite& site, Ask ask)
      : PassingFiles(below), site_(site), ask_(std::move(ask)) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    auto file = TRY(below_.open(path, how, mode));
    return std::make_unique<AskingFile>(std::move(file), path, site_, ask_);
  }
  Status sync_directory(const std::string& path) override {
    if (!ask_(class_of("directory.sync", site_, path))) return below_.sync_directory(path);
    note_undone(site_, [&](FileTree& tree) { (void)tree.sync_directory(path); });
    return {};
  }

 private:
  DefectSite site_;
  Ask ask_;
};

class AskingDrive final : public PassingDrive {
 public:
  AskingDrive(std::unique_ptr<BlockDevice> below, const DefectSite& site, Ask ask)
      : PassingDrive(std::move(below), site), ask_(std::move(ask)) {}

 protected:
  bool swallow(IoRequest& request, AlignedBuffer&) override {
    if (request.kind != IoKind::flush) return false;
    std::string which = phase();
    if (which != "data") which += fmt::format(" flush {}", ++counted_[which]);
    return ask_(fmt::format("drive.flush · {} · {}", site_.machine, which));
  }

 private:
  Ask ask_;
  std::map<std::string, unsigned> counted_;  // in this boot, by phase
};

class Asking final : public PlantedDefect {
 public:
  // `ask` may be called for every world that carries the defect.
  Asking(std::string name, std::function<bool(const std::string&)> ask)
      : PlantedDefect(std::move(name)), ask_(std::move(ask)) {}
  std::unique_ptr<FileStore> files(FileStore& below, const DefectSite& site) const override {
    return std::make_unique<AskingFiles>(below, site, with(site));
  }
  std::unique_ptr<BlockDevice> drive(std::unique_ptr<BlockDevice> below,
                                     const DefectSite& site) const override {
    return std::make_unique<AskingDrive>(std::move(below), site, with(site));
  }

 private:
  Ask with(const DefectSite& site) const {
    return [this, site](const std::string& class_name) {
      if (!ask_(class_name)) return false;
      acts(site);
      return true;
    };
  }
  std::function<bool(const std::string&)> ask_;
};

}  // namespace

std::shared_ptr<const PlantedDefect> sync_recorder(SyncClasses& into) {
  return std::make_shared<Asking>("none", [&into](const std::string& class_name) {
    into.counts[class_name]++;
    return false;
  });
}

std::shared_ptr<const PlantedDefect> dropped_sync(const std::string& name) {
  return std::make_shared<Asking>(name, [name](const std::string& one) { return drop_name(one) == name; });
}

std::string drop_name(std::string_view class_name) {
  std::string name = "drop-";
  for (const char c : class_name) {
    const bool word = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (word)
      name += c;
    else if (c == '*')
      name += 'N';
    else if (name.back() != '-')
      name += '-';
  }
  return name;
}

}  // namespace seedbed
