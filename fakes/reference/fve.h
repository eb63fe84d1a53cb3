// An unlocked BitLocker volume as a source of plain bytes, with everything that is wrong with its three
// metadata copies. Owned by one task.
#pragma once

#include "fakes/reference/byte_source.h"
#include "fakes/reference/finding.h"
#include "fakes/reference/fve_metadata.h"
#include "fakes/reference/xts.h"

namespace seedbed::reference {

class FveVolume final : public ByteSource {
 public:
  // permission_denied: the secret is wrong; not_found: no BitLocker volume; corrupt: no copy of the metadata
  // is whole.
  static Result<std::unique_ptr<FveVolume>> open(ByteSource& partition, const DriveSecret& secret);

  uint64_t size_bytes() const noexcept override { return volume_bytes_; }
  const std::string& name() const noexcept override { return name_; }
  const Guid& volume_id() const noexcept { return volume_id_; }
  const std::string& description() const noexcept { return description_; }
  const std::array<uint64_t, 3>& metadata_offset_bytes() const noexcept {
    return header_.metadata_offset_bytes;
  }
  const Extent& relocated_header() const noexcept { return relocated_header_; }
  // Copies that are damaged, differ, or whose SHA-256 under the volume master key does not match.
  const Findings& findings() const noexcept { return findings_; }

 protected:
  Status read_inside(uint64_t offset_bytes, MutableByteSpan out) override;

 private:
  FveVolume(ByteSource& partition, XtsDecryptor cipher)
      : partition_(partition), cipher_(std::move(cipher)), name_("volume in " + partition.name()) {}
  Status read_sector(uint64_t sector, MutableByteSpan out);

  ByteSource& partition_;
  XtsDecryptor cipher_;
  std::string name_;
  FveHeader header_;
  Extent relocated_header_;
  uint64_t volume_bytes_ = 0;
  Guid volume_id_;
  std::string description_;
  Findings findings_;
};

}  // namespace seedbed::reference
