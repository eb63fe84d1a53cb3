#include "engine/prep/drive_volume.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"

namespace seedbed {

namespace {

constexpr uint64_t kStepBytes = 1 * MiB;
constexpr uint64_t kLargeCapacityBytes = 2'000'000'000'000;
// BitLocker's own files, named as directory listings of genuine volumes show them.
constexpr const char* kSystemDirectory = "/System Volume Information";
constexpr const char* kMetadataFile =
    "/System Volume Information/FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}";
constexpr const char* kHeaderFile = "/System Volume Information/FVE2.{24e6f0ae-6a00-4f73-984b-75ce9942852d}";
constexpr const char* kExtraFile = "/System Volume Information/FVE2.{da392a22-cae0-4f0f-9a30-b8830385d046}";
constexpr uint64_t kNtfsSerialOffset_bytes = 0x48;  // in the boot sector and its backup

// Errors of what is read on a drive know no drive: they are given its path, and a remedy where they have
// none.
template <typename T>
Result<T> on_drive(Result<T> result, const std::string& path) {
  if (result) return result;
  Error& error = result.error();
  if (error.where.empty()) error.where = path;
  if (error.remedy.empty() && error.code == ErrorCode::corrupt)
    error.remedy =
        "The drive is damaged or was changed: prepare another, or this one anew, with a new journal";
  return result;
}

// Writes to the drive and remembers what must be found there.
class HashingWriter {
 public:
  explicit HashingWriter(BlockDevice& device) : device_(device) {}
  Status write(uint64_t offset_bytes, ByteSpan bytes) {
    hashes.put(offset_bytes, bytes);
    return write_device(device_, offset_bytes, bytes);
  }
  Status write_padded(uint64_t offset_bytes, Bytes bytes) {
    bytes.resize(round_up(bytes.size(), kVolumeUnitBytes));
    return write(offset_bytes, bytes);
  }

  VolumeHashes hashes;

 private:
  BlockDevice& device_;
};

}  // namespace

uint32_t cluster_bytes_for(uint64_t capacity_bytes) noexcept {
  return capacity_bytes < kLargeCapacityBytes ? 4096 : 64 * KiB;
}

NtfsGeometry ntfs_geometry_for(const PartitionTable& table, uint32_t cluster_bytes) {
  const Extent& place = table.partitions.at(0).place;
  return {.volume_bytes = place.length_bytes,
          .sector_bytes = table.sector_bytes,
          .cluster_bytes = cluster_bytes,
          .partition_start_sector = place.offset_bytes / table.sector_bytes};
}

Result<EmptyVolume> EmptyVolume::make(std::shared_ptr<const NtfsImage> image, const NtfsGeometry& geometry,
                                      uint64_t serial, int64_t now_ns) {
  EmptyVolume made;
  made.image_ = image;
  made.places_ = {.volume_bytes = geometry.volume_bytes,
                  .sector_bytes = geometry.sector_bytes,
                  .cluster_bytes = geometry.cluster_bytes,
                  .partition_start_sector = geometry.partition_start_sector};
  auto ntfs = TRY(NtfsVolume::open(
      {geometry.volume_bytes, geometry.sector_bytes,
       [image](uint64_t offset_bytes, MutableByteSpan out) { return image->read(offset_bytes, out); }},
      now_ns, false));
  TRY(ntfs.make_directory(kSystemDirectory, true));
  // Spread over the volume, clear of its middle (mirror and log) and of the first eighth (the file table's
  // zone).
  for (int i = 0; i < 3; i++) {
    const uint64_t wanted_bytes =
        round_down(geometry.volume_bytes / 8 * (3 + 2 * static_cast<uint64_t>(i)), 64 * KiB);
    made.places_.metadata_offset_bytes[static_cast<size_t>(i)] =
        TRY(ntfs.reserve_file(fmt::format("{}.{}", kMetadataFile, i + 1), kFveAreaBytes, wanted_bytes))
            .offset_bytes;
  }
  const uint64_t after_bytes = made.places_.metadata_offset_bytes[0] + kFveAreaBytes;
  made.places_.header_offset_bytes =
      TRY(ntfs.reserve_file(kHeaderFile, kFveHeaderBytes, after_bytes)).offset_bytes;
  made.places_.extra_offset_bytes =
      TRY(ntfs.reserve_file(kExtraFile, kFveAreaBytes, after_bytes + 64 * KiB)).offset_bytes;
  made.changed_ = TRY(ntfs.close());
  for (const uint64_t boot_bytes : {uint64_t{0}, geometry.volume_bytes - geometry.sector_bytes}) {
    Bytes sector(geometry.sector_bytes);
    TRY(made.read(boot_bytes, sector));
    store_le(sector, kNtfsSerialOffset_bytes, serial);
    const auto inside = made.changed_.find(boot_bytes);
    if (inside != made.changed_.end() && inside->second.size() >= sector.size())
      std::ranges::copy(sector, inside->second.begin());
    else
      made.changed_[boot_bytes] = std::move(sector);
  }
  return made;
}

std::vector<Extent> EmptyVolume::extents() const {
  std::vector<Extent> all = image_->extents();
  for (const auto& [offset_bytes, bytes] : changed_) all.push_back({offset_bytes, bytes.size()});
  all.push_back({places_.header_offset_bytes, kFveHeaderBytes});
  all.push_back({places_.extra_offset_bytes, kFveAreaBytes});
  std::ranges::sort(all, {}, &Extent::offset_bytes);
  std::vector<Extent> joined;
  for (const Extent& extent : all) {
    const uint64_t first = round_down(extent.offset_bytes, kVolumeUnitBytes),
                   end = round_up(extent.end_bytes(), kVolumeUnitBytes);
    if (!joined.empty() && first <= joined.back().end_bytes())
      joined.back().length_bytes = std::max(joined.back().end_bytes(), end) - joined.back().offset_bytes;
    else
      joined.push_back({first, end - first});
  }
  return joined;
}

Status EmptyVolume::read(uint64_t offset_bytes, MutableByteSpan out) const {
  TRY(image_->read(offset_bytes, out));
  auto it = changed_.upper_bound(offset_bytes);
  if (it != changed_.begin()) --it;
  for (; it != changed_.end() && it->first < offset_bytes + out.size(); ++it) {
    const uint64_t first = std::max(it->first, offset_bytes),
                   end = std::min(it->first + it->second.size(), offset_bytes + out.size());
    if (first < end)
      std::copy_n(it->second.begin() + static_cast<ptrdiff_t>(first - it->first), end - first,
                  out.begin() + static_cast<ptrdiff_t>(first - offset_bytes));
  }
  return {};
}

Result<BuiltDrive> build_drive(BlockDevice& device, Formatter& formatter, const BuildPlan& plan) {
  const uint64_t epoch = device.reset_epoch();
  const DeviceContract& contract = device.contract();
  const PartitionTable table =
      TRY(plan_partition_table(contract.capacity_bytes, contract.logical_sector_bytes, plan.disk,
                               plan.partition, "Basic data partition"));
  const NtfsGeometry geometry = ntfs_geometry_for(table, cluster_bytes_for(contract.capacity_bytes));
  const auto image = TRY(formatter.format(geometry));
  const EmptyVolume content = TRY(EmptyVolume::make(image, geometry, plan.ntfs_serial, plan.now_ns));
  const BitlockerGeometry& places = content.places();
  const EncodedBitlocker bitlocker =
      TRY(encode_bitlocker(places, plan.secrets, plan.description, plan.now_ns, plan.stretcher));
  const uint64_t partition_bytes = table.partitions[0].place.offset_bytes;

  // The marker first, alone: from here on the drive says whose it is.
  DriveMarker marker{.state = MarkerState::building,
                     .journal = plan.journal,
                     .disk = plan.disk,
                     .volume = plan.secrets.volume_id,
                     .generation = 0};
  TRY(write_device(device, kMarkerOffset_bytes, encode_marker(marker)));
  TRY(flush_device(device, epoch));

  const BitlockerVolume volume =
      TRY(BitlockerVolume::over(device, partition_bytes, places, plan.secrets.full_volume_key));
  SectorCipher cipher = volume.cipher();
  HashingWriter writer(device);
  BuiltDrive built;
  const std::vector<Extent> extents = content.extents();
  Bytes step;
  for (const Extent& extent : extents)
    for (uint64_t at = extent.offset_bytes; at < extent.end_bytes();) {
      step.resize(std::min(kStepBytes, extent.end_bytes() - at));
      TRY(content.read(at, step));
      for (const MappedPiece& piece : volume.map(at, step.size())) {
        if (piece.zeros) continue;
        const MutableByteSpan part =
            MutableByteSpan(step).subspan(piece.logical_offset_bytes - at, piece.length_bytes);
        cipher.encrypt(piece.physical_offset_bytes, part);
        TRY(writer.write(partition_bytes + piece.physical_offset_bytes, part));
      }
      at += step.size();
      built.content_bytes += step.size();
    }
  for (const uint64_t area_bytes : places.metadata_offset_bytes)
    TRY(writer.write_padded(partition_bytes + area_bytes, bitlocker.metadata_area));
  Bytes header = bitlocker.volume_header;
  header.resize(kFveHeaderBytes);  // what lies beside it is never visible; zeros
  TRY(writer.write_padded(partition_bytes, header));
  const EncodedPartitionTable encoded = encode_partition_table(table);
  const uint64_t tail_bytes = round_down(encoded.tail_offset_bytes, kVolumeUnitBytes);
  Bytes tail(encoded.tail_offset_bytes - tail_bytes);
  append(tail, encoded.tail);
  TRY(writer.write_padded(tail_bytes, tail));
  TRY(writer.write_padded(0, encoded.head));
  marker.state = MarkerState::closed;
  TRY(write_device(device, kMarkerOffset_bytes, encode_marker(marker)));
  TRY(flush_device(device, epoch));
  built.hashes = std::move(writer.hashes);
  return built;
}

Result<NtfsVolume> OpenDrive::file_system(int64_t now_ns, bool read_only) const {
  BitlockerVolume* below = volume.get();
  return on_drive(NtfsVolume::open({below->geometry().volume_bytes, below->geometry().sector_bytes,
                                    [below](uint64_t offset_bytes, MutableByteSpan out) {
                                      return below->read(offset_bytes, out);
                                    }},
                                   now_ns, read_only),
                  path);
}

Result<OpenDrive> open_drive_volume(BlockDevice& device, std::string_view secret, KeyStretcher* stretcher) {
  const DeviceContract& contract = device.contract();
  Bytes head(kMarkerOffset_bytes + kMarkerBytes);
  if (contract.capacity_bytes < kPartitionStart_bytes)
    return fail(ErrorCode::not_found, "the drive is too small to hold anything", device.identity().path);
  TRY(read_device(device, 0, head));
  OpenDrive drive;
  drive.path = device.identity().path;
  drive.table = TRY(on_drive(
      parse_partition_table(head, contract.logical_sector_bytes, contract.capacity_bytes), drive.path));
  if (drive.table.partitions.empty())
    return fail(ErrorCode::not_found, "the drive has no partition", device.identity().path);
  drive.partition = drive.table.partitions[0].place;
  drive.marker =
      TRY(on_drive(parse_marker(ByteSpan(head).subspan(kMarkerOffset_bytes), drive.path), drive.path));
  drive.volume = std::make_unique<BitlockerVolume>(
      TRY(on_drive(BitlockerVolume::open(device, drive.partition, secret, stretcher), drive.path)));
  return drive;
}

Result<DriveContent> look_at_drive(BlockDevice& device) {
  Bytes head(kMarkerOffset_bytes + kMarkerBytes);
  if (device.contract().capacity_bytes < head.size())
    return fail(ErrorCode::refused, "the drive is too small to hold anything", device.identity().path);
  TRY(read_device(device, 0, head));
  DriveContent content;
  auto marker = parse_marker(ByteSpan(head).subspan(kMarkerOffset_bytes), device.identity().path);
  if (marker)
    content.marker = *marker;  // a damaged marker protects nothing: the content below still asks for consent
  content.recognised = recognise_content(head, device.contract().logical_sector_bytes);
  if (!content.recognised && device.contract().capacity_bytes >= kPartitionStart_bytes + head.size()) {
    Bytes partition_head(head.size());  // a table may be wiped while the volume stands
    TRY(read_device(device, kPartitionStart_bytes, partition_head));
    content.recognised = recognise_content(partition_head, device.contract().logical_sector_bytes);
  }
  return content;
}

Result<std::string> drive_header_hash(BlockDevice& device, const BitlockerVolume& volume) {
  std::vector<Extent> areas = {{0, kFveHeaderBytes}};
  for (const uint64_t offset_bytes : volume.geometry().metadata_offset_bytes)
    areas.push_back({offset_bytes, kFveAreaBytes});
  std::string text;
  for (const Extent& area : areas) {
    Bytes bytes(area.length_bytes);
    TRY(read_device(device, volume.partition_offset_bytes() + area.offset_bytes, bytes));
    if (!text.empty()) text += ';';
    text += fmt::format("{}:{}:{}", area.offset_bytes, area.length_bytes, hex_upper(sha512_of(bytes)));
  }
  return text;
}

}  // namespace seedbed
