#include "simulator/fault_plan.h"

#include <algorithm>
#include <array>
#include <utility>

namespace seedbed {

static constexpr std::array<std::pair<FaultAction, std::string_view>, 32> kNames = {{
    {FaultAction::kill, "kill"},
    {FaultAction::host_power_cut, "host-power-cut"},
    {FaultAction::drive_power_cut, "drive-power-cut"},
    {FaultAction::unplug, "unplug"},
    {FaultAction::replug, "replug"},
    {FaultAction::swap_drive, "swap-drive"},
    {FaultAction::write_error, "write-error"},
    {FaultAction::read_error, "read-error"},
    {FaultAction::flush_error, "flush-error"},
    {FaultAction::flush_lie, "flush-lie"},
    {FaultAction::sync_lie, "sync-lie"},
    {FaultAction::bit_rot, "bit-rot"},
    {FaultAction::bad_sectors, "bad-sectors"},
    {FaultAction::disk_full, "disk-full"},
    {FaultAction::file_error, "file-error"},
    {FaultAction::share_gone, "share-gone"},
    {FaultAction::share_back, "share-back"},
    {FaultAction::source_changed, "source-changed"},
    {FaultAction::source_grown, "source-grown"},
    {FaultAction::source_vanished, "source-vanished"},
    {FaultAction::timeout_before, "timeout-before"},
    {FaultAction::timeout_after, "timeout-after"},
    {FaultAction::connection_refused, "connection-refused"},
    {FaultAction::connection_cut, "connection-cut"},
    {FaultAction::answer_429, "answer-429"},
    {FaultAction::answer_500, "answer-500"},
    {FaultAction::answer_503, "answer-503"},
    {FaultAction::duplicated_request, "duplicated-request"},
    {FaultAction::service_kill, "service-kill"},
    {FaultAction::service_power_cut, "service-power-cut"},
    {FaultAction::datacentre_kill, "datacentre-kill"},
    {FaultAction::damaged_in_shipment, "damaged-in-shipment"},
}};

std::string_view action_name(FaultAction action) noexcept {
  return kNames[static_cast<size_t>(action)].second;
}

std::optional<FaultAction> action_named(std::string_view name) noexcept {
  for (const auto& [action, its_name] : kNames)
    if (its_name == name) return action;
  return std::nullopt;
}

HttpTrouble http_trouble(FaultAction action) noexcept {
  switch (action) {
    case FaultAction::timeout_before:
      return HttpTrouble::lost_before;
    case FaultAction::timeout_after:
      return HttpTrouble::lost_after;
    case FaultAction::connection_refused:
      return HttpTrouble::refused;
    case FaultAction::connection_cut:
      return HttpTrouble::cut;
    case FaultAction::answer_429:
      return HttpTrouble::answer_429;
    case FaultAction::answer_500:
      return HttpTrouble::answer_500;
    case FaultAction::answer_503:
      return HttpTrouble::answer_503;
    case FaultAction::duplicated_request:
      return HttpTrouble::duplicated;
    default:
      return HttpTrouble::none;
  }
}

bool legal(FaultAction action) noexcept {
  switch (action) {
    case FaultAction::flush_lie:
    case FaultAction::sync_lie:
    case FaultAction::bit_rot:
    case FaultAction::bad_sectors:
    case FaultAction::damaged_in_shipment:
      return false;
    default:
      return true;
  }
}

bool star_matches(std::string_view pattern, std::string_view text) noexcept {
  size_t p = 0, t = 0, star = std::string_view::npos, after_star = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      p++;
      t++;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++after_star;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(p), [](char c) { return c == '*'; });
}

FaultPlan::FaultPlan(std::vector<PlannedFault> faults) {
  for (PlannedFault& fault : faults) standings_.push_back({.fault = std::move(fault)});
}

static bool fits(const FaultTrigger& when, const Event& event, EventSide side, std::string_view phase,
                 uint64_t boot) {
  if (when.side != side) return false;
  if (when.event && *when.event != event.kind) return false;
  if (when.machine && !star_matches(*when.machine, event.machine)) return false;
  if (when.event_number != 0 && when.event_number != event.number) return false;
  if (when.boot != 0 && when.boot != boot) return false;
  if (when.time_ns && event.time_ns < *when.time_ns) return false;
  if (!when.phase.empty() && when.phase != phase) return false;
  if (when.extent && (event.offset_bytes >= when.extent->end_bytes() ||
                      event.offset_bytes + event.length_bytes <= when.extent->offset_bytes))
    return false;
  return when.place.empty() || star_matches(when.place, event.place);
}

std::vector<const PlannedFault*> FaultPlan::due(const Event& event, EventSide side, std::string_view phase,
                                                uint64_t boot) {
  std::vector<const PlannedFault*> due;
  if (healed_) return due;
  for (Standing& standing : standings_) {
    const PlannedFault& fault = standing.fault;
    if ((fault.times != 0 && standing.fired >= fault.times) || !fits(fault.when, event, side, phase, boot))
      continue;
    if (++standing.fitted < fault.when.nth) continue;
    standing.fired++;
    due.push_back(&standing.fault);
  }
  return due;
}

}  // namespace seedbed
