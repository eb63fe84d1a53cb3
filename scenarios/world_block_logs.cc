#include "scenarios/world_block_logs.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

void BlockLogs::see(const World& world, const Event& event, EventSide side) {
  const bool opens = event.kind == EventKind::drive_open && !recorders_.contains(event.place);
  for (const DriveState& drive : world.drives) {
    const std::string& serial = drive.identity.serial;
    if (opens && event.place == serial) recorders_.emplace(serial, BlockLogRecorder(drive));
    if (const auto recorder = recorders_.find(serial); recorder != recorders_.end())
      recorder->second.see(drive, event, side);
  }
}

void BlockLogs::end(const World& world) {
  for (const DriveState& drive : world.drives)
    if (const auto recorder = recorders_.find(drive.identity.serial); recorder != recorders_.end())
      logs_[recorder->first] = recorder->second.take(drive);
}

Result<std::vector<std::string>> BlockLogs::write(FileStore& files, const std::string& path) const {
  if (logs_.empty())
    return fail(ErrorCode::refused, "the run opened no drive, so there is no block log", path,
                "Replay a run that writes a drive");
  std::vector<std::string> lines;
  for (const auto& [serial, log] : logs_) {
    const std::string file = logs_.size() == 1 ? path : fmt::format("{}.{}", path, serial);
    TRY(replace_file(files, file, log.encode(), 0644));
    const auto flushes = std::ranges::count(log.entries, BlockLogEntry::Kind::flush, &BlockLogEntry::kind);
    lines.push_back(fmt::format("block log of {}: {} entries, {} of them flushes, in {}", serial,
                                log.entries.size(), flushes, file));
  }
  return lines;
}

}  // namespace seedbed
