#include "scenarios/world_programs.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/agent/agent.h"
#include "engine/base/random.h"
#include "engine/base/text.h"
#include "engine/prep/disk_prep.h"
#include "fakes/import_service/datacenter.h"
#include "scenarios/chain_certificate.h"
#include "scenarios/portal_programs.h"
#include "scenarios/world_judge.h"
#include "scenarios/world_service.h"

namespace seedbed {

namespace {

constexpr const char* kPolicy = "/policy.toml";
constexpr unsigned kRoundsMax = 5;

// All worlds of a scenario have one passphrase.
PassphraseStretcher& known_passphrases() {
  static RememberingPassphrases known;
  return known;
}

AgentPorts agent_ports(BootPorts& ports) {
  return {.runtime = ports.runtime,
          .files = ports.files,
          .entropy = ports.entropy,
          .person = ports.person,
          .http = *ports.http,
          .log = ports.log,
          .retry = {},
          .computer = "source",
          .stretcher = &known_passphrases()};
}

// What a person or the carrier does at the loading dock. Doing it twice is doing it once.
Status ask_dock(BootPorts& ports, const std::string& path, const std::string& body) {
  constexpr unsigned kTriesMax = 10;
  for (unsigned tries = 1;; tries++) {
    const HttpResult answer = ports.http->send({.method = "POST",
                                                .target = std::string(kOrigin) + path,
                                                .headers = {{"Content-Type", "application/json"}},
                                                .body = Bytes(body.begin(), body.end())});
    if (answer && answer->status < 300) return {};
    if (tries == kTriesMax || (answer && answer->status < 500 && answer->status != 429))
      return fail(ErrorCode::io_error,
                  answer
                      ? fmt::format("the loading dock answers {}: {}", answer->status, as_text(answer->body))
                      : answer.error().what,
                  path, "Try again");
    ports.runtime.sleep_ns(1'000'000'000);
  }
}

Status register_once(BootPorts& ports) {
  if (ports.files.stat("/agent/registration.VaultCredentials")) return {};
  TRY(ask_dock(ports, fmt::format("/_dock/vaults/{}", kVault),
               fmt::format(R"({{"certificate":"{}"}})", kWorldCertificate)));
  AgentPorts agent = agent_ports(ports);
  const Policy policy = TRY(read_policy(ports.files, kPolicy));
  return register_computer(agent, "/vault.VaultCredentials", policy.state, &policy);
}

Status back_up(World& world, const CommandSpec& command, BootPorts& ports) {
  TRY(register_once(ports));
  AgentPorts agent = agent_ports(ports);
  const Policy policy = TRY(read_policy(ports.files, kPolicy));
  const BackupOutcome outcome =
      TRY(run_backup(agent, policy, {.accept_import_errors = command.accept_import_errors}));
  ChainWorld& chain = *world.chain;
  const bool waiting = outcome.kind == BackupOutcome::Kind::waiting;
  // Who was killed before it could say so says it by waiting.
  if (outcome.kind == BackupOutcome::Kind::staged || (waiting && !chain.staged)) {
    chain.staged = true;
    chain.staged_files = std::make_shared<const FileTree>(world.files);
  }
  if (outcome.point.empty() || outcome.kind == BackupOutcome::Kind::staged || waiting) return {};
  chain.seed_ingested = true;
  chain.point = outcome.point;
  chain.backed_up = std::make_shared<const FileTree>(world.files);
  return {};
}

PrepPorts prep_ports(BootPorts& ports) {
  return {ports.runtime,      ports.files,      ports.entropy,      ports.person,
          shared_formatter(), ports.open_drive, &shared_stretcher()};
}

Status prepare_drives(World& world, const CommandSpec& command, BootPorts& ports) {
  DiskPrepOptions options;
  options.staging = "/staging";
  options.login = {.publish_settings = "", .token_file = "/token", .endpoint = kOrigin};
  const OperatorSpec& person = world.scenario->operator_;
  for (const DriveSpec& drive : world.scenario->drives)
    if (person.offers.empty() || std::ranges::find(person.offers, drive.name) != person.offers.end())
      options.drives.push_back(world.slot_of(drive.name));
  if (!command.letter.empty() && !world.interrupted) options.drives.front() = command.letter;
  options.yes = person.formatting == Formatting::silent;
  options.log_directory = "/desk";
  options.computer = world.scenario->chain->two_computers ? "copy" : "source";
  options.return_address = return_address();
  options.return_shipping = {.carrier_name = kCarrier, .carrier_account_number = "989"};
  SessionOptions session = session_options(world.scenario->computer);
  session.log = ports.log;
  PrepPorts prep = prep_ports(ports);
  TRY(disk_prep(prep, *ports.http, options, session));
  world.chain->job_created = true;
  world.chain->job_made_ns = world.elapsed_ns;
  world.chain->job_removed = world.chain->job_shipped = false;
  return {};
}

Status ship(World& world, BootPorts& ports) {
  PrepPorts prep = prep_ports(ports);
  ShippingOptions options;
  options.staging = "/staging";
  options.login = {.publish_settings = "", .token_file = "/token", .endpoint = kOrigin};
  options.carrier = kCarrier;
  options.tracking = kTracking;
  options.yes = true;
  options.log_directory = "/desk";
  TRY(disk_prep_update(prep, *ports.http, options));
  world.chain->job_shipped = true;
  return {};
}

Status deliver(World& world, const CommandSpec& command, BootPorts& ports) {
  std::vector<std::string> drives = command.drives;
  if (drives.empty())
    for (const DriveSpec& drive : world.scenario->drives) drives.push_back(drive.name);
  std::erase_if(drives, [&](const std::string& drive) { return world.chain->lost.contains(drive); });
  world.chain->bay = drives;
  if (drives.empty()) return {};  // a box that never comes
  std::string list;
  for (const std::string& drive : drives) {
    world.drive_in(drive).power_cut(Survivors{.shape = Survivors::Shape::none});  // it was unplugged
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ",", drive);
  }
  return ask_dock(ports, "/_dock/deliver",
                  fmt::format(R"({{"carrier":"{}","tracking":"{}","drives":[{}]}})", kCarrier,
                              command.tracking.empty() ? kTracking : command.tracking.c_str(), list));
}

Status import(World& world, BootPorts& ports) {
  WorldBay bay(world, &ports.runtime, &ports.events);
  Datacenter datacenter(ports.runtime, *ports.http, bay,
                        {.internal_token = ports.internal_token,
                         .origin = kOrigin,
                         .batch_bytes = world.scenario->chain->batch_bytes,
                         .progress_bytes = 4 * world.scenario->chain->batch_bytes,
                         .memo = &shared_stretch_memo()});
  for (unsigned round = 0; round < kRoundsMax; round++) {
    const auto done = TRY(datacenter.run_round());
    for (const std::string& line : done.lines) ports.person.notice(NoticeLevel::info, line);
    if (done.drives_interrupted == 0) return {};
  }
  return fail(ErrorCode::io_error, "the import was interrupted again and again", "data centre", "Try again");
}

Status restore(World& world, BootPorts& ports) {
  AgentPorts agent = agent_ports(ports);
  const Policy policy = TRY(read_policy(ports.files, kPolicy));
  TRY(run_restore(agent, policy, {.to = "/restored", .includes = {}, .strip_prefix = "source"}));
  world.chain->restored = true;
  return {};
}

Status drop_staging(World& world) {
  const auto entries = TRY(world.files.list("/staging"));
  for (const DirectoryEntry& entry : entries) TRY(world.files.remove("/staging/" + entry.name, 0));
  world.chain->staging_dropped = true;
  world.files.settle_under("/staging");
  return world.files.sync_directory("/staging");
}

}  // namespace

Status edit_source(World& world) {
  FileTree& files = world.files;
  const uint64_t edit = ++world.chain->edits;
  Random random(sub_seed(world.seed, fmt::format("edit {}", edit)));
  const int64_t now_ns = kFirstDay_ns + static_cast<int64_t>(world.elapsed_ns);
  std::vector<std::string> paths;
  const auto entries = TRY(files.list("/source"));
  for (const DirectoryEntry& entry : entries)
    if (entry.kind == FileKind::file) paths.push_back("/source/" + entry.name);
  if (paths.size() >= 3) {
    Bytes content = TRY(world.file(paths[0], 1 * GiB));
    content.resize(content.size() + 1 + random.below(3000), 0x5e);  // grown
    TRY(files.remove(paths[0], now_ns));
    TRY(files.plant_file(paths[0], content, 0644, now_ns));
    content = TRY(world.file(paths[1], 1 * GiB));
    if (!content.empty()) content[random.below(content.size())] ^= 0x40;
    TRY(files.remove(paths[1], now_ns));
    TRY(files.plant_file(paths[1], content, 0644, now_ns + 1));
    TRY(files.remove(paths[2], now_ns));
  }
  Bytes content(1000 + random.below(20'000));
  random.fill(content);
  TRY(files.plant_file(fmt::format("/source/new {}.bin", edit), content, 0644, now_ns + 2));
  files.settle_under("/source");
  world.source_hash = files.hash_under("/source");
  return {};
}

Program chain_program(World& world, const CommandSpec& command) {
  const auto made = [&](const char* computer, const char* words, const char* phase,
                        std::function<Status(BootPorts&)> run) {
    return Program{.computer = computer, .words = words, .drive = "", .phase = phase, .run = std::move(run)};
  };
  switch (command.action) {
    case CommandAction::backup:
      return made("source computer", "backup", "backup",
                  [&](BootPorts& p) { return back_up(world, command, p); });
    case CommandAction::diskprep: {
      Program program = made("copy computer", "diskprep", "start",
                             [&](BootPorts& p) { return prepare_drives(world, command, p); });
      program.drive = world.scenario->drives.front().name;
      return program;
    }
    case CommandAction::ship:
      return made("copy computer", "diskprep u:", "shipping", [&](BootPorts& p) { return ship(world, p); });
    case CommandAction::deliver:
      return made("carrier", "deliver", "delivery", [&](BootPorts& p) { return deliver(world, command, p); });
    case CommandAction::import: {
      Program program =
          made("data centre", "import", "import", [&](BootPorts& p) { return import(world, p); });
      program.inside = true;
      return program;
    }
    case CommandAction::send_back:
      return made("carrier", "send back", "delivery", [&](BootPorts& p) {
        return ask_dock(p, "/_dock/return",
                        fmt::format(R"({{"carrier":"{}","tracking":"7946R"}})", kCarrier));
      });
    case CommandAction::restore:
      return made("source computer", "restore", "restore", [&](BootPorts& p) { return restore(world, p); });
    case CommandAction::edit:
      return made("source computer", "edit", "edit", [&](BootPorts&) { return edit_source(world); });
    case CommandAction::wait:
      return made("source computer", "wait", "wait", [&](BootPorts& p) -> Status {
        p.runtime.sleep_ns(command.wait_s * 1'000'000'000);
        return {};
      });
    case CommandAction::rotate_key:
      return made("portal", "rotate key", "rotate", [&](BootPorts& p) {
        return ask_dock(p, fmt::format("/_dock/accounts/{}/rotate", kAccount), R"({"key":"key1"})");
      });
    case CommandAction::drop_container:
      return made("portal", "drop container", "drop", [&](BootPorts& p) { return drop_container(world, p); });
    case CommandAction::cancel_job:
      return made("portal", "cancel job", "portal", [&](BootPorts& p) { return cancel_job(world, p); });
    case CommandAction::delete_job:
      return made("portal", "delete job", "portal", [&](BootPorts& p) { return delete_job(world, p); });
    case CommandAction::edit_job:
      return made("portal", "edit job", "portal", [&](BootPorts& p) { return edit_job(world, command, p); });
    case CommandAction::take_name:
      return made("portal", "take name", "portal", [&](BootPorts& p) { return take_job_name(world, p); });
    case CommandAction::stranger_job:
      return made("portal", "stranger job", "portal", [&](BootPorts& p) {
        return make_strangers_job(world, p, command.tracking.empty() ? kStrangersTracking : command.tracking);
      });
    case CommandAction::renew_token:
      return made("portal", "renew token", "portal", [&](BootPorts&) { return renew_token(world); });
    case CommandAction::allow_writes:
      return made("portal", "allow writes", "portal", [&](BootPorts&) -> Status {
        world.chain->account_refuses = false;
        return {};
      });
    default:
      return made("source computer", "drop staging", "drop", [&](BootPorts&) { return drop_staging(world); });
  }
}

}  // namespace seedbed
