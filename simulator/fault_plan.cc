#include "simulator/fault_plan.h"

#include <algorithm>
#include <array>
#include <utility>

namespace seedbed {

static constexpr std::array<std::pair<FaultAction, std::string_view>, 49> kNames = {{
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
    {FaultAction::misdirected_write, "misdirected-write"},
    {FaultAction::stale_block, "stale-block"},
    {FaultAction::drive_stalls, "drive-stalls"},
    {FaultAction::slow_drive, "slow-drive"},
    {FaultAction::link_reset, "link-reset"},
    {FaultAction::replug_elsewhere, "replug-elsewhere"},
    {FaultAction::cloned_drive, "cloned-drive"},
    {FaultAction::clock_jump, "clock-jump"},
    {FaultAction::file_rot, "file-rot"},
    {FaultAction::permission_denied, "permission-denied"},
    {FaultAction::late_request, "late-request"},
    {FaultAction::token_expired, "token-expired"},
    {FaultAction::account_refuses, "account-refuses"},
    {FaultAction::lost_in_shipment, "lost-in-shipment"},
    {FaultAction::dead_on_arrival, "dead-on-arrival"},
    {FaultAction::manifest_damaged, "manifest-damaged"},
    {FaultAction::volume_damaged, "volume-damaged"},
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
    case FaultAction::late_request:
      return HttpTrouble::late;
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
    case FaultAction::misdirected_write:
    case FaultAction::stale_block:
    case FaultAction::file_rot:
    case FaultAction::dead_on_arrival:
    case FaultAction::manifest_damaged:
    case FaultAction::volume_damaged:
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
  for (PlannedFault& fault : faults) add(std::move(fault));
}

void FaultPlan::add(PlannedFault fault) {
  const size_t parts = fault.when.any.size() + fault.when.all.size();
  standings_.push_back({.fault = std::move(fault), .parts_fitted = std::vector<uint64_t>(parts)});
}

struct FaultPlan::Moment {
  const Event& event;
  EventSide side;
  std::string_view phase;
  uint64_t boot;
  std::string_view job_state;

  bool fits(const FaultTrigger& when) const {
    if (when.side != side) return false;
    if (when.event && *when.event != event.kind) return false;
    if (when.machine && !star_matches(*when.machine, event.machine)) return false;
    if (when.event_number != 0 && when.event_number != event.number) return false;
    if (when.boot != 0 && when.boot != boot) return false;
    if (when.time_ns && event.time_ns < *when.time_ns) return false;
    if (!when.phase.empty() && when.phase != phase) return false;
    if (!when.job_state.empty() && when.job_state != job_state) return false;
    if (when.extent && (event.offset_bytes >= when.extent->end_bytes() ||
                        event.offset_bytes + event.length_bytes <= when.extent->offset_bytes))
      return false;
    return when.place.empty() || star_matches(when.place, event.place);
  }
};

bool FaultPlan::waits(const FaultTrigger& when, const Event& event) const noexcept {
  if (when.after.empty()) return false;
  const auto first =
      std::ranges::find(standings_, when.after,
                        [](const Standing& standing) -> const std::string& { return standing.fault.name; });
  return first == standings_.end() || first->fired == 0 || first->first_event >= event.number;
}

// Counts the moment where it fits; whether the fault is due now.
bool FaultPlan::comes_to_it(Standing& standing, const Moment& now) {
  const FaultTrigger& when = standing.fault.when;
  if (when.any.empty() && when.all.empty()) return now.fits(when) && ++standing.fitted >= when.nth;
  bool fits = false, comes = false, all = !when.all.empty();
  for (size_t i = 0; i < standing.parts_fitted.size(); i++) {
    const FaultTrigger& part = i < when.any.size() ? when.any[i] : when.all[i - when.any.size()];
    uint64_t& fitted = standing.parts_fitted[i];
    const bool fits_it = now.fits(part);
    fits = fits || fits_it;
    if (fits_it) fitted++;
    comes = comes || (fits_it && fitted >= part.nth);
    all = all && fitted >= part.nth;
  }
  if (fits) standing.fitted++;
  return when.all.empty() ? comes : fits && all;
}

std::vector<const PlannedFault*> FaultPlan::due(const Event& event, EventSide side, std::string_view phase,
                                                uint64_t boot, std::string_view job_state) {
  std::vector<const PlannedFault*> due;
  if (healed_) return due;
  const Moment now{event, side, phase, boot, job_state};
  for (Standing& standing : standings_) {
    const PlannedFault& fault = standing.fault;
    if ((fault.times != 0 && standing.fired >= fault.times) || waits(fault.when, event) ||
        !comes_to_it(standing, now))
      continue;
    if (standing.fired++ == 0) standing.first_event = event.number;
    due.push_back(&standing.fault);
  }
  return due;
}

void FaultPlan::take_back(const PlannedFault& fault) noexcept {
  for (Standing& standing : standings_)
    if (&standing.fault == &fault && standing.fired > 0) standing.fired--;
}

bool FaultPlan::fired(FaultAction action, std::string_view place) const noexcept {
  return std::ranges::any_of(standings_, [&](const Standing& standing) {
    return standing.fired > 0 && standing.fault.action == action &&
           (place.empty() || standing.fault.place == place);
  });
}

}  // namespace seedbed
