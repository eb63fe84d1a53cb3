// What an import job says of a prepared drive, from the drive's journal. The journal is read, not opened: no
// lock is taken and no torn tail cut. The key in it is a secret.
#pragma once

#include <string>

#include "engine/documents/import_job.h"
#include "engine/ports/file_store.h"

namespace seedbed {

// refused when the drive is not complete: its last session is open, or there is none.
Result<ImportDrive> drive_of_journal(FileStore& files, const std::string& path);

}  // namespace seedbed
