#include "fakes/reference/ntfs.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "fakes/reference/ntfs_index.h"

namespace seedbed::reference {

namespace {

constexpr uint64_t kVolumeFile = 3, kRootDirectory = 5, kFirstOrdinaryFile = 16;
constexpr std::u16string_view kI30 = u"$I30";
constexpr uint64_t kAttributeListMax = 256 * KiB;  // NTFS allows no more
constexpr uint16_t kCompressed = 0x00ff, kEncrypted = 0x4000;

std::unexpected<Error> bad(std::string what, std::string where = "NTFS") {
  return fail(ErrorCode::corrupt, std::move(what), std::move(where));
}

bool power_of_two_within(uint64_t value, uint64_t low, uint64_t high) {
  return value >= low && value <= high && (value & (value - 1)) == 0;
}

// "clusters per record": positive counts clusters, negative is a power of two in bytes.
uint64_t record_size(int8_t stored, uint64_t cluster_bytes) {
  if (stored >= 0) return static_cast<uint64_t>(stored) * cluster_bytes;
  return stored < -31 ? 0 : uint64_t{1} << -stored;
}

// Takes one piece of an attribute (all of it, mostly) into the whole.
Status take_piece(const NtfsAttribute& piece, uint64_t clusters, NtfsContent& content, bool first) {
  if (piece.flags & (kCompressed | kEncrypted))
    return fail(ErrorCode::unsupported, "a compressed or encrypted stream", "NTFS");
  if (piece.resident) {
    if (!first) return bad("a resident attribute in several pieces");
    content.value.assign(piece.value.begin(), piece.value.end());
    content.size_bytes = content.initialized_bytes = piece.value.size();
    return {};
  }
  content.resident = false;
  if (first) {
    content.size_bytes = piece.data_bytes;
    content.initialized_bytes = piece.initialized_bytes;
    if (piece.initialized_bytes > piece.data_bytes) return bad("more bytes initialised than there are");
  }
  const uint64_t end_vcn =
      content.runs.empty() ? 0 : content.runs.back().first_vcn + content.runs.back().clusters;
  if (piece.lowest_vcn != end_vcn)
    return bad(
        fmt::format("a piece of an attribute starts at cluster {}, not {}", piece.lowest_vcn, end_vcn));
  const auto runs = TRY(parse_runs(piece, clusters));
  content.runs.insert(content.runs.end(), runs.begin(), runs.end());
  return {};
}

Status check_mapped(const NtfsContent& content, uint32_t cluster_bytes) {
  if (content.resident) return {};
  const uint64_t mapped_clusters =
      content.runs.empty() ? 0 : content.runs.back().first_vcn + content.runs.back().clusters;
  if (content.size_bytes > mapped_clusters * cluster_bytes)
    return bad(fmt::format("{} bytes of data in runs of {} clusters", content.size_bytes, mapped_clusters));
  return {};
}

std::string record_name(uint64_t number) {
  return fmt::format("NTFS file record {}", number);
}

}  // namespace

Result<NtfsGeometryRead> parse_ntfs_boot_sector(ByteSpan sector, uint64_t volume_bytes) {
  if (sector.size() < 512 || as_text(sector.subspan(3, 8)) != "NTFS    ")
    return fail(ErrorCode::not_found, "no NTFS boot sector");
  if (sector[510] != 0x55 || sector[511] != 0xaa) return bad("the boot sector lacks its 55 AA");
  NtfsGeometryRead geometry;
  geometry.sector_bytes = load_le<uint16_t>(sector, 11);
  if (!power_of_two_within(geometry.sector_bytes, 512, 4096))
    return bad(fmt::format("sectors of {} bytes", geometry.sector_bytes));
  // above 0x80 a negative power of two (clusters beyond 64 KiB)
  const uint8_t factor = sector[13];
  const uint64_t sectors_per_cluster = factor <= 0x80  ? factor
                                       : factor < 0xe1 ? 0
                                                       : uint64_t{1} << (256 - factor);
  const uint64_t cluster_bytes = sectors_per_cluster * geometry.sector_bytes;
  if (!power_of_two_within(cluster_bytes, geometry.sector_bytes, 2 * MiB))
    return bad(fmt::format("clusters of {} bytes", cluster_bytes));
  geometry.cluster_bytes = static_cast<uint32_t>(cluster_bytes);
  geometry.sectors = load_le<uint64_t>(sector, 40);
  if (geometry.sectors == 0 || geometry.sectors > volume_bytes / geometry.sector_bytes)
    return bad(fmt::format("{} sectors in a volume of {} bytes", geometry.sectors, volume_bytes));
  geometry.clusters = geometry.sectors / sectors_per_cluster;
  geometry.mft_lcn = load_le<uint64_t>(sector, 48);
  geometry.mirror_lcn = load_le<uint64_t>(sector, 56);
  const uint64_t record_bytes = record_size(static_cast<int8_t>(sector[64]), cluster_bytes);
  const uint64_t index_bytes = record_size(static_cast<int8_t>(sector[68]), cluster_bytes);
  if (!power_of_two_within(record_bytes, 512, 64 * KiB))
    return bad(fmt::format("file records of {} bytes", record_bytes));
  if (!power_of_two_within(index_bytes, 512, 64 * KiB))
    return bad(fmt::format("index blocks of {} bytes", index_bytes));
  geometry.record_bytes = static_cast<uint32_t>(record_bytes);
  geometry.index_block_bytes = static_cast<uint32_t>(index_bytes);
  geometry.serial = load_le<uint64_t>(sector, 72);
  if (geometry.mft_lcn >= geometry.clusters || geometry.mirror_lcn >= geometry.clusters)
    return bad("$MFT or $MFTMirr lies beyond the volume");
  return geometry;
}

Result<std::unique_ptr<NtfsVolume>> NtfsVolume::open(ByteSource& volume) {
  Bytes sector(std::min<uint64_t>(512, volume.size_bytes()));
  TRY(volume.read(0, sector));
  const auto geometry = TRY(parse_ntfs_boot_sector(sector, volume.size_bytes()));
  std::unique_ptr<NtfsVolume> opened(new NtfsVolume(volume, geometry));
  TRY(opened->load_mft());
  opened->check_redundancy();
  return opened;
}

// $MFT describes itself: first the runs in its own record, through which further pieces of its runs are
// found.
Status NtfsVolume::load_mft() {
  Bytes bytes(geometry_.record_bytes);
  TRY(volume_.read(geometry_.mft_lcn * geometry_.cluster_bytes, bytes));
  const NtfsRecord record = TRY(parse_record(std::move(bytes), 0));
  const NtfsAttribute* data = record.find(kNtfsData, u"");
  if (!data || data->resident || data->lowest_vcn != 0) return bad("$MFT has no run list");
  NtfsContent start;
  TRY(take_piece(*data, geometry_.clusters, start, true));
  if (!record.find(kNtfsAttributeList, u"")) TRY(check_mapped(start, geometry_.cluster_bytes));
  mft_ = std::make_unique<NtfsStream>(volume_, geometry_.cluster_bytes, start, "$MFT");
  NtfsContent whole = TRY(gather(record, kNtfsData, u""));
  mft_ = std::make_unique<NtfsStream>(volume_, geometry_.cluster_bytes, std::move(whole), "$MFT");
  return {};
}

void NtfsVolume::check_redundancy() {
  Bytes boot(geometry_.sector_bytes), backup(geometry_.sector_bytes);
  const uint64_t backup_offset_bytes =
      geometry_.sectors * geometry_.sector_bytes;  // the sector behind the volume proper
  if (auto got = volume_.read(0, boot); !got)
    findings_.push_back(finding_of("NTFS boot sector", got.error()));
  if (auto got = volume_.read(backup_offset_bytes, backup); !got) {
    findings_.push_back(finding_of("NTFS backup boot sector", got.error()));
  } else if (boot != backup) {
    findings_.push_back({"NTFS backup boot sector", "differs from the boot sector"});
  }
  Bytes mirror(geometry_.record_bytes);
  for (uint64_t number = 0; number < 4; number++) {
    const std::string place = fmt::format("$MFTMirr record {}", number);
    const auto got = volume_.read(
        geometry_.mirror_lcn * geometry_.cluster_bytes + number * geometry_.record_bytes, mirror);
    const auto original = read_record_bytes(number);
    if (!got || !original) {
      findings_.push_back(finding_of(place, got ? original.error() : got.error()));
    } else if (*original != mirror) {
      findings_.push_back({place, "differs from $MFT"});
    }
  }
  const auto volume_file = read_record(kVolumeFile);
  const NtfsAttribute* information = volume_file ? volume_file->find(kNtfsVolumeInformation, u"") : nullptr;
  if (!information || information->value.size() < 12) {
    findings_.push_back({"$Volume", "no volume information"});
  } else if (load_le<uint16_t>(information->value, 10) & 1) {
    findings_.push_back({"$Volume", "the volume is marked dirty"});
  }
}

Result<Bytes> NtfsVolume::read_record_bytes(uint64_t number) {
  if (number >= record_count()) return bad(fmt::format("there is no file record {}", number));
  Bytes bytes(geometry_.record_bytes);
  TRY(mft_->read(number * geometry_.record_bytes, bytes));
  return bytes;
}

Result<NtfsRecord> NtfsVolume::read_record(uint64_t number) {
  auto record = parse_record(TRY(read_record_bytes(number)), number);
  if (!record) record.error().where = record_name(number);
  return record;
}

Result<NtfsRecord> NtfsVolume::read_referenced(uint64_t reference) {
  auto record = TRY(read_record(record_number(reference)));
  if (!record.in_use) return bad("referred to, but not in use", record_name(record.number));
  if (record.sequence != record_sequence(reference))
    return bad(
        fmt::format("has sequence number {}, referred to as {}", record.sequence, record_sequence(reference)),
        record_name(record.number));
  return record;
}

Result<NtfsContent> NtfsVolume::gather(const NtfsRecord& base, uint32_t type, std::u16string_view name) {
  NtfsContent content;
  const NtfsAttribute* list = base.find(kNtfsAttributeList, u"");
  if (!list) {
    const NtfsAttribute* only = base.find(type, name);
    if (!only)
      return fail(ErrorCode::not_found, fmt::format("no attribute {:#x}", type), record_name(base.number));
    TRY(take_piece(*only, geometry_.clusters, content, true));
    TRY(check_mapped(content, geometry_.cluster_bytes));
    return content;
  }
  NtfsContent list_content;
  TRY(take_piece(*list, geometry_.clusters, list_content, true));
  TRY(check_mapped(list_content, geometry_.cluster_bytes));
  if (list_content.size_bytes > kAttributeListMax)
    return bad("the attribute list is too long", record_name(base.number));
  NtfsStream list_stream(volume_, geometry_.cluster_bytes, std::move(list_content),
                         record_name(base.number) + " $ATTRIBUTE_LIST");
  Bytes entries(list_stream.size_bytes());
  TRY(list_stream.read(0, entries));

  bool first = true;
  for (ByteSpan rest = entries; !rest.empty();) {
    // u32 type, u16 length, u8 name length, u8 name offset, u64 lowest VCN, u64 reference, u16 instance
    const size_t length = rest.size() < 26 ? 0 : load_le<uint16_t>(rest, 4);
    const size_t name_at = length ? rest[7] : 0, name_units = length ? rest[6] : 0;
    if (length < 26 || length > rest.size() || (name_units > 0 && name_at + name_units * 2 > length))
      return bad("the attribute list is malformed", record_name(base.number));
    std::u16string entry_name;
    for (size_t i = 0; i < name_units; i++) entry_name += load_le<char16_t>(rest, name_at + i * 2);
    const auto reference = load_le<uint64_t>(rest, 16);
    const auto instance = load_le<uint16_t>(rest, 24);
    if (load_le<uint32_t>(rest, 0) == type && entry_name == name) {
      const auto piece_of = [&](const NtfsRecord& record) -> Status {
        for (const auto& attribute : record.attributes)
          if (attribute.type == type && attribute.instance == instance && attribute.name == name)
            return take_piece(attribute, geometry_.clusters, content, first);
        return bad("the attribute list names an attribute that is not there", record_name(record.number));
      };
      if (record_number(reference) == base.number) {
        TRY(piece_of(base));
      } else {
        const NtfsRecord extension = TRY(read_referenced(reference));
        if (record_number(extension.base_reference) != base.number ||
            record_sequence(extension.base_reference) != base.sequence)
          return bad(fmt::format("is no extension of record {}", base.number), record_name(extension.number));
        TRY(piece_of(extension));
      }
      first = false;
    }
    rest = rest.subspan(length);
  }
  if (first)
    return fail(ErrorCode::not_found, fmt::format("no attribute {:#x}", type), record_name(base.number));
  TRY(check_mapped(content, geometry_.cluster_bytes));
  return content;
}

Result<std::vector<NtfsEntry>> NtfsVolume::list(uint64_t directory_reference) {
  const NtfsRecord directory = TRY(read_referenced(directory_reference));
  if (!directory.directory) return bad("is no directory", record_name(directory.number));
  const NtfsContent root_content = TRY(gather(directory, kNtfsIndexRoot, kI30));
  if (!root_content.resident) return bad("$INDEX_ROOT is not resident", record_name(directory.number));
  NtfsIndexRoot root = TRY(parse_index_root(root_content.value));
  std::vector<NtfsEntry> entries = std::move(root.node.entries);
  std::vector<uint64_t> waiting = std::move(root.node.children);
  if (!waiting.empty()) {
    if (root.block_bytes != geometry_.index_block_bytes)
      return bad("index blocks are not of the volume's size", record_name(directory.number));
    NtfsStream allocation(volume_, geometry_.cluster_bytes,
                          TRY(gather(directory, kNtfsIndexAllocation, kI30)),
                          record_name(directory.number) + " $INDEX_ALLOCATION");
    // blocks smaller than a cluster are numbered in 512-byte units
    const uint64_t unit_bytes = geometry_.cluster_bytes <= root.block_bytes ? geometry_.cluster_bytes : 512;
    std::set<uint64_t> seen;
    Bytes block(root.block_bytes);
    while (!waiting.empty()) {
      const uint64_t vcn = waiting.back();
      waiting.pop_back();
      if (!seen.insert(vcn).second)
        return bad(fmt::format("index block {} is referred to twice", vcn), allocation.name());
      if (vcn > allocation.size_bytes() / unit_bytes)
        return bad(fmt::format("index block {} lies beyond the index", vcn), allocation.name());
      TRY(allocation.read(vcn * unit_bytes, block));
      auto node = TRY(parse_index_block(block, vcn));
      std::move(node.entries.begin(), node.entries.end(), std::back_inserter(entries));
      waiting.insert(waiting.end(), node.children.begin(), node.children.end());
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const NtfsEntry& a, const NtfsEntry& b) { return a.name < b.name; });
  return entries;
}

static Result<NtfsEntry> root_entry(NtfsVolume& volume) {
  const NtfsRecord root = TRY(volume.read_record(kRootDirectory));
  return NtfsEntry{.name = "",
                   .reference = kRootDirectory | uint64_t{root.sequence} << 48,
                   .directory = true,
                   .listed_bytes = 0};
}

Result<NtfsEntry> NtfsVolume::find(std::string_view path) {
  NtfsEntry at = TRY(root_entry(*this));
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find_first_of("\\/", begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    begin = end + 1;
    if (name.empty()) continue;
    const auto entries = TRY(list(at.reference));
    const auto found =
        std::lower_bound(entries.begin(), entries.end(), name,
                         [](const NtfsEntry& entry, std::string_view wanted) { return entry.name < wanted; });
    if (found == entries.end() || found->name != name)
      return fail(ErrorCode::not_found, "no such file on the drive", std::string(path));
    at = *found;
  }
  return at;
}

Result<std::unique_ptr<NtfsStream>> NtfsVolume::open_file(const NtfsEntry& entry) {
  const NtfsRecord record = TRY(read_referenced(entry.reference));
  if (record.directory) return fail(ErrorCode::invalid_argument, "is a directory", entry.name);
  return std::make_unique<NtfsStream>(volume_, geometry_.cluster_bytes, TRY(gather(record, kNtfsData, u"")),
                                      entry.name);
}

Result<std::map<std::string, NtfsEntry>> NtfsVolume::walk() {
  std::map<std::string, NtfsEntry> found;
  std::set<uint64_t> seen;
  std::vector<std::pair<std::string, uint64_t>> waiting = {{"", TRY(root_entry(*this)).reference}};
  while (!waiting.empty()) {
    const auto [directory, reference] = std::move(waiting.back());
    waiting.pop_back();
    if (!seen.insert(record_number(reference)).second)
      return bad("the directory is reached twice", directory);
    for (auto& entry : TRY(list(reference))) {
      if (record_number(entry.reference) < kFirstOrdinaryFile)
        continue;  // the volume's own files, and the root's "."
      const std::string path = directory + '\\' + entry.name;
      if (entry.directory) waiting.emplace_back(path, entry.reference);
      if (!found.emplace(path, std::move(entry)).second)
        return bad("the name occurs twice in its directory", path);
    }
  }
  return found;
}

}  // namespace seedbed::reference
