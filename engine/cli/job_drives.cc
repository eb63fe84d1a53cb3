#include "engine/cli/job_drives.h"

#include "engine/journal/record.h"
#include "engine/prep/drive_history.h"

namespace seedbed {

Result<ImportDrive> drive_of_journal(FileStore& files, const std::string& path) {
  Bytes text = TRY(read_file(files, path, 16 * MiB));
  const auto parsed = parse_records(as_text(text));
  wipe(text);
  if (!parsed) return std::unexpected(parsed.error());
  DriveHistory history = TRY(read_history(parsed->records, path));
  const SessionHistory* session = history.last_complete();
  if (session == nullptr || history.open_session() != nullptr)
    return fail(ErrorCode::refused, "the drive of this journal is not complete", path,
                "Finish its copy session first: the same command again, or /ResumeSession.");
  ImportDrive drive;
  drive.drive_id = history.drive.serial;
  drive.manifest_file = "\\DriveManifest.xml";
  drive.manifest_hash = session->manifest_hash;
  drive.header_hash = session->header_hash;
  drive.bitlocker_key = std::move(history.drive.recovery_password);
  return drive;
}

}  // namespace seedbed
