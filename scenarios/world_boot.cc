#include "scenarios/world_boot.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/prep/prep_import.h"
#include "scenarios/world_faults.h"
#include "scenarios/world_operator.h"
#include "scenarios/world_service.h"
#include "simulator/scheduler.h"
#include "simulator/seeded_entropy.h"
#include "simulator/simulated_drive.h"
#include "simulator/simulated_files.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {

namespace {

constexpr uint64_t kStart_ns = 1'000'000'000;
// The operator, a script, gives its commands on a beat, so that worlds which differ in milliseconds only are
// the same again by the next command.
constexpr uint64_t kBeat_ns = 10'000'000'000;
uint64_t next_beat(uint64_t elapsed_ns) {
  return (elapsed_ns / kBeat_ns + 1) * kBeat_ns;
}
// Stretching a recovery password costs 0.1 s of real time, so worlds draw their keys from a few families and
// what was stretched once in a process is remembered. Everything else is the world's own.
constexpr uint64_t kKeyFamilies = 4;

std::string journal_drive(const std::string& journal) {
  const size_t begin = journal.find_last_of('/') + 1;
  return journal.substr(begin, journal.find_last_of('.') - begin);
}

std::shared_ptr<StackPool> shared_stacks() {
  static const auto stacks = std::make_shared<StackPool>();
  return stacks;
}

// The names of the sessions' journals, to know when one has moved on.
bool moves_journal(const Event& event) {
  return (event.kind == EventKind::file_sync && event.place.ends_with(".jrn")) ||
         (event.kind == EventKind::rename && event.place.ends_with(".jrn"));
}

class Boot {
 public:
  Boot(World& world, const Program& program, EventLog& log, const Watch& watch)
      : world_(world),
        log_(log),
        watch_(watch),
        faults_(world, log),
        scheduler_({.seed = sub_seed(world.seed, fmt::format("schedule of boot {}", world.boots)),
                    .start_ns = kStart_ns + world.elapsed_ns,
                    .stacks = shared_stacks(),
                    .trace = {}}),
        machine_(scheduler_,
                 {.name = program.computer,
                  .workers = world.scenario->computer.workers,
                  .utc_ns = kFirstDay_ns + static_cast<int64_t>(world.elapsed_ns) + world.clock_shift_ns,
                  .costs = {}}),
        clock_shift_ns_(world.clock_shift_ns) {
    if (!world.chain) return;
    faults_.set_elsewhere([this](FaultAction action, const Survivors& survivors, const Event& event) {
      befall_elsewhere(action, survivors, event);
    });
    data_centre_ = program.computer == "data centre";
    network_.emplace(scheduler_, SimulatedNetworkOptions{}, &log_);
    service_.emplace(world_, log_, scheduler_, *network_);
  }

  BootEnd run(const Program& program) {
    BootEnd end;
    drive_name_ = program.drive;
    log_.set_clock([this] { return scheduler_.now_ns(); });
    log_.set_hook([this](const Event& event, EventSide side) { return on_event(event, side); });
    world_.phase = program.phase;
    refresh_phase();
    std::shared_ptr<FileTree> tree(&world_.files, [](FileTree*) {});
    SimulatedFiles files(machine_, tree, {}, &log_);
    SeededEntropy entropy(sub_seed(world_.seed % kKeyFamilies, "keys"), world_.boots);
    WorldOperator person(world_, log_, end.said);
    HttpTransport* const http =
        network_ ? &network_->client(machine_, {.name = "", .inside = program.inside}) : nullptr;
    if (service_) service_->start();
    PlantedPorts planted({world_, program.computer}, machine_, files, entropy, person, http);
    BootPorts ports{planted.runtime(),
                    planted.files(),
                    planted.entropy(),
                    planted.person(),
                    planted.http(),
                    [&](const std::string& target) -> Result<std::unique_ptr<BlockDevice>> {
                      return planted.drive(TRY(open_drive(target)));
                    },
                    Logger([this] { return kFirstDay_ns + static_cast<int64_t>(scheduler_.now_ns()); },
                           [&](std::string_view line) { end.said.emplace_back(line); }),
                    log_,
                    ""};
    Task task = machine_.spawn("command", [&] {
      log_.note(EventKind::boot, fmt::format("boot {} for {}", world_.boots, program.words));
      await_services();
      if (service_) ports.internal_token = service_->internal_token();
      Status outcome = program.run(ports);
      log_.note(EventKind::halt, outcome ? "done" : error_code_name(outcome.error().code));
      end.outcome = std::move(outcome);
      if (service_) service_->stop();
    });
    if (const Status ran = scheduler_.run(); !ran) {
      end.stuck = ran.error().message();
      machine_.kill();
      (void)scheduler_.run();
    }
    if (overdue_)
      end.stuck = fmt::format("a command goes on after {} s of virtual time", world_.scenario->virtual_s_max);
    task.reset();
    log_.set_hook({});
    log_.set_clock({});
    if (const Error* error = end.error()) end.said.push_back(error->message());
    end.death = own_death_;
    return end;
  }

  uint64_t now_ns() const noexcept { return scheduler_.now_ns(); }

 private:
  Result<std::unique_ptr<BlockDevice>> open_drive(const std::string& target) {
    const auto slot = world_.slots.find(target);
    if (slot == world_.slots.end() || !world_.drives[slot->second].plugged)
      return fail(ErrorCode::not_found, "there is no drive", target,
                  "Attach the drive and run the same command again");
    DriveState& drive = world_.drives[slot->second];
    log_.note(EventKind::drive_open, drive.identity.serial);
    return std::make_unique<SimulatedDrive>(machine_, drive, &log_);
  }

  // The services are up before anybody asks them, as they are in the world; a minute is more than they need.
  void await_services() {
    if (!network_) return;
    for (int i = 0; i < 60'000 && !network_->attached(kOrigin); i++) machine_.sleep_ns(1'000'000);
  }

  void befall_elsewhere(FaultAction action, const Survivors& survivors, const Event& event) {
    if (action == FaultAction::datacentre_kill) {
      if (data_centre_) own_death_ = Death{false, survivors, event.number};
      return;
    }
    service_->die(action == FaultAction::service_power_cut, survivors);
    service_died_ = true;
  }

  // Disk preparation goes from drive to drive: the one whose journal moves is the one it works on.
  void follow_journal(const Event& event) {
    if (!world_.chain || drive_name_.empty()) return;
    for (const DriveSpec& drive : world_.scenario->drives)
      if (event.place.ends_with(world_.journal_path(drive.name))) drive_name_ = drive.name;
  }

  void refresh_phase() {
    if (drive_name_.empty()) return;
    const auto history = world_.history(drive_name_);
    if (!history) {
      if (history.error().code == ErrorCode::not_found) world_.phase = "start";
      return;  // in the middle of an append: still the phase it was
    }
    const std::string session = history->sessions.empty() ? "" : history->sessions.back().id;
    if (session != world_.promises.session || drive_name_ != world_.promises.drive)
      world_.promises = {.drive = drive_name_, .session = session, .manifest_hash = {}};
    world_.phase = World::phase_of(*history);
  }

  // A chunk on its way into the vault: "PUT /vaults/V/items/I/chunks/ID".
  void account_chunk(const Event& event) {
    static constexpr std::string_view kChunks = "/chunks/";
    const size_t at = event.place.find(kChunks);
    if (!world_.chain || !event.place.starts_with("PUT /vaults/") || at == event.place.npos) return;
    world_.chain->sent_chunks.insert(event.place.substr(at + kChunks.size(), 64));
    world_.chain->sent_chunk_bytes += event.length_bytes;
  }

  void account(const Event& event) {
    if (event.kind == EventKind::http_request && event.machine.empty()) account_chunk(event);
    if (event.kind == EventKind::file_write && event.machine.empty() && event.place.ends_with(".BaseBlob"))
      world_.work.staged_bytes += event.length_bytes;
    if (event.kind != EventKind::drive_write) return;
    world_.work.written_bytes += event.length_bytes;
    if (world_.phase == "build") {
      world_.work.build_bytes += event.length_bytes;
      built_bytes_ += event.length_bytes;
      world_.work.most_build_bytes = std::max(world_.work.most_build_bytes, built_bytes_);
    } else if (world_.phase == "data") {
      world_.work.data_bytes += event.length_bytes;
      world_.first_data.try_emplace(event.place, Extent{event.offset_bytes, event.length_bytes});
    }
  }

  Interference on_event(const Event& event, EventSide side) {
    if (machine_.dead()) return {};
    world_.events = log_.count();
    if (side == EventSide::after && !event.failed && moves_journal(event)) {
      follow_journal(event);
      refresh_phase();
    }
    if (watch_) watch_(world_, event, side);
    if (event.kind == EventKind::fault) return {};
    if (world_.elapsed_ns / 1'000'000'000 <= world_.scenario->virtual_s_max &&
        (scheduler_.now_ns() - kStart_ns) / 1'000'000'000 > world_.scenario->virtual_s_max) {
      overdue_ = true;  // it goes on and on, and never comes back to who gave the command
      end_here();
    }
    Interference interference = faults_.at(event, side);
    machine_.shift_utc(world_.clock_shift_ns - std::exchange(clock_shift_ns_, world_.clock_shift_ns));
    if (std::exchange(service_died_, false) && event.machine == "service") throw Killed{};
    if (const std::optional<Death> death =
            own_death_
                ? own_death_
                : faults_.death()) {  // decided now, before the stacks unwind and let go of what is in flight
      own_death_ = death;
      die_at(world_, *death, scheduler_.now_ns());
      end_here();
    }
    if (side == EventSide::before && !interference.error) account(event);
    return interference;
  }

  [[noreturn]] void end_here() {
    machine_.kill();
    if (service_) {  // its process ends with the computer's: what exploration does with copies of the
                     // world, too
      service_->stop();
      service_->die(false, {});
    }
    throw Killed{};
  }

  World& world_;
  EventLog& log_;
  const Watch& watch_;
  WorldFaults faults_;
  Scheduler scheduler_;
  VirtualRuntime machine_;
  int64_t clock_shift_ns_;  // that the machine has
  std::string drive_name_;
  uint64_t built_bytes_ = 0;
  bool data_centre_ = false;   // this computer is that of the data centre
  bool service_died_ = false;  // at this event
  bool overdue_ = false;       // more virtual time has passed than the scenario has
  std::optional<Death> own_death_;
  std::optional<SimulatedNetwork> network_;
  std::optional<WorldService> service_;
};

}  // namespace

SessionOptions session_options(const ComputerSpec& computer) {
  SessionOptions options;
  options.proof = computer.proof;
  options.writer.chunk_bytes = computer.chunk_bytes;
  options.writer.queue_bytes = computer.queue_bytes;
  options.writer.checkpoint_bytes = computer.checkpoint_bytes;
  options.writer.redo_bytes = computer.redo_bytes;
  options.writer.buffer_bytes = computer.buffer_bytes;
  return options;
}

BootEnd boot_program(World& world, const Program& program, EventLog& log, const Watch& watch) {
  world.boots++;
  BootEnd end;
  uint64_t time_ns = 0;
  {
    Boot machine(world, program, log, watch);
    end = machine.run(program);
    time_ns = machine.now_ns();
  }
  world.events = log.count();
  if (end.death) return end;
  world.files.kill();  // the process has ended: its files are closed
  if (world.chain) world.chain->services.kill();
  world.elapsed_ns = next_beat(time_ns - kStart_ns);
  if (!end.done()) world.work.interruptions++;
  return end;
}

BootEnd boot(World& world, const std::vector<std::string>& words, EventLog& log, const Watch& watch) {
  const auto options = parse_prep_import(words);
  if (!options) {
    world.boots++;
    world.work.interruptions++;
    BootEnd end;
    end.outcome = std::unexpected(options.error());
    return end;
  }
  Program program{.computer = "copy computer",
                  .words = "/id:" + options->session_id,
                  .drive = journal_drive(options->journal),
                  .run = {}};
  program.run = [&](BootPorts& ports) -> Status {
    SessionOptions session = session_options(world.scenario->computer);
    session.log = ports.log;
    const PrepPorts prep{ports.runtime,      ports.files,      ports.entropy,      ports.person,
                         shared_formatter(), ports.open_drive, &shared_stretcher()};
    const PrepOutcome outcome = TRY(prep_import(prep, *options, session, false));
    if (outcome.kind == PrepOutcome::Kind::aborted) return {};
    world.promises.completed = true;
    if (!outcome.report.manifest_hash.empty()) world.promises.manifest_hash = outcome.report.manifest_hash;
    return {};
  };
  return boot_program(world, program, log, watch);
}

void die_at(World& world, const Death& death, uint64_t time_ns) {
  for (DriveState& drive : world.drives)
    death.power ? drive.power_cut(death.survivors) : drive.kill(death.survivors);
  death.power ? world.files.power_cut(death.survivors) : world.files.kill();
  if (world.chain) world.chain->services.kill();
  world.elapsed_ns = next_beat(time_ns - kStart_ns);
  world.interrupted = true;
  world.work.interruptions++;
}

void heal(World& world) {
  world.faults.heal();
  for (DriveState& drive : world.drives) {
    if (!drive.plugged) drive.replug();
    drive.slowness = 1;
    drive.identity.in_use.clear();
    drive.identity.device_numbers.clear();
  }
  std::erase_if(world.slots, [&](const auto& slot) { return slot.second < world.scenario->drives.size(); });
  for (size_t i = 0; i < world.scenario->drives.size(); i++) world.slots[world.scenario->drives[i].name] = i;
  world.clock_shift_ns = 0;
  if (world.chain) world.chain->token_expired = world.chain->account_refuses = false;
  world.files.set_capacity(1 * TiB);
  world.files.reach_everything();
  world.restore_sources();
}

}  // namespace seedbed
