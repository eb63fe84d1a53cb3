// Planted defects in what is read from and written to journals and what lies beside them: FileStore
// decorators that know the formats, and make the checksums fit.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "engine/journal/record.h"
#include "engine/journal/record_markers.h"
#include "scenarios/defect_catalog.h"
#include "scenarios/defect_ports.h"

namespace seedbed {

namespace {

using How = DefectTrial::How;

// What a journal's text is to be read as; nothing: as it is.
using Reading = std::function<std::optional<std::string>(const std::string& text, const DefectSite& site)>;

std::string encoded(const std::vector<Record>& records) {
  std::string text;
  uint32_t checksum = 0;
  for (size_t i = 0; i < records.size(); i++) checksum = encode_record(records[i], i + 1, checksum, text);
  return text;
}

// A journal that reads as somebody else says.
class ReadAs final : public PassingFile {
 public:
  ReadAs(std::unique_ptr<File> below, std::string text)
      : PassingFile(std::move(below)), text_(std::move(text)) {}
  Result<uint64_t> size() override { return text_.size(); }
  Result<size_t> read_at(uint64_t offset_bytes, MutableByteSpan out) override {
    const auto from = std::min<size_t>(offset_bytes, text_.size());
    const size_t length = std::min(out.size(), text_.size() - from);
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(from), length, out.begin());
    return length;
  }

 private:
  std::string text_;
};

class MisreadJournals final : public PassingFiles {
 public:
  MisreadJournals(FileStore& below, DefectSite site, const PlantedDefect& defect, Reading reading)
      : PassingFiles(below), site_(std::move(site)), defect_(defect), reading_(std::move(reading)) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    auto file = TRY(below_.open(path, how, mode));
    if (!path.ends_with(".jrn")) return file;
    Bytes bytes(TRY(file->size()));
    bytes.resize(TRY(file->read_at(0, bytes)));
    auto text = reading_(std::string(as_text(bytes)), site_);
    if (!text) return file;
    defect_.acts(site_);
    return std::make_unique<ReadAs>(std::move(file), std::move(*text));
  }

 private:
  DefectSite site_;
  const PlantedDefect& defect_;
  Reading reading_;
};

auto misread(const char* name, Reading reading) {
  return [=]() -> std::shared_ptr<const PlantedDefect> {
    const auto wrap = [=](FileStore& below, const DefectSite& site,
                          const PlantedDefect& defect) -> std::unique_ptr<FileStore> {
      return std::make_unique<MisreadJournals>(below, site, defect, reading);
    };
    return std::make_shared<FilesDefect<decltype(wrap)>>(name, wrap);
  };
}

bool is_checkpoint(const Record& record) {
  return record.get("ActivityId") == "Checkpoint";
}

// Once per world: the last checkpoint says that one chunk more is durable.
std::optional<std::string> one_chunk_more(const std::string& text, const DefectSite& site) {
  auto parsed = parse_records(text);
  if (!parsed || site.world.defect_memory.numbers["read"]++ != 0) return std::nullopt;
  auto last = std::ranges::find_if(parsed->records.rbegin(), parsed->records.rend(), is_checkpoint);
  if (last == parsed->records.rend() || last != parsed->records.rbegin()) {
    site.world.defect_memory.numbers["read"] = 0;
    return std::nullopt;  // none yet, or more came after it
  }
  for (auto& [name, value] : last->fields)
    if (name == "Chunks") value = std::to_string(last->number("Chunks") + 1);
  return encoded(parsed->records);
}

std::optional<std::string> no_checkpoints(const std::string& text, const DefectSite&) {
  auto parsed = parse_records(text);
  if (!parsed || parsed->records.empty() || !is_checkpoint(parsed->records.back())) return std::nullopt;
  std::erase_if(parsed->records, is_checkpoint);
  return encoded(parsed->records);
}

// A torn record at the end is taken for whole, as far as its lines go.
std::optional<std::string> torn_tail_believed(const std::string& text, const DefectSite&) {
  const auto parsed = parse_records(text);
  if (!parsed || !parsed->torn_tail) return std::nullopt;
  std::string tail = text.substr(parsed->good_bytes);
  const size_t end = tail.rfind(kLineEnd);
  if (end == std::string::npos || !tail.starts_with(kBeginRecord)) return std::nullopt;
  tail.resize(end + kLineEnd.size());
  if (const size_t sum = tail.find(std::string(kChecksum) + ": "); sum != std::string::npos) tail.resize(sum);
  fmt::format_to(std::back_inserter(tail), "{}: {} {:08X} ", kChecksum, parsed->records.size() + 1,
                 parsed->last_checksum);
  const uint32_t checksum = crc32_of(as_bytes(tail), parsed->last_checksum);
  fmt::format_to(std::back_inserter(tail), "{:08X}{}{}{}", checksum, kLineEnd, kEndRecord, kLineEnd);
  return text.substr(0, parsed->good_bytes) + tail;
}

// ---- what is written beside a journal ----

// Bytes on their way into a file are changed, their number kept.
using Change = std::function<bool(std::string& text, const DefectSite& site)>;

class ChangedFile final : public PassingFile {
 public:
  ChangedFile(std::unique_ptr<File> below, DefectSite site, const PlantedDefect& defect, const Change& change)
      : PassingFile(std::move(below)), site_(std::move(site)), defect_(defect), change_(change) {}
  Status write_at(uint64_t offset_bytes, ByteSpan data) override {
    std::string text(as_text(data));
    if (change_(text, site_)) defect_.acts(site_);
    return below_->write_at(offset_bytes, as_bytes(text));
  }

 private:
  DefectSite site_;
  const PlantedDefect& defect_;
  const Change& change_;
};

class ChangedFiles final : public PassingFiles {
 public:
  ChangedFiles(FileStore& below, DefectSite site, const PlantedDefect& defect, std::string ending,
               Change change)
      : PassingFiles(below),
        site_(std::move(site)),
        defect_(defect),
        ending_(std::move(ending)),
        change_(std::move(change)) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode how, uint32_t mode) override {
    auto file = TRY(below_.open(path, how, mode));
    if (!path.ends_with(ending_)) return file;
    return std::make_unique<ChangedFile>(std::move(file), site_, defect_, change_);
  }

 private:
  DefectSite site_;
  const PlantedDefect& defect_;
  std::string ending_;
  Change change_;
};

auto changed(const char* name, const char* ending, Change change) {
  return [=]() -> std::shared_ptr<const PlantedDefect> {
    const auto wrap = [=](FileStore& below, const DefectSite& site,
                          const PlantedDefect& defect) -> std::unique_ptr<FileStore> {
      return std::make_unique<ChangedFiles>(below, site, defect, ending, change);
    };
    return std::make_shared<FilesDefect<decltype(wrap)>>(name, wrap);
  };
}

bool replace_first(std::string& text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  if (at == std::string::npos || from.size() != to.size()) return false;
  text.replace(at, from.size(), to);
  return true;
}

// The first page range of the manifest begins one sector early.
bool range_off_by_one(std::string& text, const DefectSite&) {
  const size_t range = text.find("<PageRange ");
  const size_t block = range == std::string::npos ? text.find("<Block ") : range;
  const size_t length = block == std::string::npos ? block : text.find("Length=\"", block);
  if (length == std::string::npos) return false;
  const size_t digits = length + 8, end = text.find('"', digits);
  const auto value = parse_u64(std::string_view(text).substr(digits, end - digits));
  if (!value) return false;
  const std::string less = std::to_string(*value - 1);
  if (less.size() != end - digits) return false;
  text.replace(digits, less.size(), less);
  return true;
}

bool of_another_drive(std::string& text, const DefectSite& site) {
  const std::string& own = site.world.drives.front().identity.serial;
  return replace_first(text, own, site.world.drive_in("bystander").identity.serial);
}

}  // namespace

std::vector<PlantedCase> journal_cases() {
  const char* const port = "FileStore";
  const auto run = [](const char* scenario) { return DefectTrial{How::run, scenario}; };
  return {
      {"checkpoint-too-far",
       port,
       "a resumed journal's last checkpoint says that one chunk more is durable (checksums made to fit)",
       {run("planted/killed-late-in-the-data.toml")},
       {{Verdict::stuck, 0}, {Verdict::stuck, 9}, {Verdict::silently_wrong, 3}, {Verdict::lost, 2}},
       1,
       true,
       misread("checkpoint-too-far", one_chunk_more)},
      {"resume-from-zero",
       port,
       "a resumed session does not find its checkpoints and copies everything again",
       {run("planted/killed-late-in-the-data.toml")},
       {{Verdict::broke_contract, 6}},
       1,
       true,
       misread("resume-from-zero", no_checkpoints)},
      {"journal-tail-unchecked",
       port,
       "a torn record at the journal's end is believed as far as it goes",
       {{How::explore, "suites/core/undisturbed.toml"}},
       {{Verdict::stuck, 0}, {Verdict::stuck, 9}, {Verdict::lost, 2}, {Verdict::silently_wrong, 3}},
       4000,
       false,
       misread("journal-tail-unchecked", torn_tail_believed)},
      {"page-range-off-by-one",
       port,
       "the manifest's first range is one byte short",
       {run("suites/core/page-blobs.toml")},
       {{Verdict::lost, 2}, {Verdict::silently_wrong, 3}},
       1,
       true,
       changed("page-range-off-by-one", ".manifest", range_off_by_one)},
      {"manifest-of-another-drive",
       port,
       "the manifest bears the serial of another drive",
       {run("suites/core/undisturbed.toml")},
       {{Verdict::lost, 2}, {Verdict::silently_wrong, 3}},
       1,
       true,
       changed("manifest-of-another-drive", ".manifest", of_another_drive)},
  };
}

}  // namespace seedbed
