// What the BlockDevice port promises of a drive, by brute force and from the port's calls alone: which writes
// were handed over, which came back, which a flush covered. From that, every subset of what nothing has made
// durable is tried; no cleverness, so that the write cache can be held against it. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace seedbed::soundness {

using Values = std::vector<uint8_t>;  // what each unit that the drive cannot tear holds

class BruteContract {
 public:
  BruteContract(size_t units, bool volatile_cache, bool power_loss_protected)
      : units_(units), volatile_cache_(volatile_cache), protected_(power_loss_protected) {}

  void write_submitted(uint64_t tag, uint64_t event, size_t first, size_t count, uint8_t value) {
    given_.push_back({tag, event, first, count, value, State::in_flight});
  }
  void flush_submitted(uint64_t tag) {
    for (const Given& given : given_)
      if (given.state == State::reaped) covered_[tag].insert(given.tag);
  }
  void reaped(uint64_t tag) {
    for (Given& given : given_) {
      if (given.tag == tag) given.state = volatile_cache_ ? State::reaped : State::durable;
      if (covered_[tag].contains(given.tag)) given.state = State::durable;
    }
  }

  // One unit of one write: it may have reached the medium or not.
  struct Open {
    uint64_t event;
    size_t unit, units;  // which of the write's how many
  };
  // Of a power cut; of a kill, which decides only what is in flight.
  std::vector<Open> open(bool kill = false) const {
    std::vector<Open> pairs;
    for (const Given& given : given_)
      if (is_open(given, kill))
        for (size_t unit = 0; unit < given.count; unit++) pairs.push_back({given.event, unit, given.count});
    return pairs;
  }
  // The units when of open() exactly those stay whose bit is set.
  Values after(uint64_t mask, bool kill = false) const {
    Values values(units_);
    size_t bit = 0;
    for (const Given& given : given_)
      for (size_t unit = 0; unit < given.count; unit++)
        if (!is_open(given, kill) || ((mask >> bit++) & 1) != 0) values[given.first + unit] = given.value;
    return values;
  }
  std::set<Values> every_state(bool kill = false) const {
    std::set<Values> states;
    for (uint64_t mask = 0; mask < uint64_t{1} << open(kill).size(); mask++) states.insert(after(mask, kill));
    return states;
  }

 private:
  enum class State : uint8_t { in_flight, reaped, durable };
  struct Given {
    uint64_t tag, event;
    size_t first, count;
    uint8_t value;
    State state;
  };
  bool is_open(const Given& given, bool kill) const {
    return given.state == State::in_flight || (given.state == State::reaped && !kill && !protected_);
  }
  size_t units_;
  bool volatile_cache_, protected_;
  std::vector<Given> given_;  // in order of submission
  std::map<uint64_t, std::set<uint64_t>> covered_;
};

}  // namespace seedbed::soundness
