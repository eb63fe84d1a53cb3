#include "scenarios/conduct.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

namespace {

constexpr size_t kFindingsMax = 10;
// The layout that docs/formats give, said again because the accused must not be asked.
constexpr uint64_t kPartitionBytes = 1 * MiB;
constexpr uint64_t kMarkerPlaceBytes = 64 * KiB, kMarkerLengthBytes = 4096;
constexpr uint64_t kBackupTableBytes = 16 * KiB;

void add(std::vector<std::string>& findings, const Event& event, const std::string& what) {
  if (findings.size() < kFindingsMax)
    findings.push_back(fmt::format("event {}: {} of {} bytes at {} of {}: {}", event.number,
                                   event_name(event.kind), event.length_bytes, event.offset_bytes,
                                   event.place, what));
}

}  // namespace

void Conduct::see(const World& world, const Event& event, EventSide side) {
  if (side != EventSide::before) return;
  if (event.kind != EventKind::drive_write && event.kind != EventKind::drive_discard) return;
  const CommandSpec& command =
      world.scenario->commands[std::min(world.command, world.scenario->commands.size() - 1)];
  if (world.chain && command.action != CommandAction::diskprep)
    return add(touched_, event, "no drive is to be written now");
  // Disk preparation may take any drive it was given; a copy session has one.
  const auto spec = std::ranges::find_if(world.scenario->drives, [&](const DriveSpec& drive) {
    if (!world.chain) return drive.name == command.drive;
    return world.drives[static_cast<size_t>(&drive - world.scenario->drives.data())].identity.serial ==
           event.place;
  });
  if (spec == world.scenario->drives.end()) return add(touched_, event, "this drive was not chosen");
  const DriveState& chosen = world.drives[static_cast<size_t>(spec - world.scenario->drives.begin())];
  if (event.place != chosen.identity.serial) return add(touched_, event, "this drive was not chosen");
  if (world.phase == "start" || world.phase == "intent")
    return add(touched_, event, "before the intent was durable");
  if (world.phase == "build") return;
  const uint64_t end_bytes = event.offset_bytes + event.length_bytes;
  if (event.offset_bytes == kMarkerPlaceBytes && event.length_bytes == kMarkerLengthBytes) return;
  if (event.offset_bytes < kPartitionBytes && event.offset_bytes == 0)
    add(repeated_, event, "the drive is formatted again after its volume was built");
  else if (event.offset_bytes < kPartitionBytes ||
           end_bytes > chosen.contract.capacity_bytes - kBackupTableBytes)
    add(touched_, event, "outside of the partition");
}

void Conduct::at_end(const World& world) {
  if (world.changed_sources.empty() && world.files.hash_under("/source") != world.source_hash)
    touched_.emplace_back("the source is not as it was");
  if (world.files.hash_under("/elsewhere") != world.elsewhere_hash)
    touched_.emplace_back("files that have nothing to do with the session were changed");
  if (world.drive_in("bystander").cache.visible().hash() != world.bystander_hash)
    touched_.emplace_back("a drive that nobody chose was changed");
}

}  // namespace seedbed
