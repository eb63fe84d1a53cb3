#include "engine/prep/disk_prep_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr const char* kHead = "seedbed-disk-prep 1\n";
constexpr std::string_view kSuffix = ".diskprep";
constexpr uint64_t kStateBytesMax = 4 * MiB;
constexpr size_t kDrivesMax = 64;
constexpr size_t kFilesMax = 100'000;
constexpr const char* kPhases[] = {"preparing", "creating", "created"};

std::unexpected<Error> damaged(std::string what, const std::string& where) {
  return fail(ErrorCode::corrupt, "the disk preparation's state is damaged: " + std::move(what), where,
              "Restore it from a copy; or move it and the journals of its drives away and prepare the drives "
              "anew");
}

// "key: value" lines; a drive's lines follow its "drive:" line.
class Reader {
 public:
  Reader(DiskPrepState& state, const std::string& where) : state_(state), where_(where) {}

  Status line(std::string_view line, size_t number) {
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos)
      return damaged(fmt::format("line {} is no \"key: value\"", number), where_);
    const std::string_view key = line.substr(0, colon);
    const std::string value(line.substr(colon + 2));
    if (key == "phase") {
      const auto* phase = std::ranges::find(kPhases, value);
      if (phase == std::end(kPhases)) return damaged("its phase is unknown", where_);
      state_.phase = static_cast<DiskPrepState::Phase>(phase - kPhases);
      return {};
    }
    for (const auto& [name, field] : texts())
      if (key == name) {
        *field = value;
        return {};
      }
    if (key == "staging_checked") {
      state_.staging_checked = value == "1";
      return {};
    }
    return of_drive(key, value, number);
  }

 private:
  std::vector<std::pair<std::string_view, std::string*>> texts() {
    return {{"job", &state_.job},
            {"subscription", &state_.subscription},
            {"resource_group", &state_.resource_group},
            {"account", &state_.account},
            {"container", &state_.container},
            {"location", &state_.location},
            {"staging", &state_.staging},
            {"endpoint", &state_.endpoint},
            {"carrier", &state_.carrier},
            {"tracking", &state_.tracking}};
  }

  Status of_drive(std::string_view key, const std::string& value, size_t number) {
    if (key == "drive") {
      if (state_.drives.size() == kDrivesMax) return damaged("it names too many drives", where_);
      state_.drives.emplace_back().serial = value;
      return {};
    }
    if (state_.drives.empty()) return damaged(fmt::format("line {} is of no drive", number), where_);
    PreparedDrive& drive = state_.drives.back();
    if (key == "target") {
      drive.target = value;
    } else if (key == "journal") {
      if (value.empty() || value.find('/') != std::string::npos)
        return damaged(fmt::format("line {} names no journal", number), where_);
      drive.journal = value;
    } else if (key == "complete") {
      drive.complete = value == "1";
    } else if (key == "file") {
      const size_t blank = value.find(' ');
      const auto size_bytes = parse_u64(value.substr(0, blank));
      if (blank == std::string::npos || !size_bytes || ++files_ > kFilesMax)
        return damaged(fmt::format("line {} names no file", number), where_);
      drive.files.push_back({value.substr(blank + 1), *size_bytes});
    } else {
      return damaged(fmt::format("line {} has an unknown key", number), where_);
    }
    return {};
  }

  DiskPrepState& state_;
  const std::string& where_;
  size_t files_ = 0;
};

}  // namespace

std::string encode_disk_prep_state(const DiskPrepState& state) {
  std::string text = kHead;
  const auto line = [&](std::string_view key, const auto& value) {
    text += fmt::format("{}: {}\n", key, value);
  };
  line("phase", kPhases[static_cast<size_t>(state.phase)]);
  line("job", state.job);
  line("subscription", state.subscription);
  line("resource_group", state.resource_group);
  line("account", state.account);
  line("container", state.container);
  line("location", state.location);
  line("staging", state.staging);
  line("endpoint", state.endpoint);
  line("staging_checked", state.staging_checked ? 1 : 0);
  line("carrier", state.carrier);
  line("tracking", state.tracking);
  for (const PreparedDrive& drive : state.drives) {
    line("drive", drive.serial);
    line("target", drive.target);
    line("journal", drive.journal);
    line("complete", drive.complete ? 1 : 0);
    for (const StagedFile& file : drive.files)
      text += fmt::format("file: {} {}\n", file.size_bytes, file.name);
  }
  text += fmt::format("crc32: {:08x}\n", crc32_of(as_bytes(text)));
  return text;
}

Result<DiskPrepState> parse_disk_prep_state(std::string_view text, const std::string& where) {
  if (!text.starts_with(kHead)) return damaged("line 1 is not \"seedbed-disk-prep 1\"", where);
  const size_t check = text.rfind("crc32: ");
  if (check == std::string_view::npos || check == 0 || text[check - 1] != '\n' ||
      text.substr(check) != fmt::format("crc32: {:08x}\n", crc32_of(as_bytes(text.substr(0, check)))))
    return damaged("its checksum does not fit", where);
  DiskPrepState state;
  Reader reader(state, where);
  size_t number = 1;
  const size_t begin = std::string_view(kHead).size();
  std::string_view rest = text.substr(begin, check - begin);
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    TRY(reader.line(rest.substr(0, end), ++number));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  if (state.job.empty()) return damaged("it names no job", where);
  return state;
}

std::string disk_prep_state_path(const std::string& log_directory, const std::string& job) {
  return join_path(log_directory, job + std::string(kSuffix));
}

Result<std::optional<DiskPrepState>> load_disk_prep_state(FileStore& files, const std::string& path) {
  const auto text = read_file(files, path, kStateBytesMax);
  if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
  if (!text) return std::unexpected(text.error());
  return TRY(parse_disk_prep_state(as_text(*text), path));
}

Status save_disk_prep_state(FileStore& files, const std::string& path, const DiskPrepState& state) {
  return replace_file(files, path, as_bytes(encode_disk_prep_state(state)));
}

Result<std::vector<std::string>> jobs_with_state(FileStore& files, const std::string& log_directory) {
  std::vector<std::string> jobs;
  for (const DirectoryEntry& entry : TRY(files.list(log_directory)))
    if (entry.kind == FileKind::file && entry.name.size() > kSuffix.size() && entry.name.ends_with(kSuffix))
      jobs.push_back(entry.name.substr(0, entry.name.size() - kSuffix.size()));
  return jobs;
}

}  // namespace seedbed
