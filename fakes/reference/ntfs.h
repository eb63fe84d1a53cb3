// An NTFS volume, read only, from nothing but its bytes: boot sector, $MFT, attribute lists, runs, directory
// indexes. No libntfs. Names are compared exactly (the side that judges wants the very name). Compressed and
// encrypted streams are unsupported. Used by one task; the volume's source must outlive it. [Linux-NTFS
// documentation project; Carrier, File System Forensic Analysis, chapters 11-13]
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fakes/reference/finding.h"
#include "fakes/reference/ntfs_stream.h"

namespace seedbed::reference {

struct NtfsGeometryRead {
  uint32_t sector_bytes = 0, cluster_bytes = 0, record_bytes = 0, index_block_bytes = 0;
  uint64_t sectors = 0, clusters = 0;
  uint64_t mft_lcn = 0, mirror_lcn = 0, serial = 0;
};
Result<NtfsGeometryRead> parse_ntfs_boot_sector(ByteSpan sector, uint64_t volume_bytes);

// A name in a directory.
struct NtfsEntry {
  std::string name;  // UTF-8
  uint64_t reference = 0;
  bool directory = false;
  uint64_t listed_bytes = 0;  // the size the directory shows
};

class NtfsVolume {
 public:
  static Result<std::unique_ptr<NtfsVolume>> open(ByteSource& volume);

  const NtfsGeometryRead& geometry() const noexcept { return geometry_; }
  // Backup boot sector or $MFTMirr differ, the volume is marked dirty.
  const Findings& findings() const noexcept { return findings_; }

  // Sorted by name bytes, without the 8.3 names.
  Result<std::vector<NtfsEntry>> list(uint64_t directory_reference);
  // Path: components after '\' or '/'. The root is "\".
  Result<NtfsEntry> find(std::string_view path);
  // Unnamed $DATA of a file.
  Result<std::unique_ptr<NtfsStream>> open_file(const NtfsEntry& entry);
  // Every file and directory by path ("\dir\file"), without the volume's own metadata files ($MFT, $Extend,
  // …).
  Result<std::map<std::string, NtfsEntry>> walk();

  // For checks of the whole volume.
  uint64_t record_count() const noexcept { return mft_->size_bytes() / geometry_.record_bytes; }
  Result<NtfsRecord> read_record(uint64_t number);
  // The bytes of a record as they are, fixups not undone.
  Result<Bytes> read_record_bytes(uint64_t number);
  Result<NtfsContent> gather(const NtfsRecord& base, uint32_t type, std::u16string_view name);
  ByteSource& source() noexcept { return volume_; }

 private:
  NtfsVolume(ByteSource& volume, const NtfsGeometryRead& geometry) : volume_(volume), geometry_(geometry) {}
  Status load_mft();
  void check_redundancy();
  Result<NtfsRecord> read_referenced(uint64_t reference);

  ByteSource& volume_;
  NtfsGeometryRead geometry_;
  std::unique_ptr<NtfsStream> mft_;
  Findings findings_;
};

}  // namespace seedbed::reference
