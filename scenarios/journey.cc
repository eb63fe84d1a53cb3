#include "scenarios/journey.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenarios/world_future.h"
#include "scenarios/world_programs.h"
#include "simulator/trace_hash.h"

namespace seedbed {

namespace {

constexpr unsigned kFailuresBeforeHealing = 3;

// Errors that no retry can help: the engine has decided.
bool is_refusal(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::refused:
    case ErrorCode::corrupt:
    case ErrorCode::source_changed:
    case ErrorCode::unsupported:
    case ErrorCode::invalid_argument:
    case ErrorCode::already_exists:
      return true;
    default:
      return false;
  }
}

// What people do in it can make the engine refuse.
bool is_cause(const CommandSpec& command) noexcept {
  switch (command.action) {
    case CommandAction::rotate_key:
    case CommandAction::drop_staging:
    case CommandAction::drop_container:
    case CommandAction::cancel_job:
    case CommandAction::delete_job:
    case CommandAction::edit_job:
    case CommandAction::take_name:
    case CommandAction::stranger_job:
    case CommandAction::wait:
      return true;
    default:
      return !command.drives.empty() || !command.letter.empty() || !command.tracking.empty();
  }
}

// Drives that a scenario makes unfit.
bool unfit(const DriveSpec& drive) noexcept {
  return drive.flaw != DriveFlaw::none || drive.real_capacity_bytes != 0;
}

}  // namespace

CommandSpec Journey::next_spec() const {
  CommandSpec command = world_.scenario->commands[world_.command];
  if (world_.interrupted && command.action == CommandAction::prepare && !memory_.short_form_refused) {
    if (world_.scenario->operator_.after_interruption == AfterInterruption::resume)
      command.action = CommandAction::resume;
    if (world_.scenario->operator_.after_interruption == AfterInterruption::abort)
      command.action = CommandAction::abort;
  }
  return command;
}

BootEnd Journey::give_command(const Watch& see) {
  const CommandSpec command = next_spec();
  const auto play = [&](const Watch& watch) {
    if (of_the_chain(command.action))
      return boot_program(world_, chain_program(world_, command), log_, watch);
    return boot(world_, world_.words_of(command), log_, watch);
  };
  if (boot_memo_ == nullptr) return play(see);
  const auto number = static_cast<uint64_t>(command.action) * 2 + (world_.interrupted ? 1 : 0);
  return boot_memo_->boot(world_, number, log_, see, play);
}

void Journey::next_command() {
  world_.command++;
  world_.interrupted = false;
  world_.phase = "start";
  memory_.short_form_refused = false;
  memory_.failures = 0;
}

// Whether the journal has nothing left to resume or to abort: the session never began, or has ended.
bool Journey::session_is_open() const {
  const auto history = world_.history(world_.scenario->commands[world_.command].drive);
  return history && history->open_session() != nullptr;
}

// Whether the scenario expects a refusal in these words: a drive that is too small, a source that is not
// there.
bool Journey::foresees(const std::string& message) const {
  const ExpectSpec& expect = world_.scenario->expect;
  return expect.verdict == Verdict::refused && !expect.refusal.empty() &&
         message.find(expect.refusal) != std::string::npos;
}

bool Journey::fail_or_refuse(const Error& error) {
  const AfterInterruption custom = world_.scenario->operator_.after_interruption;
  if (world_.interrupted && custom != AfterInterruption::same_command && !memory_.short_form_refused &&
      !session_is_open() && (error.code == ErrorCode::not_found || error.code == ErrorCode::refused)) {
    if (custom == AfterInterruption::abort)
      next_command();  // nothing was begun, or it was over: nothing to give up
    else
      memory_.short_form_refused = true;
    return true;
  }
  world_.interrupted = true;
  // Damage that no retry can read past ends the work as a refusal does.
  const bool damaged =
      memory_.healed && error.code == ErrorCode::io_error &&
      std::ranges::any_of(world_.drives, [](const DriveState& drive) { return !drive.damaged().empty(); });
  // Nor does what is missing come by itself, when everything has been put right.
  const bool missing = memory_.healed && memory_.failures > kFailuresBeforeHealing &&
                       (error.code == ErrorCode::not_found || error.code == ErrorCode::permission_denied);
  if (damaged || missing || is_refusal(error.code) || (memory_.healed && foresees(error.message()))) {
    if (!memory_.refusal) memory_.refusal = error;
    if (!world_.scenario->operator_.heals_refusals || memory_.healed) return false;
    memory_.healed = true;
    heal(world_);
    return true;
  }
  if (++memory_.failures >= kFailuresBeforeHealing && !memory_.healed) {
    memory_.healed = true;
    heal(world_);
  }
  return true;
}

bool Journey::after(BootEnd&& end) {
  memory_.oracles.heard(end.said);
  if (!end.stuck.empty()) {
    stuck_ = end.stuck;
    return false;
  }
  if (end.death) {
    memory_.oracles.after_death(world_);
    memory_.failures = 0;
    return true;
  }
  memory_.oracles.after_command(world_);
  if (const Error* error = end.error()) {
    last_error_ = error->message();
    return fail_or_refuse(*error);
  }
  last_error_.clear();
  next_command();
  return true;
}

// Only where nothing but the world decides what is to come.
bool Journey::is_known(const Known& known) const {
  if (!known || world_.interrupted || memory_.refusal || memory_.healed ||
      world_.command == world_.scenario->commands.size())
    return false;
  TraceHash future;
  future.mix(future_of(world_));
  for (const std::string& state : memory_.oracles.job_states()) future.mix(state);
  return known(future.value());
}

void Journey::play(const Watch& watch, bool just_died, const Known& known, const AtStart& at_start) {
  if (just_died) {
    memory_.oracles.after_death(world_);
    memory_.failures = 0;
  }
  const Watch see = [&](const World& world, const Event& event, EventSide side) {
    memory_.oracles.see(world, event, side);
    if (watch) watch(world, event, side);
  };
  const Scenario& scenario = *world_.scenario;
  bool more = true;
  while (more && world_.command < scenario.commands.size()) {
    if (boots_ == scenario.operator_.boots_max + boots_allowed_) {
      stuck_ = fmt::format("not done after {} boots{}", boots_,
                           last_error_.empty() ? "" : "; the last of them: " + last_error_);
      break;
    }
    if (world_.elapsed_ns / 1'000'000'000 > scenario.virtual_s_max) {
      stuck_ = fmt::format("not done after {} s of virtual time", scenario.virtual_s_max);
      break;
    }
    boots_++;
    if (at_start) at_start(world_, memory_);
    more = after(give_command(see));
    if (more && is_known(known)) {
      ended_early_ = true;
      return memory_.oracles.at_crossroads(world_);
    }
  }
  if (memory_.healed && memory_.refusal && world_.command < scenario.commands.size() && stuck_.empty() &&
      scenario.operator_.heals_refusals)
    stuck_ = "refused still, after everything was put right: " + memory_.refusal->message();
  memory_.oracles.at_end(world_, stuck_);
}

Verdict Journey::verdict(std::string& why) const {
  if (const auto worst = memory_.oracles.verdict(why)) return *worst;
  if (!memory_.refusal) {
    why = "";
    return Verdict::survived;
  }
  why = memory_.refusal->message();
  // What people do can be a cause, too; and what a scenario expects by its words, its author answers for.
  const Scenario& scenario = *world_.scenario;
  bool justified =
      std::ranges::any_of(scenario.commands, is_cause) || std::ranges::any_of(scenario.drives, unfit) ||
      scenario.operator_.formatting == Formatting::no || !scenario.operator_.offers.empty() || foresees(why);
  for (const FaultPlan::Standing& standing : world_.faults.standings())
    justified = justified || (standing.fired > 0 && standing.fault.action != FaultAction::kill &&
                              standing.fault.action != FaultAction::host_power_cut &&
                              standing.fault.action != FaultAction::drive_power_cut);
  if (!justified) {
    why = "refused without a cause: " + why;
    return Verdict::stuck;
  }
  if (memory_.refusal->where.empty() || memory_.refusal->remedy.empty()) {
    why = "refused without place or remedy: " + why;
    return Verdict::broke_contract;
  }
  return Verdict::refused;
}

}  // namespace seedbed
