// Boots that need not be played again. A boot is decided by what it looks at: where two worlds are the same
// in everything but bytes of drives that the boot writes over before anybody reads them, it goes the same way
// in both, event by event, and leaves the same world behind. Most survivors of a crash differ in nothing else
// (half a volume that is built anew, a checkpoint that is redone), so exploration plays such a boot once. The
// same goes for what lies in files that were to replace others (*.new): who replaces one empties them first.
//
// What two worlds must share to be taken for one: command, boots, time, entropy, circumstances, files and
// services, as they are and as a power cut would leave them; drives in everything but the bytes of `Looks`.
// Not asked is what numbers of worlds leave out, too: event numbers, and the order of completions, which is
// that of the world that was played (docs/exploring.md).
//
// Not remembered: boots of worlds in which a fault may still fire, a drive is damaged, or a defect is
// planted; boots that died, hung, failed a request of a drive or broke the conduct; and those that left
// something in a drive's cache. One exploration's, one thread. Bounded: when it holds too many worlds it
// begins anew.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scenarios/world_boot.h"

namespace seedbed {

class BootMemo {
 public:
  // Plays the boot, with a watch of its own before `see`, unless it knows how it ends. `command`: whatever
  // decides the boot beside the world. A boot that is known passes no events to `see`; the log goes on behind
  // them.
  BootEnd boot(World& world, uint64_t command, EventLog& log, const Watch& see,
               const std::function<BootEnd(const Watch&)>& play);
  uint64_t recalled() const noexcept { return recalled_; }

 private:
  // Of one drive: what a boot wrote before it read it; its bytes are free. Nothing where it never touched it.
  using Free = std::optional<std::vector<Extent>>;
  struct Ending {
    std::shared_ptr<const World> world;
    DriveWork work;       // of this boot
    uint64_t events = 0;  // that it had
    BootEnd end;
  };
  struct Way {  // that boots went; those of one way look at the same bytes
    std::vector<Free> free;
    std::set<std::string> files;         // left over by an earlier boot, emptied by this one before it looked
    std::map<uint64_t, Ending> endings;  // by the number of what is looked at
  };
  class Looks;

  static std::optional<uint64_t> number_of(const World& world, uint64_t command);
  static uint64_t looked_at(const World& world, const Way& way);
  void remember(uint64_t number, Way way, uint64_t looked_at, Ending ending);

  std::map<uint64_t, std::vector<Way>> ways_;                // by the number of the world they began in
  std::map<uint64_t, std::shared_ptr<const World>> worlds_;  // in which boots ended, by their numbers
  uint64_t recalled_ = 0;
};

}  // namespace seedbed
