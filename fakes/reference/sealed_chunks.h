// Sealed records, base blobs and their indexes as docs/formats/base-blob.md and aib.md describe them, read
// without a line of the code that wrote them. Everything is held against its length and digest; what is not
// as described is corrupt, with the place. Values; one task each.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/base/secret.h"
#include "fakes/reference/byte_source.h"

namespace seedbed::reference {

using SealedId = std::array<uint8_t, 32>;

struct StretchSpec {
  unsigned log2_n = 0, r = 0, p = 0;
  Bytes salt;
};

struct SealKeys {
  SecretBytes id, seal;
  Bytes check;
};
Result<SealKeys> derive_seal_keys(std::string_view passphrase, const StretchSpec& spec);

enum class SealedKind : uint8_t { head = 0, data = 1, catalog = 2, mark = 3 };

struct SealedRecord {
  SealedKind kind = SealedKind::data;
  uint64_t blob = 0, sequence = 0;
  std::array<uint8_t, 12> nonce{};
  SealedId id{};
  Bytes plain;
};
// The whole record, padding included.
Result<SealedRecord> open_sealed(const SealKeys& keys, ByteSpan record, const std::string& place);

// What the heads of indexes and base blobs tell.
struct SealedFacts {
  std::string job, subscription, resource_group, account, container, location, backup_id, item,
      source_computer;
  StretchSpec stretch;
  Bytes key_check;
  uint32_t number = 0;
  uint64_t blob = 0;
};

struct SealedIndexEntry {
  SealedId id{};
  Sha256 sha256{};
  uint64_t offset_bytes = 0, length_bytes = 0;
  SealedKind kind = SealedKind::head;
};

struct SealedIndex {
  SealedFacts facts;
  bool closed = false, complete = false;
  uint64_t base_bytes = 0, source_bytes = 0;
  std::vector<SealedIndexEntry> entries;
};
Result<SealedIndex> read_sealed_index(ByteSpan aib, const std::string& place);
Result<SealedFacts> read_base_facts(ByteSource& base);

// Every record of a closed base blob by its index: digests, opening, sequence, the nonce never used twice.
// `take` gets each record; its error ends the reading.
Status read_base_blob(ByteSource& base, const SealedIndex& index, const SealKeys& keys,
                      const std::function<Status(const SealedIndexEntry&, SealedRecord&&)>& take);

}  // namespace seedbed::reference
