#include "engine/prep/copy_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/documents/drive_info.h"
#include "engine/prep/drive_proof.h"
#include "engine/prep/session_proof.h"

namespace seedbed {

namespace {

constexpr uint64_t kJournalSoftBytes = 1 * MiB;  // compacted beyond; the portal takes 2 MB
constexpr const char* kVolumeHashes = "volume";
constexpr uint64_t kBuilding = 0;  // sessions count from 1

Status not_this_drive(const std::string& what, const std::string& where) {
  return fail(ErrorCode::refused, "this is not the drive the journal speaks of: " + what, where,
              "Attach the right drive, or name its path with /t");
}

std::string file_name_of(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

}  // namespace

CopySession::CopySession(SessionPorts ports, Journal& journal, DriveHistory history, SessionOptions options)
    : ports_(ports), journal_(journal), history_(std::move(history)), options_(std::move(options)) {}

Status CopySession::append(Record record) {
  TRY(apply_record(history_, record, journal_.records().size(),
                   journal_.path()));  // what cannot follow is never written
  return journal_.append(std::move(record));
}

Status CopySession::compact_when_large() {
  if (journal_.size_bytes() < kJournalSoftBytes) return {};
  const std::vector<bool> keep = worth_keeping(journal_.records());
  return journal_.compact([&](size_t index) { return keep[index]; });
}

std::string CopySession::side_file(uint64_t session_number, const std::string& suffix) const {
  return join_path(history_.drive.log_directory,
                   fmt::format("{}.{}.{}", file_name_of(journal_.path()), session_number, suffix));
}

ManifestParts CopySession::manifest_parts(const SourcePlan& plan, const SessionLayout& layout) const {
  const DriveFacts& drive = history_.drive;
  return {plan,
          layout,
          drive.serial,
          history_.sessions.back().disposition,
          drive.storage_account_key,
          drive.container_sas,
          history_.last_complete() != nullptr,
          options_.writer.chunk_bytes};
}

// ---- intent and building ----

Status CopySession::draw_intent(DriveFacts facts) {
  if (facts.has_password && !options_.volume_password)
    return fail(ErrorCode::invalid_argument,
                "the drive was begun with a volume password, which no journal keeps", journal_.path(),
                "Give --volume-password-file again");
  facts.has_password = options_.volume_password != nullptr;
  secrets_ =
      BitlockerSecrets::draw(ports_.entropy, facts.has_password ? options_.volume_password->text() : "");
  facts.disk = ports_.entropy.guid();
  facts.partition = ports_.entropy.guid();
  facts.volume = secrets_->volume_id;
  facts.recovery_password = recovery_password_of(secrets_->recovery_key);
  return append(intent_record(facts));
}

Status CopySession::begin_first(DriveFacts facts, const SourcePlan& plan, const std::string& disposition) {
  TRY(draw_intent(std::move(facts)));
  return begin(plan, disposition);
}

Status CopySession::begin(const SourcePlan& plan, const std::string& disposition) {
  SessionHistory next;
  next.id = plan.options.session_id;
  next.number = history_.sessions.size() + 1;
  next.source = plan.options;
  next.disposition = disposition;
  next.plan_digest = plan.digest;
  next.files = plan.files.size();
  next.bytes = plan.total_bytes;
  return append(session_begin_record(next));
}

Result<StageFigures> CopySession::build() {
  if (!secrets_) {  // an earlier run was cut while building: fresh keys, for the same ones would repeat
                    // nonces
    rebuilt_ = true;
    const DriveFacts& last = history_.drive;
    DriveFacts facts;
    facts.serial = last.serial;
    facts.model = last.model;
    facts.path = last.path;
    facts.capacity_bytes = last.capacity_bytes;
    facts.sector_bytes = last.sector_bytes;
    facts.cluster_bytes = last.cluster_bytes;
    facts.log_directory = last.log_directory;
    facts.consent = last.consent;
    facts.has_password = last.has_password;
    facts.storage_account_key = last.storage_account_key.clone();
    facts.container_sas = last.container_sas.clone();
    TRY(draw_intent(std::move(facts)));
  }
  BuildPlan plan;
  plan.journal = Guid::parse(history_.journal_id).value();
  plan.disk = history_.drive.disk;
  plan.partition = history_.drive.partition;
  plan.now_ns = ports_.runtime.utc_ns();
  plan.description = fmt::format("{} {} {}", options_.host_name, history_.drive.serial,
                                 utc_journal_text(plan.now_ns).substr(0, 10));
  Bytes serial(8);
  ports_.entropy.fill(serial);
  plan.ntfs_serial = load_le<uint64_t>(serial, 0);
  plan.stretcher = ports_.stretcher;
  plan.secrets = std::move(*secrets_);
  secrets_.reset();
  const uint64_t start_ns = ports_.runtime.now_ns();
  StageFigures stage{"build", 0, {}};
  const BuiltDrive built = TRY(build_drive(ports_.device, ports_.formatter, plan));
  stage.bytes = built.content_bytes;
  stage.times.elapsed_ns = ports_.runtime.now_ns() - start_ns;
  options_.log.info(
      fmt::format("volume built: {} bytes in {} ms", stage.bytes, stage.times.elapsed_ns / 1'000'000));
  TRY(append(volume_built_record(
      TRY(save_volume_hashes(ports_.files, side_file(kBuilding, kVolumeHashes), built.hashes)))));
  return stage;
}

// ---- is it the drive, and where does it stand ----

Status CopySession::check_device() const {
  const DeviceIdentity& identity = ports_.device.identity();
  const DeviceContract& contract = ports_.device.contract();
  const DriveFacts& drive = history_.drive;
  if (identity.serial != drive.serial)
    return not_this_drive(fmt::format("its serial number is {}, not {}", identity.serial, drive.serial),
                          identity.path);
  if (contract.capacity_bytes != drive.capacity_bytes)
    return not_this_drive(
        fmt::format("it has {} bytes, not {}", contract.capacity_bytes, drive.capacity_bytes), identity.path);
  if (contract.logical_sector_bytes != drive.sector_bytes)
    return not_this_drive(
        fmt::format("its sectors have {} bytes, not {}", contract.logical_sector_bytes, drive.sector_bytes),
        identity.path);
  return {};
}

Result<OpenDrive> CopySession::open_drive() const {
  const std::string& where = ports_.device.identity().path;
  auto opened = open_drive_volume(ports_.device, history_.drive.recovery_password.text(), ports_.stretcher);
  // No retry finds what is gone. A volume that the journal's own password does not open is another one: of an
  // earlier building, say, that the drive brought back.
  if (!opened &&
      (opened.error().code == ErrorCode::not_found || opened.error().code == ErrorCode::permission_denied))
    return fail(ErrorCode::refused,
                fmt::format("the volume that the journal says was built is not on the drive: {}",
                            opened.error().what),
                where,
                "The drive was erased, or lost data after it had confirmed a flush: prepare another one, "
                "with a new journal");
  OpenDrive drive = TRY(std::move(opened));
  if (drive.table.disk != history_.drive.disk)
    return std::unexpected(not_this_drive("its disk GUID is " + drive.table.disk.text(), where).error());
  if (drive.volume->volume_id() != history_.drive.volume)
    return std::unexpected(
        not_this_drive("its volume GUID is " + drive.volume->volume_id().text(), where).error());
  if (!drive.marker) return std::unexpected(not_this_drive("it carries no drive marker", where).error());
  if (drive.marker->journal.text() != history_.journal_id || drive.marker->state == MarkerState::building)
    return std::unexpected(
        not_this_drive("its marker names the journal " + drive.marker->journal.text(), where).error());
  const auto legal = history_.legal_generations();
  if (std::ranges::find(legal, drive.marker->generation) == legal.end())
    return fail(
        ErrorCode::refused,
        fmt::format("the drive is at session generation {}, the journal at {}: one of them is an old copy",
                    drive.marker->generation, legal.back()),
        where, "Use the drive and the journal that belong together");
  return drive;
}

// ---- metadata sets ----

Status CopySession::apply_set(SetRecord& set, std::string_view name) {
  TRY(apply_metadata_set(ports_.files, ports_.device, set.saved, SetSide::redo));
  return append(metadata_set_record(session(), name, SetState::applied, SavedFile(set.saved)));
}

Status CopySession::undo_set(SetRecord& set, std::string_view name) {
  if (set.state != SetState::prepared && set.state != SetState::applied) return {};
  TRY(apply_metadata_set(ports_.files, ports_.device, set.saved, SetSide::undo));
  return append(metadata_set_record(session(), name, SetState::undone, SavedFile(set.saved)));
}

// What the drive must hold now: the last recorded hashes and what this session's sets have replaced since.
// Without recorded hashes just the latter.
Result<VolumeHashes> CopySession::expected_volume() const {
  const uint64_t capacity_bytes = history_.drive.capacity_bytes;
  VolumeHashes volume;
  if (const SavedFile* known = history_.volume_hashes())
    volume = TRY(load_volume_hashes(ports_.files, *known, capacity_bytes));
  const SessionHistory& now = history_.sessions.back();
  for (const SetRecord* set : {&now.files_set, &now.manifest_set})
    if (set->state == SetState::applied)
      TRY(hash_metadata_set(ports_.files, capacity_bytes, set->saved, volume));
  return volume;
}

// A set that was prepared may be on the drive in part: it is written whole before anything is read through
// the file system.
Status CopySession::settle_sets() {
  if (session().files_set.state == SetState::prepared) TRY(apply_set(session().files_set, kFilesSet));
  if (session().manifest_set.state == SetState::prepared)
    TRY(apply_set(session().manifest_set, kManifestSet));
  return {};
}

Status CopySession::check_previous_manifest(NtfsVolume& ntfs) const {
  const SessionHistory* previous = history_.last_complete();
  if (previous == nullptr) return {};
  if (TRY(once_laid_out(manifest_md5(ntfs))) != previous->manifest_hash)
    return fail(ErrorCode::corrupt, "the manifest on the drive is not the one the journal recorded",
                kManifestPath, "The drive was changed since; prepare it anew");
  return {};
}

Status CopySession::lay_out_files(OpenDrive& drive, const SourcePlan& plan) {
  auto ntfs = TRY(drive.file_system(ports_.runtime.utc_ns(), false));
  TRY(check_previous_manifest(ntfs));
  TRY(lay_out(ntfs, plan, manifest_parts(plan, {})));
  std::vector<DriveBlock> blocks = TRY(drive_blocks(*drive.volume, TRY(ntfs.close())));
  DriveMarker marker = *drive.marker;
  marker.state = MarkerState::open;
  marker.generation = session().number;
  blocks.push_back({kMarkerOffset_bytes, encode_marker(marker)});
  const SavedFile saved = TRY(save_metadata_set(
      ports_.files, ports_.device, side_file(session().number, "files.set"), blocks, TRY(expected_volume())));
  options_.log.info(fmt::format("laid out {} files, {} metadata blocks", plan.files.size(), blocks.size()));
  TRY(append(metadata_set_record(session(), kFilesSet, SetState::prepared, saved)));
  return apply_set(session().files_set, kFilesSet);
}

Status CopySession::rename_manifest(OpenDrive& drive) {
  auto ntfs = TRY(drive.file_system(ports_.runtime.utc_ns(), false));
  TRY(once_laid_out(ntfs.rename(kNewManifestPath, kManifestPath)));
  const auto blocks = TRY(drive_blocks(*drive.volume, TRY(ntfs.close())));
  const SavedFile saved =
      TRY(save_metadata_set(ports_.files, ports_.device, side_file(session().number, "manifest.set"), blocks,
                            TRY(expected_volume())));
  TRY(append(metadata_set_record(session(), kManifestSet, SetState::prepared, saved)));
  return apply_set(session().manifest_set, kManifestSet);
}

// ---- data ----

Result<PageHashLog> CopySession::open_hash_log() {
  const std::string path = side_file(session().number, "hashes");
  if (!session().checkpoint) return PageHashLog::create(ports_.files, path);
  return PageHashLog::open(ports_.files, path, session().checkpoint->hash_log_bytes,
                           session().checkpoint->hash_log_sha256);
}

// The last checkpoint is read back before a resume builds on it. Under legal faults it always verifies.
Status CopySession::trust_checkpoint(OpenDrive& drive, ChunkStream& data, ChunkStream& manifest,
                                     PageHashLog& hashes) {
  if (!session().checkpoint) return {};
  const uint64_t end = session().checkpoint->chunks;
  ChunkList tail =
      TRY(last_chunks(end > data.end_chunk() ? manifest : data, end, options_.writer.checkpoint_bytes));
  const auto mismatch = [&](const ProofPlace& place) -> Status {
    return fail(ErrorCode::refused,
                fmt::format("the drive does not hold what the last checkpoint says is durable: range {} "
                            "differs. The drive lost data after it had confirmed a flush",
                            place.range.range_index),
                fmt::format("{} @ {}", ports_.device.identity().path,
                            drive.volume->partition_offset_bytes() + place.chunk.volume_offset_bytes),
                "Do not trust this drive: abort the session with /AbortSession and use another drive");
  };
  TRY(prove_chunks(ports_.runtime, ports_.device, *drive.volume, tail, hashes,
                   fitted_to(options_.writer, tail.size()), mismatch, [](uint64_t) {}));
  return {};
}

Status CopySession::copy(OpenDrive& drive, ChunkStream& stream, PageHashLog& hashes, const std::string& stage,
                         SessionReport& report) {
  const CheckpointRecord base = session().checkpoint.value_or(CheckpointRecord{});
  const uint64_t total_bytes = padded_bytes(stream.files());
  const uint64_t before_bytes = stage == "copy" ? base.bytes : 0;
  StageProgress progress(ports_.runtime, ports_.person, stage, total_bytes, before_bytes);
  const auto checkpoint = [&](const Checkpoint& point) -> Status {
    TRY(hashes.append(point.hashes));
    TRY(append(checkpoint_record(session(), {.chunks = point.chunks,
                                             .ranges = point.ranges,
                                             .bytes = base.bytes + point.bytes,
                                             .hash_log_bytes = hashes.length_bytes(),
                                             .hash_log_sha256 = hashes.sha256_hex()})));
    TRY(compact_when_large());
    progress.done(before_bytes + point.bytes);
    ports_.person.event("checkpoint", {{"stage", stage},
                                       {"durable_bytes", std::to_string(before_bytes + point.bytes)},
                                       {"total_bytes", std::to_string(total_bytes)},
                                       {"ranges", std::to_string(point.ranges)}});
    return {};
  };
  const WriteTotals totals = TRY(write_sectors(
      ports_.runtime, ports_.device, drive.volume->partition_offset_bytes(), drive.volume->cipher(), stream,
      checkpoint, fitted_to(options_.writer, stream.chunk_count())));
  report.stages.push_back({stage, totals.bytes, totals.times});
  return {};
}

// ---- proof and end ----

// Once proved, or taken on trust when the proof is switched off, what the drive holds goes into the journal.
Status CopySession::finalise(OpenDrive& drive, const SourcePlan& plan, ChunkStream& data,
                             ChunkStream& manifest, PageHashLog& hashes, SessionReport& report) {
  const VolumeHashes volume = TRY(expected_volume());
  const SavedFile* known = history_.volume_hashes();
  if (known == nullptr)
    options_.log.warning(
        "the journal has no hashes of the volume that was built: only what this session wrote is proved");
  if (options_.proof)
    report.stages.push_back(TRY(prove_session(ports_.runtime, ports_.person, ports_.device, drive,
                                              {plan, data, manifest, hashes, volume, options_.writer})));
  std::optional<SavedFile> saved;
  if (known != nullptr)
    saved = TRY(save_volume_hashes(ports_.files, side_file(session().number, kVolumeHashes), volume));
  auto ntfs = TRY(drive.file_system(ports_.runtime.utc_ns(), true));
  const std::string md5 = TRY(once_laid_out(manifest_md5(ntfs)));
  return append(
      finalised_record(session(), md5, TRY(drive_header_hash(ports_.device, *drive.volume)), saved));
}

Result<SessionReport> CopySession::run(const SourcePlan& plan) {
  SessionReport report;
  if (session().aborting)
    return fail(ErrorCode::refused, "the session is being aborted; it cannot be resumed", journal_.path(),
                "Finish it with /AbortSession");
  if (plan.digest != session().plan_digest)
    return fail(ErrorCode::source_changed,
                fmt::format("the source is not what the session recorded: {} files and {} bytes then, {} "
                            "files and {} bytes now",
                            session().files, session().bytes, plan.files.size(), plan.total_bytes),
                plan.options.source_directory,
                "Put the source back as it was, or abort the session with /AbortSession and start a new one");
  TRY(check_device());
  if (!history_.built) report.stages.push_back(TRY(build()));
  OpenDrive drive = TRY(open_drive());
  report.resumed = session().files_set.state != SetState::none;
  TRY(settle_sets());
  if (session().files_set.state == SetState::none) TRY(lay_out_files(drive, plan));

  const bool renamed = session().manifest_set.state == SetState::applied;
  SessionLayout layout;
  {
    auto ntfs = TRY(drive.file_system(ports_.runtime.utc_ns(), true));
    layout = TRY(read_layout(ntfs, plan, renamed ? kManifestPath : kNewManifestPath));
  }
  layout.manifest.source_path = side_file(session().number, "manifest");
  const uint32_t cluster_bytes = history_.drive.cluster_bytes;
  const uint32_t chunk_bytes = options_.writer.chunk_bytes;
  ChunkStream data(ports_.files, layout.files, cluster_bytes, chunk_bytes);
  ChunkStream manifest(ports_.files, {layout.manifest}, cluster_bytes, chunk_bytes, data.end_range(),
                       data.end_chunk());
  PageHashLog hashes = TRY(open_hash_log());
  if (report.resumed) TRY(trust_checkpoint(drive, data, manifest, hashes));
  report.resumed_bytes = session().checkpoint ? session().checkpoint->bytes : 0;

  if (!session().data_done) {
    const CheckpointRecord from = session().checkpoint.value_or(CheckpointRecord{});
    if (report.resumed) {
      TRY(data.seek(from.chunks, from.ranges));
      report.redone_bytes = TRY(count_redo(ports_.device, *drive.volume, data, options_.writer.redo_bytes));
    }
    TRY(data.seek(from.chunks, from.ranges));
    TRY(copy(drive, data, hashes, "copy", report));
    TRY(append(data_done_record(session())));
  }
  if (!renamed) {
    {
      auto ntfs = TRY(drive.file_system(ports_.runtime.utc_ns(), true));
      TRY(write_temporary_manifest(ports_.files, layout.manifest.source_path, ntfs,
                                   manifest_parts(plan, layout), hashes));
    }
    const CheckpointRecord from = session().checkpoint.value_or(CheckpointRecord{});
    TRY(manifest.seek(std::max(from.chunks, data.end_chunk()), std::max(from.ranges, data.end_range())));
    TRY(copy(drive, manifest, hashes, "manifest", report));
    TRY(rename_manifest(drive));
  }
  if (session().manifest_hash.empty()) TRY(finalise(drive, plan, data, manifest, hashes, report));
  TRY(append(session_complete_record(session())));
  report.manifest_hash = session().manifest_hash;
  report.header_hash = session().header_hash;
  report.session_id = session().id;
  report.drive_id = history_.drive.serial;
  report.files = plan.files.size();
  report.source_bytes = plan.total_bytes;
  report.rebuilt = rebuilt_;
  report.skipped = plan.skipped;
  report.renamed = plan.renamed;
  TRY(tidy());
  return report;
}

Status CopySession::abort() {
  TRY(check_device());
  if (!history_.built) TRY(build());  // an empty volume is what an aborted first session leaves
  if (!session().aborting) TRY(append(session_aborting_record(session())));
  OpenDrive drive = TRY(open_drive());
  TRY(undo_set(session().manifest_set, kManifestSet));
  TRY(undo_set(session().files_set, kFilesSet));
  TRY(append(session_aborted_record(session())));
  return tidy();
}

Status CopySession::tidy() {
  if (history_.open_session() != nullptr || history_.sessions.empty()) return {};
  TRY(check_device());
  const SessionHistory& last = history_.sessions.back();
  Bytes block(kMarkerBytes);
  TRY(read_device(ports_.device, kMarkerOffset_bytes, block));
  auto marker = TRY(parse_marker(block, ports_.device.identity().path));
  if (last.complete && marker && marker->state != MarkerState::building &&
      marker->journal.text() == history_.journal_id && marker->generation == last.number) {
    // Also when it reads closed: who wrote it may have died before its flush, or after one that failed, and
    // then only writing it again helps.
    const uint64_t epoch = ports_.device.reset_epoch();
    marker->state = MarkerState::closed;
    TRY(write_device(ports_.device, kMarkerOffset_bytes, encode_marker(*marker)));
    TRY(flush_device(ports_.device, epoch));
  }
  if (last.complete) {  // what people and portals read: the drive's record as the original tool writes it, in
                        // the journal and beside it
    DriveInfo info{.drive_id = history_.drive.serial,
                   .bitlocker_key = history_.drive.recovery_password.clone(),
                   .manifest_file = "\\DriveManifest.xml",
                   .manifest_hash = {}};
    std::ranges::copy(parse_hex(last.manifest_hash).value_or(Bytes(16)), info.manifest_hash.begin());
    const std::string xml = TRY(encode_drive_info(info));
    const bool told = std::ranges::any_of(journal_.records(), [&](const Record& record) {
      return record.get("ActivityId") == "DriveInfo" &&
             record.get("SessionNumber") == std::to_string(last.number);
    });
    if (!told) {
      Record record{.utc_ns = 0,
                    .type = "ActivityRecord",
                    .fields = {{"ActivityId", "DriveInfo"},
                               {"SessionNumber", std::to_string(last.number)},
                               {"DriveState", xml},
                               {"SaveCommandOutput", "Completed"}}};
      TRY(append(std::move(record)));
    }
    TRY(replace_file(ports_.files, fmt::format("{}_DriveInfo_{}.xml", journal_.path(), history_.drive.serial),
                     as_bytes(xml)));
  }
  std::vector<std::string> done_with;
  for (const char* suffix :
       {"files.set", "files.set.new", "manifest.set", "manifest.set.new", "manifest", "hashes"})
    done_with.push_back(side_file(last.number, suffix));
  const SavedFile* known = history_.volume_hashes();
  for (uint64_t number = kBuilding; number <= last.number; number++)
    if (const std::string path = side_file(number, kVolumeHashes); known == nullptr || path != known->path)
      done_with.push_back(path);
  for (const std::string& path : done_with) {
    const auto removed = ports_.files.remove(path);
    if (!removed && removed.error().code != ErrorCode::not_found) return removed;
  }
  const std::vector<bool> keep = worth_keeping(journal_.records());
  if (std::ranges::find(keep, false) != keep.end())
    TRY(journal_.compact([&](size_t index) { return keep[index]; }));
  return {};
}

}  // namespace seedbed
