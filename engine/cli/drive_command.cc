#include "engine/cli/drive_command.h"

#include <fmt/format.h>

#include <cstdio>

#include "engine/cli/key_file.h"
#include "engine/journal/journal.h"
#include "engine/linux/file_drive.h"
#include "engine/linux/open_drive.h"
#include "engine/prep/drive_history.h"
#include "engine/prep/drive_verify.h"
#include "engine/prep/session_layout.h"

namespace seedbed {

namespace {

Result<std::unique_ptr<BlockDevice>> open_for_reading(CommandContext& context, const std::string& path) {
  OpenDriveOptions how;
  how.write = false;
  return open_drive(path, how, context.entropy);
}

Result<SecretBytes> key_of(CommandContext& context, const DriveCommand& command) {
  const int given = !command.recovery_password.empty() + !command.key_file.empty() + !command.journal.empty();
  if (given != 1)
    return fail(ErrorCode::invalid_argument, "one of --recovery-password, --key-file and --journal is needed",
                {}, "The journal of the drive holds its BitLockerKey");
  if (!command.recovery_password.empty()) return SecretBytes::of_text(command.recovery_password);
  if (!command.key_file.empty()) return read_key_file(context.files, command.key_file);
  Bytes text = TRY(read_file(context.files, command.journal,
                             kJournalBoundBytes));  // read, not opened: a look takes no lock and cuts no tail
  const ParsedRecords parsed = TRY(parse_records(as_text(text)));
  wipe(text);
  DriveHistory history = TRY(read_history(parsed.records, command.journal));
  if (history.drive.recovery_password.empty())
    return fail(ErrorCode::not_found, "the journal knows no BitLocker key yet", command.journal);
  return std::move(history.drive.recovery_password);
}

const char* marker_state_name(MarkerState state) {
  switch (state) {
    case MarkerState::building:
      return "a volume is being built";
    case MarkerState::open:
      return "a copy session is under way";
    case MarkerState::closed:
      return "no copy session is open";
  }
  return "unknown";
}

void line(std::string_view name, const std::string& value) {
  fmt::print("{:<20}{}\n", name, value);
}

// Everything goes into the directory listing with its depth; the tree is walked by hand, names are bounded by
// NTFS.
Status print_tree(NtfsVolume& ntfs, const std::string& path) {
  const std::vector<NtfsEntry> entries = TRY(ntfs.list(path));
  for (const NtfsEntry& entry : entries) {
    const std::string child = join_path(path, entry.name);
    fmt::print("{:>14}  {}{}\n", entry.directory ? "-" : std::to_string(entry.size_bytes), child,
               entry.directory ? "/" : "");
    if (entry.directory) TRY(print_tree(ntfs, child));
  }
  return {};
}

}  // namespace

Result<uint64_t> parse_size(const std::string& text) {
  const auto bad = [&] {
    return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no size", text), {},
                "Give bytes, or a number with kB, MB, GB, TB, KiB, MiB, GiB or TiB");
  };
  size_t digits = 0;
  uint64_t whole = 0, scaled = 0, scale = 1;
  bool fraction = false;
  for (; digits < text.size() && (text[digits] == '.' || (text[digits] >= '0' && text[digits] <= '9'));
       digits++) {
    if (text[digits] == '.') {
      if (fraction) return bad();
      fraction = true;
      continue;
    }
    const auto digit = static_cast<uint64_t>(text[digits] - '0');
    if (fraction) {
      if (scale >= 1'000'000) return bad();
      scale *= 10;
      scaled = scaled * 10 + digit;
    } else {
      if (whole > 100'000'000'000'000'000) return bad();
      whole = whole * 10 + digit;
    }
  }
  if (digits == 0) return bad();
  const std::string unit = text.substr(digits);
  constexpr std::pair<const char*, uint64_t> kUnits[] = {{"", 1},
                                                         {"B", 1},
                                                         {"kB", 1000},
                                                         {"MB", 1'000'000},
                                                         {"GB", 1'000'000'000},
                                                         {"TB", 1'000'000'000'000},
                                                         {"KiB", KiB},
                                                         {"MiB", MiB},
                                                         {"GiB", GiB},
                                                         {"TiB", TiB}};
  for (const auto& [name, factor] : kUnits) {
    if (unit != name) continue;
    if (whole > UINT64_MAX / factor / 2) return bad();
    return whole * factor + scaled * factor / scale;
  }
  return bad();
}

Result<ExitCode> run_drive_create(CommandContext context, const DriveCommand& command) {
  const uint64_t size_bytes = round_down(command.size_bytes, 4096);
  TRY(create_image(command.path, size_bytes, command.sector_bytes, context.entropy));
  context.person.notice(NoticeLevel::info,
                        fmt::format("{} is a blank rehearsal drive of {} with {}-byte sectors", command.path,
                                    human_bytes(size_bytes), command.sector_bytes));
  return ExitCode::done;
}

Result<ExitCode> run_drive_inspect(CommandContext context, const DriveCommand& command) {
  auto device = TRY(open_for_reading(context, command.path));
  const DeviceIdentity& identity = device->identity();
  const DeviceContract& contract = device->contract();
  line("drive", identity.path);
  line("serial", identity.serial);
  line("model", identity.model + (identity.firmware.empty() ? "" : ", firmware " + identity.firmware));
  line("transport",
       identity.transport + (identity.rehearsal ? " (a rehearsal: nothing that can be shipped)" : ""));
  line("capacity", fmt::format("{} bytes ({})", with_commas(contract.capacity_bytes),
                               human_bytes(contract.capacity_bytes)));
  line("sectors", fmt::format("{} bytes logical, {} bytes physical", contract.logical_sector_bytes,
                              contract.physical_sector_bytes));
  line("write cache", contract.volatile_cache ? "volatile" : "none, or write-through");
  for (const std::string& use : identity.in_use) line("in use", use);
  const DriveContent content = TRY(look_at_drive(*device));
  line("holds", content.recognised.value_or("nothing (its head is zero)"));
  if (content.marker) {
    line("marker", marker_state_name(content.marker->state));
    line("journal", content.marker->journal.text());
    line("generation", std::to_string(content.marker->generation));
  }
  if (command.recovery_password.empty() && command.key_file.empty() && command.journal.empty())
    return ExitCode::done;
  const SecretBytes key = TRY(key_of(context, command));
  const OpenDrive drive = TRY(open_drive_volume(*device, key.text()));
  line("disk GUID", drive.table.disk.text());
  line("partition", fmt::format("{} bytes at {}", with_commas(drive.partition.length_bytes),
                                with_commas(drive.partition.offset_bytes)));
  line("volume GUID", drive.volume->volume_id().text());
  line("description", drive.volume->description());
  auto ntfs = TRY(drive.file_system(context.runtime.utc_ns(), true));
  line("clusters", fmt::format("{} bytes, {} free", ntfs.cluster_bytes(), human_bytes(ntfs.free_bytes())));
  const auto manifest = ntfs.stat(kManifestPath);
  line("manifest", manifest ? fmt::format("{} bytes", with_commas(manifest->size_bytes))
                            : "none: no copy session is complete");
  return ExitCode::done;
}

Result<ExitCode> run_drive_verify(CommandContext context, const DriveCommand& command) {
  auto device = TRY(open_for_reading(context, command.path));
  const SecretBytes key = TRY(key_of(context, command));
  const OpenDrive drive = TRY(open_drive_volume(*device, key.text()));
  const DriveVerdict verdict =
      TRY(verify_drive(context.runtime, *device, drive, context.person, device->identity().serial));
  for (const DriveFinding& finding : verdict.findings) {
    context.person.event("finding", {{"place", finding.place}, {"what", finding.what}});
    context.person.notice(NoticeLevel::error, finding.place + ": " + finding.what);
  }
  if (verdict.findings_dropped > 0)
    context.person.notice(NoticeLevel::error,
                          fmt::format("… and {} findings more", verdict.findings_dropped));
  context.person.event("verified",
                       {{"drive_id", verdict.drive_id},
                        {"manifest_md5", verdict.manifest_md5},
                        {"blobs", std::to_string(verdict.blobs)},
                        {"ranges", std::to_string(verdict.ranges)},
                        {"bytes", std::to_string(verdict.bytes)},
                        {"elapsed_ns", std::to_string(verdict.elapsed_ns)},
                        {"findings", std::to_string(verdict.findings.size() + verdict.findings_dropped)}});
  context.person.notice(
      NoticeLevel::info,
      fmt::format("{} blobs, {} ranges, {} in {:.2f} s; manifest MD5 {}; {}", with_commas(verdict.blobs),
                  with_commas(verdict.ranges), human_bytes(verdict.bytes),
                  static_cast<double>(verdict.elapsed_ns) / 1e9, verdict.manifest_md5,
                  verdict.findings.empty() ? "everything is as the manifest says" : "the drive is damaged"));
  return verdict.findings.empty() ? ExitCode::done : ExitCode::damaged;
}

Result<ExitCode> run_drive_ls(CommandContext context, const DriveCommand& command) {
  auto device = TRY(open_for_reading(context, command.path));
  const SecretBytes key = TRY(key_of(context, command));
  const OpenDrive drive = TRY(open_drive_volume(*device, key.text()));
  auto ntfs = TRY(drive.file_system(context.runtime.utc_ns(), true));
  TRY(print_tree(ntfs, command.file));
  return ExitCode::done;
}

Result<ExitCode> run_drive_cat(CommandContext context, const DriveCommand& command) {
  auto device = TRY(open_for_reading(context, command.path));
  const SecretBytes key = TRY(key_of(context, command));
  const OpenDrive drive = TRY(open_drive_volume(*device, key.text()));
  auto ntfs = TRY(drive.file_system(context.runtime.utc_ns(), true));
  Bytes step(1 * MiB);
  for (uint64_t at = 0;;) {
    const size_t got_bytes = TRY(ntfs.read(command.file, at, step));
    if (got_bytes == 0) break;
    if (std::fwrite(step.data(), 1, got_bytes, stdout) != got_bytes)
      return fail(ErrorCode::io_error, "standard output takes no more bytes", command.file);
    at += got_bytes;
  }
  if (std::fflush(stdout) != 0)
    return fail(ErrorCode::io_error, "standard output takes no more bytes", command.file);
  return ExitCode::done;
}

}  // namespace seedbed
