// A sealed record: the unit that a base blob holds and that the vault keeps, byte for byte the same there and
// here. Self-describing (docs/formats/base-blob.md): a head of 96 bytes with a checksum, AES-256-GCM bytes
// with their tag, zeros up to a multiple of 512. The head is authenticated too, so no bit can be turned
// unnoticed.
//
// ChunkNamer, Sealer and Opener each belong to one task; their OpenSSL contexts are used again and again.
// Nothing here touches the world; the caller accounts for the work.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/compression/codec.h"
#include "engine/staging/chunk_keys.h"

namespace seedbed {

using ChunkId = std::array<uint8_t, 32>;  // HMAC-SHA-256 of the plain chunk under the id key

inline constexpr uint64_t kBlobPageBytes = 512;           // page blobs: everything is a multiple of it
inline constexpr uint32_t kChunkPlainBytesMax = 4 * MiB;  // of any record
inline constexpr size_t kRecordHeadBytes = 96;
inline constexpr size_t kRecordBytesMax = 5 * MiB;

// data: file content. catalog: a part of the tree (catalog.h). mark: all before it in its blob is durable.
enum class RecordKind : uint8_t { data = 1, catalog = 2, mark = 3 };

struct RecordHead {
  RecordKind kind = RecordKind::data;
  Codec codec = Codec::stored;
  uint32_t plain_bytes = 0;
  uint32_t sealed_bytes = 0;  // without the tag
  uint64_t blob = 0;          // which base blob (or upload) it was sealed for
  uint64_t sequence = 0;      // in that blob, from 1
  std::array<uint8_t, 12> nonce{};
  ChunkId id{};
  size_t record_bytes() const noexcept {
    return round_up(kRecordHeadBytes + uint64_t{sealed_bytes} + 16, kBlobPageBytes);
  }
};

// From the first 96 bytes of a record: its checksum is right and its lengths are within bounds, or nothing.
std::optional<RecordHead> parse_record_head(ByteSpan bytes);

class ChunkNamer {
 public:
  explicit ChunkNamer(const ChunkKeys& keys);
  ChunkNamer(ChunkNamer&&) noexcept;
  ~ChunkNamer();
  ChunkId name(ByteSpan plain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// `incarnation`: 64 random bits drawn from Entropy for this object alone; they and a counter are the nonces.
class Sealer {
 public:
  Sealer(const ChunkKeys& keys, uint64_t incarnation);
  Sealer(Sealer&&) noexcept;
  ~Sealer();
  // `packed` is what Compressor made of `plain`. Fails (internal) after 2^32 records.
  Result<Bytes> seal(RecordKind kind, uint64_t blob, uint64_t sequence, const ChunkId& id, ByteSpan plain,
                     const Packed& packed);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct OpenedRecord {
  RecordHead head;
  Bytes plain;
};

class Opener {
 public:
  explicit Opener(const ChunkKeys& keys);
  Opener(Opener&&) noexcept;
  ~Opener();
  // The whole record, not a byte more. corrupt (with `where`) where a single bit is not as it was sealed, the
  // id included.
  Result<OpenedRecord> open(ByteSpan record, const std::string& where = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string chunk_id_text(const ChunkId& id);  // 64 hex digits
std::optional<ChunkId> parse_chunk_id(std::string_view text);

}  // namespace seedbed
