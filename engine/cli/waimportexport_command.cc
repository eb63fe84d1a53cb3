#include "engine/cli/waimportexport_command.h"

#include <fmt/format.h>
#include <cstdio>

#include "engine/cli/drive_map.h"
#include "engine/cli/host_name.h"
#include "engine/cli/key_file.h"
#include "engine/cli/policy_fit.h"
#include "engine/cli/session_table.h"
#include "engine/linux/open_drive.h"
#include "engine/prep/prep_import.h"

namespace seedbed {

namespace {

// A notice is one line; a table is many.
void tell(Operator& person, std::string_view table) {
  while (!table.empty()) {
    const size_t end = table.find('\n');
    person.notice(NoticeLevel::info, table.substr(0, end));
    if (end == std::string_view::npos) break;
    table.remove_prefix(end + 1);
  }
}

}  // namespace

Result<ExitCode> run_waimportexport(CommandContext context, const WaImportExportCommand& command) {
  if (command.words.empty())
    return fail(ErrorCode::invalid_argument, "waimportexport needs a command: PrepImport", {},
                "See offseed waimportexport --help");
  const std::string& name = command.words.front();
  if (name != "PrepImport")
    return fail(ErrorCode::unsupported,
                fmt::format("{} is not a command of this version; it has PrepImport", name), {},
                "See offseed waimportexport --help");
  PrepImportOptions options = TRY(parse_prep_import({command.words.begin() + 1, command.words.end()}));
  if (!options.target.empty()) options.target = TRY(resolve_target(options.target, command.drive_map));
  if (!command.policy.empty()) {
    const Policy policy = TRY(read_policy(context.files, command.policy));
    TRY(check_policy_fit(context, policy, options));
  }

  SessionOptions session;
  session.proof = command.proof;
  session.host_name = host_name();
  if (!command.volume_password_file.empty())
    session.volume_password =
        std::make_shared<const SecretBytes>(TRY(read_key_file(context.files, command.volume_password_file)));
  session.writer.checkpoint_bytes = command.checkpoint_mib * MiB;
  session.writer.redo_bytes = session.writer.checkpoint_bytes + session.writer.queue_bytes;
  const std::string log_directory =
      options.log_directory.empty() ? parent_of(options.journal) : options.log_directory;
  if (!command.plan) {
    const std::string log_path =
        join_path(log_directory, options.journal.substr(options.journal.find_last_of('/') + 1) + ".log");
    session.log = TRY(Logger::to_file(log_path, [&] { return context.runtime.utc_ns(); }));
  }
  MkntfsFormatter formatter(command.temporary_directory.empty() ? log_directory
                                                                : command.temporary_directory);
  std::vector<std::string> notes;
  const auto open = [&](const std::string& target) {
    OpenDriveOptions how;
    how.write = true;
    how.notes = &notes;
    return open_drive(target, how, context.entropy);
  };
  PrepPorts ports{context.runtime, context.files, context.entropy, context.person, formatter, open};
  auto outcome = prep_import(ports, options, session, command.plan);
  for (const std::string& note : notes) context.person.notice(NoticeLevel::info, note);
  if (!outcome) {
    session.log.write(LogLevel::error, outcome.error().message());
    return std::unexpected(std::move(outcome).error());
  }
  switch (outcome->kind) {
    case PrepOutcome::Kind::planned:
      context.person.event("plan", {{"drive_id", outcome->plan->drive.serial},
                                    {"files", std::to_string(outcome->plan->source.files.size())},
                                    {"source_bytes", std::to_string(outcome->plan->source.total_bytes)},
                                    {"needed_bytes", std::to_string(outcome->plan->needed_bytes)},
                                    {"free_after_bytes", std::to_string(outcome->plan->free_after_bytes)},
                                    {"manifest_bytes", std::to_string(outcome->plan->manifest_bytes)},
                                    {"predicted_s", std::to_string(outcome->plan->predicted_s)}});
      tell(context.person, "Plan:\n" + plan_table(*outcome->plan));
      break;
    case PrepOutcome::Kind::aborted:
      context.person.event("aborted", {{"session", options.session_id}});
      context.person.notice(
          NoticeLevel::info,
          fmt::format("The session {} was undone; the drive is as before it.", options.session_id));
      break;
    case PrepOutcome::Kind::already_complete:
      context.person.event("already_complete", session_event(*outcome));
      tell(context.person, "This session is complete already:\n" + session_table(*outcome));
      break;
    case PrepOutcome::Kind::completed:
      for (const auto& [path, reason] : outcome->report.skipped)
        context.person.event("skipped", {{"path", path}, {"reason", reason}});
      for (const auto& [path, on_drive] : outcome->report.renamed)
        context.person.event("renamed", {{"path", path}, {"drive_path", on_drive}});
      context.person.event("completed", session_event(*outcome));
      tell(context.person, "The copy session is complete:\n" + session_table(*outcome));
      break;
  }
  return ExitCode::done;
}

}  // namespace seedbed
