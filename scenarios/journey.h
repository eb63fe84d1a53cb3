// A world played to its end: the operator gives the scenario's commands, gives them again after deaths and
// failures as the scenario says, has put right what can be put right when nothing else helps, and the oracles
// judge. Starts from a fresh world, or from one in the middle, as exploration finds them.
//
// Safety first, then liveness: faults happen as planned until they have; when two commands in a row fail
// without the machine dying, everything is healed and the work must complete.
#pragma once

#include "scenarios/oracles.h"
#include "scenarios/world_boot.h"
#include "scenarios/world_boot_memo.h"

namespace seedbed {

class Journey {
 public:
  // What is known of a journey beside its world, between two boots. With both it goes on elsewhere.
  struct Memory {
    explicit Memory(bool chain) : oracles(chain) {}
    Oracles oracles;
    std::optional<Error> refusal;  // the first, when it was or might be the end
    bool healed = false;
    bool short_form_refused = false;  // "nothing to resume": the whole command is typed again
    unsigned failures = 0;            // in a row
  };

  Journey(World world, EventLog& log)
      : world_(std::move(world)), log_(log), memory_(world_.chain.has_value()), boots_(world_.boots) {}
  Journey(World world, EventLog& log, Memory memory)
      : world_(std::move(world)), log_(log), memory_(std::move(memory)), boots_(world_.boots) {}

  // Asked at the end of each command with the number of what is to come (world_future.h): whether that is
  // known.
  using Known = std::function<bool(uint64_t future)>;
  // Called before each boot: from there, another journey can go on.
  using AtStart = std::function<void(const World&, const Memory&)>;

  // More than the scenario's boots_max.
  void allow_boots(uint64_t more) noexcept { boots_allowed_ = more; }
  // Boots that go as one before are not played again; `watch` and the oracles of conduct see none of those.
  void remember_boots(BootMemo& memo) noexcept { boot_memo_ = &memo; }

  // `watch` sees every event, beside the oracles. A world that has just died is judged before it boots again.
  // Where the future is known it ends, judged by what has been.
  void play(const Watch& watch = {}, bool just_died = false, const Known& known = {},
            const AtStart& at_start = {});
  bool ended_early() const noexcept { return ended_early_; }

  const World& world() const noexcept { return world_; }
  const Oracles& oracles() const noexcept { return memory_.oracles; }
  // The verdict and its reason, one line. Plans that never fired are not its business.
  Verdict verdict(std::string& why) const;

 private:
  CommandSpec next_spec() const;
  BootEnd give_command(const Watch& see);
  // Whether there is more to do.
  bool after(BootEnd&& end);
  bool session_is_open() const;
  bool foresees(const std::string& message) const;
  bool fail_or_refuse(const Error& error);
  void next_command();
  bool is_known(const Known& known) const;

  World world_;
  EventLog& log_;
  Memory memory_;
  BootMemo* boot_memo_ = nullptr;
  std::string stuck_;
  std::string last_error_;  // of the command that was given last; "": it had none
  bool ended_early_ = false;
  uint64_t boots_allowed_ = 0;  // besides
  uint64_t boots_;  // those before count too: a world in the middle has no more of them than a fresh one
};

}  // namespace seedbed
