#include "engine/staging/seed_facts.h"

#include <algorithm>

#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr size_t kTextBytesMax = 1024;

void put_bytes(Bytes& out, ByteSpan bytes) {
  append_le(out, static_cast<uint16_t>(bytes.size()));
  append(out, bytes);
}

Result<ByteSpan> get_bytes(ByteSpan bytes, size_t& at, const std::string& where) {
  const auto cut_off = [&] { return fail(ErrorCode::corrupt, "the head is cut off", where); };
  if (at > bytes.size() || bytes.size() - at < 2) return cut_off();
  const size_t length = load_le<uint16_t>(bytes, at);
  if (length > kTextBytesMax || bytes.size() - at - 2 < length) return cut_off();
  const ByteSpan found = bytes.subspan(at + 2, length);
  at += 2 + length;
  return found;
}

// The one order in which the texts stand.
template <typename Inputs>
auto texts_of(Inputs& inputs) {
  return std::array{&inputs.job,       &inputs.subscription, &inputs.resource_group,
                    &inputs.account,   &inputs.container,    &inputs.location,
                    &inputs.backup_id, &inputs.item,         &inputs.source_computer};
}

bool is_name_end(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

Status check_inputs(const SeedInputs& inputs) {
  const auto refuse = [](std::string what, std::string remedy) {
    return fail(ErrorCode::invalid_argument, std::move(what), {}, std::move(remedy));
  };
  const std::string& job = inputs.job;
  if (job.size() < 2 || job.size() > 64 || !is_name_end(job.front()) || !is_name_end(job.back()) ||
      !std::ranges::all_of(job, [](char c) { return is_name_end(c) || c == '-' || c == '_'; }))
    return refuse(
        "this cannot be the name of an import job: " + job,
        "2 to 64 lower-case letters, digits, hyphens and underscores, a letter or digit at both ends");
  const auto id = parse_hex(inputs.backup_id);
  if (!id || id->size() != 16 || hex_lower(*id) != inputs.backup_id)
    return refuse("a backup id is 32 lower-case hex digits", "Give the one of the vault item");
  for (const std::string* text : texts_of(inputs))
    if (text->size() > kTextBytesMax || !utf16_of(*text) || text->find('\0') != std::string::npos)
      return refuse("an input of the seed is too long or no text", "At most 1024 bytes of UTF-8");
  return {};
}

void encode_facts(Bytes& out, const AibHead& head) {
  for (const std::string* text : texts_of(head.inputs)) put_bytes(out, as_bytes(*text));
  out.push_back(head.kdf.log2_n);
  out.push_back(head.kdf.r);
  out.push_back(head.kdf.p);
  out.push_back(0);
  put_bytes(out, head.kdf.salt);
  put_bytes(out, head.key_check);
}

Status decode_facts(ByteSpan bytes, size_t& at, AibHead& head, const std::string& where) {
  for (std::string* text : texts_of(head.inputs)) *text = as_text(TRY(get_bytes(bytes, at, where)));
  if (bytes.size() - at < 4 || bytes[at + 3] != 0)
    return fail(ErrorCode::corrupt, "the head is cut off", where);
  head.kdf = {bytes[at], bytes[at + 1], bytes[at + 2], {}};
  at += 4;
  const ByteSpan salt = TRY(get_bytes(bytes, at, where));
  head.kdf.salt.assign(salt.begin(), salt.end());
  const ByteSpan check = TRY(get_bytes(bytes, at, where));
  head.key_check.assign(check.begin(), check.end());
  if (!check_inputs(head.inputs) || !check_kdf(head.kdf) || head.key_check.size() != kKeyCheckBytes)
    return fail(ErrorCode::corrupt, "the head says what cannot be", where);
  return {};
}

void close_block(Bytes& out) {
  out.resize(round_up(out.size() + sizeof(Sha256), kBlobPageBytes) - sizeof(Sha256));
  append(out, sha256_of(out));
}

bool block_is_whole(ByteSpan block) {
  if (block.size() < sizeof(Sha256)) return false;
  const size_t digest_at = block.size() - sizeof(Sha256);
  return std::ranges::equal(sha256_of(block.first(digest_at)), block.subspan(digest_at));
}

}  // namespace seedbed
