#include "engine/prep/disk_prep.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/cloud/job_client.h"
#include "engine/journal/journal.h"
#include "engine/prep/drive_history.h"
#include "engine/prep/drive_round.h"

namespace seedbed {

Result<StagingJob> choose_staging_job(FileStore& files, Operator& person, const std::string& staging,
                                      const std::string& wanted) {
  const auto stat = files.stat(staging);
  if (!stat || stat->kind != FileKind::directory)
    return fail(ErrorCode::refused, "the staging location is no directory", staging, "Correct s:");
  std::string name = wanted;
  if (name.empty()) {
    const std::vector<StagingJob> jobs = TRY(find_staging_jobs(files, staging));
    if (jobs.empty())
      return fail(ErrorCode::not_found, "the staging location holds no initial backup", staging,
                  "Run offseed backup first, or correct s:");
    std::string names;
    for (const StagingJob& job : jobs) names += (names.empty() ? "" : ", ") + job.inputs.job;
    name = jobs.size() == 1
               ? jobs.front().inputs.job
               : TRY(person.ask(
                     fmt::format("The staging location holds several import jobs: {}. Which one?", names),
                     "Name it with --job; there are " + names));
  }
  auto job = TRY(find_staging_job(files, staging, name));
  if (!job)
    return fail(ErrorCode::not_found, fmt::format("the staging location holds no import job {}", name),
                staging, "Check --job, or run offseed backup first");
  return std::move(*job);
}

namespace {

class DiskPrep {
 public:
  DiskPrep(PrepPorts& ports, HttpTransport& http, const DiskPrepOptions& options,
           const SessionOptions& session_options)
      : ports_(ports),
        options_(options),
        session_options_(session_options),
        caller_(ports.runtime, http, options.retry) {}

  Result<DiskPrepOutcome> run() {
    staging_ = TRY(ports_.files.real_path(options_.staging));
    job_ = TRY(choose_staging_job(ports_.files, ports_.person, staging_, options_.job));
    if (!job_.complete)
      return fail(ErrorCode::refused,
                  fmt::format("the initial backup of the import job {} is not complete yet", job_.inputs.job),
                  staging_, "Run offseed backup until it says where the backup lies");
    TRY(check_login());
    log_directory_ = TRY(ports_.files.real_path(options_.log_directory));
    state_path_ = disk_prep_state_path(log_directory_, job_.inputs.job);
    TRY(load_state());
    ManagementDoor door = TRY(log_in(ports_.files, options_.login, job_.inputs.subscription));
    state_.endpoint = door.endpoint;
    JobClient jobs(caller_, ports_.runtime, door.endpoint, job_.inputs.subscription,
                   job_.inputs.resource_group, std::move(door.authority));
    const ImportLocation location = TRY(shipping_location(jobs));
    if (state_.phase == DiskPrepState::Phase::preparing) TRY(prepare(jobs));
    ImportJob made = TRY(create(jobs, location));

    DiskPrepOutcome outcome;
    outcome.job = made.name;
    outcome.job_state = made.state;
    outcome.state_path = state_path_;
    outcome.drives = state_.drives;
    outcome.location = location;
    outcome.location_link = door.endpoint + location.id;
    return outcome;
  }

 private:
  Status check_login() const {
    if (!options_.login.publish_settings.empty() || !options_.login.token_file.empty()) return {};
    if (job_.inputs.source_computer != options_.computer)
      return fail(ErrorCode::refused,
                  fmt::format("the backup was made on {}, this is {}: here the publish settings are needed",
                              job_.inputs.source_computer, options_.computer),
                  staging_, "Give p:PUBLISHSETTINGS");
    return fail(ErrorCode::refused, "nothing says who asks for the import job", staging_,
                "Give p:PUBLISHSETTINGS, or the backup's policy with --policy FILE");
  }

  Status load_state() {
    auto known = TRY(load_disk_prep_state(ports_.files, state_path_));
    const SeedInputs& inputs = job_.inputs;
    if (known) {
      state_ = std::move(*known);
      if (state_.staging == staging_ && state_.account == inputs.account &&
          state_.container == inputs.container && state_.subscription == inputs.subscription)
        // That it was found does not make its name durable: what this run builds upon is written once more.
        return save_disk_prep_state(ports_.files, state_path_, state_);
      return fail(ErrorCode::refused,
                  fmt::format("the drives of the import job {} are being prepared from {} for account {}, "
                              "container {}",
                              state_.job, state_.staging, state_.account, state_.container),
                  state_path_, "Use another --log-dir for another backup");
    }
    state_.job = inputs.job;
    state_.subscription = inputs.subscription;
    state_.resource_group = inputs.resource_group;
    state_.account = inputs.account;
    state_.container = inputs.container;
    state_.location = inputs.location;
    state_.staging = staging_;
    return {};
  }

  // The location itself, or one of its alternates while it takes no drives.
  Result<ImportLocation> shipping_location(JobClient& jobs) const {
    ImportLocation location = TRY(jobs.location(job_.inputs.location));
    const auto& alternates = location.alternate_locations;
    if (alternates.empty() || std::ranges::find(alternates, location.id) != alternates.end()) return location;
    const std::string& other = alternates.front();
    return jobs.location(other.substr(other.find_last_of('/') + 1));
  }

  Status prepare(JobClient& jobs) {
    const auto there = jobs.get(job_.inputs.job);
    if (there)
      return fail(ErrorCode::refused,
                  fmt::format("there is an import job {} already ({}), and it is not of these drives",
                              there->name, there->state),
                  there->id, "Delete that job, or stage the backup under another job name");
    if (there.error().code != ErrorCode::not_found) return std::unexpected(there.error());
    const std::vector<StorageKey> keys = TRY(jobs.storage_keys(job_.inputs.account));
    if (keys.empty())
      return fail(ErrorCode::refused, "the management service tells no key of the storage account",
                  job_.inputs.account, "Look whether the subscription may list the account's keys");
    TRY(ask_return_address());
    TRY(check_rot());
    DriveRound round(ports_, options_, session_options_, log_directory_, state_path_, state_,
                     keys.front().base64);
    return round.run(files_of_job());
  }

  Status check_rot() {
    if (state_.staging_checked) return {};
    const StagingCheck check = TRY(check_staging(ports_.runtime, ports_.files, staging_, job_.inputs.job));
    for (const StagingDamage& damage : check.damage)
      ports_.person.notice(NoticeLevel::error,
                           fmt::format("{} bytes {} to {}: {}", damage.file, damage.offset_bytes,
                                       damage.offset_bytes + damage.length_bytes - 1, damage.what));
    if (!check.damage.empty()) {
      const StagingDamage& first = check.damage.front();
      return fail(ErrorCode::corrupt,
                  fmt::format("{} places in the staging location have rotted; the first: {} at byte {}",
                              check.damage.size(), first.file, first.offset_bytes),
                  staging_,
                  "Nothing is shipped. Check the disk, empty the staging location and the agent's state "
                  "directory of this backup, and back up again");
    }
    state_.staging_checked = true;
    return save_disk_prep_state(ports_.files, state_path_, state_);
  }

  std::vector<StagedFile> files_of_job() const {
    std::vector<StagedFile> files;
    for (const BlobSummary& blob : job_.blobs) {
      const std::string base = base_blob_path(staging_, blob.name), aib = aib_path(staging_, blob.name);
      files.push_back({base.substr(base.find_last_of('/') + 1), blob.base_bytes});
      files.push_back({aib.substr(aib.find_last_of('/') + 1), blob.aib_bytes});
    }
    return files;
  }

  Status ask_return_address() {
    address_ = options_.return_address;
    shipping_ = options_.return_shipping;
    const std::pair<const char*, std::string*> needed[] = {
        {"Contact name", &address_.recipient_name},
        {"Contact number", &address_.phone},
        {"Valid e-mail address", &address_.email},
        {"Shipping address (street)", &address_.street_address1},
        {"City", &address_.city},
        {"Postal code", &address_.postal_code},
        {"Country", &address_.country_or_region},
        {"Return carrier", &shipping_.carrier_name},
        {"Account number with the return carrier", &shipping_.carrier_account_number}};
    for (const auto& [what, field] : needed)
      if (field->empty())
        *field =
            TRY(ports_.person.ask(fmt::format("{}:", what),
                                  "The drives come back: give --contact, --phone, --email, --street, "
                                  "--city, --postal-code, --country, --return-carrier, --return-account"));
    return {};
  }

  Result<ImportJob> create(JobClient& jobs, const ImportLocation& location) {
    if (state_.phase == DiskPrepState::Phase::created) {
      auto there = jobs.get(job_.inputs.job);
      if (there) return there;
      if (there.error().code != ErrorCode::not_found) return there;
      const bool again =
          options_.yes ||
          TRY(ports_.person.confirm(
              fmt::format("The import job {} was made and is gone (deleted or expired). Make it anew?",
                          state_.job),
              "Give --yes to make it anew"));
      if (!again) return fail(ErrorCode::refused, "the import job is gone and was not made anew", state_.job);
    }
    ImportJob job = TRY(described(location));
    if (state_.phase != DiskPrepState::Phase::creating) {
      state_.phase = DiskPrepState::Phase::creating;
      TRY(save_disk_prep_state(ports_.files, state_path_, state_));
    }
    ImportJob made = TRY(jobs.create(job));
    state_.phase = DiskPrepState::Phase::created;
    TRY(save_disk_prep_state(ports_.files, state_path_, state_));
    return made;
  }

  // From what the journals of complete drives say, and from nothing else.
  Result<ImportJob> described(const ImportLocation& location) {
    if (address_.recipient_name.empty()) TRY(ask_return_address());
    ImportJob job;
    job.name = state_.job;
    job.location = location.name;
    job.storage_account_id = storage_account_id(state_.subscription, state_.resource_group, state_.account);
    job.return_address = address_;
    job.return_shipping = shipping_;
    job.log_level = "Verbose";
    for (const PreparedDrive& drive : state_.drives) {
      const std::string path = join_path(log_directory_, drive.journal);
      const Journal journal = TRY(Journal::open(ports_.files, ports_.runtime, path));
      const DriveHistory history = TRY(read_history(journal.records(), path));
      const SessionHistory* session = history.last_complete();
      if (session == nullptr || history.open_session() != nullptr || history.drive.serial != drive.serial)
        return fail(ErrorCode::corrupt, "the journal does not tell of the complete drive it is kept for",
                    path, "Put the journal back");
      ImportDrive told;
      told.drive_id = history.drive.serial;
      told.bitlocker_key = history.drive.recovery_password.clone();
      told.manifest_file = "\\DriveManifest.xml";
      told.manifest_hash = session->manifest_hash;
      told.header_hash = session->header_hash;
      job.drives.push_back(std::move(told));
    }
    return job;
  }

  PrepPorts& ports_;
  const DiskPrepOptions& options_;
  const SessionOptions& session_options_;
  HttpCaller caller_;
  std::string staging_, log_directory_, state_path_;
  StagingJob job_;
  DiskPrepState state_;
  PostalAddress address_;
  ReturnShipping shipping_;
};

}  // namespace

Result<DiskPrepOutcome> disk_prep(PrepPorts& ports, HttpTransport& http, const DiskPrepOptions& options,
                                  const SessionOptions& session_options) {
  return DiskPrep(ports, http, options, session_options).run();
}

}  // namespace seedbed
