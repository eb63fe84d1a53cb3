#include "engine/prep/drive_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/prep/source_plan.h"

namespace seedbed {

namespace {

// The st_dev of what exists of a path: itself or the nearest parent.
Result<uint64_t> device_of(FileStore& files, std::string path) {
  for (;;) {
    const auto stat = files.stat(path);
    if (stat) return stat->device;
    if (stat.error().code != ErrorCode::not_found || path == "/" || path == ".")
      return std::unexpected(stat.error());
    path = parent_of(path);
  }
}

}  // namespace

Result<DriveContent> check_drive(BlockDevice& device, FileStore& files, const DriveCheckInput& input) {
  const DeviceIdentity& identity = device.identity();
  if (!identity.in_use.empty())
    return fail(ErrorCode::refused, "the drive is in use: " + identity.in_use.front(), identity.path,
                "Unmount or detach it first, or choose another drive");
  if (identity.serial.empty())
    return fail(ErrorCode::refused, "the drive tells no serial number", identity.path,
                "Attach it by SATA or a bridge that passes it through");
  const auto on_drive = [&](const std::string& path, const std::string& what) -> Status {
    if (path.empty()) return {};
    const uint64_t number = TRY(device_of(files, path));
    if (std::ranges::find(identity.device_numbers, number) != identity.device_numbers.end())
      return fail(ErrorCode::refused, what + " lies on the target drive", path, "Put it on another drive");
    return {};
  };
  TRY(on_drive(input.source_directory, "the source"));
  TRY(on_drive(input.journal_path, "the journal"));
  TRY(on_drive(input.log_directory, "the log directory"));
  if (!identity.backing_path.empty() && !input.source_directory.empty()) {
    const std::string source = TRY(find_source(files, input.source_directory));
    if (identity.backing_path.starts_with(source.ends_with('/') ? source : source + '/'))
      return fail(ErrorCode::refused,
                  "the drive image lies inside the source directory and would be copied into itself",
                  identity.backing_path, "Put the image elsewhere");
  }
  DriveContent content = TRY(look_at_drive(device));
  if (content.marker && content.marker->state != MarkerState::closed &&
      content.marker->journal.text() != input.journal_id)
    return fail(ErrorCode::refused,
                fmt::format("another copy session, of the journal {}, is unfinished on this drive",
                            content.marker->journal.text()),
                identity.path,
                "Finish or abort it with its own journal; if that is lost, erase the first MiB of the drive "
                "yourself");
  return content;
}

}  // namespace seedbed
