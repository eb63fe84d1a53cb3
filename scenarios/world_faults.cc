#include "scenarios/world_faults.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/random.h"
#include "scenarios/drive_places.h"

namespace seedbed {

namespace {

constexpr uint64_t kStall_ns = 30'000'000'000;  // longer than any request, shorter than a kernel's patience
constexpr uint64_t kSlowness = 50;
constexpr uint64_t kAstrayMax = 64;  // physical sectors between a misdirected write and its own place

bool is_death(FaultAction action) noexcept {
  return action == FaultAction::kill || action == FaultAction::host_power_cut;
}

bool spoils_answer(FaultAction action) noexcept {
  switch (action) {
    case FaultAction::write_error:
    case FaultAction::read_error:
    case FaultAction::flush_error:
    case FaultAction::flush_lie:
    case FaultAction::sync_lie:
    case FaultAction::file_error:
    case FaultAction::permission_denied:
      return true;
    default:
      return false;
  }
}

}  // namespace

Survivors WorldFaults::survivors_of(const PlannedFault& fault, const Event& event) const {
  Survivors survivors = fault.survivors;
  if (survivors.shape == Survivors::Shape::seeded && survivors.seed == 0)
    survivors.seed = sub_seed(world_.seed, fmt::format("survivors of event {}", event.number));
  return survivors;
}

DriveState* WorldFaults::drive_of(const PlannedFault& fault, const Event& event) {
  if (!fault.place.empty()) return &world_.drive_in(fault.place);
  for (DriveState& drive : world_.drives)
    if (drive.identity.serial == event.place) return &drive;
  return &world_.drive_in(world_.scenario->drives.front().name);
}

Interference WorldFaults::at(const Event& event, EventSide side) {
  Interference interference;
  if (side == EventSide::after && event.kind == EventKind::drive_write_done) befall_written(event);
  const std::string_view job_state = world_.chain ? std::string_view(world_.chain->job_state) : "";
  auto due = world_.faults.due(event, side, world_.phase, world_.boots, job_state);
  // Who dies before an event gets no answer to it: a fault of the answer has not happened then.
  const auto others =
      std::ranges::stable_partition(due, [](const PlannedFault* fault) { return is_death(fault->action); });
  const bool died = side == EventSide::before && others.begin() != due.begin();
  for (const PlannedFault* fault : due) {
    if (died && spoils_answer(fault->action)) {
      world_.faults.take_back(*fault);
      continue;
    }
    log_.note(EventKind::fault, fault->name, event.number);
    befall(*fault, event, interference);
  }
  if (world_.chain && side == EventSide::before && event.kind == EventKind::http_request &&
      interference.trouble == HttpTrouble::none)
    interference.trouble = world_.chain->trouble_of(event.place);
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
    case FaultAction::permission_denied:
      interference.error =
          Error{ErrorCode::permission_denied, fmt::format("{}: permission denied", event_name(event.kind)),
                event.place, "Give this user the right, and run the same command again"};
      return;
    case FaultAction::drive_stalls:
      interference.delay_ns += kStall_ns;
      return;
    case FaultAction::clock_jump:
      world_.clock_shift_ns += fault.by_s * 1'000'000'000;
      return;
    case FaultAction::file_rot:
      if (!rot_file(fault, event)) world_.faults.take_back(fault);
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
    case FaultAction::late_request:
      interference.trouble = http_trouble(fault.action);
      return;
    case FaultAction::service_kill:
    case FaultAction::service_power_cut:
    case FaultAction::datacentre_kill:
      if (elsewhere_) elsewhere_(fault.action, survivors_of(fault, event), event);
      return;
    case FaultAction::token_expired:
    case FaultAction::account_refuses:
    case FaultAction::lost_in_shipment:
    case FaultAction::manifest_damaged:
    case FaultAction::volume_damaged:
      if (!befall_chain(fault, event)) world_.faults.take_back(fault);
      return;
    case FaultAction::bit_rot:
    case FaultAction::bad_sectors:
    case FaultAction::stale_block:
    case FaultAction::misdirected_write:
      if (event.kind == EventKind::drive_write) {
        Befallen& befallen = on_completion_[event.number];
        befallen.action = fault.action;
        befallen.before.resize(event.length_bytes);
        if (const DriveState* drive = drive_of(fault, event))
          drive->cache.read(event.offset_bytes, befallen.before);
        return;
      }
      [[fallthrough]];
    default:
      befall_drive(fault, event, interference);
  }
}

// The write is done, and so is its misfortune.
void WorldFaults::befall_written(const Event& event) {
  auto waiting = on_completion_.extract(event.detail);
  if (waiting.empty()) return;
  Befallen& befallen = waiting.mapped();
  const PlannedFault fault{.name = "", .action = befallen.action, .when = {}, .survivors = {}, .place = ""};
  Interference none;
  if (befallen.action == FaultAction::bit_rot || befallen.action == FaultAction::bad_sectors)
    return befall_drive(fault, event, none);
  DriveState& drive = *drive_of(fault, event);
  const Extent own{event.offset_bytes, event.length_bytes};
  if (befallen.action == FaultAction::misdirected_write) {
    Random random(sub_seed(world_.seed, fmt::format("astray {}", event.detail)));
    const uint64_t away_bytes =
        own.length_bytes + random.below(kAstrayMax) * drive.contract.physical_sector_bytes;
    const bool room_before = own.offset_bytes >= away_bytes,
               room_behind = own.end_bytes() + away_bytes <= drive.contract.capacity_bytes;
    Bytes content(own.length_bytes);
    drive.cache.read(own.offset_bytes, content);
    if (room_before && (!room_behind || random.chance(1, 2)))
      drive.replace(own.offset_bytes - away_bytes, std::move(content));
    else if (room_behind)
      drive.replace(own.offset_bytes + away_bytes, std::move(content));
  }
  drive.replace(own.offset_bytes, std::move(befallen.before));
}

// Another drive stands where this one stood.
void WorldFaults::put_another(DriveState& drive, DriveState other, const PlannedFault& fault,
                              const Event& event) {
  const auto slot = std::ranges::find_if(
      world_.slots, [&](const auto& entry) { return &world_.drives[entry.second] == &drive; });
  drive.unplug(survivors_of(fault, event));
  if (slot == world_.slots.end()) return world_.faults.take_back(fault);
  world_.drives.push_back(std::move(other));
  slot->second = world_.drives.size() - 1;
}

void WorldFaults::befall_drive(const PlannedFault& fault, const Event& event, Interference& interference) {
  DriveState* drive = drive_of(fault, event);
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
    case FaultAction::replug_elsewhere: {
      drive->unplug(survivors_of(fault, event));
      drive->replug();
      const auto slot = std::ranges::find_if(
          world_.slots, [&](const auto& entry) { return &world_.drives[entry.second] == drive; });
      if (slot == world_.slots.end()) return world_.faults.take_back(fault);
      const size_t index = slot->second;
      const std::string elsewhere = slot->first + "-2";
      world_.slots.erase(slot);
      world_.slots[elsewhere] = index;
      return;
    }
    case FaultAction::slow_drive:
      drive->slowness = kSlowness;
      return;
    case FaultAction::link_reset:
      drive->reset_link(survivors_of(fault, event));
      if (event_name(event.kind).starts_with("drive.") && event.kind != EventKind::drive_open)
        interference.error =
            Error{ErrorCode::io_error, "the link was reset while the request was under way",
                  fmt::format("{} @ byte {}", event.place, event.offset_bytes), "Check the cabling"};
      return;
    case FaultAction::bit_rot:
      drive->rot(extent);
      return;
    case FaultAction::bad_sectors:
      drive->make_unreadable(extent);
      return;
    case FaultAction::dead_on_arrival:
      drive->make_unreadable({0, drive->contract.capacity_bytes});
      return;
    case FaultAction::damaged_in_shipment:
      if (const auto data = world_.first_data.find(drive->identity.serial); data != world_.first_data.end())
        drive->rot({data->second.offset_bytes + data->second.length_bytes / 2, 4096});
      else
        world_.faults.take_back(fault);
      return;
    case FaultAction::swap_drive: {
      const std::string serial = drive->identity.serial + "X";
      return put_another(*drive, DriveState(serial, drive->contract, sub_seed(world_.seed, serial)), fault,
                         event);
    }
    case FaultAction::cloned_drive: {
      DriveState clone = *drive;
      clone.power_cut(survivors_of(fault, event));
      clone.identity.serial += "X";
      return put_another(*drive, std::move(clone), fault, event);
    }
    default:
      return;
  }
}

// What befalls packages and services. False: there is nothing for it to befall.
bool WorldFaults::befall_chain(const PlannedFault& fault, const Event& event) {
  if (!world_.chain) return false;
  const std::string& drive = fault.place.empty() ? world_.scenario->drives.front().name : fault.place;
  switch (fault.action) {
    case FaultAction::token_expired:
      world_.chain->token_expired = true;
      return true;
    case FaultAction::account_refuses:
      world_.chain->account_refuses = true;
      return true;
    case FaultAction::lost_in_shipment:
      return world_.chain->lost.insert(drive).second;
    default:
      break;
  }
  const auto places = find_drive_places(world_, drive);
  if (!places) return false;
  DriveState& state = *drive_of(fault, event);
  if (fault.action == FaultAction::volume_damaged)
    // Zeros: a byte that rots might lie where nobody looks.
    state.replace(places->volume_header.offset_bytes, Bytes(state.contract.logical_sector_bytes));
  if (fault.action == FaultAction::manifest_damaged) state.rot({places->manifest.front().offset_bytes, 512});
  return true;
}

// A byte of a file decays on its disk; nobody has written to it, so its time stays.
Status WorldFaults::rot_file(const PlannedFault& fault, const Event& event) {
  FileTree& files = world_.files;
  const FileStat stat = TRY(files.stat(fault.place));
  if (stat.size_bytes == 0) return fail(ErrorCode::not_found, "there is no byte to decay", fault.place);
  Random random(sub_seed(world_.seed, fault.name));
  const uint64_t at = random.below(stat.size_bytes);
  const auto handle = TRY(files.open(fault.place, OpenMode::read_write, 0, stat.modified_ns));
  Bytes byte(1);
  TRY(files.read(handle, at, byte));
  byte[0] ^= static_cast<uint8_t>(random.between(1, 255));
  TRY(files.write(handle, at, byte, stat.modified_ns, event.number));
  TRY(files.sync(handle));
  files.close(handle);
  TRY(files.set_modified(fault.place, stat.modified_ns));
  world_.rotten.insert(fault.place);
  return {};
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
