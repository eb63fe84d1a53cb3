#include "engine/cli/chain_commands.h"

#include <CLI/CLI.hpp>

#include "engine/cli/agent_command.h"
#include "engine/cli/diskprep_command.h"

namespace seedbed {

struct ChainCommands::State {
  AgentCommand agent;
  DiskPrepCommand diskprep;
  std::vector<std::pair<CLI::App*, std::function<Result<ExitCode>(CommandContext)>>> commands;
};

static constexpr const char* kDiskprepHelp =
    "offseed diskprep: write a complete staging location to drives and make the import job.\n"
    "  s:STAGING            the staging location\n"
    "  p:PUBLISHSETTINGS    who asks for the job; needed when this is not the computer that was backed up\n"
    "  u:                   instead: show the job's status; with --carrier and --tracking tell how it was "
    "shipped\n"
    "Run it again after an interruption with the same words: it goes on. Journals, logs and JOB.diskprep lie "
    "in "
    "--log-dir.\n";

static void add_agent(CLI::App& app, ChainCommands::State& state);

ChainCommands::ChainCommands(CLI::App& app) : state_(std::make_unique<State>()) {
  add_agent(app, *state_);
  DiskPrepCommand& prep = state_->diskprep;
  auto* sub =
      app.add_subcommand("diskprep", "write a staging location to drives, make the import job, ship it");
  sub->footer(std::string(kDiskprepHelp) + kExitCodeHelp);
  sub->add_option("words", prep.words, "s:STAGING p:PUBLISHSETTINGS, or u:")->required();
  sub->add_option("--drive", prep.drives, "a drive to fill: device, image file, or a letter of --drive-map");
  sub->add_flag("--yes", prep.yes, "format and ship without asking");
  sub->add_option("--policy", prep.policy, "take the management credentials from this policy");
  sub->add_option("--token-file", prep.token_file, "a bearer token in place of p:");
  sub->add_option("--endpoint", prep.endpoint, "of the management service");
  sub->add_option("--job", prep.job, "which import job, when there are several");
  sub->add_option("--log-dir", prep.log_directory, "for journals and logs (default: here)");
  sub->add_option("--drive-map", prep.drive_map, "TOML file: which device a drive letter means");
  sub->add_option("--temporary-directory", prep.temporary_directory, "for the formatter's sparse file");
  sub->add_flag("!--no-proof", prep.proof, "do not read the drives back");
  sub->add_option("--checkpoint-mib", prep.checkpoint_mib, "between checkpoints (default 32)")
      ->check(CLI::Range(1, 1024));
  sub->add_option("--contact", prep.return_address.recipient_name, "who gets the drives back");
  sub->add_option("--phone", prep.return_address.phone, "contact number");
  sub->add_option("--email", prep.return_address.email, "contact address");
  sub->add_option("--street", prep.return_address.street_address1, "return address");
  sub->add_option("--city", prep.return_address.city, "return address");
  sub->add_option("--state-or-province", prep.return_address.state_or_province, "return address");
  sub->add_option("--postal-code", prep.return_address.postal_code, "return address");
  sub->add_option("--country", prep.return_address.country_or_region, "return address");
  sub->add_option("--return-carrier", prep.return_shipping.carrier_name, "who brings the drives back");
  sub->add_option("--return-account", prep.return_shipping.carrier_account_number, "your account with them");
  sub->add_option("--carrier", prep.carrier, "u: who brings the drives there");
  sub->add_option("--tracking", prep.tracking, "u: the package's number");
  sub->add_option("--ship-date", prep.ship_date, "u: YYYY-MM-DD (default: today)");
  state_->commands.emplace_back(sub, [&prep](CommandContext context) { return run_diskprep(context, prep); });
}

static void add_agent(CLI::App& app, ChainCommands::State& state) {
  AgentCommand& agent = state.agent;
  using Run = Result<ExitCode> (*)(CommandContext, const AgentCommand&);
  const auto command = [&](const char* name, const char* what, Run run, bool needs_policy) {
    auto* sub = app.add_subcommand(name, what);
    sub->footer(kExitCodeHelp);
    auto* policy = sub->add_option("--policy", agent.policy, "the policy file (docs/formats/policy.md)");
    if (needs_policy) policy->required();
    state.commands.emplace_back(sub, [&agent, run](CommandContext context) { return run(context, agent); });
    return sub;
  };
  auto* backup = command("backup", "one scheduled run: staging, or the seed's ingest, or an increment",
                         run_backup_command, true);
  backup
      ->add_option("--assume-ratio", agent.assume_ratio,
                   "how small the data is believed to become: staging then needs so much less free space")
      ->check(CLI::Range(0.001, 1.0));
  backup->add_flag("--accept-import-errors", agent.accept_import_errors,
                   "take what an import with errors left, send the rest from the staging location");
  auto* restore = command("restore", "a recovery point out of the vault", run_restore_command, true);
  restore->add_option("--point", agent.point, "its id, or latest (default)");
  restore->add_option("--to", agent.to, "an empty or new directory")->required();
  restore->add_option("--include", agent.includes, "only paths that match this glob");
  restore->add_option("--strip-prefix", agent.strip_prefix, "leave this leading part of the paths out");
  restore->add_flag("--owner", agent.owner, "set owner and group too");
  command("points", "the recovery points in the vault", run_points_command, true);
  command("check", "every prerequisite of the policy, with the remedy", run_check_command, true);
  auto* bind = command("register", "bind this computer to a vault", run_register_command, false);
  bind->add_option("--vault-credentials", agent.vault_credentials, "the file the vault's owner downloaded")
      ->required();
  bind->add_option("--state", agent.state, "the agent's state directory, where no policy names it");
}

ChainCommands::~ChainCommands() = default;

bool ChainCommands::given() const {
  for (const auto& [sub, run] : state_->commands)
    if (*sub) return true;
  return false;
}

bool ChainCommands::assumes_yes() const {
  return state_->diskprep.yes;
}

Result<ExitCode> ChainCommands::run(CommandContext context) const {
  for (const auto& [sub, run] : state_->commands)
    if (*sub) return run(context);
  return fail(ErrorCode::invalid_argument, "no command is given", {}, "See offseed --help");
}

}  // namespace seedbed
