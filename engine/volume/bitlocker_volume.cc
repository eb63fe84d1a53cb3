#include "engine/volume/bitlocker_volume.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace seedbed {

static constexpr uint64_t kReadStepBytes = 4 * MiB;

Result<BitlockerVolume> BitlockerVolume::over(BlockDevice& device, uint64_t partition_offset_bytes,
                                              const BitlockerGeometry& geometry,
                                              const SecretBytes& full_volume_key) {
  TRY(check_bitlocker_geometry(geometry));
  auto cipher = TRY(SectorCipher::make(full_volume_key, geometry.sector_bytes));
  return BitlockerVolume(device, partition_offset_bytes, geometry, std::move(cipher));
}

// True where another copy of the metadata may still help: the drive answered, but not with what should be
// there.
static bool another_copy_may_help(const Error& error) {
  return error.code == ErrorCode::corrupt || error.code == ErrorCode::io_error ||
         error.code == ErrorCode::permission_denied;
}

Result<BitlockerVolume> BitlockerVolume::open(BlockDevice& device, const Extent& partition,
                                              std::string_view secret, KeyStretcher* stretcher) {
  const std::string where =
      fmt::format("{}, partition at byte {}", device.identity().path, partition.offset_bytes);
  const auto located = [&](Error error) {
    if (error.where.empty()) error.where = where;
    return std::unexpected(std::move(error));
  };
  const uint64_t capacity_bytes = device.contract().capacity_bytes;
  if (partition.length_bytes > capacity_bytes ||
      partition.offset_bytes > capacity_bytes - partition.length_bytes)
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("a partition of {} bytes leaves the drive of {}", partition.length_bytes, capacity_bytes),
        where);
  Bytes start(4096);
  if (partition.length_bytes < start.size())
    return fail(ErrorCode::not_found, "no BitLocker volume fits into the partition", where);
  TRY(read_device_unaligned(device, partition.offset_bytes, start));
  const auto from_header = parse_bitlocker_header(start, partition.length_bytes);
  if (!from_header) return located(from_header.error());

  const bool is_recovery_password = parse_recovery_password(secret).has_value();
  const auto try_copy = [&](uint64_t offset_bytes, Bytes& tried_block) -> Result<BitlockerVolume> {
    Bytes area(kFveAreaBytes);
    TRY(read_device_unaligned(device, partition.offset_bytes + offset_bytes, area));
    const BitlockerHeader header = TRY(parse_bitlocker_area(area, *from_header));
    if (header.block == tried_block)
      return fail(ErrorCode::permission_denied, "the same metadata again: the secret will not fit better");
    tried_block = header.block;
    const auto unlock = is_recovery_password ? unlock_with_recovery_password : unlock_with_password;
    const UnlockedKeys keys = TRY(unlock(header, area, secret, stretcher));
    auto volume = TRY(over(device, partition.offset_bytes, header.geometry, keys.full_volume_key));
    volume.volume_id_ = header.volume_id;
    volume.description_ = header.description;
    return volume;
  };

  // The copies in order. What is told in the end: a wrong secret before damage, since a copy that knows the
  // secret is wrong was whole.
  std::optional<Error> denied;
  std::string damage;
  Bytes tried_block;
  for (size_t i = 0; i < from_header->metadata_offset_bytes.size(); i++) {
    auto volume = try_copy(from_header->metadata_offset_bytes[i], tried_block);
    if (volume) return volume;
    if (!another_copy_may_help(volume.error())) return located(std::move(volume.error()));
    if (volume.error().code != ErrorCode::permission_denied)
      damage += fmt::format("{}copy {}: {}", damage.empty() ? "" : "; ", i + 1, volume.error().what);
    else if (!denied)
      denied = std::move(volume.error());
  }
  if (denied) return located(std::move(*denied));
  return fail(ErrorCode::corrupt, "no copy of the BitLocker metadata can be used: " + damage, where,
              "The drive is damaged: prepare another one");
}

std::vector<MappedPiece> BitlockerVolume::map(uint64_t logical_offset_bytes, uint64_t length_bytes) const {
  // What does not read in place, sorted by logical offset. Geometries are checked, so these are disjoint.
  std::array<MappedPiece, 5> special;
  special[0] = {.logical_offset_bytes = 0,
                .physical_offset_bytes = geometry_.header_offset_bytes,
                .length_bytes = kFveHeaderBytes};
  special[1] = {
      .logical_offset_bytes = geometry_.header_offset_bytes, .length_bytes = kFveHeaderBytes, .zeros = true};
  for (size_t i = 0; i < 3; i++)
    special[2 + i] = {.logical_offset_bytes = geometry_.metadata_offset_bytes[i],
                      .length_bytes = kFveAreaBytes,
                      .zeros = true};
  std::ranges::sort(special, {}, &MappedPiece::logical_offset_bytes);

  std::vector<MappedPiece> pieces;
  const auto add = [&](uint64_t from, uint64_t to, uint64_t physical, bool zeros) {
    if (from == to) return;
    if (!pieces.empty() && zeros && pieces.back().zeros)
      pieces.back().length_bytes += to - from;
    else
      pieces.push_back({.logical_offset_bytes = from,
                        .physical_offset_bytes = physical,
                        .length_bytes = to - from,
                        .zeros = zeros});
  };
  uint64_t at = std::min(logical_offset_bytes, geometry_.volume_bytes);
  const uint64_t end = at + std::min(length_bytes, geometry_.volume_bytes - at);
  for (const MappedPiece& part : special) {
    const uint64_t part_end = part.logical_offset_bytes + part.length_bytes;
    if (part_end <= at || part.logical_offset_bytes >= end) continue;
    const uint64_t from = std::max(at, part.logical_offset_bytes), to = std::min(end, part_end);
    add(at, from, at, false);
    add(from, to, part.zeros ? from : part.physical_offset_bytes + (from - part.logical_offset_bytes),
        part.zeros);
    at = to;
  }
  add(at, end, at, false);
  return pieces;
}

Status BitlockerVolume::read(uint64_t logical_offset_bytes, MutableByteSpan out) {
  if (logical_offset_bytes > geometry_.volume_bytes ||
      out.size() > geometry_.volume_bytes - logical_offset_bytes)
    return fail(ErrorCode::invalid_argument,
                fmt::format("a read of {} bytes at {} leaves the volume of {} bytes", out.size(),
                            logical_offset_bytes, geometry_.volume_bytes),
                device_->identity().path);
  for (const MappedPiece& piece : map(logical_offset_bytes, out.size())) {
    uint8_t* const to = out.data() + (piece.logical_offset_bytes - logical_offset_bytes);
    if (piece.zeros)
      std::fill_n(to, piece.length_bytes, uint8_t{0});
    else
      TRY(read_piece(piece, to));
  }
  return {};
}

// In big steps of whole physical sectors, each one request; only the sectors wanted are decrypted.
Status BitlockerVolume::read_piece(const MappedPiece& piece, uint8_t* out) {
  const uint64_t physical_sector_bytes = device_->contract().physical_sector_bytes;
  const uint64_t step_bytes = std::min<uint64_t>(kReadStepBytes, device_->contract().transfer_bytes_max);
  for (uint64_t at = piece.physical_offset_bytes, end = at + piece.length_bytes; at < end;) {
    // Of the volume: the sectors to decrypt. Of the device: the physical sectors around them.
    const uint64_t sector_from = round_down(at, geometry_.sector_bytes);
    const uint64_t device_from = round_down(partition_offset_bytes_ + sector_from, physical_sector_bytes);
    const uint64_t lead_bytes = partition_offset_bytes_ + sector_from - device_from;
    const uint64_t room_bytes = round_down(step_bytes - lead_bytes, geometry_.sector_bytes);
    const uint64_t sector_end = std::min(round_up(end, geometry_.sector_bytes), sector_from + room_bytes);
    const uint64_t request_bytes = round_up(lead_bytes + (sector_end - sector_from), physical_sector_bytes);
    if (bounce_.size() < request_bytes) bounce_ = AlignedBuffer(request_bytes);

    TRY(device_->submit({.kind = IoKind::read,
                         .offset_bytes = device_from,
                         .length_bytes = request_bytes,
                         .data = bounce_.data(),
                         .tag = 0}));
    std::vector<IoCompletion> done;
    TRY(device_->reap(done, 1));
    if (done.size() != 1)
      return fail(ErrorCode::internal, fmt::format("one read reaped {} completions", done.size()),
                  device_->identity().path);
    TRY(std::move(done[0].outcome));

    const MutableByteSpan sectors = bounce_.span().subspan(lead_bytes, sector_end - sector_from);
    cipher_.decrypt(sector_from, sectors);
    const uint64_t wanted_bytes = std::min(end, sector_end) - at;
    std::copy_n(sectors.data() + (at - sector_from), wanted_bytes, out + (at - piece.physical_offset_bytes));
    at += wanted_bytes;
  }
  return {};
}

}  // namespace seedbed
