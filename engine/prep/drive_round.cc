#include "engine/prep/drive_round.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/prep/drive_check.h"

namespace seedbed {

static uint64_t total_bytes(const std::vector<StagedFile>& files) {
  uint64_t bytes = 0;
  for (const StagedFile& file : files) bytes += file.size_bytes;
  return bytes;
}

Status DriveRound::run(const std::vector<StagedFile>& files) {
  TRY(finish_begun());
  for (;;) {
    const std::vector<StagedFile> rest = TRY(left(files));
    if (rest.empty()) return {};
    TRY(add(rest, TRY(candidates(rest))));
    TRY(finish_begun());
  }
}

Status DriveRound::finish_begun() {
  for (PreparedDrive& drive : state_.drives)
    if (!drive.complete) TRY(write(drive));
  return {};
}

Result<std::vector<StagedFile>> DriveRound::left(const std::vector<StagedFile>& files) const {
  std::vector<StagedFile> rest = files;
  for (const PreparedDrive& drive : state_.drives)
    for (const StagedFile& file : drive.files) {
      if (std::erase(rest, file) != 0) continue;
      return fail(ErrorCode::source_changed,
                  fmt::format("{} is planned for drive {} and is not in the staging location as it was",
                              file.name, drive.serial),
                  state_.staging,
                  fmt::format("Put the staging location back as it was; or move {} and the drives' journals "
                              "away and prepare the drives anew",
                              state_path_));
    }
  return rest;
}

// The drives given on the command line that are not used yet; when there are none, one that is asked for.
Result<std::vector<DriveRound::Candidate>> DriveRound::candidates(const std::vector<StagedFile>& left) {
  std::vector<Candidate> found;
  while (next_given_ < options_.drives.size()) {
    const std::string& target = options_.drives[next_given_++];
    const bool used = std::ranges::any_of(state_.drives,
                                          [&](const PreparedDrive& drive) { return drive.target == target; });
    if (!used) found.push_back(TRY(open_new(target)));
  }
  if (!found.empty()) return found;
  const std::string target = TRY(ports_.person.ask(
      fmt::format("{} files ({}) of the import job {} need a{} drive. Which one (device or image)?",
                  left.size(), human_bytes(total_bytes(left)), state_.job,
                  state_.drives.empty() ? "" : " further"),
      state_.drives.empty() ? "Name the drives with --drive DEV" : "Name further drives with --drive DEV"));
  found.push_back(TRY(open_new(target)));
  return found;
}

Result<DriveRound::Candidate> DriveRound::open_new(const std::string& target) {
  Candidate candidate{target, TRY(ports_.open_drive(target))};
  TRY(check_drive(*candidate.device, ports_.files,
                  {.journal_path = log_directory_,
                   .log_directory = log_directory_,
                   .source_directory = state_.staging,
                   .journal_id = ""}));
  return candidate;
}

Status DriveRound::add(const std::vector<StagedFile>& left, std::vector<Candidate> candidates) {
  for (size_t i = 0; i < candidates.size(); i++) {
    const std::string& serial = candidates[i].device->identity().serial;
    const auto same = [&](const PreparedDrive& drive) { return drive.serial == serial; };
    bool twice = std::ranges::any_of(state_.drives, same);
    for (size_t k = 0; k < i; k++) twice = twice || candidates[k].device->identity().serial == serial;
    if (twice)
      return fail(ErrorCode::refused, fmt::format("the drive {} is used for this job already", serial),
                  candidates[i].target, "Name another drive");
  }
  const auto fits = [&](size_t drive, const std::vector<StagedFile>& files) -> Result<bool> {
    const PrepImportOptions options = command(files);
    const SourcePlan plan = TRY(plan_source(ports_.files, {.source_directory = options.source_directory,
                                                           .session_id = options.session_id,
                                                           .destination = options.destination,
                                                           .blob_type = options.blob_type,
                                                           .only = options.only}));
    return fits_on_empty(ports_, *candidates[drive].device, plan, options);
  };
  DrivePlan plan = TRY(plan_drives(left, candidates.size(), fits));
  if (!plan.left.empty() && !ports_.person.interactive())
    return fail(ErrorCode::refused,
                fmt::format("the drives are too small: {} files ({}) find no place", plan.left.size(),
                            human_bytes(total_bytes(plan.left))),
                plan.left.front().name, "Name further or larger drives with --drive DEV");
  size_t chosen = 0;
  for (size_t i = 0; i < candidates.size(); i++) {
    if (plan.drives[i].empty()) {
      ports_.person.notice(
          NoticeLevel::warning,
          fmt::format("{} is not needed, or has room for no file that is left; it stays as it is",
                      candidates[i].target));
      continue;
    }
    if (state_.drives.size() == kDrivesPerJobMax)
      return fail(ErrorCode::refused, "an import job takes ten drives at most", state_.job,
                  "Use larger drives");
    const std::string& serial = candidates[i].device->identity().serial;
    std::string name = serial;
    for (char& c : name)
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    state_.drives.push_back({.target = candidates[i].target,
                             .serial = serial,
                             .journal = fmt::format("{}-{}.jrn", state_.job, name),
                             .files = std::move(plan.drives[i]),
                             .complete = false});
    chosen++;
  }
  return chosen == 0 ? Status() : save_disk_prep_state(ports_.files, state_path_, state_);
}

PrepImportOptions DriveRound::command(const std::vector<StagedFile>& files) const {
  PrepImportOptions options;
  options.session_id = "seed";
  options.log_directory = log_directory_;
  options.storage_account_key = account_key_.clone();
  options.format = options.encrypt = true;
  options.silent = options_.yes;
  options.source_directory = state_.staging;
  options.destination = state_.container + '/';
  options.blob_type = BlobType::page_blob;
  for (const StagedFile& file : files) options.only.push_back(file.name);
  std::ranges::sort(options.only);
  return options;
}

// Where the drive is now: where it was, or at one of the places given on the command line.
Result<std::string> DriveRound::target_of(const PreparedDrive& drive) {
  std::vector<std::string> places = {drive.target};
  places.insert(places.end(), options_.drives.begin(), options_.drives.end());
  for (const std::string& place : places) {
    const auto device = ports_.open_drive(place);
    if (device && (*device)->identity().serial == drive.serial) return place;
    if (!device && place == drive.target && device.error().code != ErrorCode::not_found &&
        device.error().code != ErrorCode::device_gone)
      return std::unexpected(device.error());
  }
  return fail(ErrorCode::refused, fmt::format("the drive {} that was begun is not there", drive.serial),
              drive.target, "Connect it, and name it with --drive DEV if it stands elsewhere now");
}

Status DriveRound::write(PreparedDrive& drive) {
  PrepImportOptions options = command(drive.files);
  options.journal = join_path(log_directory_, drive.journal);
  options.target = TRY(target_of(drive));
  ports_.person.notice(NoticeLevel::info,
                       fmt::format("Drive {}: {} files, {}", drive.serial, drive.files.size(),
                                   human_bytes(total_bytes(drive.files))));
  auto written = prep_import(ports_, options, session_options_, false);
  if (!written) {
    // Nothing was touched yet: the drive is not bound to the job.
    const bool declined =
        written.error().code == ErrorCode::refused && !ports_.files.stat(options.journal).has_value();
    if (declined) {
      std::erase_if(state_.drives, [&](const PreparedDrive& other) { return other.serial == drive.serial; });
      TRY(save_disk_prep_state(ports_.files, state_path_, state_));
    }
    return std::unexpected(std::move(written).error());
  }
  drive.target = options.target;
  drive.complete = true;
  return save_disk_prep_state(ports_.files, state_path_, state_);
}

}  // namespace seedbed
