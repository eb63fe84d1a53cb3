#include "engine/cli/job_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "engine/base/url.h"
#include "engine/cli/job_drives.h"
#include "engine/cloud/job_client.h"
#include "engine/cloud/management_login.h"
#include "engine/documents/xml.h"

namespace seedbed {

namespace {

struct JobWords {
  ManagementLogin login;
  std::string subscription, resource_group;
  std::string name, location, account, keys_to;
  std::vector<std::string> journals;
  ImportJob job;  // what create takes over as it is
  DeliveryPackage package;
  bool yes = false;
};

void tell_job(Operator& person, const ImportJob& job) {
  person.event("job", {{"name", job.name},
                       {"state", job.state},
                       {"location", job.location},
                       {"storage_account", job.storage_account_id},
                       {"drives", std::to_string(job.drives.size())},
                       {"percent_complete", std::to_string(job.percent_complete)},
                       {"cancel_requested", job.cancel_requested ? "true" : "false"}});
  person.notice(
      NoticeLevel::info,
      fmt::format("{:<24} {:<13} {:<16} {} drive{}, {} %{}", printable(job.name), printable(job.state),
                  printable(job.location), job.drives.size(), job.drives.size() == 1 ? "" : "s",
                  job.percent_complete, job.cancel_requested ? ", cancelled" : ""));
}

void tell_drives(Operator& person, const ImportJob& job) {
  if (job.delivery_package)
    person.notice(NoticeLevel::info, fmt::format("  shipped with {}, tracking number {}",
                                                 printable(job.delivery_package->carrier_name),
                                                 printable(job.delivery_package->tracking_number)));
  for (const ImportDrive& drive : job.drives) {
    person.event("drive", {{"job", job.name},
                           {"drive_id", drive.drive_id},
                           {"state", drive.state},
                           {"copy_status", drive.copy_status},
                           {"percent_complete", std::to_string(drive.percent_complete)},
                           {"bytes_succeeded", std::to_string(drive.bytes_succeeded)},
                           {"error_log", drive.error_log_uri},
                           {"verbose_log", drive.verbose_log_uri}});
    person.notice(NoticeLevel::info,
                  fmt::format("  drive {:<20} {:<17} {}{} %", printable(drive.drive_id),
                              printable(drive.state), printable(drive.copy_status),
                              drive.copy_status.empty() ? std::to_string(drive.percent_complete)
                                                        : fmt::format(", {}", drive.percent_complete)));
    if (!drive.error_log_uri.empty())
      person.notice(NoticeLevel::warning, "    error log " + printable(drive.error_log_uri));
  }
}

void tell_address(Operator& person, const PostalAddress& to) {
  person.notice(NoticeLevel::info, "Ship the drives, in one package, to:");
  for (const std::string& line : {to.recipient_name, to.street_address1, to.street_address2,
                                  fmt::format("{} {} {}", to.city, to.state_or_province, to.postal_code),
                                  to.country_or_region, to.phone, to.additional_information})
    if (!line.empty()) person.notice(NoticeLevel::info, "  " + printable(line));
}

Result<ExitCode> list(CommandContext& context, JobClient& jobs, const JobWords&) {
  const auto found = TRY(jobs.list());
  for (const ImportJob& job : found) tell_job(context.person, job);
  if (found.empty())
    context.person.notice(NoticeLevel::info, "There are no import jobs in the resource group.");
  return ExitCode::done;
}

Result<ExitCode> show(CommandContext& context, JobClient& jobs, const JobWords& words) {
  const ImportJob job = TRY(jobs.get(words.name));
  tell_job(context.person, job);
  tell_drives(context.person, job);
  if (job.state == "Creating" && job.shipping_information)
    tell_address(context.person, *job.shipping_information);
  return ExitCode::done;
}

Result<ExitCode> create(CommandContext& context, JobClient& jobs, const JobWords& words) {
  const ImportLocation location = TRY(jobs.location(words.location));
  ImportJob job;
  job.name = words.name;
  job.location = location.name;
  job.storage_account_id = storage_account_id(words.subscription, words.resource_group, words.account);
  job.return_address = words.job.return_address;
  job.return_shipping = words.job.return_shipping;
  job.log_level = words.job.log_level;
  job.diagnostics_path = words.job.diagnostics_path;
  job.backup_drive_manifest = words.job.backup_drive_manifest;
  for (const std::string& path : words.journals)
    job.drives.push_back(TRY(drive_of_journal(context.files, path)));
  const ImportJob made = TRY(jobs.create(job));
  tell_job(context.person, made);
  if (made.state == "Creating") {
    tell_address(context.person, location.address);
    context.person.notice(
        NoticeLevel::info,
        "Within two weeks give the tracking number: offseed job ship --carrier C --tracking T");
  }
  return ExitCode::done;
}

Result<ExitCode> ship(CommandContext& context, JobClient& jobs, const JobWords& words) {
  DeliveryPackage package = words.package;
  if (package.drive_count == 0) package.drive_count = TRY(jobs.get(words.name)).drives.size();
  if (package.ship_date.empty()) package.ship_date = iso_date(context.runtime.utc_ns()).substr(0, 10);
  const ImportJob job = TRY(jobs.update_shipping(words.name, package));
  tell_job(context.person, job);
  tell_drives(context.person, job);
  return ExitCode::done;
}

Result<ExitCode> cancel(CommandContext& context, JobClient& jobs, const JobWords& words) {
  const bool agreed = TRY(context.person.confirm(
      fmt::format("Cancel the import job {}? What is not copied yet will not be.", printable(words.name)),
      "Give --yes to cancel it"));
  if (!agreed) return fail(ErrorCode::refused, "the job was not cancelled", words.name);
  tell_job(context.person, TRY(jobs.cancel(words.name)));
  return ExitCode::done;
}

Result<ExitCode> remove(CommandContext& context, JobClient& jobs, const JobWords& words) {
  const bool agreed = TRY(context.person.confirm(
      fmt::format("Delete the import job {}?", printable(words.name)), "Give --yes to delete it"));
  if (!agreed) return fail(ErrorCode::refused, "the job was not deleted", words.name);
  TRY(jobs.remove(words.name));
  context.person.event("job_deleted", {{"name", words.name}});
  context.person.notice(NoticeLevel::info,
                        fmt::format("The import job {} is deleted.", printable(words.name)));
  return ExitCode::done;
}

// Keys go to a file of mode 0600, never to a stream that may be logged.
Result<ExitCode> keys(CommandContext& context, JobClient& jobs, const JobWords& words) {
  const std::vector<DriveKey> found = TRY(jobs.keys(words.name));
  Bytes text;
  for (const DriveKey& key : found) {
    append(text, as_bytes(key.drive_id + "\t"));
    append(text, key.bitlocker_key.span());
    text.push_back('\n');
  }
  const Status written = replace_file(context.files, words.keys_to, text);
  wipe(text);
  TRY(written);
  context.person.event(
      "keys", {{"name", words.name}, {"drives", std::to_string(found.size())}, {"file", words.keys_to}});
  context.person.notice(NoticeLevel::info, fmt::format("The keys of {} drive{} are in {}", found.size(),
                                                       found.size() == 1 ? "" : "s", words.keys_to));
  return ExitCode::done;
}

using Verb = Result<ExitCode> (*)(CommandContext&, JobClient&, const JobWords&);

}  // namespace

struct JobCommands::State {
  JobWords words;
  CLI::App* job = nullptr;
  std::vector<std::pair<CLI::App*, Verb>> verbs;
};

JobCommands::JobCommands(CLI::App& app) : state_(std::make_unique<State>()) {
  JobWords& words = state_->words;
  state_->job = app.add_subcommand("job", "import jobs: look, make, ship, cancel, delete");
  state_->job->require_subcommand(1);
  const auto verb = [&](const char* name, const char* what, Verb run, bool takes_name = true) {
    auto* sub = state_->job->add_subcommand(name, what);
    sub->footer(kExitCodeHelp);
    if (takes_name) sub->add_option("name", words.name, "the job's name")->required();
    sub->add_option("--management", words.login.endpoint,
                    "URL of the management service (default: what the publish settings name)");
    sub->add_option("--subscription", words.subscription, "the subscription's id")->required();
    sub->add_option("--resource-group", words.resource_group, "the resource group's name")->required();
    sub->add_option("--token-file", words.login.token_file, "a file whose first line is a bearer token");
    sub->add_option("--publish-settings", words.login.publish_settings, "the publish settings file");
    state_->verbs.emplace_back(sub, run);
    return sub;
  };
  verb("list", "the import jobs of the resource group", list, false);
  verb("show", "one job, its drives and how far they are", show);
  auto* make =
      verb("create", "make a job of prepared drives; again with the same words: nothing new", create);
  make->add_option("--location", words.location, "\"West US\" or westus")->required();
  make->add_option("--storage-account", words.account, "where the data goes; in the same group")->required();
  make->add_option("--journal", words.journals, "the journal of each drive")->required();
  ImportJob& job = words.job;
  make->add_option("--log-level", job.log_level, "Error (default) or Verbose")
      ->check(CLI::IsMember({"Error", "Verbose"}));
  make->add_option("--diagnostics-path", job.diagnostics_path, "container of the copy logs");
  make->add_flag("--backup-manifest", job.backup_drive_manifest, "keep the drives' manifests there too");
  const std::pair<const char*, std::string*> required[] = {
      {"--contact", &job.return_address.recipient_name},
      {"--phone", &job.return_address.phone},
      {"--email", &job.return_address.email},
      {"--street", &job.return_address.street_address1},
      {"--city", &job.return_address.city},
      {"--postal-code", &job.return_address.postal_code},
      {"--country", &job.return_address.country_or_region},
      {"--return-carrier", &job.return_shipping.carrier_name},
      {"--return-account", &job.return_shipping.carrier_account_number}};
  for (const auto& [name, into] : required)
    make->add_option(name, *into, "who gets the drives back")->required();
  make->add_option("--state-or-province", job.return_address.state_or_province, "who gets the drives back");
  auto* send = verb("ship", "tell carrier and tracking number: the drives are on their way", ship);
  send->add_option("--carrier", words.package.carrier_name, "who brings the package")->required();
  send->add_option("--tracking", words.package.tracking_number, "the package's number")->required();
  send->add_option("--drive-count", words.package.drive_count, "drives in it (default: those of the job)");
  send->add_option("--ship-date", words.package.ship_date, "YYYY-MM-DD (default: today)");
  verb("cancel", "ask that the job be cancelled", cancel)->add_flag("--yes", words.yes, "without asking");
  verb("delete", "delete a job that is being created or completed", remove)
      ->add_flag("--yes", words.yes, "without asking");
  verb("keys", "the drives' BitLocker keys, to a file of mode 0600", keys)
      ->add_option("--to", words.keys_to, "the file")
      ->required();
}

JobCommands::~JobCommands() = default;

bool JobCommands::given() const {
  return static_cast<bool>(*state_->job);
}

bool JobCommands::assumes_yes() const {
  return state_->words.yes;
}

Result<ExitCode> JobCommands::run(CommandContext context) const {
  const JobWords& words = state_->words;
  const auto given = std::ranges::find_if(state_->verbs, [](const auto& verb) { return bool(*verb.first); });
  if (given == state_->verbs.end())
    return fail(ErrorCode::invalid_argument, "no command is given", {}, "See offseed job --help");
  ManagementDoor door = TRY(log_in(context.files, words.login, words.subscription));
  HttpCaller caller(context.runtime, context.http);
  JobClient jobs(caller, context.runtime, door.endpoint, words.subscription, words.resource_group,
                 std::move(door.authority));
  return given->second(context, jobs, words);
}

}  // namespace seedbed
