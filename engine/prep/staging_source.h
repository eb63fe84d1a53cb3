// When the source of a copy session is the staging location of a backup, there is only one right way to copy
// it: these checks refuse every other before a drive is touched. Reads the staging location's indexes only.
#pragma once

#include "engine/ports/file_store.h"
#include "engine/prep/prep_options.h"

namespace seedbed {

// Does the directory hold indexes of base blobs (*.AIBBlob)?
Result<bool> is_staging_location(FileStore& files, const std::string& directory);

// refused: block blobs, another container than the import job's, a directory within it. Any other source is
// fine.
Status check_staging_source(FileStore& files, const PrepImportOptions& options);

}  // namespace seedbed
