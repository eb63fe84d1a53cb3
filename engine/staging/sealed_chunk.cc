#include "engine/staging/sealed_chunk.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <stdexcept>

#include "engine/base/checksum.h"
#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr size_t kTagBytes = 16, kAuthenticatedBytes = 80;
constexpr std::string_view kMagic = "SBR1";

[[noreturn]] void no_crypto(const char* what) {
  throw std::runtime_error(std::string("OpenSSL fails at ") + what);
}

struct FreeMac {
  void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};
struct FreeCipher {
  void operator()(EVP_CIPHER* cipher) const noexcept { EVP_CIPHER_free(cipher); }
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};

// AES-256-GCM with the key set once; each record sets its nonce.
struct Gcm {
  Gcm(ByteSpan key, bool sealing)
      : cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)), context(EVP_CIPHER_CTX_new()) {
    if (!cipher || !context ||
        EVP_CipherInit_ex2(context.get(), cipher.get(), key.data(), nullptr, sealing ? 1 : 0, nullptr) != 1)
      no_crypto("AES-256-GCM");
  }
  std::unique_ptr<EVP_CIPHER, FreeCipher> cipher;
  std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context;
};

void write_head(MutableByteSpan out, const RecordHead& head) {
  std::copy(kMagic.begin(), kMagic.end(), out.begin());
  out[4] = static_cast<uint8_t>(head.kind);
  out[5] = static_cast<uint8_t>(head.codec);
  store_le<uint32_t>(out, 8, head.plain_bytes);
  store_le<uint32_t>(out, 12, head.sealed_bytes);
  store_le<uint64_t>(out, 16, head.blob);
  store_le<uint64_t>(out, 24, head.sequence);
  std::ranges::copy(head.nonce, out.begin() + 32);
  std::ranges::copy(head.id, out.begin() + 48);
  store_le<uint32_t>(out, kAuthenticatedBytes, crc32_of(out.first(kAuthenticatedBytes)));
}

}  // namespace

std::optional<RecordHead> parse_record_head(ByteSpan bytes) {
  if (bytes.size() < kRecordHeadBytes || as_text(bytes.first(4)) != kMagic ||
      load_le<uint32_t>(bytes, kAuthenticatedBytes) != crc32_of(bytes.first(kAuthenticatedBytes)) ||
      !all_zero(bytes.subspan(6, 2)) || !all_zero(bytes.subspan(44, 4)) || !all_zero(bytes.subspan(84, 12)) ||
      bytes[4] < 1 || bytes[4] > 3 || bytes[5] > 1)
    return std::nullopt;
  RecordHead head;
  head.kind = static_cast<RecordKind>(bytes[4]);
  head.codec = static_cast<Codec>(bytes[5]);
  head.plain_bytes = load_le<uint32_t>(bytes, 8);
  head.sealed_bytes = load_le<uint32_t>(bytes, 12);
  head.blob = load_le<uint64_t>(bytes, 16);
  head.sequence = load_le<uint64_t>(bytes, 24);
  std::copy_n(bytes.begin() + 32, head.nonce.size(), head.nonce.begin());
  std::copy_n(bytes.begin() + 48, head.id.size(), head.id.begin());
  if (head.plain_bytes > kChunkPlainBytesMax || head.sealed_bytes > head.plain_bytes ||
      (head.codec == Codec::stored && head.sealed_bytes != head.plain_bytes))
    return std::nullopt;
  return head;
}

struct ChunkNamer::State {
  std::unique_ptr<EVP_MAC, FreeMac> mac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  std::unique_ptr<EVP_MAC_CTX, FreeMac> context{mac ? EVP_MAC_CTX_new(mac.get()) : nullptr};
};

ChunkNamer::ChunkNamer(const ChunkKeys& keys) : state_(std::make_unique<State>()) {
  ERR_clear_error();
  std::string digest = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                                   OSSL_PARAM_construct_end()};
  if (!state_->context ||
      EVP_MAC_init(state_->context.get(), keys.id_key.span().data(), keys.id_key.size(), parameters) != 1)
    no_crypto("HMAC");
}
ChunkNamer::ChunkNamer(ChunkNamer&&) noexcept = default;
ChunkNamer::~ChunkNamer() = default;

ChunkId ChunkNamer::name(ByteSpan plain) {
  ChunkId id;
  size_t length = 0;
  EVP_MAC_CTX* const context = state_->context.get();
  if (EVP_MAC_init(context, nullptr, 0, nullptr) != 1 ||
      EVP_MAC_update(context, plain.data(), plain.size()) != 1 ||
      EVP_MAC_final(context, id.data(), &length, id.size()) != 1 || length != id.size())
    no_crypto("HMAC");
  return id;
}

struct Sealer::State {
  State(const ChunkKeys& keys, uint64_t its_incarnation)
      : gcm(keys.seal_key.span(), true), incarnation(its_incarnation) {}
  Gcm gcm;
  uint64_t incarnation;
  uint64_t counter = 0;
};

Sealer::Sealer(const ChunkKeys& keys, uint64_t incarnation)
    : state_(std::make_unique<State>(keys, incarnation)) {}
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer::~Sealer() = default;

Result<Bytes> Sealer::seal(RecordKind kind, uint64_t blob, uint64_t sequence, const ChunkId& id,
                           ByteSpan plain, const Packed& packed) {
  const ByteSpan content = packed.codec == Codec::stored ? plain : ByteSpan(packed.bytes);
  if (plain.size() > kChunkPlainBytesMax || content.size() > plain.size())
    return fail(ErrorCode::internal, fmt::format("a chunk of {} bytes cannot be sealed", plain.size()));
  if (state_->counter > UINT32_MAX)
    return fail(ErrorCode::internal, "this run has sealed as many records as its nonces allow", {},
                "Run again: the next run goes on with new ones");
  RecordHead head{.kind = kind,
                  .codec = packed.codec,
                  .plain_bytes = static_cast<uint32_t>(plain.size()),
                  .sealed_bytes = static_cast<uint32_t>(content.size()),
                  .blob = blob,
                  .sequence = sequence,
                  .id = id};
  store_le(MutableByteSpan(head.nonce), 0, state_->incarnation);
  store_le(MutableByteSpan(head.nonce), 8, static_cast<uint32_t>(state_->counter++));
  Bytes record(head.record_bytes());
  write_head(record, head);
  EVP_CIPHER_CTX* const context = state_->gcm.context.get();
  uint8_t* const out = record.data() + kRecordHeadBytes;
  int length = 0, tail = 0;
  if (EVP_EncryptInit_ex2(context, nullptr, nullptr, head.nonce.data(), nullptr) != 1 ||
      EVP_EncryptUpdate(context, nullptr, &length, record.data(), kAuthenticatedBytes) != 1 ||
      (!content.empty() &&
       EVP_EncryptUpdate(context, out, &length, content.data(), static_cast<int>(content.size())) != 1) ||
      EVP_EncryptFinal_ex(context, out + content.size(), &tail) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, out + content.size()) != 1)
    no_crypto("sealing");
  return record;
}

struct Opener::State {
  explicit State(const ChunkKeys& keys) : gcm(keys.seal_key.span(), false), namer(keys) {}
  Gcm gcm;
  ChunkNamer namer;
  Decompressor decompressor;
};

Opener::Opener(const ChunkKeys& keys) : state_(std::make_unique<State>(keys)) {}
Opener::Opener(Opener&&) noexcept = default;
Opener::~Opener() = default;

Result<OpenedRecord> Opener::open(ByteSpan record, const std::string& where) {
  const auto refuse = [&](const char* what) {
    return fail(ErrorCode::corrupt, what, where,
                "The record is damaged, or was sealed under another passphrase");
  };
  const auto head = parse_record_head(record);
  if (!head) return refuse("this is no sealed record");
  if (head->record_bytes() != record.size()) return refuse("a sealed record is not as long as it says");
  const size_t end = kRecordHeadBytes + head->sealed_bytes;
  if (!all_zero(record.subspan(end + kTagBytes))) return refuse("a sealed record is not padded with zeros");
  Bytes packed(head->sealed_bytes);
  EVP_CIPHER_CTX* const context = state_->gcm.context.get();
  uint8_t tag[kTagBytes], nothing[16];
  std::copy_n(record.begin() + static_cast<std::ptrdiff_t>(end), kTagBytes, tag);
  int length = 0;
  ERR_clear_error();
  if (EVP_DecryptInit_ex2(context, nullptr, nullptr, head->nonce.data(), nullptr) != 1 ||
      EVP_DecryptUpdate(context, nullptr, &length, record.data(), kAuthenticatedBytes) != 1 ||
      (!packed.empty() && EVP_DecryptUpdate(context, packed.data(), &length, record.data() + kRecordHeadBytes,
                                            static_cast<int>(packed.size())) != 1) ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag) != 1)
    no_crypto("opening");
  if (EVP_DecryptFinal_ex(context, nothing, &length) != 1) {
    ERR_clear_error();
    return refuse("a sealed record does not open");
  }
  OpenedRecord opened{*head, {}};
  if (head->codec == Codec::stored) {
    opened.plain = std::move(packed);
  } else {
    auto plain = state_->decompressor.unpack(head->codec, packed, head->plain_bytes);
    if (!plain) return refuse("a sealed record does not unpack");
    opened.plain = *std::move(plain);
  }
  if (state_->namer.name(opened.plain) != head->id) return refuse("a sealed record has another chunk's id");
  return opened;
}

std::string chunk_id_text(const ChunkId& id) {
  return hex_lower(id);
}

std::optional<ChunkId> parse_chunk_id(std::string_view text) {
  const auto bytes = parse_hex(text);
  if (!bytes || bytes->size() != 32) return std::nullopt;
  ChunkId id;
  std::ranges::copy(*bytes, id.begin());
  return id;
}

}  // namespace seedbed
