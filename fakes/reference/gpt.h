// A GUID partition table as UEFI 2.10 chapter 5 lays it down, read with mistrust: protective MBR, primary and
// backup header, both entry arrays. Written for judging drives; shares nothing with the code that prepares
// them.
#pragma once

#include <string>
#include <vector>

#include "engine/base/text.h"
#include "fakes/reference/byte_source.h"
#include "fakes/reference/finding.h"

namespace seedbed::reference {

struct GptPartition {
  Guid type, id;
  Extent place;  // bytes on the drive
  uint64_t attributes = 0;
  std::string name;
};

struct Gpt {
  uint32_t sector_bytes = 0;
  Guid disk_id;
  std::vector<GptPartition> partitions;  // used entries, in table order
  Findings findings;                     // the backup does not agree, the protective MBR is missing, …
};

// sector_bytes 0: 512 is tried, then 4096. corrupt when neither copy is whole; when only one is, it is used
// and a finding says so.
Result<Gpt> read_gpt(ByteSource& drive, uint32_t sector_bytes = 0);

}  // namespace seedbed::reference
