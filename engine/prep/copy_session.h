// One copy session on one drive, from wherever its journal stands to complete, or back by undo. Plan, write,
// prove:
//
//   (build the volume) · lay out files by a metadata set · copy with checkpoints · manifest · rename by a
//   metadata set · proof · complete
//
// Every step starts from what the journal and the drive say and may be cut anywhere: running it again goes
// on. Nothing is believed that the trust table (docs/trust.md) does not allow. Owned by the main task of one
// process; it owns the drive meanwhile.
//
// Durability: run() returns success only after "SessionComplete" is durable in the journal, which is after
// the proof (unless switched off).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/log.h"
#include "engine/journal/journal.h"
#include "engine/journal/page_hash_log.h"
#include "engine/ports/entropy.h"
#include "engine/ports/operator.h"
#include "engine/prep/drive_history.h"
#include "engine/prep/drive_volume.h"
#include "engine/prep/session_layout.h"
#include "engine/prep/stage_progress.h"

namespace seedbed {

struct SessionPorts {
  Runtime& runtime;
  FileStore& files;
  BlockDevice& device;
  Entropy& entropy;
  Operator& person;
  Formatter& formatter;
  KeyStretcher* stretcher = nullptr;  // remembers stretched keys; null: just compute
};

struct SessionOptions {
  bool proof = true;
  SectorWriterOptions writer;
  std::string host_name = "SEEDBED";  // in the volume's description
  std::shared_ptr<const SecretBytes>
      volume_password;  // a password protector beside the recovery password; null: none
  Logger log;
};

struct SessionReport {
  std::string session_id, drive_id, manifest_hash, header_hash;
  uint64_t files = 0, source_bytes = 0;
  uint64_t resumed_bytes = 0;  // durable when this run began
  uint64_t redone_bytes = 0;   // already on the drive, beyond the last checkpoint, written again
  bool resumed = false, rebuilt = false;
  std::vector<StageFigures> stages;
  std::vector<std::pair<std::string, std::string>> skipped, renamed;
};

class CopySession {
 public:
  // `history` as read from `journal`.
  CopySession(SessionPorts ports, Journal& journal, DriveHistory history, SessionOptions options);

  // The first session of a drive: a durable intent (identity, keys, consent, credentials) and the session's
  // record; the drive is not touched yet.
  Status begin_first(DriveFacts facts, const SourcePlan& plan, const std::string& disposition);
  // A later session.
  Status begin(const SourcePlan& plan, const std::string& disposition);
  // Drives the open session to complete. `plan` as made now: refused when it is not the one the session
  // recorded.
  Result<SessionReport> run(const SourcePlan& plan);
  // Undoes the open session: the drive is as before it (after the first: an empty volume), the session
  // closed.
  Status abort();
  // After a complete session: closes the drive's marker, removes what only the session needed, compacts the
  // journal. Safe to repeat.
  Status tidy();

  const DriveHistory& history() const noexcept { return history_; }

 private:
  SessionHistory& session() { return history_.sessions.back(); }
  Status append(Record record);
  Status compact_when_large();
  std::string side_file(uint64_t session_number, const std::string& suffix) const;
  ManifestParts manifest_parts(const SourcePlan& plan, const SessionLayout& layout) const;

  Status draw_intent(DriveFacts facts);
  Result<StageFigures> build();
  Status check_device() const;
  Result<OpenDrive> open_drive() const;
  Status settle_sets();
  Status apply_set(SetRecord& set, std::string_view name);
  Status undo_set(SetRecord& set, std::string_view name);
  Status lay_out_files(OpenDrive& drive, const SourcePlan& plan);
  Status check_previous_manifest(NtfsVolume& ntfs) const;
  Result<PageHashLog> open_hash_log();
  Status trust_checkpoint(OpenDrive& drive, ChunkStream& data, ChunkStream& manifest, PageHashLog& hashes);
  Status copy(OpenDrive& drive, ChunkStream& stream, PageHashLog& hashes, const std::string& stage,
              SessionReport& report);
  Status rename_manifest(OpenDrive& drive);
  Result<VolumeHashes> expected_volume() const;
  Status finalise(OpenDrive& drive, const SourcePlan& plan, ChunkStream& data, ChunkStream& manifest,
                  PageHashLog& hashes, SessionReport& report);

  SessionPorts ports_;
  Journal& journal_;
  DriveHistory history_;
  SessionOptions options_;
  std::optional<BitlockerSecrets> secrets_;  // drawn by this run's intent, until the volume is built
  bool rebuilt_ = false;
};

}  // namespace seedbed
