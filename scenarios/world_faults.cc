#include "scenarios/world_faults.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/random.h"

namespace seedbed {

Survivors WorldFaults::survivors_of(const PlannedFault& fault, const Event& event) const {
  Survivors survivors = fault.survivors;
  if (survivors.shape == Survivors::Shape::seeded && survivors.seed == 0)
    survivors.seed = sub_seed(world_.seed, fmt::format("survivors of event {}", event.number));
  return survivors;
}

DriveState* WorldFaults::drive_of(const PlannedFault& fault, const Event& event) {
  if (const auto slot = world_.slots.find(fault.place); slot != world_.slots.end())
    return &world_.drives[slot->second];
  for (DriveState& drive : world_.drives)
    if (drive.identity.serial == event.place) return &drive;
  if (const auto slot = world_.slots.find(world_.scenario->drives.front().name); slot != world_.slots.end())
    return &world_.drives[slot->second];
  return nullptr;
}

Interference WorldFaults::at(const Event& event, EventSide side) {
  Interference interference;
  if (side == EventSide::after && event.kind == EventKind::drive_write_done) {
    if (const auto waiting = on_completion_.extract(event.detail); !waiting.empty())
      befall_drive({.name = "", .action = waiting.mapped(), .when = {}, .survivors = {}, .place = ""}, event);
  }
  for (const PlannedFault* fault : world_.faults.due(event, side, world_.phase, world_.boots)) {
    log_.note(EventKind::fault, fault->name, event.number);
    befall(*fault, event, interference);
  }
  return interference;
}

void WorldFaults::befall(const PlannedFault& fault, const Event& event, Interference& interference) {
  const auto error = [&](ErrorCode code, const char* what, const char* remedy) {
    interference.error =
        Error{code, what, fmt::format("{} @ byte {}", event.place, event.offset_bytes), remedy};
  };
  switch (fault.action) {
    case FaultAction::kill:
    case FaultAction::host_power_cut:
      if (!death_ || fault.action == FaultAction::host_power_cut)
        death_ = Death{fault.action == FaultAction::host_power_cut, survivors_of(fault, event), event.number};
      return;
    case FaultAction::write_error:
      return error(ErrorCode::io_error, "the drive reports a write error",
                   "Check the drive with its vendor's tool");
    case FaultAction::read_error:
      return error(ErrorCode::io_error, "the drive reports an uncorrectable read error", "Use another drive");
    case FaultAction::flush_error:
      return error(ErrorCode::io_error, "the drive reports that the flush failed",
                   "Run the same command again");
    case FaultAction::flush_lie:
    case FaultAction::sync_lie:
      interference.lie = true;
      return;
    case FaultAction::file_error:
      interference.error =
          Error{ErrorCode::io_error, fmt::format("{}: input/output error", event_name(event.kind)),
                event.place, ""};
      return;
    case FaultAction::disk_full:
      world_.files.set_capacity(0);  // no later write finds space either
      interference.error = Error{ErrorCode::out_of_space, "write: no space left on the disk", event.place,
                                 "Free space and run the same command again"};
      return;
    case FaultAction::share_gone:
      world_.files.unreach(fault.place);
      return;
    case FaultAction::share_back:
      world_.files.reach(fault.place);
      return;
    case FaultAction::source_changed:
    case FaultAction::source_grown:
    case FaultAction::source_vanished:
      (void)befall_source(fault,
                          event);  // a source that is gone already cannot change: the plan's words stand
      return;
    case FaultAction::timeout_before:
    case FaultAction::timeout_after:
    case FaultAction::connection_refused:
    case FaultAction::connection_cut:
    case FaultAction::answer_429:
    case FaultAction::answer_500:
    case FaultAction::answer_503:
    case FaultAction::duplicated_request:
      interference.trouble = http_trouble(fault.action);
      return;
    case FaultAction::service_kill:
    case FaultAction::service_power_cut:
    case FaultAction::datacentre_kill:
      if (elsewhere_) elsewhere_(fault.action, survivors_of(fault, event), event);
      return;
    case FaultAction::bit_rot:
    case FaultAction::bad_sectors:
      if (event.kind == EventKind::drive_write) {
        on_completion_[event.number] = fault.action;
        return;
      }
      [[fallthrough]];
    default:
      befall_drive(fault, event);
  }
}

void WorldFaults::befall_drive(const PlannedFault& fault, const Event& event) {
  DriveState* drive = drive_of(fault, event);
  if (drive == nullptr) return;
  const Extent extent{event.offset_bytes, event.length_bytes};
  switch (fault.action) {
    case FaultAction::drive_power_cut:
      drive->power_cut(survivors_of(fault, event));
      return;
    case FaultAction::unplug:
      drive->unplug(survivors_of(fault, event));
      return;
    case FaultAction::replug:
      drive->replug();
      return;
    case FaultAction::bit_rot:
      drive->rot(extent);
      return;
    case FaultAction::bad_sectors:
      drive->make_unreadable(extent);
      return;
    case FaultAction::damaged_in_shipment:
      if (const auto data = world_.first_data.find(drive->identity.serial); data != world_.first_data.end())
        drive->rot({data->second.offset_bytes + data->second.length_bytes / 2, 4096});
      return;
    case FaultAction::swap_drive: {
      const auto slot = std::ranges::find_if(
          world_.slots, [&](const auto& entry) { return &world_.drives[entry.second] == drive; });
      drive->unplug(survivors_of(fault, event));
      const std::string serial = drive->identity.serial + "X";
      world_.drives.emplace_back(serial, drive->contract, sub_seed(world_.seed, serial));
      slot->second = world_.drives.size() - 1;
      return;
    }
    default:
      return;
  }
}

Status WorldFaults::befall_source(const PlannedFault& fault, const Event& event) {
  FileTree& files = world_.files;
  const auto now_ns = static_cast<int64_t>(event.time_ns);
  TRY(world_.remember_source(fault.place));
  if (fault.action == FaultAction::source_vanished) {
    TRY(files.remove(fault.place, now_ns, event.number));
    return files.sync_directory(parent_of(fault.place));
  }
  const auto handle = TRY(files.open(fault.place, OpenMode::read_write, 0, now_ns));
  const uint64_t size_bytes = TRY(files.size(handle));
  const bool grows = fault.action == FaultAction::source_grown;
  Bytes content(grows ? 1000 : std::max<uint64_t>(size_bytes, 1));
  Random(sub_seed(world_.seed, fault.name)).fill(content);
  TRY(files.write(handle, grows ? size_bytes : 0, content, now_ns, event.number));
  TRY(files.sync(handle));
  files.close(handle);
  return {};
}

}  // namespace seedbed
