// The crash states of one point of a run: which survivors the bound holds, and a number for the world that
// each would leave, without making it. Equal numbers, equal futures: what the next boot can see of every
// disk and drive, what was promised, and what may still befall it. [docs/exploring.md]
//
// A world's parts (files, services' disk, each drive) are cut one by one, and each part only once for all
// survivors that are the same to it; parts that are still those of the point before are not cut again at all.
// One thread's; points are to be given in the order of their run.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "scenarios/journey.h"

namespace seedbed {

// A journey between two boots.
struct JourneyStart {
  World world;
  Journey::Memory memory;
};
// A run in the middle: before the event, in the boot that began at `start`.
struct CrashPoint {
  World world;
  Event event;
  std::shared_ptr<const JourneyStart> start;
};

struct BoundOptions {
  uint64_t samples = 0;      // seeded survivors besides, at each point and crash that loses several effects
  uint64_t pairs_most = 64;  // where more effects are pending, their pairs are left out
  uint64_t seed = 1;         // of the samples
};

// In which order a bound is worth its time.
enum class Wave : uint8_t { single, pair, sample };

struct BoundedSurvivors {
  Survivors survivors;
  Wave wave = Wave::single;
};
// Every Survivors of the bound for effects that are pending, each once, in a fixed order: none, all, each
// prefix, each single loss, each torn in its middle and the last at its edges; each pair of losses; samples.
std::vector<BoundedSurvivors> survivors_within_bound(const std::vector<PendingEffect>& pending,
                                                     const BoundOptions& bound);
// Of the second crash within one run: none, all, each single loss.
std::vector<BoundedSurvivors> survivors_of_second_crash(const std::vector<PendingEffect>& pending);

// Crashes that leave the computer alive can only be had by a run from the start of its boot.
constexpr bool computer_lives_on(FaultAction action) noexcept {
  return action == FaultAction::drive_power_cut || action == FaultAction::service_kill ||
         action == FaultAction::service_power_cut;
}

// Whether anybody writes to a drive now: else a cut of its power takes nothing and nobody notices.
bool drive_is_at_work(const World& world);
// The drive of the command that is under way.
size_t drive_at_work(const World& world);
// Whether something was promised that a crash could break.
bool promise_outstanding(const World& world);

class CrashHasher {
 public:
  struct Crash {
    FaultAction action = FaultAction::kill;
    std::vector<PendingEffect> pending;  // that its survivors decide, in order of events
  };
  // What can befall a world there. With `deep` only what kills the computer.
  std::vector<Crash> crashes_at(const CrashPoint& point, bool deep);
  uint64_t hash(const CrashPoint& point, FaultAction action, const Survivors& survivors);

 private:
  using Cut = std::map<std::string, uint64_t>;  // hash of a part by what survives of it
  struct FilesPart {
    std::unique_ptr<FileTree> tree;
    std::vector<PendingEffect> pending;
    std::string timeless;
    Cut cut;
    void look_at(const FileTree& now);
    uint64_t seen();
    uint64_t after_cut(const Survivors& survivors);
    uint64_t after_every_cut();
  };
  struct DrivePart {
    uint64_t known = 0;
    std::vector<PendingEffect> pending, in_flight;
    Cut cut, killed;
  };
  void look_at(const World& world);
  uint64_t drive_after(const World& world, size_t index, bool power, const Survivors& survivors);

  FilesPart files_, services_;
  std::vector<DrivePart> drives_;
  const CrashPoint* looked_at_ = nullptr;
};

}  // namespace seedbed
