// \DriveManifest.xml, written and read as a stream (250 MB for a 10 TB drive). [Import/Export service
// manifest file format 2014-11-01; docs/formats/manifest.md]. Reading turns network access and entities off
// and bounds every length before it believes it. Owned by one task.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/base/checksum.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace seedbed {

enum class BlobType : uint8_t { block_blob, page_blob };
const char* blob_type_name(BlobType type) noexcept;  // "BlockBlob", "PageBlob"

struct ManifestBlob {
  std::string blob_path;  // container/name
  std::string file_path;  // \dir\name on the drive
  uint64_t length_bytes = 0;
  std::string disposition;  // "rename", "no-overwrite", "overwrite"
  BlobType type = BlobType::block_blob;
};
struct ManifestRange {
  uint64_t offset_bytes = 0, length_bytes = 0;
  Md5 hash{};
};

// Writes in order: begin, then per session begin_list, blobs (begin_blob, ranges, end_blob), end_list, then
// finish. The bytes go to `sink` as they come; the length of the whole depends on names and lengths only,
// never on hashes.
class ManifestWriter {
 public:
  using Sink = std::function<Status(ByteSpan)>;
  explicit ManifestWriter(Sink sink);
  ~ManifestWriter();
  Status begin(std::string_view drive_id, std::string_view storage_account_key,
               std::string_view container_sas);  // one of the two credentials
  Status begin_list(std::string_view id);
  Status begin_blob(const ManifestBlob& blob);
  Status range(const ManifestRange& range);
  Status end_blob();
  Status end_list();
  Status finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Calls back as it reads. A callback's error ends the reading.
struct ManifestHandler {
  std::function<Status(std::string_view drive_id, std::string_view storage_account_key,
                       std::string_view container_sas)>
      drive;
  std::function<Status(std::string_view id)> list;
  std::function<Status(const ManifestBlob&)>
      blob;  // before its ranges; .type from the list element that follows
  std::function<Status(const ManifestRange&)> range;
  std::function<Status()> blob_end;
};
// read(offset, out) → bytes got, 0 at the end. Malformed input: corrupt with line and column. Ranges must be
// ordered, not overlapping, at most 4 MiB, inside the blob; page ranges multiples of 512; blocks without
// gaps.
Status read_manifest(const std::function<Result<size_t>(uint64_t offset_bytes, MutableByteSpan out)>& read,
                     const ManifestHandler& handler, const std::string& where);

}  // namespace seedbed
