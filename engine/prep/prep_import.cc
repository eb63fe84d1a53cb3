#include "engine/prep/prep_import.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/prep/drive_check.h"
#include "engine/prep/staging_source.h"

namespace seedbed {

namespace {

// Mean over the surface of a 10 TB 7200 rpm drive: (249 + 120) / 2 MB/s, once for writing and once for the
// proof.
constexpr uint64_t kMeanRate_bytes_per_s = 184'500'000;

Result<std::string> absolute(FileStore& files, const std::string& path) {
  const std::string directory = TRY(files.real_path(parent_of(path)));
  return join_path(directory, path.substr(path.find_last_of('/') + 1));
}

// What the files need on an empty volume, generously: beyond it an exact layout decides.
uint64_t estimate_bytes(const SourcePlan& plan, uint32_t cluster_bytes) {
  uint64_t bytes = 0;
  for (const PlannedFile& file : plan.files)
    bytes += round_up(file.size_bytes, cluster_bytes) + 2 * KiB + 256 * (1 + file.size_bytes / (4 * MiB));
  return bytes + bytes / 50 + 128 * MiB + plan.directories.size() * 8 * KiB;
}

struct DryLayout {
  SessionLayout layout;
  uint64_t free_bytes = 0;
};

// Lays the files out on an overlay of the volume as it will be (or is), and throws the overlay away.
Result<DryLayout> dry_layout(NtfsVolume ntfs, const SourcePlan& plan, const PrepImportOptions& options,
                             const std::string& serial, bool previous) {
  const SessionLayout empty;
  auto layout = lay_out(ntfs, plan,
                        {plan, empty, serial, options.disposition, options.storage_account_key,
                         options.container_sas, previous});
  if (!layout) {
    if (layout.error().code == ErrorCode::out_of_space)
      return fail(ErrorCode::refused,
                  fmt::format("the drive is too small for {} files of {} in all", plan.files.size(),
                              human_bytes(plan.total_bytes)),
                  serial, "Use a larger drive, or split the source directory over several drives");
    return std::unexpected(std::move(layout).error());
  }
  return DryLayout{std::move(*layout), ntfs.free_bytes()};
}

Result<DryLayout> dry_layout_on_empty(PrepPorts& ports, BlockDevice& device, const SourcePlan& plan,
                                      const PrepImportOptions& options) {
  const DeviceContract& contract = device.contract();
  const PartitionTable table =
      TRY(plan_partition_table(contract.capacity_bytes, contract.logical_sector_bytes, Guid{}, Guid{}, ""));
  const NtfsGeometry geometry = ntfs_geometry_for(table, cluster_bytes_for(contract.capacity_bytes));
  const auto content =
      TRY(EmptyVolume::make(TRY(ports.formatter.format(geometry)), geometry, 0, ports.runtime.utc_ns()));
  auto ntfs = TRY(NtfsVolume::open(
      {geometry.volume_bytes, geometry.sector_bytes,
       [&](uint64_t offset_bytes, MutableByteSpan out) { return content.read(offset_bytes, out); }},
      ports.runtime.utc_ns(), false));
  return dry_layout(std::move(ntfs), plan, options, device.identity().serial, false);
}

class PrepImport {
 public:
  PrepImport(PrepPorts& ports, const PrepImportOptions& options, const SessionOptions& session_options,
             bool plan_only)
      : ports_(ports), options_(options), session_options_(session_options), plan_only_(plan_only) {}

  Result<PrepOutcome> run() {
    const std::string path = TRY(absolute(ports_.files, options_.journal));
    auto existing = Journal::open(ports_.files, ports_.runtime, path);
    if (existing) {
      if (existing->was_torn())
        ports_.person.notice(NoticeLevel::warning,
                             "the journal's last record was cut off by an interruption; it is dropped");
      DriveHistory history = TRY(read_history(existing->records(), path));
      if (history.intent && !history.sessions.empty()) return on_journal(*existing, std::move(history));
      return first(path, &*existing);  // nothing was touched yet: the command before this one was cut at once
    }
    if (existing.error().code != ErrorCode::not_found) return std::unexpected(std::move(existing).error());
    return first(path, nullptr);
  }

 private:
  Result<PrepOutcome> first(const std::string& journal_path, Journal* begun) {
    if (options_.resume || options_.abort)
      return fail(ErrorCode::not_found, "the journal holds no session to resume or abort", journal_path,
                  "Check the path, or run the first session's whole command");
    TRY(check_first_session(options_));
    TRY(check_staging_source(ports_.files, options_));
    const std::string log_directory = TRY(ports_.files.real_path(
        options_.log_directory.empty() ? parent_of(journal_path) : options_.log_directory));
    auto device = TRY(ports_.open_drive(options_.target));
    const DriveContent content = TRY(check_drive(*device, ports_.files,
                                                 {.journal_path = parent_of(journal_path),
                                                  .log_directory = log_directory,
                                                  .source_directory = options_.source_directory,
                                                  .journal_id = ""}));
    const SourcePlan plan = TRY(plan_source(ports_.files, source_options()));
    const uint32_t cluster_bytes = cluster_bytes_for(device->contract().capacity_bytes);
    if (plan_only_)
      return planned(*device, plan, TRY(dry_layout_on_empty(ports_, *device, plan, options_)),
                     content.recognised.value_or(""), cluster_bytes);
    if (estimate_bytes(plan, cluster_bytes) > device->contract().capacity_bytes)
      TRY(dry_layout_on_empty(ports_, *device, plan, options_));
    DriveFacts facts;
    facts.consent = TRY(consent(*device, content));
    facts.serial = device->identity().serial;
    facts.model = device->identity().model;
    facts.path = options_.target;
    facts.capacity_bytes = device->contract().capacity_bytes;
    facts.sector_bytes = device->contract().logical_sector_bytes;
    facts.cluster_bytes = cluster_bytes;
    facts.log_directory = log_directory;
    facts.storage_account_key = options_.storage_account_key.clone();
    facts.container_sas = options_.container_sas.clone();
    std::optional<Journal> made;
    if (begun == nullptr) {
      made = TRY(Journal::create(ports_.files, ports_.runtime, journal_path, ports_.entropy.guid().text()));
      begun = &*made;
    }
    CopySession session = TRY(session_on(*begun, *device));
    TRY(session.begin_first(std::move(facts), plan, options_.disposition));
    return finish(session, plan, *device);
  }

  Result<PrepOutcome> on_journal(Journal& journal, DriveHistory history) {
    const SessionHistory* open = history.open_session();
    const auto of_id = std::ranges::find_if(
        history.sessions, [&](const SessionHistory& s) { return s.id == options_.session_id && !s.aborted; });
    const bool known = of_id != history.sessions.end();
    if (open != nullptr && open->id != options_.session_id)
      return fail(ErrorCode::refused, fmt::format("the session {} of this journal is unfinished", open->id),
                  journal.path(),
                  fmt::format("Resume it (/id:{} /ResumeSession) or abort it (/id:{} /AbortSession) first",
                              open->id, open->id));
    if (open == nullptr && options_.abort)
      return fail(ErrorCode::refused,
                  "there is no unfinished session to abort: only the last copy session, if it was "
                  "interrupted, can be aborted",
                  journal.path(),
                  "Nothing needs to be undone; prepare another session, or use a new journal");
    if (open == nullptr && options_.resume && !known)
      return fail(ErrorCode::not_found, fmt::format("the journal knows no session {}", options_.session_id),
                  journal.path(), "Check /id");
    if (open == nullptr && !known) {
      TRY(check_later_session(history));
      TRY(check_staging_source(ports_.files, options_));
    }
    if (!options_.source_directory.empty() && (open != nullptr || known))
      TRY(check_same_command(open != nullptr ? *open : *of_id));

    const std::string target = options_.target.empty() ? history.drive.path : options_.target;
    auto opened = ports_.open_drive(target);
    if (!opened && opened.error().code == ErrorCode::not_found && options_.target.empty())
      return fail(ErrorCode::not_found,
                  "the drive is not where the journal last saw it: " + opened.error().what, target,
                  "Attach it and run the same command again, or name its place now with /t:");
    auto device = TRY(std::move(opened));
    SourceOptions source = open != nullptr ? open->source : source_options();
    source.only = options_.only;
    TRY(check_drive(
        *device, ports_.files,
        {.journal_path = parent_of(journal.path()),
         .log_directory = history.drive.log_directory,
         .source_directory = options_.abort || (open == nullptr && known) ? "" : source.source_directory,
         .journal_id = history.journal_id}));
    CopySession session = TRY(session_on(journal, *device));
    if (options_.abort) {
      TRY(session.abort());
      PrepOutcome outcome;
      outcome.kind = PrepOutcome::Kind::aborted;
      outcome.drive = device->identity();
      outcome.report.session_id = options_.session_id;
      return outcome;
    }
    if (open == nullptr && known) {
      TRY(session.tidy());
      PrepOutcome outcome;
      outcome.kind = PrepOutcome::Kind::already_complete;
      outcome.drive = device->identity();
      outcome.report.session_id = of_id->id;
      outcome.report.drive_id = history.drive.serial;
      outcome.report.manifest_hash = of_id->manifest_hash;
      outcome.report.files = of_id->files;
      outcome.report.source_bytes = of_id->bytes;
      return outcome;
    }
    const SourcePlan plan = TRY(plan_source(ports_.files, source));
    if (plan_only_) {
      if (!history.built)
        return planned(*device, plan, TRY(dry_layout_on_empty(ports_, *device, plan, options_)), "",
                       history.drive.cluster_bytes);
      if (open != nullptr)
        return fail(ErrorCode::refused, "the session is under way; its plan is made", journal.path(),
                    "Run the command without --plan to resume");
      return planned(*device, plan, TRY(dry_layout_beside(*device, history, plan)), "",
                     history.drive.cluster_bytes);
    }
    if (open == nullptr) {
      TRY(check_room(*device, history, plan));
      TRY(session.begin(plan, options_.disposition));
    }
    return finish(session, plan, *device);
  }

  // Beside what the drive holds: a session that cannot fit is refused before it begins, as a first one is.
  Status check_room(BlockDevice& device, const DriveHistory& history, const SourcePlan& plan) {
    const DriveFacts& facts = history.drive;
    if (device.identity().serial != facts.serial) return {};  // the session says so
    uint64_t held_bytes = 0;
    for (const SessionHistory& session : history.sessions)
      if (session.complete) held_bytes += session.bytes + session.files * (facts.cluster_bytes + 2 * KiB);
    if (held_bytes + estimate_bytes(plan, facts.cluster_bytes) <= facts.capacity_bytes) return {};
    TRY(dry_layout_beside(device, history, plan));
    return {};
  }

  // On the volume as it is. The manifest's credential is the one that the first session gave.
  Result<DryLayout> dry_layout_beside(BlockDevice& device, const DriveHistory& history,
                                      const SourcePlan& plan) {
    const DriveFacts& facts = history.drive;
    PrepImportOptions options;
    options.disposition = options_.disposition;
    options.storage_account_key = facts.storage_account_key.clone();
    options.container_sas = facts.container_sas.clone();
    const OpenDrive drive = TRY(open_drive_volume(device, facts.recovery_password.text(), ports_.stretcher));
    auto ntfs = TRY(drive.file_system(ports_.runtime.utc_ns(), false));
    return dry_layout(std::move(ntfs), plan, options, facts.serial, history.last_complete() != nullptr);
  }

  Status check_later_session(const DriveHistory& history) const {
    if (options_.source_directory.empty())
      return fail(ErrorCode::invalid_argument, "a new session needs /srcdir:DIRECTORY and /dstdir:CONTAINER/",
                  {}, "See offseed waimportexport PrepImport --help");
    if (options_.format)
      return fail(ErrorCode::refused,
                  "the drive of this journal is formatted already; formatting again would lose its sessions",
                  history.drive.path,
                  "Leave /format /encrypt out for a further session, or use a new journal for a new drive");
    if (!options_.storage_account_key.empty() &&
        options_.storage_account_key.text() != history.drive.storage_account_key.text())
      return fail(ErrorCode::refused,
                  "/sk is not the key the first session gave: one drive goes to one storage account",
                  options_.journal, "Leave /sk out");
    return {};
  }

  // Open or complete: "done" must be said of what was asked for.
  Status check_same_command(const SessionHistory& session) const {
    if (session.source.source_directory == options_.source_directory &&
        session.source.destination == options_.destination &&
        session.source.blob_type == options_.blob_type && session.disposition == options_.disposition)
      return {};
    return fail(
        ErrorCode::refused,
        fmt::format("the session {} was begun with /srcdir:{} /dstdir:{} /BlobType:{} /Disposition:{}",
                    session.id, session.source.source_directory, session.source.destination,
                    blob_type_name(session.source.blob_type), session.disposition),
        options_.journal,
        session.complete ? "The session is complete: give another /id for another source"
                         : "Give the same values, or only /j and /id with /ResumeSession or /AbortSession");
  }

  Result<std::string> consent(BlockDevice& device, const DriveContent& content) {
    if (options_.silent) return std::string("/silentmode");
    const DeviceIdentity& identity = device.identity();
    const std::string holds =
        content.recognised ? "It holds " + *content.recognised + "." : "It seems blank.";
    const bool yes = TRY(ports_.person.confirm(
        fmt::format("Format {} ({}, serial {}, {})? {} Everything on it will be lost.", identity.path,
                    identity.model, identity.serial, human_bytes(device.contract().capacity_bytes), holds),
        "Give /silentmode to format without being asked"));
    if (!yes)
      return fail(ErrorCode::refused, "the format was declined", identity.path,
                  "Name the drive that is meant, or answer yes");
    return std::string("answered yes");
  }

  Result<PrepOutcome> planned(BlockDevice& device, const SourcePlan& source, const DryLayout& dry,
                              std::string holds, uint32_t cluster_bytes) const {
    PrepPlan plan;
    plan.source = source;
    plan.drive = device.identity();
    plan.capacity_bytes = device.contract().capacity_bytes;
    plan.cluster_bytes = cluster_bytes;
    plan.manifest_bytes = dry.layout.manifest.size_bytes;
    plan.free_after_bytes = dry.free_bytes;
    plan.drive_holds = std::move(holds);
    for (const LaidOutFile& file : dry.layout.files) {
      plan.extents += file.extents.size();
      for (const Extent& extent : file.extents) plan.needed_bytes += extent.length_bytes;
    }
    const ChunkStream stream(ports_.files, dry.layout.files, cluster_bytes,
                             session_options_.writer.chunk_bytes);
    plan.ranges = stream.end_range();
    plan.chunks = stream.end_chunk();
    plan.predicted_s = 2 * plan.needed_bytes / kMeanRate_bytes_per_s;
    PrepOutcome outcome;
    outcome.kind = PrepOutcome::Kind::planned;
    outcome.drive = device.identity();
    outcome.plan = std::move(plan);
    return outcome;
  }

  Result<CopySession> session_on(Journal& journal, BlockDevice& device) {
    return CopySession({ports_.runtime, ports_.files, device, ports_.entropy, ports_.person, ports_.formatter,
                        ports_.stretcher},
                       journal, TRY(read_history(journal.records(), journal.path())), session_options_);
  }

  Result<PrepOutcome> finish(CopySession& session, const SourcePlan& plan, BlockDevice& device) {
    PrepOutcome outcome;
    outcome.report = TRY(session.run(plan));
    outcome.drive = device.identity();
    return outcome;
  }

  SourceOptions source_options() const {
    return {.source_directory = options_.source_directory,
            .session_id = options_.session_id,
            .destination = options_.destination,
            .blob_type = options_.blob_type,
            .only = options_.only};
  }

  PrepPorts& ports_;
  const PrepImportOptions& options_;
  const SessionOptions& session_options_;
  bool plan_only_;
};

}  // namespace

Result<bool> fits_on_empty(PrepPorts& ports, BlockDevice& device, const SourcePlan& plan,
                           const PrepImportOptions& options) {
  const uint64_t capacity_bytes = device.contract().capacity_bytes;
  if (estimate_bytes(plan, cluster_bytes_for(capacity_bytes)) <= capacity_bytes) return true;
  const auto layout = dry_layout_on_empty(ports, device, plan, options);
  if (layout) return true;
  if (layout.error().code == ErrorCode::refused) return false;
  return std::unexpected(layout.error());
}

Result<PrepOutcome> prep_import(PrepPorts ports, const PrepImportOptions& options,
                                const SessionOptions& session_options, bool plan_only) {
  return PrepImport(ports, options, session_options, plan_only).run();
}

}  // namespace seedbed
