#include "engine/cli/diskprep_command.h"

#include <fmt/format.h>

#include "engine/agent/policy.h"
#include "engine/cli/drive_map.h"
#include "engine/cli/host_name.h"
#include "engine/linux/open_drive.h"
#include "engine/prep/disk_prep.h"

namespace seedbed {

namespace {

struct Words {
  std::string staging, publish_settings;
  bool update = false;
};

Result<Words> words_of(const std::vector<std::string>& given) {
  Words words;
  for (const std::string& word : given) {
    const std::string_view value = std::string_view(word).substr(std::min<size_t>(word.size(), 2));
    if (word.starts_with("s:") && !value.empty() && words.staging.empty()) {
      words.staging = value;
    } else if (word.starts_with("p:") && !value.empty() && words.publish_settings.empty()) {
      words.publish_settings = value;
    } else if (word == "u:") {
      words.update = true;
    } else {
      return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no word of diskprep", word), {},
                  "diskprep takes s:STAGING, p:PUBLISHSETTINGS and u:, each once");
    }
  }
  if (words.staging.empty() && !words.update)
    return fail(ErrorCode::invalid_argument, "diskprep needs s:STAGING or u:", {},
                "See offseed diskprep --help");
  return words;
}

// The words with which this command comes again to give the tracking number.
std::string update_words(const DiskPrepCommand& command, const std::string& publish_settings) {
  std::string words = "offseed diskprep u:";
  if (!publish_settings.empty()) words += " p:" + publish_settings;
  if (!command.policy.empty()) words += " --policy " + command.policy;
  if (!command.token_file.empty()) words += " --token-file " + command.token_file;
  if (command.log_directory != ".") words += " --log-dir " + command.log_directory;
  return words + " --carrier C --tracking T";
}

void tell_address(Operator& person, const DiskPrepOutcome& outcome, const std::string& update) {
  const PostalAddress& to = outcome.location.address;
  std::vector<std::string> lines = {
      to.recipient_name,        to.street_address1,
      to.street_address2,       fmt::format("{} {} {}", to.city, to.state_or_province, to.postal_code),
      to.country_or_region,     to.phone,
      to.additional_information};
  person.notice(
      NoticeLevel::info,
      fmt::format(
          "The import job {} is {}. Ship {} to:", outcome.job, outcome.job_state,
          outcome.drives.size() == 1 ? "the drive" : fmt::format("the {} drives", outcome.drives.size())));
  for (const std::string& line : lines)
    if (!line.empty()) person.notice(NoticeLevel::info, "  " + line);
  for (const PreparedDrive& drive : outcome.drives)
    person.notice(NoticeLevel::info, fmt::format("  drive {} ({})", drive.serial, drive.target));
  person.notice(NoticeLevel::info,
                fmt::format("Carriers: {}. The address: {}",
                            fmt::join(outcome.location.supported_carriers, ", "), outcome.location_link));
  person.notice(NoticeLevel::info, "Within two weeks give the tracking number: " + update);
}

}  // namespace

Result<ExitCode> run_diskprep(CommandContext context, const DiskPrepCommand& command) {
  const Words words = TRY(words_of(command.words));
  ManagementLogin login{.publish_settings = words.publish_settings,
                        .token_file = command.token_file,
                        .endpoint = command.endpoint};
  if (!command.policy.empty()) {
    const Policy policy = TRY(read_policy(context.files, command.policy));
    if (login.publish_settings.empty() && login.token_file.empty()) {
      login.publish_settings = policy.seed.publish_settings;
      login.token_file = policy.seed.token_file;
    }
    if (login.endpoint.empty()) login.endpoint = policy.management_endpoint;
  }
  MkntfsFormatter formatter(command.temporary_directory.empty() ? command.log_directory
                                                                : command.temporary_directory);
  std::vector<std::string> notes;
  const auto open = [&](const std::string& target) -> Result<std::unique_ptr<BlockDevice>> {
    OpenDriveOptions how;
    how.write = true;
    how.notes = &notes;
    return open_drive(TRY(resolve_target(target, command.drive_map)), how, context.entropy);
  };
  PrepPorts ports{context.runtime, context.files, context.entropy, context.person, formatter, open};

  if (words.update) {
    const ShippingOptions options{.staging = words.staging,
                                  .login = login,
                                  .job = command.job,
                                  .carrier = command.carrier,
                                  .tracking = command.tracking,
                                  .ship_date = command.ship_date,
                                  .yes = command.yes,
                                  .log_directory = command.log_directory,
                                  .retry = {}};
    const ShippingOutcome outcome = TRY(disk_prep_update(ports, context.http, options));
    context.person.event("job", {{"name", outcome.job.name},
                                 {"state", outcome.job.state},
                                 {"percent_complete", std::to_string(outcome.job.percent_complete)},
                                 {"shipped", outcome.told ? "true" : "false"}});
    if (!outcome.details_path.empty())
      context.person.notice(NoticeLevel::info, fmt::format("The job is now {}. The details are kept in {}",
                                                           outcome.job.state, outcome.details_path));
    return ExitCode::done;
  }

  DiskPrepOptions options;
  options.staging = words.staging;
  options.login = login;
  options.job = command.job;
  options.drives = command.drives;
  options.yes = command.yes;
  options.log_directory = command.log_directory;
  options.computer = host_name();
  options.return_address = command.return_address;
  options.return_shipping = command.return_shipping;
  SessionOptions session;
  session.proof = command.proof;
  session.host_name = options.computer;
  session.writer.checkpoint_bytes = command.checkpoint_mib * MiB;
  session.writer.redo_bytes = session.writer.checkpoint_bytes + session.writer.queue_bytes;
  session.log = TRY(Logger::to_file(join_path(command.log_directory, "diskprep.log"),
                                    [&] { return context.runtime.utc_ns(); }));
  const auto outcome = disk_prep(ports, context.http, options, session);
  for (const std::string& note : notes) context.person.notice(NoticeLevel::info, note);
  if (!outcome) {
    session.log.write(LogLevel::error, outcome.error().message());
    return std::unexpected(outcome.error());
  }
  for (const PreparedDrive& drive : outcome->drives)
    context.person.event("drive", {{"drive_id", drive.serial},
                                   {"target", drive.target},
                                   {"journal", drive.journal},
                                   {"files", std::to_string(drive.files.size())}});
  context.person.event("job", {{"name", outcome->job},
                               {"state", outcome->job_state},
                               {"location", outcome->location.name},
                               {"location_link", outcome->location_link},
                               {"details", outcome->state_path}});
  tell_address(context.person, *outcome, update_words(command, words.publish_settings));
  return ExitCode::done;
}

}  // namespace seedbed
