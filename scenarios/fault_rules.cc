#include "scenarios/fault_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace seedbed {

static const std::vector<EventKind>& file_calls() {
  static const std::vector<EventKind> kinds = {
      EventKind::file_open,      EventKind::file_read,      EventKind::file_write,
      EventKind::file_truncate,  EventKind::file_sync,      EventKind::file_lock,
      EventKind::file_look,      EventKind::rename,         EventKind::remove,
      EventKind::make_directory, EventKind::directory_sync, EventKind::make_symlink,
      EventKind::make_hard_link, EventKind::set_attributes};
  return kinds;
}

FaultRule rule_of(FaultAction action) {
  switch (action) {
    case FaultAction::kill:
    case FaultAction::host_power_cut:
      return {.takes_survivors = true};
    case FaultAction::drive_power_cut:
    case FaultAction::unplug:
    case FaultAction::swap_drive:
      return {.place = ActionPlace::drive, .takes_survivors = true};
    case FaultAction::link_reset:
    case FaultAction::replug_elsewhere:
      return {.place = ActionPlace::drive, .takes_survivors = true};
    case FaultAction::replug:
    case FaultAction::damaged_in_shipment:
    case FaultAction::slow_drive:
      return {.place = ActionPlace::drive};
    case FaultAction::cloned_drive:
    case FaultAction::lost_in_shipment:
    case FaultAction::dead_on_arrival:
    case FaultAction::manifest_damaged:
    case FaultAction::volume_damaged:
      return {.place = ActionPlace::drive, .only_chain = true};
    case FaultAction::token_expired:
    case FaultAction::account_refuses:
      return {.only_chain = true};
    case FaultAction::clock_jump:
      return {};
    case FaultAction::file_rot:
      return {.place = ActionPlace::other_file};
    case FaultAction::drive_stalls:
      return {.events = {EventKind::drive_read, EventKind::drive_write, EventKind::drive_flush,
                         EventKind::drive_discard},
              .usual_event = EventKind::drive_write,
              .only_before = true};
    case FaultAction::write_error:
      return {.events = {EventKind::drive_write}, .usual_event = EventKind::drive_write, .only_before = true};
    case FaultAction::read_error:
      return {.events = {EventKind::drive_read}, .usual_event = EventKind::drive_read, .only_before = true};
    case FaultAction::flush_error:
    case FaultAction::flush_lie:
      return {.events = {EventKind::drive_flush}, .usual_event = EventKind::drive_flush, .only_before = true};
    case FaultAction::sync_lie:
      return {.events = {EventKind::file_sync, EventKind::directory_sync}, .only_before = true};
    case FaultAction::bit_rot:
    case FaultAction::bad_sectors:
      return {.events = {EventKind::drive_write, EventKind::drive_write_done},
              .usual_event = EventKind::drive_write};
    case FaultAction::stale_block:
    case FaultAction::misdirected_write:
      return {.events = {EventKind::drive_write}, .usual_event = EventKind::drive_write, .only_before = true};
    case FaultAction::disk_full:
      return {.events = {EventKind::file_write},
              .usual_event = EventKind::file_write,
              .only_before = true,
              .only_computer = true};
    case FaultAction::file_error:
    case FaultAction::permission_denied:
      return {.events = file_calls(), .only_before = true};
    case FaultAction::share_gone:
    case FaultAction::share_back:
      return {.place = ActionPlace::path};
    case FaultAction::source_changed:
    case FaultAction::source_grown:
    case FaultAction::source_vanished:
      return {.place = ActionPlace::source_file};
    case FaultAction::timeout_before:
    case FaultAction::connection_refused:
    case FaultAction::answer_429:
    case FaultAction::answer_500:
    case FaultAction::answer_503:
    case FaultAction::duplicated_request:
    case FaultAction::late_request:
      return {
          .events = {EventKind::http_request}, .usual_event = EventKind::http_request, .only_before = true};
    case FaultAction::timeout_after:
    case FaultAction::connection_cut:
      return {.events = {EventKind::http_request, EventKind::http_answer},
              .usual_event = EventKind::http_request,
              .only_before = true};
    case FaultAction::service_power_cut:
      return {.takes_survivors = true};
    case FaultAction::service_kill:
    case FaultAction::datacentre_kill:
      return {};
  }
  return {};
}

bool has_drive_range(EventKind kind) noexcept {
  static constexpr std::array kKinds = {EventKind::drive_read,       EventKind::drive_write,
                                        EventKind::drive_discard,    EventKind::drive_read_done,
                                        EventKind::drive_write_done, EventKind::drive_discard_done};
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

bool may_happen_on(EventKind kind, std::string_view machine) noexcept {
  const std::string_view name = event_name(kind);
  if (kind == EventKind::http_handled) return machine == "service";
  return machine.empty() || name.starts_with("file.") || name.starts_with("directory.") ||
         name.starts_with("http.");
}

// "drive.write 3 of SIM1 in data": a moment, behind its side.
static std::string moment_text(const FaultTrigger& when) {
  std::string text(when.event ? event_name(*when.event) : "event");
  if (when.event_number != 0)
    text += fmt::format("{} {}", when.event ? " as event" : "", when.event_number);
  else
    text += fmt::format(" {}", when.nth);
  if (when.nth_to != 0) text += fmt::format("..{}", when.nth_to);
  if (!when.place.empty()) text += " of " + when.place;
  if (when.extent)
    text += fmt::format(" on bytes {}+{}", when.extent->offset_bytes, when.extent->length_bytes);
  if (when.machine && !when.machine->empty() && *when.machine != "*") text += " on " + *when.machine;
  if (!when.phase.empty()) text += " in " + when.phase;
  if (!when.job_state.empty()) text += " while " + when.job_state;
  if (when.boot != 0) text += fmt::format(" of boot {}", when.boot);
  if (when.time_ns) text += fmt::format(" from {} s", static_cast<double>(*when.time_ns) / 1e9);
  return text;
}

std::string fault_name(const PlannedFault& fault) {
  const FaultTrigger& when = fault.when;
  std::string name(action_name(fault.action));
  if (!fault.place.empty()) name += " " + fault.place;
  const std::vector<FaultTrigger>& parts = when.any.empty() ? when.all : when.any;
  if (parts.empty()) {
    name += when.side == EventSide::before ? " at " : " after ";
    name += moment_text(when);
  } else {
    name += when.any.empty() ? " at all of (" : " at any of (";
    for (const FaultTrigger& part : parts)
      name += fmt::format("{}{}{}", &part == parts.data() ? "" : "; ",
                          part.side == EventSide::before ? "" : "after ", moment_text(part));
    name += ")";
  }
  if (!when.after.empty()) name += " after " + when.after;
  if (fault.times != 1) name += fault.times == 0 ? ", always" : fmt::format(", {} times", fault.times);
  return name;
}

}  // namespace seedbed
