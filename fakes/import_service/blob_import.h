// One blob of a drive's manifest on its way into the storage account: dispositions, page ranges or blocks,
// each checked against its MD5 before it is put. Begun again after a death, it finds its own blob by the
// import id and puts what is not there yet. Used by one task; what it refers to outlives it.
#pragma once

#include <map>
#include <set>

#include "fakes/import_service/account_client.h"
#include "fakes/import_service/copy_log.h"
#include "fakes/reference/ntfs.h"

namespace seedbed {

// What all blobs of a drive share.
struct ImportContext {
  Runtime& runtime;
  AccountClient& account;
  reference::NtfsVolume& volume;
  uint64_t batch_bytes = 4 * MiB;
  uint64_t bytes_put = 0, bytes_found = 0;  // sent; there already
  uint64_t bytes_done = 0;                  // looked at, whatever became of them
  uint64_t bytes_good = 0;
  bool forbidden = false;            // the account refused the credential
  std::function<Status()> progress;  // called after each batch; its error ends the import
  std::set<std::string> containers;  // known to be there
};

// import_id: "<job row>/<driveId>/<blob index>". An error: interrupted (the account or the drive went away);
// everything else is in the log.
Result<BlobLog> import_blob(ImportContext& context, const reference::ManifestEntry& entry,
                            const std::string& import_id);

// "a/b.jpg", 2 → "a/b (2).jpg"; without a dot in its last part: behind it.
std::string renamed(const std::string& blob, unsigned number);

}  // namespace seedbed
