#include "fakes/reference/sealed_chunks.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zstd.h>

#include <algorithm>
#include <set>

namespace seedbed::reference {

namespace {

constexpr size_t kPage = 512, kHead = 96, kTag = 16, kEntry = 80;
constexpr size_t kPlainMax = 4 * MiB, kHeadMax = 16 * KiB;

std::unexpected<Error> bad_seal(const std::string& what, const std::string& place) {
  return fail(ErrorCode::corrupt, what, place);
}

Bytes hmac_sha256(ByteSpan key, ByteSpan data) {
  Bytes out(32);
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(), &length);
  return out;
}

// HKDF of RFC 5869, written out: extract with an absent salt (32 zeros), then the first block of expand.
Bytes hkdf_32(ByteSpan secret, std::string_view info) {
  const Bytes pseudo_random = hmac_sha256(Bytes(32, 0), secret);
  Bytes input(info.begin(), info.end());
  input.push_back(1);
  return hmac_sha256(pseudo_random, input);
}

// Reads forward through bytes; past the end it fails and stays failed.
class Cursor {
 public:
  Cursor(ByteSpan bytes, size_t at) : bytes_(bytes), at_(at) {}
  bool ok() const { return ok_; }
  size_t at() const { return at_; }
  uint8_t byte() {
    const ByteSpan one = take(1);
    return one.empty() ? 0 : one[0];
  }
  Bytes counted() {
    const ByteSpan length = take(2);
    const ByteSpan out = length.empty() ? ByteSpan() : take(length[0] | length[1] << 8);
    return {out.begin(), out.end()};
  }
  std::string text() {
    const Bytes bytes = counted();
    return {bytes.begin(), bytes.end()};
  }

 private:
  ByteSpan take(size_t count) {
    if (!ok_ || bytes_.size() - at_ < count) {
      ok_ = false;
      return {};
    }
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  ByteSpan bytes_;
  size_t at_;
  bool ok_ = true;
};

bool ends_in_its_digest(ByteSpan block) {
  return block.size() > 32 && std::ranges::equal(sha256_of(block.first(block.size() - 32)), block.last(32));
}

Result<SealedFacts> read_facts(ByteSpan block, size_t at, const std::string& place) {
  const ByteSpan content = block.first(block.size() - 32);
  Cursor cursor(content, at);
  SealedFacts facts;
  for (std::string* text :
       {&facts.job, &facts.subscription, &facts.resource_group, &facts.account, &facts.container,
        &facts.location, &facts.backup_id, &facts.item, &facts.source_computer})
    *text = cursor.text();
  facts.stretch.log2_n = cursor.byte();
  facts.stretch.r = cursor.byte();
  facts.stretch.p = cursor.byte();
  if (cursor.byte() != 0) return bad_seal("a reserved byte is set", place);
  facts.stretch.salt = cursor.counted();
  facts.key_check = cursor.counted();
  if (!cursor.ok() || !all_zero(content.subspan(cursor.at())))
    return bad_seal("the facts are malformed", place);
  return facts;
}

Result<size_t> head_length(ByteSpan bytes, std::string_view magic, const std::string& place) {
  if (bytes.size() < kPage || as_text(bytes.first(8)) != magic)
    return bad_seal("the magic is missing", place);
  const size_t length = load_le<uint32_t>(bytes, 8);
  if (length == 0 || length % kPage != 0 || length > kHeadMax || length > bytes.size())
    return bad_seal("the head has an impossible length", place);
  return length;
}

}  // namespace

Result<SealKeys> derive_seal_keys(std::string_view passphrase, const StretchSpec& spec) {
  if (spec.log2_n < 10 || spec.log2_n > 20 || spec.r < 1 || spec.r > 16 || spec.p < 1 || spec.p > 4)
    return bad_seal("the stretching is out of bounds", "scrypt");
  Bytes stretched(32);
  ERR_clear_error();
  if (EVP_PBE_scrypt(passphrase.data(), passphrase.size(), spec.salt.data(), spec.salt.size(),
                     1ULL << spec.log2_n, spec.r, spec.p, 3 * GiB, stretched.data(), stretched.size()) != 1)
    return fail(ErrorCode::internal, "scrypt fails");
  SealKeys keys;
  Bytes id = hkdf_32(stretched, "seedbed chunk id 1"), seal = hkdf_32(stretched, "seedbed chunk seal 1");
  keys.id = SecretBytes(ByteSpan(id));
  keys.seal = SecretBytes(ByteSpan(seal));
  keys.check = hkdf_32(stretched, "seedbed key check 1");
  keys.check.resize(16);
  wipe(stretched);
  wipe(id);
  wipe(seal);
  return keys;
}

Result<SealedRecord> open_sealed(const SealKeys& keys, ByteSpan record, const std::string& place) {
  if (record.size() < kPage || record.size() % kPage != 0) return bad_seal("no whole pages", place);
  if (as_text(record.first(4)) != "SBR1") return bad_seal("the record's magic is missing", place);
  if (crc32_of(record.first(80)) != load_le<uint32_t>(record, 80))
    return bad_seal("the head's CRC is wrong", place);
  const size_t plain_bytes = load_le<uint32_t>(record, 8), sealed_bytes = load_le<uint32_t>(record, 12);
  const uint8_t kind = record[4], codec = record[5];
  if (kind < 1 || kind > 3 || codec > 1 || record[6] != 0 || record[7] != 0 ||
      !all_zero(record.subspan(44, 4)) || !all_zero(record.subspan(84, 12)) || plain_bytes > kPlainMax ||
      sealed_bytes > plain_bytes)
    return bad_seal("the head says what cannot be", place);
  if (round_up(kHead + sealed_bytes + kTag, kPage) != record.size() ||
      !all_zero(record.subspan(kHead + sealed_bytes + kTag)))
    return bad_seal("the record's length or padding is wrong", place);
  SealedRecord opened;
  opened.kind = static_cast<SealedKind>(kind);
  opened.blob = load_le<uint64_t>(record, 16);
  opened.sequence = load_le<uint64_t>(record, 24);
  std::copy_n(record.begin() + 32, 12, opened.nonce.begin());
  std::copy_n(record.begin() + 48, 32, opened.id.begin());

  Bytes content(sealed_bytes), tag(record.begin() + static_cast<std::ptrdiff_t>(kHead + sealed_bytes),
                                   record.begin() + static_cast<std::ptrdiff_t>(kHead + sealed_bytes + kTag));
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                &EVP_CIPHER_CTX_free);
  int length = 0;
  uint8_t rest[16];
  ERR_clear_error();
  const bool opens =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, keys.seal.span().data(),
                         opened.nonce.data()) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &length, record.data(), 80) == 1 &&
      (content.empty() || EVP_DecryptUpdate(context.get(), content.data(), &length, record.data() + kHead,
                                            static_cast<int>(content.size())) == 1) &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), rest, &length) == 1;
  ERR_clear_error();
  if (!opens) return bad_seal("the record does not open", place);
  if (codec == 0) {
    opened.plain = std::move(content);
  } else {
    opened.plain.resize(plain_bytes);
    if (ZSTD_decompress(opened.plain.data(), plain_bytes, content.data(), content.size()) != plain_bytes)
      return bad_seal("the record does not decompress to its length", place);
  }
  if (opened.plain.size() != plain_bytes)
    return bad_seal("the record has another length than it says", place);
  if (!std::ranges::equal(hmac_sha256(keys.id.span(), opened.plain), opened.id))
    return bad_seal("the id is not the content's", place);
  return opened;
}

Result<SealedIndex> read_sealed_index(ByteSpan aib, const std::string& place) {
  const size_t head_bytes = TRY(head_length(aib, {"SBAIB1\0\0", 8}, place));
  const ByteSpan head = aib.first(head_bytes);
  if (!ends_in_its_digest(head)) return bad_seal("the head's digest is wrong", place);
  SealedIndex index;
  index.facts = TRY(read_facts(head, 56, place));
  const auto flags = load_le<uint32_t>(head, 12);
  index.closed = (flags & 1) != 0;
  index.complete = (flags & 2) != 0;
  index.facts.number = load_le<uint32_t>(head, 16);
  index.base_bytes = load_le<uint64_t>(head, 24);
  const auto count = load_le<uint64_t>(head, 32);
  index.source_bytes = load_le<uint64_t>(head, 40);
  index.facts.blob = load_le<uint64_t>(head, 48);
  const ByteSpan body = aib.subspan(head_bytes);
  if (count == 0) {
    if (!body.empty() || index.closed) return bad_seal("an index without entries has a body", place);
    return index;
  }
  if (count > body.size() / kEntry || body.size() % kPage != 0 || body.size() < count * kEntry + 32 ||
      !ends_in_its_digest(body) || !all_zero(body.subspan(count * kEntry, body.size() - 32 - count * kEntry)))
    return bad_seal("the entries' digest, length or padding is wrong", place);
  uint64_t due = 0;
  for (size_t i = 0; i < count; i++) {
    const ByteSpan raw = body.subspan(i * kEntry, kEntry);
    SealedIndexEntry entry;
    std::copy_n(raw.begin(), 32, entry.id.begin());
    std::copy_n(raw.begin() + 32, 32, entry.sha256.begin());
    entry.offset_bytes = load_le<uint64_t>(raw, 64);
    entry.length_bytes = load_le<uint32_t>(raw, 72);
    const auto kind = load_le<uint32_t>(raw, 76);
    if (kind > 3 || (kind == 0) != (i == 0) || entry.offset_bytes != due || entry.length_bytes == 0)
      return bad_seal("entry " + std::to_string(i) + " does not follow the one before", place);
    entry.kind = static_cast<SealedKind>(kind);
    due += entry.length_bytes;
    index.entries.push_back(entry);
  }
  if (due != index.base_bytes) return bad_seal("the entries do not cover the base blob", place);
  return index;
}

Result<SealedFacts> read_base_facts(ByteSource& base) {
  Bytes bytes(std::min<uint64_t>(base.size_bytes(), kHeadMax));
  TRY(base.read(0, bytes));
  const size_t length = TRY(head_length(bytes, {"SBBASE1\0", 8}, base.name()));
  const ByteSpan head = ByteSpan(bytes).first(length);
  if (!ends_in_its_digest(head)) return bad_seal("the head's digest is wrong", base.name());
  SealedFacts facts = TRY(read_facts(head, 24, base.name()));
  facts.number = load_le<uint32_t>(head, 12);
  facts.blob = load_le<uint64_t>(head, 16);
  return facts;
}

Status read_base_blob(ByteSource& base, const SealedIndex& index, const SealKeys& keys,
                      const std::function<Status(const SealedIndexEntry&, SealedRecord&&)>& take) {
  if (base.size_bytes() != index.base_bytes || base.size_bytes() % kPage != 0)
    return bad_seal("the base blob is not as long as its index says", base.name());
  const SealedFacts facts = TRY(read_base_facts(base));
  if (facts.blob != index.facts.blob || facts.number != index.facts.number || facts.job != index.facts.job ||
      facts.backup_id != index.facts.backup_id || facts.key_check != keys.check)
    return bad_seal("base blob, index and keys do not belong together", base.name());
  std::set<std::array<uint8_t, 12>> nonces;
  uint64_t sequence = 0;
  for (const SealedIndexEntry& entry : index.entries) {
    const std::string place = base.name() + " @ byte " + std::to_string(entry.offset_bytes);
    Bytes bytes(entry.length_bytes);
    TRY(base.read(entry.offset_bytes, bytes));
    if (sha256_of(bytes) != entry.sha256)
      return bad_seal("a record has another digest than its index says", place);
    if (entry.kind == SealedKind::head) continue;
    SealedRecord record = TRY(open_sealed(keys, bytes, place));
    if (record.kind != entry.kind || record.id != entry.id || record.blob != facts.blob ||
        record.sequence != ++sequence)
      return bad_seal("another record stands here than the index says", place);
    if (!nonces.insert(record.nonce).second) return bad_seal("a nonce was used twice", place);
    TRY(take(entry, std::move(record)));
  }
  return {};
}

}  // namespace seedbed::reference
