// The AIB: the index of one base blob, and in its head, as plain text, the inputs of the seed (no secrets),
// so that nothing but AIBs and base blobs lies in the staging location. docs/formats/aib.md has the bytes.
//
// Written whole by temp, sync, rename, directory sync: after the return of write_aib it is durable. While a
// blob still grows its AIB has a head and no entries.
#pragma once

#include <string>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/ports/file_store.h"
#include "engine/staging/sealed_chunk.h"

namespace seedbed {

struct SeedInputs {
  std::string job, subscription, resource_group, account, container, location;
  std::string backup_id;  // 32 lower-case hex digits
  std::string item;       // the vault item that the backup belongs to
  std::string source_computer;
  friend bool operator==(const SeedInputs&, const SeedInputs&) = default;
};

struct IndexEntry {
  ChunkId id{};  // zeros for the blob's own head
  uint64_t offset_bytes = 0;
  uint32_t length_bytes = 0;
  uint8_t kind = 0;  // 0 the blob's head, else a RecordKind
  Sha256 sha256{};   // of the record's bytes
  bool is(RecordKind wanted) const noexcept { return kind == static_cast<uint8_t>(wanted); }
  friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};

struct AibHead {
  SeedInputs inputs;
  KdfSpec kdf;
  Bytes key_check;
  uint32_t number = 1;        // of the blob, from 1
  uint64_t blob = 0;          // as in its records
  bool closed = false;        // the blob will grow no more, the entries are all
  bool complete = false;      // this blob ends the job
  uint64_t base_bytes = 0;    // length of the base blob; 0 while it grows
  uint64_t source_bytes = 0;  // staged when this was written, this and all blobs before
  uint64_t entries = 0;
  friend bool operator==(const AibHead&, const AibHead&) = default;
};

struct Aib {
  AibHead head;
  std::vector<IndexEntry> entries;  // by offset, without gaps from 0 to base_bytes
  friend bool operator==(const Aib&, const Aib&) = default;
};

Result<Bytes> encode_aib(const Aib& aib);
Result<Aib> parse_aib(ByteSpan bytes, const std::string& where = {});
Result<Aib> read_aib(FileStore& files, const std::string& path);
Result<AibHead> read_aib_head(FileStore& files, const std::string& path);  // reads no entries
Status write_aib(FileStore& files, const std::string& path, const Aib& aib);

// invalid_argument: a job name that is no import job's (2 to 64 of a-z 0-9 - _, beginning and ending with a
// letter or digit), a backup id that is not 32 lower-case hex digits, a text over 1024 bytes or not UTF-8.
Status check_inputs(const SeedInputs& inputs);

}  // namespace seedbed
