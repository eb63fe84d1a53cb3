#include "engine/prep/drive_history.h"

#include <fmt/format.h>

#include <map>

namespace seedbed {

namespace {

constexpr std::string_view kActivity = "ActivityRecord";
constexpr std::string_view kHashFile = "VolumeHashFile", kHashBytes = "VolumeHashBytes",
                           kHashSha256 = "VolumeHashSha256";

Record activity(std::string_view id, std::vector<std::pair<std::string, std::string>> fields) {
  Record record;
  record.type = kActivity;
  record.fields.emplace_back("ActivityId", id);
  for (auto& field : fields) record.fields.push_back(std::move(field));
  return record;
}

Record session_activity(std::string_view id, const SessionHistory& session,
                        std::vector<std::pair<std::string, std::string>> fields) {
  Record record =
      activity(id, {{"SessionId", session.id}, {"SessionNumber", std::to_string(session.number)}});
  for (auto& field : fields) record.fields.push_back(std::move(field));
  return record;
}

void add_volume_hashes(Record& record, const std::optional<SavedFile>& hashes) {
  if (!hashes) return;
  record.fields.emplace_back(kHashFile, hashes->path);
  record.fields.emplace_back(kHashBytes, std::to_string(hashes->length_bytes));
  record.fields.emplace_back(kHashSha256, hashes->sha256);
}

const char* set_state_name(SetState state) {
  switch (state) {
    case SetState::none:
      return "None";
    case SetState::prepared:
      return "Prepared";
    case SetState::applied:
      return "Applied";
    case SetState::undone:
      return "Undone";
  }
  return "None";
}

std::string text_of(const Record& record, std::string_view name) {
  return std::string(record.get(name));
}

// Applies records one by one; every rule that a record must obey stands here.
class HistoryReader {
 public:
  HistoryReader(DriveHistory& history_so_far, const std::string& where)
      : history(history_so_far), where_(where) {}

  Status take(const Record& record, size_t index) {
    index_ = index;
    if (index == 0) {
      if (record.type != "NewJournalFile") return wrong("the first record is not NewJournalFile");
      history.journal_id = text_of(record, "JournalId");
      if (!Guid::parse(history.journal_id)) return wrong("the JournalId is no GUID");
      return {};
    }
    if (record.type != kActivity) return wrong("a record of the unknown type " + record.type);
    const std::string_view id = record.get("ActivityId");
    if (id == "DriveIntent") return intent(record);
    if (id == "VolumeBuilt") {
      if (!history.intent || history.built) return wrong("VolumeBuilt without an open intent");
      history.built = true;
      return volume_hashes(record, history.built_hashes);
    }
    if (id == "SessionBegin") return begin(record);
    if (id == "DriveInfo") return {};  // for people and portals; nothing is believed from it
    return of_session(record, id);
  }

  DriveHistory& history;

 private:
  Status wrong(std::string what) const {
    return fail(
        ErrorCode::corrupt,
        fmt::format("the journal's record {} cannot follow from what stands before it: {}", index_ + 1, what),
        where_, "Restore the journal of this drive, or prepare the drive anew with a new journal");
  }

  Status intent(const Record& record) {
    if (history.built) return wrong("a second DriveIntent after the volume was built");
    DriveFacts& drive = history.drive;
    drive.serial = record.get("DriveId");
    drive.model = record.get("Model");
    drive.path = record.get("TargetDrive");
    drive.capacity_bytes = record.number("CapacityBytes");
    drive.sector_bytes = static_cast<uint32_t>(record.number("SectorBytes"));
    drive.cluster_bytes = static_cast<uint32_t>(record.number("ClusterBytes"));
    drive.log_directory = record.get("LogDirectory");
    drive.consent = record.get("Consent");
    drive.has_password = record.get("PasswordProtector") == "yes";
    const auto disk = Guid::parse(record.get("DiskGuid")),
               partition = Guid::parse(record.get("PartitionGuid")),
               volume = Guid::parse(record.get("VolumeGuid"));
    if (!disk || !partition || !volume || drive.serial.empty() || drive.capacity_bytes == 0)
      return wrong("the drive's identity is incomplete");
    if (drive.sector_bytes != 512 && drive.sector_bytes != 4096)
      return wrong("a sector size that no drive has");
    drive.disk = *disk;
    drive.partition = *partition;
    drive.volume = *volume;
    drive.recovery_password = SecretBytes::of_text(record.get("BitLockerKey"));
    drive.storage_account_key = SecretBytes::of_text(record.get("StorageAccountKey"));
    drive.container_sas = SecretBytes::of_text(record.get("ContainerSas"));
    history.intent = true;
    history.build_attempts++;
    return {};
  }

  Status begin(const Record& record) {
    if (!history.built && !history.sessions.empty())
      return wrong("a second session before the volume was built");
    if (!history.intent) return wrong("a session before the drive was chosen");
    if (history.open_session() != nullptr) return wrong("a session before the last one ended");
    SessionHistory session;
    session.id = record.get("SessionId");
    session.number = record.number("SessionNumber");
    if (session.number != history.sessions.size() + 1) return wrong("a session number out of order");
    session.source = {
        .source_directory = text_of(record, "SourceDirectory"),
        .session_id = session.id,
        .destination = text_of(record, "Destination"),
        .blob_type = record.get("BlobType") == "PageBlob" ? BlobType::page_blob : BlobType::block_blob};
    session.disposition = record.get("Disposition");
    session.plan_digest = record.get("PlanDigest");
    session.files = record.number("Files");
    session.bytes = record.number("Bytes");
    if (session.id.empty() || session.plan_digest.size() != 64) return wrong("the session is incomplete");
    history.sessions.push_back(std::move(session));
    return {};
  }

  Status of_session(const Record& record, std::string_view id) {
    if (history.sessions.empty() || !history.sessions.back().open())
      return wrong(fmt::format("{} without an open session", id));
    SessionHistory& session = history.sessions.back();
    if (record.number("SessionNumber") != session.number)
      return wrong(fmt::format("{} of another session", id));
    if (!history.built) return wrong(fmt::format("{} before the volume was built", id));
    if (id == "MetadataSet") return metadata_set(record, session);
    if (session.aborting && id != "SessionAborted")
      return wrong(fmt::format("{} while the session is being aborted", id));
    if (id == "Checkpoint") {
      CheckpointRecord checkpoint{.chunks = record.number("Chunks"),
                                  .ranges = record.number("Ranges"),
                                  .bytes = record.number("Bytes"),
                                  .hash_log_bytes = record.number("HashLogBytes"),
                                  .hash_log_sha256 = text_of(record, "HashLogSha256")};
      if (session.files_set.state != SetState::applied)
        return wrong("a checkpoint before the files were laid out");
      if (session.checkpoint &&
          (checkpoint.ranges < session.checkpoint->ranges || checkpoint.chunks < session.checkpoint->chunks))
        return wrong("a checkpoint behind the last one");
      if (checkpoint.hash_log_bytes != checkpoint.ranges * 16)
        return wrong("a checkpoint whose hash log has another length");
      session.checkpoint = std::move(checkpoint);
      return {};
    }
    if (id == "DataDone") {
      if (session.files_set.state != SetState::applied)
        return wrong("DataDone before the files were laid out");
      session.data_done = true;
      return {};
    }
    if (id == "Finalised") {
      if (session.manifest_set.state != SetState::applied)
        return wrong("Finalised before the manifest stands");
      session.manifest_hash = record.get("ManifestHash");
      session.header_hash = record.get("DriveHeaderHash");
      if (session.manifest_hash.size() != 32) return wrong("the manifest's hash is no MD5");
      return volume_hashes(record, session.volume_hashes);
    }
    if (id == "SessionComplete") {
      if (session.manifest_hash.empty()) return wrong("SessionComplete before Finalised");
      session.complete = true;
      return {};
    }
    if (id == "SessionAborting") {
      session.aborting = true;
      return {};
    }
    if (id == "SessionAborted") {
      if (!session.aborting) return wrong("SessionAborted without SessionAborting");
      session.aborted = true;
      return {};
    }
    return wrong(fmt::format("the unknown activity \"{}\"", id));
  }

  // Journals of before there were such files have none of the three fields; a record has all of them or none.
  Status volume_hashes(const Record& record, std::optional<SavedFile>& into) const {
    into.reset();
    if (!record.has(kHashFile) && !record.has(kHashBytes) && !record.has(kHashSha256)) return {};
    into = {text_of(record, kHashFile), record.number(kHashBytes), text_of(record, kHashSha256)};
    if (into->path.empty() || into->length_bytes == 0 || into->sha256.size() != 64)
      return wrong("the volume hash file is named in part only");
    return {};
  }

  Status metadata_set(const Record& record, SessionHistory& session) {
    const bool manifest = record.get("Name") == kManifestSet;
    if (!manifest && record.get("Name") != kFilesSet) return wrong("a metadata set of an unknown name");
    SetRecord& set = manifest ? session.manifest_set : session.files_set;
    const std::string_view state = record.get("State");
    if (state == "Prepared") {
      if (set.state != SetState::none || (manifest && !session.data_done))
        return wrong("a metadata set prepared out of turn");
      set = {SetState::prepared,
             {text_of(record, "File"), record.number("LengthBytes"), text_of(record, "Sha256")}};
    } else if (state == "Applied") {
      if (set.state != SetState::prepared) return wrong("a metadata set applied that was not prepared");
      set.state = SetState::applied;
    } else if (state == "Undone") {
      if (set.state == SetState::none) return wrong("a metadata set undone that was never prepared");
      set.state = SetState::undone;
    } else {
      return wrong("a metadata set in an unknown state");
    }
    return {};
  }

  const std::string& where_;
  size_t index_ = 0;
};

}  // namespace

const SessionHistory* DriveHistory::open_session() const noexcept {
  return !sessions.empty() && sessions.back().open() ? &sessions.back() : nullptr;
}

const SessionHistory* DriveHistory::last_complete() const noexcept {
  const SessionHistory* last = nullptr;
  for (const SessionHistory& session : sessions)
    if (session.complete) last = &session;
  return last;
}

const SavedFile* DriveHistory::volume_hashes() const noexcept {
  const SessionHistory* last = last_complete();
  const std::optional<SavedFile>& hashes = last != nullptr ? last->volume_hashes : built_hashes;
  return hashes ? &*hashes : nullptr;
}

std::vector<uint64_t> DriveHistory::legal_generations() const {
  // An aborted session's undo brings the generation of before back; its number is never used again.
  uint64_t settled = 0;
  for (const SessionHistory& session : sessions)
    if (session.complete) settled = session.number;
  const SessionHistory* session = open_session();
  if (session == nullptr || session->files_set.state == SetState::none) return {settled};
  if (session->files_set.state == SetState::applied && !session->aborting) return {session->number};
  return {settled, session->number};
}

Status apply_record(DriveHistory& history, const Record& record, size_t index, const std::string& where) {
  return HistoryReader(history, where).take(record, index);
}

Result<DriveHistory> read_history(const std::vector<Record>& records, const std::string& where) {
  DriveHistory history;
  for (size_t i = 0; i < records.size(); i++) TRY(apply_record(history, records[i], i, where));
  return history;
}

Record intent_record(const DriveFacts& drive) {
  Record record = activity("DriveIntent", {{"DriveId", drive.serial},
                                           {"Model", drive.model},
                                           {"TargetDrive", drive.path},
                                           {"CapacityBytes", std::to_string(drive.capacity_bytes)},
                                           {"SectorBytes", std::to_string(drive.sector_bytes)},
                                           {"ClusterBytes", std::to_string(drive.cluster_bytes)},
                                           {"DiskGuid", drive.disk.text()},
                                           {"PartitionGuid", drive.partition.text()},
                                           {"VolumeGuid", drive.volume.text()},
                                           {"LogDirectory", drive.log_directory},
                                           {"Consent", drive.consent},
                                           {"BitLockerKey", std::string(drive.recovery_password.text())}});
  if (drive.has_password) record.fields.emplace_back("PasswordProtector", "yes");
  if (!drive.storage_account_key.empty())
    record.fields.emplace_back("StorageAccountKey", drive.storage_account_key.text());
  if (!drive.container_sas.empty()) record.fields.emplace_back("ContainerSas", drive.container_sas.text());
  return record;
}

Record volume_built_record(const std::optional<SavedFile>& hashes) {
  Record record = activity("VolumeBuilt", {});
  add_volume_hashes(record, hashes);
  return record;
}

Record session_begin_record(const SessionHistory& session) {
  return session_activity("SessionBegin", session,
                          {{"SourceDirectory", session.source.source_directory},
                           {"Destination", session.source.destination},
                           {"BlobType", blob_type_name(session.source.blob_type)},
                           {"Disposition", session.disposition},
                           {"PlanDigest", session.plan_digest},
                           {"Files", std::to_string(session.files)},
                           {"Bytes", std::to_string(session.bytes)}});
}

Record metadata_set_record(const SessionHistory& session, std::string_view name, SetState state,
                           const SavedFile& saved) {
  return session_activity("MetadataSet", session,
                          {{"Name", std::string(name)},
                           {"State", set_state_name(state)},
                           {"File", saved.path},
                           {"LengthBytes", std::to_string(saved.length_bytes)},
                           {"Sha256", saved.sha256}});
}

Record checkpoint_record(const SessionHistory& session, const CheckpointRecord& checkpoint) {
  return session_activity("Checkpoint", session,
                          {{"Chunks", std::to_string(checkpoint.chunks)},
                           {"Ranges", std::to_string(checkpoint.ranges)},
                           {"Bytes", std::to_string(checkpoint.bytes)},
                           {"HashLogBytes", std::to_string(checkpoint.hash_log_bytes)},
                           {"HashLogSha256", checkpoint.hash_log_sha256}});
}

Record data_done_record(const SessionHistory& session) {
  return session_activity("DataDone", session, {});
}

Record finalised_record(const SessionHistory& session, const std::string& manifest_hash,
                        const std::string& header_hash, const std::optional<SavedFile>& hashes) {
  Record record = session_activity("Finalised", session,
                                   {{"ManifestHash", manifest_hash}, {"DriveHeaderHash", header_hash}});
  add_volume_hashes(record, hashes);
  return record;
}

Record session_complete_record(const SessionHistory& session) {
  return session_activity("SessionComplete", session, {{"SaveCommandOutput", "Completed"}});
}
Record session_aborting_record(const SessionHistory& session) {
  return session_activity("SessionAborting", session, {});
}
Record session_aborted_record(const SessionHistory& session) {
  return session_activity("SessionAborted", session, {{"SaveCommandOutput", "Aborted"}});
}

std::vector<bool> worth_keeping(const std::vector<Record>& records) {
  std::map<std::string, size_t, std::less<>> last_of_session;
  const auto is_checkpoint = [](const Record& record) { return record.get("ActivityId") == "Checkpoint"; };
  for (size_t i = 0; i < records.size(); i++)
    if (is_checkpoint(records[i])) last_of_session[std::string(records[i].get("SessionNumber"))] = i;
  std::vector<bool> keep(records.size(), true);
  for (size_t i = 0; i < records.size(); i++)
    if (is_checkpoint(records[i]))
      keep[i] = last_of_session[std::string(records[i].get("SessionNumber"))] == i;
  return keep;
}

}  // namespace seedbed
