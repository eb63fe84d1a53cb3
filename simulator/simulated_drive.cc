#include "simulator/simulated_drive.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/ports/request_rules.h"
#include "simulator/extents.h"

namespace seedbed {

SimulatedDrive::~SimulatedDrive() {
  if (alive()) state_.cache.kill({.shape = Survivors::Shape::none});
}

Result<std::vector<MutableByteSpan>> SimulatedDrive::pool(uint32_t count, uint64_t each_bytes) {
  if (!in_flight_.empty() || each_bytes == 0 || each_bytes % 4096 != 0 || count > 16 * GiB / each_bytes)
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} pool buffers of {} bytes with {} requests in flight", count, each_bytes,
                            in_flight_.size()),
                state_.identity.path);
  pool_ = AlignedBuffer(count * each_bytes);
  std::vector<MutableByteSpan> buffers;
  for (uint32_t i = 0; i < count; ++i) buffers.push_back(pool_.span().subspan(i * each_bytes, each_bytes));
  return buffers;
}

static EventKind kind_of(IoKind kind, bool done) noexcept {
  switch (kind) {
    case IoKind::read:
      return done ? EventKind::drive_read_done : EventKind::drive_read;
    case IoKind::write:
      return done ? EventKind::drive_write_done : EventKind::drive_write;
    case IoKind::discard:
      return done ? EventKind::drive_discard_done : EventKind::drive_discard;
    case IoKind::flush:
      break;
  }
  return done ? EventKind::drive_flush_done : EventKind::drive_flush;
}

Event SimulatedDrive::event_of(const IoRequest& request, bool done, uint64_t detail) const {
  return {.kind = kind_of(request.kind, done),
          .place = state_.identity.serial,
          .offset_bytes = request.offset_bytes,
          .length_bytes = request.length_bytes,
          .detail = detail};
}

std::unexpected<Error> SimulatedDrive::gone(const IoRequest& request) const {
  const std::string where = where_on(state_.identity.path, request.offset_bytes);
  if (!state_.plugged)
    return fail(ErrorCode::device_gone, "the drive is not there", where, "Plug it in again and start anew");
  return fail(ErrorCode::device_gone, "the drive lost power", where, "Check cabling and power");
}

std::optional<Error> SimulatedDrive::refusal(const IoRequest& request) const {
  if (request.kind != IoKind::write) return std::nullopt;
  const auto refusing = state_.damage.refusing({request.offset_bytes, request.length_bytes});
  if (!refusing) return std::nullopt;
  return Error{ErrorCode::io_error, "a sector cannot be written", where_on(state_.identity.path, *refusing),
               "The drive is damaged: replace it"};
}

// How much of a write the drive really keeps.
uint64_t SimulatedDrive::kept_of(const IoRequest& request) const {
  const uint64_t real_bytes = state_.real_capacity_bytes;
  if (real_bytes == 0) return request.length_bytes;
  return request.offset_bytes >= real_bytes
             ? 0
             : std::min(request.length_bytes, real_bytes - request.offset_bytes);
}

Status SimulatedDrive::submit(const IoRequest& request) {
  TRY(check_request(state_.identity, state_.contract, request, static_cast<uint32_t>(in_flight_.size())));
  const uint64_t now_ns = runtime_.now_ns();  // of a dead machine: throws, before anything has happened
  if (!alive()) return gone(request);
  if (log_ == nullptr) return take(request, now_ns, 0, {});
  const bool writes = request.kind == IoKind::write;
  Event event =
      event_of(request, false, writes ? detail_of(as_text(ByteSpan(request.data, request.length_bytes))) : 0);
  Interference met = log_->begin(event);
  const Status taken = take(request, now_ns, event.number, std::move(met));
  log_->end(event, !taken);
  return taken;
}

Status SimulatedDrive::take(const IoRequest& request, uint64_t now_ns, uint64_t event, Interference met) {
  if (!state_.plugged || !alive()) return gone(request);
  InFlight entry{.request = request,
                 .epoch = state_.reset_epoch,
                 .link = state_.link_resets,
                 .event = event,
                 .covers = state_.cache.completed(),
                 .met = std::move(met)};
  if (!entry.met.error) entry.met.error = refusal(request);
  const uint64_t kept_bytes = kept_of(request);
  if (!entry.met.error && request.kind == IoKind::write && kept_bytes != 0)
    entry.ticket = state_.cache.submit_write(request.offset_bytes, {request.data, kept_bytes}, event);
  if (!entry.met.error && request.kind == IoKind::discard)
    entry.ticket = state_.cache.submit_discard(entry.extent(), event);
  const DriveSpeed& speed = state_.speed;
  // In 128 bits: gigabytes times a billion do not fit into 64.
  const auto transfer_ns = static_cast<uint64_t>(static_cast<unsigned __int128>(request.length_bytes) *
                                                 1'000'000'000 / speed.bytes_per_second);
  const uint64_t cost_ns = request.kind == IoKind::flush ? speed.flush_ns : speed.request_ns + transfer_ns;
  busy_until_ns_ = std::max(busy_until_ns_, now_ns) + cost_ns * state_.slowness + entry.met.delay_ns;
  entry.due_ns = busy_until_ns_;
  in_flight_.push_back(std::move(entry));
  maybe_overtake();
  return {};
}

// Now and then the newest request changes places with one before it. What overlaps keeps its order, and
// flushes keep their places.
void SimulatedDrive::maybe_overtake() {
  const size_t last = in_flight_.size() - 1;
  if (!state_.order || last == 0 || in_flight_[last].request.kind == IoKind::flush) return;
  if (!state_.order->chance(1, 4)) return;
  const size_t other = state_.order->below(last);
  if (in_flight_[other].request.kind == IoKind::flush) return;
  for (size_t i = other; i < last; ++i) {
    if (overlap(in_flight_[i].extent(), in_flight_[last].extent())) return;
    if (i > other && overlap(in_flight_[i].extent(), in_flight_[other].extent())) return;
  }
  std::swap(in_flight_[other], in_flight_[last]);
  std::swap(in_flight_[other].due_ns, in_flight_[last].due_ns);
}

Status SimulatedDrive::outcome_of(const InFlight& entry) {
  const IoRequest& request = entry.request;
  const bool flushes = request.kind == IoKind::flush;
  const bool tells = flushes && flushed_epoch_ != state_.reset_epoch;
  if (flushes) flushed_epoch_ = state_.reset_epoch;  // told once; what is rewritten since may be flushed
  if (entry.epoch != state_.reset_epoch || tells || !state_.plugged) return gone(request);
  if (entry.met.error) return std::unexpected(*entry.met.error);
  if (entry.link != state_.link_resets)
    return fail(ErrorCode::io_error, "the link was reset while the request was under way",
                where_on(state_.identity.path, request.offset_bytes), "Check the cabling");
  if (request.kind == IoKind::read)
    return state_.read(request.offset_bytes, {request.data, request.length_bytes});
  if (auto refused = refusal(request)) return std::unexpected(std::move(*refused));  // damaged since
  return {};
}

Status SimulatedDrive::perform(const InFlight& entry) {
  if (!alive()) return gone(entry.request);
  Status outcome = outcome_of(entry);
  if (entry.request.kind == IoKind::flush) {
    if (!outcome)
      state_.cache.orphan(entry.covers);
    else if (!entry.met.lie)
      state_.flush(entry.covers);
  } else if (entry.ticket != 0) {
    if (outcome)
      state_.complete(entry.ticket);
    else
      state_.cache.abandon(entry.ticket);
  }
  return outcome;
}

// begin() may throw Killed: then the request is still in flight.
IoCompletion SimulatedDrive::finish_first() {
  const bool tells = log_ != nullptr && alive();
  InFlight& first = in_flight_.front();
  Event event;
  if (tells) {
    event = event_of(first.request, true, first.event);
    Interference met = log_->begin(event);
    if (met.error) first.met.error = std::move(met.error);
    first.met.lie = first.met.lie || met.lie;
  }
  IoCompletion completion{.tag = first.request.tag, .kind = first.request.kind, .outcome = perform(first)};
  in_flight_.pop_front();
  if (tells) log_->end(event, !completion.outcome);
  return completion;
}

Status SimulatedDrive::reap(std::vector<IoCompletion>& out, uint32_t least) {
  const size_t wanted = std::min<size_t>(least, in_flight_.size());
  if (wanted > 0) {
    const uint64_t due_ns = in_flight_[wanted - 1].due_ns;
    const uint64_t now_ns = runtime_.now_ns();
    if (due_ns > now_ns)
      runtime_.sleep_ns(due_ns - now_ns);  // may throw Killed: what is in flight then stays undone
  }
  const uint64_t now_ns = runtime_.now_ns();
  for (size_t taken = 0; !in_flight_.empty() && (taken < wanted || in_flight_.front().due_ns <= now_ns);
       ++taken)
    out.push_back(finish_first());
  return {};
}

}  // namespace seedbed
