#include "fakes/reference/ntfs_record.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed::reference {

namespace {

constexpr size_t kStride = 512;  // the update sequence protects 512-byte pieces whatever the sector size
constexpr uint32_t kEnd = 0xffffffff;
constexpr uint64_t kVcnMax = uint64_t{1} << 42;  // times the largest cluster still fits 64 bits

std::unexpected<Error> bad_record(std::string what) {
  return fail(ErrorCode::corrupt, std::move(what), "NTFS");
}

Result<NtfsAttribute> parse_attribute(ByteSpan bytes) {
  NtfsAttribute attribute;
  attribute.type = load_le<uint32_t>(bytes, 0);
  attribute.resident = bytes[8] == 0;
  attribute.flags = load_le<uint16_t>(bytes, 12);
  attribute.instance = load_le<uint16_t>(bytes, 14);
  const size_t name_bytes = size_t{bytes[9]} * 2, name_at = load_le<uint16_t>(bytes, 10);
  if (name_bytes > 0) {
    if (name_at > bytes.size() || name_bytes > bytes.size() - name_at)
      return bad_record("an attribute's name lies outside it");
    for (size_t i = 0; i < name_bytes; i += 2) attribute.name += load_le<char16_t>(bytes, name_at + i);
  }
  if (attribute.resident) {
    if (bytes.size() < 24) return bad_record("a resident attribute is too short");
    const uint64_t length = load_le<uint32_t>(bytes, 16), at = load_le<uint16_t>(bytes, 20);
    if (at > bytes.size() || length > bytes.size() - at)
      return bad_record("a resident value lies outside its attribute");
    attribute.value = bytes.subspan(at, length);
    return attribute;
  }
  if (bytes.size() < 64) return bad_record("a non-resident attribute is too short");
  attribute.lowest_vcn = load_le<uint64_t>(bytes, 16);
  attribute.highest_vcn = load_le<uint64_t>(bytes, 24);
  attribute.allocated_bytes = load_le<uint64_t>(bytes, 40);
  attribute.data_bytes = load_le<uint64_t>(bytes, 48);
  attribute.initialized_bytes = load_le<uint64_t>(bytes, 56);
  const size_t pairs_at = load_le<uint16_t>(bytes, 32);
  if (pairs_at < 64 || pairs_at > bytes.size())
    return bad_record("mapping pairs lie outside their attribute");
  attribute.mapping_pairs = bytes.subspan(pairs_at);
  return attribute;
}

// `count` little-endian bytes, sign-extended when `is_signed`.
int64_t load_variable(ByteSpan bytes, size_t count, bool is_signed) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; i++) value |= uint64_t{bytes[i]} << (8 * i);
  if (is_signed && count > 0 && count < 8 && (bytes[count - 1] & 0x80)) value |= ~uint64_t{0} << (8 * count);
  return static_cast<int64_t>(value);
}

}  // namespace

const NtfsAttribute* NtfsRecord::find(uint32_t type, std::u16string_view name) const noexcept {
  for (const auto& attribute : attributes)
    if (attribute.type == type && attribute.name == name) return &attribute;
  return nullptr;
}

Status apply_fixups(MutableByteSpan bytes, std::string_view signature) {
  if (bytes.size() < kStride || as_text(bytes.first(4)) != signature)
    return bad_record(fmt::format("no \"{}\" signature", signature));
  const size_t at = load_le<uint16_t>(bytes, 4), count = load_le<uint16_t>(bytes, 6);
  if (count != bytes.size() / kStride + 1 || at % 2 != 0 || at + count * 2 > kStride - 2)
    return bad_record("the update sequence is out of bounds");
  const auto stamp = load_le<uint16_t>(bytes, at);
  for (size_t i = 1; i < count; i++) {
    const size_t tail = i * kStride - 2;
    if (load_le<uint16_t>(bytes, tail) != stamp)
      return bad_record(
          fmt::format("torn: piece {} of \"{}\" has another update sequence number", i, signature));
    store_le(bytes, tail, load_le<uint16_t>(bytes, at + i * 2));
  }
  return {};
}

Result<NtfsRecord> parse_record(Bytes bytes, uint64_t number) {
  NtfsRecord record;
  record.number = number;
  record.bytes = std::move(bytes);
  TRY(apply_fixups(record.bytes, "FILE"));
  const ByteSpan all = record.bytes;
  record.sequence = load_le<uint16_t>(all, 16);
  record.in_use = (all[22] & 1) != 0;
  record.directory = (all[22] & 2) != 0;
  record.base_reference = load_le<uint64_t>(all, 32);
  const uint32_t used_bytes = load_le<uint32_t>(all, 24);
  if (used_bytes > all.size()) return bad_record("a file record uses more bytes than it has");
  const ByteSpan used = all.first(used_bytes);
  for (size_t at = load_le<uint16_t>(all, 20);;) {
    if (at % 8 != 0 || at + 4 > used.size()) return bad_record("attributes run out of their record");
    if (load_le<uint32_t>(used, at) == kEnd) break;
    if (at + 16 > used.size()) return bad_record("attributes run out of their record");
    const auto length = load_le<uint32_t>(used, at + 4);
    if (length < 16 || length > used.size() - at)
      return bad_record(fmt::format("an attribute of {} bytes at {} of its record", length, at));
    record.attributes.push_back(TRY(parse_attribute(used.subspan(at, length))));
    at += length;
  }
  return record;
}

Result<std::vector<NtfsRun>> parse_runs(const NtfsAttribute& attribute, uint64_t cluster_count) {
  std::vector<NtfsRun> runs;
  ByteSpan pairs = attribute.mapping_pairs;
  uint64_t vcn = attribute.lowest_vcn;
  int64_t lcn = 0;
  if (vcn > kVcnMax) return bad_record("a run starts at a wild cluster");
  while (!pairs.empty() && pairs[0] != 0) {
    const size_t length_bytes = pairs[0] & 15, offset_bytes = pairs[0] >> 4;
    if (length_bytes == 0 || length_bytes > 8 || offset_bytes > 8 ||
        1 + length_bytes + offset_bytes > pairs.size())
      return bad_record("a mapping pair is malformed");
    const int64_t clusters = load_variable(pairs.subspan(1), length_bytes, true);
    if (clusters <= 0 || static_cast<uint64_t>(clusters) > kVcnMax ||
        vcn + static_cast<uint64_t>(clusters) > kVcnMax)
      return bad_record("a run has a wild length");
    NtfsRun run{.first_vcn = vcn, .clusters = static_cast<uint64_t>(clusters), .lcn = kHole};
    if (offset_bytes > 0) {
      const int64_t delta = load_variable(pairs.subspan(1 + length_bytes), offset_bytes, true);
      if (__builtin_add_overflow(lcn, delta, &lcn) || lcn < 0 ||
          static_cast<uint64_t>(lcn) >= cluster_count ||
          run.clusters > cluster_count - static_cast<uint64_t>(lcn))
        return bad_record(fmt::format("a run of {} clusters lies beyond the volume", run.clusters));
      run.lcn = static_cast<uint64_t>(lcn);
    }
    runs.push_back(run);
    vcn += run.clusters;
    pairs = pairs.subspan(1 + length_bytes + offset_bytes);
  }
  if (pairs.empty()) return bad_record("mapping pairs have no end");
  // an empty attribute says highest = -1
  if (vcn != attribute.highest_vcn + 1)
    return bad_record(
        fmt::format("runs end at cluster {}, the attribute at {}", vcn, attribute.highest_vcn + 1));
  return runs;
}

}  // namespace seedbed::reference
