// What each write of a session may be at a crash, by the epochs between flushes: of a simulated session from
// its event log, of a real one from a block log. By sectors, since the two cut their requests differently.
// Values.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "scenarios/journey.h"
#include "simulator/block_log.h"

namespace seedbed::soundness {

inline constexpr uint64_t kSector_bytes = 512;

// One writing of one sector. Epochs count flushes that were over: there from epoch `from` on (perhaps), and
// for certain from epoch `durable` on.
struct Version {
  size_t from = 0, durable = 0;
};
using Versions = std::map<uint64_t, std::vector<Version>>;  // by sector, in order of writing

// A block log: a write is there from the epoch it stands in, and durable at that epoch's end.
inline Versions versions_of(const BlockLog& log) {
  Versions versions;
  size_t epoch = 0;
  for (const BlockLogEntry& entry : log.entries) {
    if (entry.kind == BlockLogEntry::Kind::flush) epoch++;
    if (entry.kind != BlockLogEntry::Kind::write && entry.kind != BlockLogEntry::Kind::discard) continue;
    for (uint64_t at = entry.extent.offset_bytes; at < entry.extent.end_bytes(); at += kSector_bytes)
      versions[at / kSector_bytes].push_back({epoch, epoch + 1});
  }
  return versions;
}

// A simulated session: a write is there from its submission on, and durable by the first flush that was
// submitted once it had come back.
class SimulatedEpochs {
 public:
  void see(const Event& event, EventSide side) {
    if (side == EventSide::before || event.failed) return;
    if (event.kind == EventKind::drive_write) {
      writes_[event.number] = {{event.offset_bytes, event.length_bytes}, {epoch_, kNever}};
    } else if (event.kind == EventKind::drive_write_done) {
      back_.insert(event.detail);
    } else if (event.kind == EventKind::drive_flush) {
      covers_[event.number] = back_;
    } else if (event.kind == EventKind::drive_flush_done) {
      epoch_++;
      for (const uint64_t write : covers_[event.detail]) {
        size_t& durable = writes_[write].second.durable;
        durable = std::min(durable, epoch_);
      }
    }
  }
  size_t flushes() const noexcept { return epoch_; }
  Versions versions() const {
    Versions versions;
    for (const auto& [event, write] : writes_)
      for (uint64_t at = write.first.offset_bytes; at < write.first.end_bytes(); at += kSector_bytes)
        versions[at / kSector_bytes].push_back(write.second);
    return versions;
  }

 private:
  static constexpr size_t kNever = ~size_t{0};
  size_t epoch_ = 0;
  std::map<uint64_t, std::pair<Extent, Version>> writes_;  // by event
  std::set<uint64_t> back_;
  std::map<uint64_t, std::set<uint64_t>> covers_;  // by the flush's event
};

// For each epoch of the real session an epoch of the simulated one in which all its crash states are allowed
// too: everything that may be there was submitted by then, and nothing is durable that may be missing. Empty
// when the two did not write the same sectors equally often; `why` says what is wrong.
inline std::vector<size_t> epochs_within(const Versions& real, const Versions& simulated, std::string& why) {
  size_t epochs = 0;
  for (const auto& [sector, versions] : real) {
    const auto other = simulated.find(sector);
    const size_t count = other == simulated.end() ? 0 : other->second.size();
    if (count != versions.size())
      why += "sector " + std::to_string(sector) + " is written " + std::to_string(versions.size()) +
             " times, simulated " + std::to_string(count) + "\n";
    for (const Version& version : versions) epochs = std::max(epochs, version.durable);
  }
  for (const auto& [sector, versions] : simulated)
    if (!real.contains(sector))
      why += "sector " + std::to_string(sector) + " is written when simulated only\n";
  if (!why.empty()) return {};
  // Over the versions whose real epoch is at most p: the latest simulated `from`; at least p: the earliest
  // `durable`.
  std::vector<size_t> latest(epochs + 1, 0), earliest(epochs + 1, ~size_t{0});
  for (const auto& [sector, versions] : real)
    for (size_t i = 0; i < versions.size(); i++) {
      const Version& there = simulated.at(sector)[i];
      size_t& late = latest[versions[i].from];
      late = std::max(late, there.from);
      size_t& early = earliest[versions[i].from];
      early = std::min(early, there.durable);
    }
  for (size_t p = 1; p <= epochs; p++) latest[p] = std::max(latest[p], latest[p - 1]);
  for (size_t p = epochs; p-- > 0;) earliest[p] = std::min(earliest[p], earliest[p + 1]);
  std::vector<size_t> within;
  for (size_t p = 0; p < epochs; p++) {
    if (latest[p] >= earliest[p])
      why += "real epoch " + std::to_string(p) + ": the simulated session must have come to epoch " +
             std::to_string(latest[p]) + " for what may be there, and in epoch " +
             std::to_string(earliest[p]) + " something is durable that may be missing\n";
    within.push_back(latest[p]);
  }
  return within;
}

}  // namespace seedbed::soundness
