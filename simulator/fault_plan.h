// The faults of a scenario: what is to happen, where and when, and whether it did. A value. The world asks
// the plan at each event (event_log.h) and makes the faults that are due happen; the plan itself touches
// nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "simulator/event_log.h"
#include "simulator/survivors.h"

namespace seedbed {

enum class FaultAction : uint8_t {
  kill,             // the engine's process; what is in flight on drives may or may not finish
  host_power_cut,   // the computer and its drives
  drive_power_cut,  // a drive alone: it comes back at once, without its cache
  unplug,           // a drive: every request fails until replug
  replug,           // the same drive in the same slot
  swap_drive,       // another drive, blank and of another serial, stands in the slot
  write_error,      // this write fails
  read_error,       // this read fails
  flush_error,      // this flush fails; what it covered is not durable, nor by a later flush
  flush_lie,        // this flush says yes and does nothing (illegal: it breaks the contract)
  sync_lie,         // this sync of a file or directory says yes and does nothing (illegal)
  bit_rot,          // the sectors of this write decay once it is on the medium (illegal)
  bad_sectors,      // the sectors of this write cannot be read any more (latent; writing heals them)
  disk_full,        // the computer's disk: this write finds no space, and none is there until heal
  file_error,       // this call on a file fails with an I/O error
  share_gone,       // everything under `place` is unreachable until share_back
  share_back,
  source_changed,       // the file `place` of the source gets other content, size and time
  source_grown,         // the file `place` of the source becomes longer
  source_vanished,      // the file `place` of the source is removed
  timeout_before,       // this request reaches nobody, and the client waits for an answer in vain
  timeout_after,        // the service acts, its answer never comes
  connection_refused,   // nobody takes this request
  connection_cut,       // the connection breaks in the middle of this request, or of this answer
  answer_429,           // "too many requests", "internal error", "unavailable", with Retry-After; the service
  answer_500,           // is not asked
  answer_503,           //
  duplicated_request,   // the service is asked twice; the client gets the second answer
  service_kill,         // the processes of the services' machine
  service_power_cut,    // that machine
  datacentre_kill,      // the process that imports drives
  damaged_in_shipment,  // sectors of a drive's data decay on the way (illegal)
  misdirected_write,    // the bytes of this write land elsewhere; its own place keeps what it held (illegal)
  stale_block,          // what this write brought is lost: reads give what was there before (illegal)
  drive_stalls,         // this request takes half a minute longer, and all behind it
  slow_drive,           // a drive: everything takes fifty times as long until heal
  link_reset,           // a drive: this request and what is in flight fail; its cache lives on
  replug_elsewhere,     // a drive: it stands in another slot, and the first is empty
  cloned_drive,         // another drive with the same bytes and another serial stands in the slot
  clock_jump,           // the computer's wall clock moves by `by_s`
  file_rot,             // a byte of the file `place` decays at rest; its time stays (illegal)
  permission_denied,    // this call on a file is not permitted
  late_request,         // this request arrives when its client has given up and asked again
  token_expired,        // the management service takes the bearer token no more
  account_refuses,      // the storage account takes no writes
  lost_in_shipment,     // a drive is in no box any more
  dead_on_arrival,      // no sector of a drive can be read any more (illegal)
  manifest_damaged,     // the manifest's bytes on a drive decay (illegal)
  volume_damaged,       // the boot sector of a drive's NTFS volume decays (illegal)
};
inline constexpr FaultAction kLastFaultAction = FaultAction::volume_damaged;
std::string_view action_name(FaultAction action) noexcept;  // "kill", "host-power-cut", …
std::optional<FaultAction> action_named(std::string_view name) noexcept;
// What a fault does to a request on its way; none: it is not of that kind.
HttpTrouble http_trouble(FaultAction action) noexcept;
// Whether a device that keeps its contract can do this. Damage by the others must end in a refusal.
bool legal(FaultAction action) noexcept;

// When a fault is due: at the nth event that fits every condition given.
struct FaultTrigger {
  std::optional<EventKind> event;           // nothing: any event
  std::string place;                        // glob over Event::place ("*.jrn"); "": any
  std::optional<std::string> machine = {};  // glob over Event::machine; "" is the computer. Nothing: any
  std::string phase;                        // the world's word for how far the session is; "": any
  uint64_t boot = 0;                        // 1 the first command, …; 0: any
  uint64_t nth = 1;                         // of those that fit
  uint64_t nth_to = 0;                      // drawn from nth to this by the scenario's seed; 0: exactly nth
  EventSide side = EventSide::before;
  std::optional<uint64_t> time_ns;  // not before this virtual time
  std::optional<Extent> extent;     // touches these bytes of the drive
  uint64_t event_number = 0;        // exactly this event; 0: any
  std::string job_state = {};       // as the import service last told of the job; "": any
  std::string after = {};           // the fault of this name has fired, at an earlier event; "": whenever
  // A combination instead of all that stands above but `after`. One part of `any` is due; or the last part of
  // `all` has come to its nth event. Parts have no parts, and no `after`.
  std::vector<FaultTrigger> any = {}, all = {};
};

struct PlannedFault {
  std::string name;  // for reports: "kill at drive.write 3 in data"
  FaultAction action = FaultAction::kill;
  FaultTrigger when;
  uint64_t times = 1;  // fires so often, at consecutive fitting events; 0: for ever
  Survivors survivors;
  std::string place;  // of the action: a path, a drive's name; "": the place of the event
  int64_t by_s = 0;   // clock_jump
};

class FaultPlan {
 public:
  FaultPlan() = default;
  explicit FaultPlan(std::vector<PlannedFault> faults);

  // Which faults are due at this side of this event, in order of the plan. Counts what fits.
  std::vector<const PlannedFault*> due(const Event& event, EventSide side, std::string_view phase,
                                       uint64_t boot, std::string_view job_state = {});
  // It could not happen after all, for want of what it is to befall: it has not fired.
  void take_back(const PlannedFault& fault) noexcept;
  void add(PlannedFault fault);
  // No fault fires any more.
  void heal() noexcept { healed_ = true; }

  struct Standing {
    PlannedFault fault;
    uint64_t fitted = 0, fired = 0;
    uint64_t first_event = 0;                 // at which it fired first
    std::vector<uint64_t> parts_fitted = {};  // of a combination
  };
  const std::vector<Standing>& standings() const noexcept { return standings_; }
  // Whether such a fault has fired; at this place of the action, when one is given.
  bool fired(FaultAction action, std::string_view place = {}) const noexcept;

 private:
  struct Moment;
  bool waits(const FaultTrigger& when, const Event& event) const noexcept;
  static bool comes_to_it(Standing& standing, const Moment& now);

  std::vector<Standing> standings_;
  bool healed_ = false;
};

// '*' stands for any run of characters; everything else for itself.
bool star_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace seedbed
