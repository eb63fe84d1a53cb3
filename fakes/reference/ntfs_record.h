// One NTFS file record as it lies in $MFT: update sequence, attributes, mapping pairs. Pure functions over
// untrusted bytes; every length is bounded before it is believed. [Linux-NTFS documentation project; Carrier,
// File System Forensic Analysis, chapters 11-13]
#pragma once

#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed::reference {

enum NtfsType : uint32_t {
  kNtfsAttributeList = 0x20,
  kNtfsFileName = 0x30,
  kNtfsVolumeInformation = 0x70,
  kNtfsData = 0x80,
  kNtfsIndexRoot = 0x90,
  kNtfsIndexAllocation = 0xa0,
};

struct NtfsAttribute {
  uint32_t type = 0;
  std::u16string name;
  uint16_t flags = 0;  // 1 compressed, 0x4000 encrypted, 0x8000 sparse
  uint16_t instance = 0;
  bool resident = true;
  ByteSpan value;  // resident: the content
  uint64_t lowest_vcn = 0, highest_vcn = 0;
  uint64_t allocated_bytes = 0, data_bytes = 0, initialized_bytes = 0;  // valid where lowest_vcn is 0
  ByteSpan mapping_pairs;
};

// Attributes point into `bytes`: moved, never copied.
struct NtfsRecord {
  uint64_t number = 0;
  uint16_t sequence = 0;
  bool in_use = false, directory = false;
  uint64_t base_reference = 0;  // 0: a base record
  Bytes bytes;
  std::vector<NtfsAttribute> attributes;

  NtfsRecord() = default;
  NtfsRecord(NtfsRecord&&) = default;
  NtfsRecord& operator=(NtfsRecord&&) = default;
  NtfsRecord(const NtfsRecord&) = delete;
  NtfsRecord& operator=(const NtfsRecord&) = delete;

  const NtfsAttribute* find(uint32_t type, std::u16string_view name) const noexcept;
};

// A file reference: 48 bits of record number, 16 of sequence.
inline constexpr uint64_t record_number(uint64_t reference) noexcept {
  return reference & 0xffff'ffff'ffff;
}
inline constexpr uint16_t record_sequence(uint64_t reference) noexcept {
  return static_cast<uint16_t>(reference >> 48);
}

// Checks the signature ("FILE", "INDX") and undoes the update sequence of a multi-sector structure in place.
// corrupt: torn or damaged.
Status apply_fixups(MutableByteSpan bytes, std::string_view signature);
Result<NtfsRecord> parse_record(Bytes bytes, uint64_t number);

inline constexpr uint64_t kHole = ~uint64_t{0};
struct NtfsRun {
  uint64_t first_vcn = 0, clusters = 0;
  uint64_t lcn = kHole;
};
// The runs of one attribute; they cover lowest_vcn..highest_vcn exactly and lie below cluster_count.
Result<std::vector<NtfsRun>> parse_runs(const NtfsAttribute& attribute, uint64_t cluster_count);

}  // namespace seedbed::reference
