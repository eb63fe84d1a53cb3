// What a drive's journal says, typed: the drive, its volume and its copy sessions, rebuilt from the records
// in order; and the records that move it on. Records that do not follow from what stands before them make the
// journal corrupt: a history is believed whole or not at all.
//
// Pure: records in, values out. The order of records is the order of truth (docs/trust.md):
//   NewJournalFile · DriveIntent · SessionBegin(1) · { DriveIntent }… · VolumeBuilt · { SessionBegin(n) ·
//   MetadataSet(files) prepared, applied · Checkpoint… · DataDone · Checkpoint… · MetadataSet(manifest)
//   prepared, applied · Finalised · SessionComplete | … · SessionAborting · SessionAborted }…
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/secret.h"
#include "engine/journal/record.h"
#include "engine/prep/metadata_set.h"
#include "engine/prep/source_plan.h"

namespace seedbed {

// Which drive: everything a resume compares before it writes a byte.
struct DriveFacts {
  std::string serial, model, path;
  uint64_t capacity_bytes = 0;
  uint32_t sector_bytes = 512;
  uint32_t cluster_bytes = 4096;
  Guid disk, partition, volume;  // GPT disk, GPT partition, BitLocker volume
  SecretBytes recovery_password;
  SecretBytes storage_account_key, container_sas;
  bool has_password = false;  // a password opens the volume too; it is not kept
  std::string log_directory;
  std::string
      consent;  // how the operator agreed to the format: "answered yes", "/silentmode", "the drive was blank"
};

// The metadata sets of a session, by the names that the journal uses.
inline constexpr std::string_view kFilesSet = "files", kManifestSet = "manifest";
enum class SetState : uint8_t { none, prepared, applied, undone };
struct SetRecord {
  SetState state = SetState::none;
  SavedFile saved;
};

struct CheckpointRecord {
  uint64_t chunks = 0, ranges = 0;  // durable so far in this session, manifest included
  uint64_t bytes = 0;               // of chunks, padding included
  uint64_t hash_log_bytes = 0;
  std::string hash_log_sha256;
};

struct SessionHistory {
  std::string id;
  uint64_t number = 0;  // 1, 2, …; also the generation it makes
  SourceOptions source;
  std::string disposition = "rename";
  std::string plan_digest;
  uint64_t files = 0, bytes = 0;
  SetRecord files_set, manifest_set;
  std::optional<CheckpointRecord> checkpoint;  // the last
  bool data_done = false;  // all file ranges durable; checkpoints from here on are the manifest's
  std::string manifest_hash, header_hash;  // set by Finalised
  std::optional<SavedFile> volume_hashes;  // by Finalised too; nothing: nobody knows them all
  bool aborting = false;                   // the undo has begun: the session can only be aborted
  bool complete = false, aborted = false;
  bool open() const noexcept { return !complete && !aborted; }
};

struct DriveHistory {
  std::string journal_id;
  bool intent = false, built = false;
  uint64_t build_attempts = 0;
  std::optional<SavedFile> built_hashes;  // of the empty volume; nothing: built before there were such files
  DriveFacts drive;                       // of the last intent
  std::vector<SessionHistory> sessions;

  // The session that is under way, if one is.
  const SessionHistory* open_session() const noexcept;
  // The last complete one, whose manifest stands on the drive.
  const SessionHistory* last_complete() const noexcept;
  // The volume hash file of the drive as the last complete session, or building, left it; null: there is
  // none.
  const SavedFile* volume_hashes() const noexcept;
  // Generations the drive may show now.
  std::vector<uint64_t> legal_generations() const;
};

// Takes one more record; `index` counts from 0 and, like `where`, is for the message. corrupt when it cannot
// follow.
Status apply_record(DriveHistory& history, const Record& record, size_t index, const std::string& where);
Result<DriveHistory> read_history(const std::vector<Record>& records, const std::string& where);

Record intent_record(const DriveFacts& drive);
Record volume_built_record(const std::optional<SavedFile>& hashes);
Record session_begin_record(const SessionHistory& session);
Record metadata_set_record(const SessionHistory& session, std::string_view name, SetState state,
                           const SavedFile& saved);
Record checkpoint_record(const SessionHistory& session, const CheckpointRecord& checkpoint);
Record data_done_record(const SessionHistory& session);
Record finalised_record(const SessionHistory& session, const std::string& manifest_hash,
                        const std::string& header_hash, const std::optional<SavedFile>& hashes);
Record session_complete_record(const SessionHistory& session);
Record session_aborting_record(const SessionHistory& session);
Record session_aborted_record(const SessionHistory& session);

// Which records a compaction keeps: all but checkpoints that a later one of the same session replaces.
std::vector<bool> worth_keeping(const std::vector<Record>& records);

}  // namespace seedbed
