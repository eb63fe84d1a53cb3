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

}  // namespace

CommandSpec Journey::next_spec() const {
  CommandSpec command = world_.scenario->commands[world_.command];
  if (world_.interrupted && command.action == CommandAction::prepare && !short_form_refused_) {
    if (world_.scenario->operator_.after_interruption == AfterInterruption::resume)
      command.action = CommandAction::resume;
    if (world_.scenario->operator_.after_interruption == AfterInterruption::abort)
      command.action = CommandAction::abort;
  }
  return command;
}

BootEnd Journey::give_command(const Watch& see) {
  const CommandSpec command = next_spec();
  if (of_the_chain(command.action)) return boot_program(world_, chain_program(world_, command), log_, see);
  return boot(world_, world_.words_of(command), log_, see);
}

void Journey::next_command() {
  world_.command++;
  world_.interrupted = false;
  world_.phase = "start";
  short_form_refused_ = false;
  failures_ = 0;
}

// Whether the journal has nothing left to resume or to abort: the session never began, or has ended.
bool Journey::session_is_open() const {
  const auto history = world_.history(world_.scenario->commands[world_.command].drive);
  return history && history->open_session() != nullptr;
}

bool Journey::fail_or_refuse(const Error& error) {
  const AfterInterruption custom = world_.scenario->operator_.after_interruption;
  if (world_.interrupted && custom != AfterInterruption::same_command && !short_form_refused_ &&
      !session_is_open() && (error.code == ErrorCode::not_found || error.code == ErrorCode::refused)) {
    if (custom == AfterInterruption::abort)
      next_command();  // nothing was begun, or it was over: nothing to give up
    else
      short_form_refused_ = true;
    return true;
  }
  world_.interrupted = true;
  // Damage that no retry can read past ends the work as a refusal does.
  const bool damaged =
      healed_ && error.code == ErrorCode::io_error &&
      std::ranges::any_of(world_.drives, [](const DriveState& drive) { return !drive.damaged().empty(); });
  if (damaged || is_refusal(error.code)) {
    if (!refusal_) refusal_ = error;
    if (!world_.scenario->operator_.heals_refusals || healed_) return false;
    healed_ = true;
    heal(world_);
    return true;
  }
  if (++failures_ >= kFailuresBeforeHealing && !healed_) {
    healed_ = true;
    heal(world_);
  }
  return true;
}

bool Journey::after(BootEnd&& end) {
  oracles_.heard(end.said);
  if (!end.stuck.empty()) {
    stuck_ = end.stuck;
    return false;
  }
  if (end.death) {
    oracles_.after_death(world_);
    failures_ = 0;
    return true;
  }
  oracles_.after_command(world_);
  if (const Error* error = end.error()) return fail_or_refuse(*error);
  next_command();
  return true;
}

// Only where nothing but the world decides what is to come.
bool Journey::is_known(const Known& known) const {
  if (!known || world_.interrupted || refusal_ || healed_ ||
      world_.command == world_.scenario->commands.size())
    return false;
  TraceHash future;
  future.mix(future_of(world_));
  for (const std::string& state : oracles_.job_states()) future.mix(state);
  return known(future.value());
}

void Journey::play(const Watch& watch, bool just_died, const Known& known,
                   const std::function<void(const World&)>& at_start) {
  if (just_died) oracles_.after_death(world_);
  const Watch see = [&](const World& world, const Event& event, EventSide side) {
    oracles_.see(world, event, side);
    if (watch) watch(world, event, side);
  };
  const Scenario& scenario = *world_.scenario;
  bool more = true;
  while (more && world_.command < scenario.commands.size()) {
    if (boots_ == scenario.operator_.boots_max) {
      stuck_ = fmt::format("not done after {} boots", boots_);
      break;
    }
    if (world_.elapsed_ns / 1'000'000'000 > scenario.virtual_s_max) {
      stuck_ = fmt::format("not done after {} s of virtual time", scenario.virtual_s_max);
      break;
    }
    boots_++;
    if (at_start) at_start(world_);
    more = after(give_command(see));
    if (more && is_known(known)) {
      ended_early_ = true;
      return oracles_.at_crossroads(world_);
    }
  }
  if (healed_ && refusal_ && world_.command < scenario.commands.size() && stuck_.empty() &&
      scenario.operator_.heals_refusals)
    stuck_ = "refused still, after everything was put right: " + refusal_->message();
  oracles_.at_end(world_, stuck_);
}

Verdict Journey::verdict(std::string& why) const {
  if (const auto worst = oracles_.verdict(why)) return *worst;
  if (!refusal_) {
    why = "";
    return Verdict::survived;
  }
  why = refusal_->message();
  // What people do can be a cause, too.
  bool justified = std::ranges::any_of(world_.scenario->commands, [](const CommandSpec& command) {
    return command.action == CommandAction::rotate_key || command.action == CommandAction::drop_staging ||
           command.action == CommandAction::drop_container || !command.drives.empty();
  });
  for (const FaultPlan::Standing& standing : world_.faults.standings())
    justified = justified || (standing.fired > 0 && standing.fault.action != FaultAction::kill &&
                              standing.fault.action != FaultAction::host_power_cut &&
                              standing.fault.action != FaultAction::drive_power_cut);
  if (!justified) {
    why = "refused without a cause: " + why;
    return Verdict::stuck;
  }
  if (refusal_->where.empty() || refusal_->remedy.empty()) {
    why = "refused without place or remedy: " + why;
    return Verdict::broke_contract;
  }
  return Verdict::refused;
}

}  // namespace seedbed
