#include "fakes/reference/fve.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed::reference {

namespace {

struct Copy {
  std::string place;
  Bytes area;
  Result<FveMetadata> metadata = fail(ErrorCode::internal, "not read");
};

std::vector<Copy> read_copies(ByteSource& partition, const FveHeader& header) {
  std::vector<Copy> copies(3);
  for (size_t i = 0; i < 3; i++) {
    Copy& copy = copies[i];
    copy.place =
        fmt::format("BitLocker metadata {} at byte {} of the volume", i + 1, header.metadata_offset_bytes[i]);
    copy.area.resize(kFveMetadataBytes);
    if (auto got = partition.read(header.metadata_offset_bytes[i], copy.area); !got) {
      copy.metadata = std::unexpected(got.error());
    } else {
      copy.metadata = parse_fve_metadata(copy.area, header, partition.size_bytes());
    }
  }
  return copies;
}

}  // namespace

Result<std::unique_ptr<FveVolume>> FveVolume::open(ByteSource& partition, const DriveSecret& secret) {
  Bytes sector(std::min<uint64_t>(512, partition.size_bytes()));
  TRY(partition.read(0, sector));
  const FveHeader header = TRY(parse_fve_header(sector, partition.size_bytes()));
  const std::vector<Copy> copies = read_copies(partition, header);
  const auto first =
      std::find_if(copies.begin(), copies.end(), [](const Copy& copy) { return copy.metadata.has_value(); });
  if (first == copies.end()) return std::unexpected(copies[0].metadata.error());

  const FveMetadata& metadata = *first->metadata;
  const FveKeys keys = TRY(unlock_fve(metadata, secret));
  std::unique_ptr<FveVolume> volume(
      new FveVolume(partition, TRY(XtsDecryptor::with_key(keys.full_volume_key.span()))));
  volume->header_ = header;
  volume->relocated_header_ = metadata.relocated_header;
  volume->volume_bytes_ = metadata.volume_bytes;
  volume->volume_id_ = metadata.volume_id;
  volume->description_ = metadata.description;
  for (const Copy& copy : copies) {
    if (!copy.metadata) {
      volume->findings_.push_back(finding_of(copy.place, copy.metadata.error()));
      continue;
    }
    if (copy.area != first->area)
      volume->findings_.push_back({copy.place, "differs from the first whole copy"});
    if (!sealed_digest_matches(*copy.metadata, keys.volume_master_key))
      volume->findings_.push_back(
          {copy.place, "the SHA-256 sealed under the volume master key does not match"});
  }
  return volume;
}

// What lies at a logical sector: the first ones live in the relocated header; that place itself and the
// metadata areas read as zeros.
Status FveVolume::read_sector(uint64_t sector, MutableByteSpan out) {
  const uint64_t sector_bytes = header_.sector_bytes, logical = sector * sector_bytes;
  uint64_t physical = logical;
  if (logical < relocated_header_.length_bytes) {
    physical = relocated_header_.offset_bytes + logical;
  } else {
    const auto within = [&](uint64_t offset_bytes, uint64_t length_bytes) {
      return logical >= offset_bytes && logical - offset_bytes < length_bytes;
    };
    bool hidden = within(relocated_header_.offset_bytes, relocated_header_.length_bytes);
    for (const uint64_t area : header_.metadata_offset_bytes)
      hidden = hidden || within(area, kFveMetadataBytes);
    if (hidden) {
      std::fill(out.begin(), out.end(), uint8_t{0});
      return {};
    }
  }
  if (physical != logical) TRY(partition_.read(physical, out));  // else the caller has read it already
  return cipher_.decrypt(physical / sector_bytes, out);
}

Status FveVolume::read_inside(uint64_t offset_bytes, MutableByteSpan out) {
  const uint64_t sector_bytes = header_.sector_bytes;
  // volume_bytes_ is a multiple of the sector, so the rounded range is inside the partition
  const uint64_t begin = round_down(offset_bytes, sector_bytes),
                 end = round_up(offset_bytes + out.size(), sector_bytes);
  const bool aligned = begin == offset_bytes && end - begin == out.size();
  Bytes bounce(aligned ? 0 : end - begin);
  const MutableByteSpan whole = aligned ? out : MutableByteSpan(bounce);
  TRY(partition_.read(begin, whole));
  for (uint64_t at = 0; at < whole.size(); at += sector_bytes)
    TRY(read_sector((begin + at) / sector_bytes, whole.subspan(at, sector_bytes)));
  if (!aligned)
    std::copy_n(whole.begin() + static_cast<std::ptrdiff_t>(offset_bytes - begin), out.size(), out.begin());
  return {};
}

}  // namespace seedbed::reference
