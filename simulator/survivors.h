// Which of the effects that were pending when the power went survive it, and in what parts. A pure value:
// the same survivors of the same pending effects are the same state, so that a state found by exploration is
// named by one line.
//
// Every pending effect (a write in a drive's cache or on its way there, a write in a page cache, a change of
// names) bears the number of the event that made it (event_log.h); numbers grow with time and are a world's,
// so one Survivors decides for all drives and files that lose power together. An effect is `units` long in
// whatever its device cannot tear (sectors of a drive, 512-byte pieces of a file, 1 for a name), and each
// unit lives or dies by itself: that is what the contracts allow.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace seedbed {

// An effect that a cut now would take or tear.
struct PendingEffect {
  uint64_t event = 0;      // that made it
  uint64_t units = 1;      // it is long
  bool in_flight = false;  // submitted to a drive and not completed: a machine's death decides it too
};

// The units of one effect that survive.
class Kept {
 public:
  static Kept none() noexcept { return first(0); }
  static Kept all() noexcept { return first(~uint64_t{0}); }
  static Kept first(uint64_t units) noexcept { return Kept(Rule::first, units); }
  static Kept from(uint64_t unit) noexcept { return Kept(Rule::from, unit); }            // the tail of it
  static Kept scattered(uint64_t seed) noexcept { return Kept(Rule::scattered, seed); }  // each by chance
  bool unit(uint64_t index) const noexcept;
  bool whole(uint64_t units) const noexcept {
    return rule_ == Rule::first && value_ >= units;
  }  // known to be so at once

 private:
  enum class Rule : uint8_t { first, from, scattered };
  Kept(Rule rule, uint64_t value) noexcept : rule_(rule), value_(value) {}
  Rule rule_;
  uint64_t value_;
};

struct Survivors {
  enum class Shape : uint8_t {
    none,         // nothing pending survives
    all,          // everything does
    prefix,       // what events up to `event` left
    all_but_one,  // all but what `event` left
    torn,         // what events before `event` left, and the first `units` of that one
    seeded,       // each effect whole, lost, torn or scattered, by the seed
    all_but,      // all but what the events `lost` left
  };
  Shape shape = Shape::seeded;
  uint64_t event = 0;
  uint64_t units = 0;
  uint64_t seed = 0;
  std::vector<uint64_t> lost = {};  // of all_but: two or more, growing

  static Survivors all_but(std::vector<uint64_t> lost);  // of one: all_but_one; of none: all

  // What survives of the effect that event `number` left.
  Kept of(uint64_t number, uint64_t units_in_all) const noexcept;

  // "none", "all", "prefix:431", "but:417", "but:417,431", "torn:431/3", "seeded:99", both ways. Anything
  // else: invalid_argument.
  std::string text() const;
  static Result<Survivors> parse(std::string_view text);
  friend bool operator==(const Survivors&, const Survivors&) = default;
};

}  // namespace seedbed
