#include "scenarios/defect_ports.h"

#include <algorithm>

namespace seedbed {

bool PassingDrive::swallow(IoRequest&, AlignedBuffer&) {
  return false;
}

void PassingDrive::came_back(const IoRequest&, Status&) {}

Status PassingDrive::submit(const IoRequest& request) {
  Flight flight{request, {}};
  IoRequest below = request;
  if (swallow(below, flight.spare)) {
    ready_.push_back({request.tag, request.kind, {}});
    return {};
  }
  below.tag = ++tickets_;
  TRY(below_->submit(below));
  flights_[below.tag] = std::move(flight);
  return {};
}

void PassingDrive::settle(const IoCompletion& completion) {
  auto flight = flights_.extract(completion.tag);
  if (flight.empty()) return;  // our own
  IoCompletion told{flight.mapped().asked.tag, completion.kind, completion.outcome};
  came_back(flight.mapped().asked, told.outcome);
  ready_.push_back(std::move(told));
}

Status PassingDrive::reap(std::vector<IoCompletion>& out, uint32_t least) {
  const auto had = static_cast<uint32_t>(ready_.size());
  if (!flights_.empty()) {
    std::vector<IoCompletion> completions;
    TRY(below_->reap(completions, least > had ? least - had : 0));
    for (const IoCompletion& completion : completions) settle(completion);
  }
  out.insert(out.end(), ready_.begin(), ready_.end());
  ready_.clear();
  return {};
}

Status PassingDrive::now(IoRequest request) {
  request.tag = ++tickets_;
  TRY(below_->submit(request));
  for (;;) {
    std::vector<IoCompletion> completions;
    TRY(below_->reap(completions, 1));
    std::optional<Status> outcome;
    for (const IoCompletion& completion : completions) {
      if (completion.tag == request.tag) outcome = completion.outcome;
      settle(completion);
    }
    if (outcome) return *outcome;
  }
}

Status PassingDrive::write_now(uint64_t offset_bytes, ByteSpan bytes) {
  AlignedBuffer buffer(bytes.size());
  std::ranges::copy(bytes, buffer.data());
  return now({IoKind::write, offset_bytes, bytes.size(), buffer.data(), 0});
}

Status PassingDrive::read_now(uint64_t offset_bytes, MutableByteSpan out) {
  AlignedBuffer buffer(out.size());
  TRY(now({IoKind::read, offset_bytes, out.size(), buffer.data(), 0}));
  std::ranges::copy(buffer.span(), out.begin());
  return {};
}

}  // namespace seedbed
