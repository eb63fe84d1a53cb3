// The content of one NTFS attribute (a file's data, $MFT, a directory's index) as a source of bytes:
// resident, or runs of clusters with holes and an initialised length beyond which zeros are read. Used by one
// task; the volume must outlive it.
#pragma once

#include "fakes/reference/byte_source.h"
#include "fakes/reference/ntfs_record.h"

namespace seedbed::reference {

// What the attribute's pieces say, put together from as many records as it takes.
struct NtfsContent {
  bool resident = true;
  Bytes value;                // resident
  std::vector<NtfsRun> runs;  // ascending, without gaps from cluster 0
  uint64_t size_bytes = 0, initialized_bytes = 0;
};

class NtfsStream final : public ByteSource {
 public:
  NtfsStream(ByteSource& volume, uint32_t cluster_bytes, NtfsContent content, std::string name)
      : volume_(volume),
        cluster_bytes_(cluster_bytes),
        content_(std::move(content)),
        name_(std::move(name)) {}
  uint64_t size_bytes() const noexcept override { return content_.size_bytes; }
  const std::string& name() const noexcept override { return name_; }
  const NtfsContent& content() const noexcept { return content_; }

 protected:
  Status read_inside(uint64_t offset_bytes, MutableByteSpan out) override;

 private:
  ByteSource& volume_;
  uint32_t cluster_bytes_;
  NtfsContent content_;
  std::string name_;
};

}  // namespace seedbed::reference
