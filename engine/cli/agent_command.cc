#include "engine/cli/agent_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/agent/agent.h"
#include "engine/base/text.h"
#include "engine/cli/host_name.h"

namespace seedbed {

namespace {

Result<Policy> policy_of(CommandContext& context, const AgentCommand& command) {
  if (command.policy.empty())
    return fail(ErrorCode::invalid_argument, "no policy is named", {}, "Give --policy FILE");
  return read_policy(context.files, command.policy);
}

// The agent's log lies in the state directory, which the first run makes.
Logger log_in_state(CommandContext& context, const std::string& state) {
  static_cast<void>(context.files.make_directory(state, 0700));
  auto log = Logger::to_file(join_path(state, "agent.log"), [&] { return context.runtime.utc_ns(); });
  return log ? *log : Logger();
}

AgentPorts ports_of(CommandContext& context, Logger log) {
  return {.runtime = context.runtime,
          .files = context.files,
          .entropy = context.entropy,
          .person = context.person,
          .http = context.http,
          .log = std::move(log),
          .retry = {},
          .computer = host_name()};
}

const char* kind_name(BackupOutcome::Kind kind) {
  switch (kind) {
    case BackupOutcome::Kind::staged:
      return "staged";
    case BackupOutcome::Kind::waiting:
      return "waiting";
    case BackupOutcome::Kind::ingested_and_incremented:
      return "ingested_and_incremented";
    case BackupOutcome::Kind::incremented:
      return "incremented";
  }
  return "";
}

}  // namespace

Result<ExitCode> run_backup_command(CommandContext context, const AgentCommand& command) {
  Policy policy = TRY(policy_of(context, command));
  if (command.assume_ratio > 0) policy.assume_ratio = command.assume_ratio;
  AgentPorts ports = ports_of(context, log_in_state(context, policy.state));
  const auto ran = run_backup(ports, policy, {.accept_import_errors = command.accept_import_errors});
  if (!ran) {
    ports.log.write(LogLevel::error, ran.error().message());
    return std::unexpected(ran.error());
  }
  const BackupOutcome& outcome = *ran;
  context.person.event("backup", {{"outcome", kind_name(outcome.kind)},
                                  {"status", outcome.status_text},
                                  {"job_state", outcome.job_state},
                                  {"point", outcome.point},
                                  {"source_bytes", std::to_string(outcome.source_bytes)},
                                  {"staged_bytes", std::to_string(outcome.staged_bytes)},
                                  {"blobs", std::to_string(outcome.blobs)},
                                  {"seed_chunks", std::to_string(outcome.seed_chunks)},
                                  {"seed_bytes", std::to_string(outcome.seed_bytes)},
                                  {"repaired_chunks", std::to_string(outcome.repaired_chunks)},
                                  {"repaired_bytes", std::to_string(outcome.repaired_bytes)},
                                  {"files", std::to_string(outcome.files)},
                                  {"read_bytes", std::to_string(outcome.read_bytes)},
                                  {"sent_chunks", std::to_string(outcome.sent_chunks)},
                                  {"sent_bytes", std::to_string(outcome.sent_bytes)}});
  context.person.notice(NoticeLevel::info, outcome.status_text);
  return outcome.kind == BackupOutcome::Kind::waiting ? ExitCode::waiting_for_import : ExitCode::done;
}

Result<ExitCode> run_restore_command(CommandContext context, const AgentCommand& command) {
  const Policy policy = TRY(policy_of(context, command));
  AgentPorts ports = ports_of(context, {});
  const RestoreRequest request{.point = command.point,
                               .to = command.to,
                               .includes = command.includes,
                               .strip_prefix = command.strip_prefix,
                               .owner = command.owner};
  const RestoreOutcome outcome = TRY(run_restore(ports, policy, request));
  for (const SourceProblem& problem : outcome.report.problems) {
    context.person.event("warning", {{"path", problem.path}, {"what", problem.what}});
    context.person.notice(NoticeLevel::warning, problem.path + ": " + problem.what);
  }
  context.person.event("restored", {{"point", outcome.point},
                                    {"files", std::to_string(outcome.report.files)},
                                    {"kept", std::to_string(outcome.report.kept)},
                                    {"bytes", std::to_string(outcome.report.bytes)},
                                    {"fetched_chunks", std::to_string(outcome.fetched_chunks)},
                                    {"fetched_bytes", std::to_string(outcome.report.fetched_bytes)}});
  context.person.notice(NoticeLevel::info,
                        fmt::format("Restored {} files ({}) of recovery point {} to {}", outcome.report.files,
                                    human_bytes(outcome.report.bytes), outcome.point, command.to));
  return ExitCode::done;
}

Result<ExitCode> run_points_command(CommandContext context, const AgentCommand& command) {
  const Policy policy = TRY(policy_of(context, command));
  AgentPorts ports = ports_of(context, {});
  const std::vector<VaultPoint> points = TRY(list_points(ports, policy));
  for (const VaultPoint& point : points) {
    context.person.event("point",
                         {{"id", point.id}, {"created_utc", point.created_utc}, {"kind", point.kind}});
    context.person.notice(NoticeLevel::info,
                          fmt::format("{}  {}  {}", point.id, point.created_utc, point.kind));
  }
  if (points.empty())
    context.person.notice(NoticeLevel::info,
                          fmt::format("The vault has no recovery point of {}", policy.name));
  return ExitCode::done;
}

Result<ExitCode> run_register_command(CommandContext context, const AgentCommand& command) {
  if (command.policy.empty() && command.state.empty())
    return fail(ErrorCode::invalid_argument, "register needs to know where the agent keeps its state", {},
                "Give --policy FILE or --state DIR");
  std::optional<Policy> policy;
  if (!command.policy.empty()) policy = TRY(policy_of(context, command));
  AgentPorts ports = ports_of(context, {});
  const std::string state = command.state.empty() ? policy->state : command.state;
  TRY(register_computer(ports, command.vault_credentials, state, policy ? &*policy : nullptr));
  context.person.event("registered", {{"state", state}});
  context.person.notice(NoticeLevel::info,
                        "This computer is registered; the credentials are kept in " + state);
  return ExitCode::done;
}

Result<ExitCode> run_check_command(CommandContext context, const AgentCommand& command) {
  Policy policy = TRY(policy_of(context, command));
  policy.tries = std::min(policy.tries, 2U);  // somebody waits for the answer
  AgentPorts ports = ports_of(context, {});
  bool all_good = true;
  for (const Prerequisite& one : TRY(check_policy(ports, policy))) {
    all_good = all_good && one.ok;
    context.person.event("prerequisite", {{"name", one.name},
                                          {"ok", one.ok ? "true" : "false"},
                                          {"detail", one.detail},
                                          {"remedy", one.remedy}});
    context.person.notice(one.ok ? NoticeLevel::info : NoticeLevel::error,
                          fmt::format("{}{}: {}{}{}", one.ok ? "ok: " : "", one.name, one.detail,
                                      one.remedy.empty() ? "" : ". ", one.remedy));
  }
  return all_good ? ExitCode::done : ExitCode::refused;
}

}  // namespace seedbed
