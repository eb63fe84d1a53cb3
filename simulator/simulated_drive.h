// A machine's open handle on a simulated drive (drive_state.h): a BlockDevice that takes the machine's
// (virtual) time, and tells an event log what it is asked and what it answers.
//
// Opening it is a barrier and takes the drive over: handles opened before, and those of a machine that died
// (DriveState::kill), are inert and touch neither the drive nor the log. One task at a time uses it; the
// state, the runtime and the log outlive it.
//
// Durability: as the port says, to the letter. A write is in the volatile cache once its completion was
// reaped; a flush makes durable exactly what was reaped before it was submitted. A failed flush leaves what
// it would have covered to be written again. What is in flight when the handle goes did not happen.
#pragma once

#include <deque>
#include <optional>

#include "engine/ports/runtime.h"
#include "simulator/drive_state.h"
#include "simulator/event_log.h"

namespace seedbed {

class SimulatedDrive final : public BlockDevice {
 public:
  SimulatedDrive(Runtime& runtime, DriveState& state, EventLog* log = nullptr)
      : runtime_(runtime),
        state_(state),
        log_(log),
        incarnation_(state.open()),
        flushed_epoch_(state.reset_epoch) {}
  ~SimulatedDrive() override;

  const DeviceIdentity& identity() const noexcept override { return state_.identity; }
  const DeviceContract& contract() const noexcept override { return state_.contract; }
  uint64_t reset_epoch() override { return state_.reset_epoch; }
  Result<std::vector<MutableByteSpan>> pool(uint32_t count, uint64_t each_bytes) override;
  Status submit(const IoRequest& request) override;
  Status reap(std::vector<IoCompletion>& out, uint32_t least) override;

 private:
  struct InFlight {
    IoRequest request;
    uint64_t due_ns = 0;
    uint64_t epoch = 0;   // when submitted
    uint64_t link = 0;    // the link's resets, then
    uint64_t event = 0;   // of the submission
    uint64_t ticket = 0;  // a write or discard: in the cache
    uint64_t covers = 0;  // a flush: the completions it makes durable
    Interference met;     // what the submission met: the completion tells
    Extent extent() const noexcept { return {request.offset_bytes, request.length_bytes}; }
  };
  bool alive() const noexcept { return incarnation_ == state_.incarnation; }
  Event event_of(const IoRequest& request, bool done, uint64_t detail) const;
  Status take(const IoRequest& request, uint64_t now_ns, uint64_t event, Interference met);
  void maybe_overtake();
  IoCompletion finish_first();
  Status perform(const InFlight& entry);
  Status outcome_of(const InFlight& entry);
  uint64_t kept_of(const IoRequest& request) const;
  std::optional<Error> refusal(const IoRequest& request) const;  // of a write that touches such a place
  std::unexpected<Error> gone(const IoRequest& request) const;

  Runtime& runtime_;
  DriveState& state_;
  EventLog* log_;
  uint64_t incarnation_;
  uint64_t flushed_epoch_;  // the epoch that the handle's flushes still vouch for
  AlignedBuffer pool_;
  std::deque<InFlight> in_flight_;  // in the order in which they are due
  uint64_t busy_until_ns_ = 0;
};

}  // namespace seedbed
