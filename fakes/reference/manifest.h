// \DriveManifest.xml as the Import/Export service documents it (manifest file format 2014-11-01), read as a
// stream, one blob at a time. Entities, document types and the network are off. What cannot be read is an
// Error with its line; whether what it says is true is the judge's business.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/secret.h"
#include "fakes/reference/byte_source.h"

namespace seedbed::reference {

struct ManifestPiece {  // a PageRange or a Block
  uint64_t offset_bytes = 0, length_bytes = 0;
  std::string hash, id;
};

struct ManifestAttachment {  // MetadataPath, PropertiesPath
  std::string element, hash, path;
};

struct ManifestEntry {  // a Blob
  uint64_t line = 0;
  std::string blob_path, file_path, disposition;
  uint64_t length_bytes = 0;
  bool page_blob = false, has_pieces_list = false;
  std::vector<ManifestPiece> pieces;
  std::vector<ManifestAttachment> attachments;
  std::vector<ManifestAttachment> list_attachments;  // of its list: for what the blob has none of its own
};

struct ManifestHead {
  std::string version, drive_id;
  bool has_account_key = false, has_container_sas = false;
  SecretBytes account_key, container_sas;       // as they stand
  std::vector<ManifestAttachment> attachments;  // of the blob lists
};

// `blob` is called outside of the XML library's frames, in document order; its error ends the reading.
Result<ManifestHead> read_manifest(ByteSource& file, const std::function<Status(ManifestEntry&&)>& blob);

}  // namespace seedbed::reference
