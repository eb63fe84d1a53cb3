// The proof that ends a session: everything that is meant to stay on the drive is read back and compared with
// what was to be written there. First the volume, all that building and the sets of this and earlier sessions
// wrote; then that the file system, read afresh, still says where the data lies; then the data and the
// manifest, range by range. Owned by the session; the drive is idle otherwise. Writes nothing.
#pragma once

#include "engine/journal/page_hash_log.h"
#include "engine/prep/chunk_stream.h"
#include "engine/prep/drive_volume.h"
#include "engine/prep/source_plan.h"
#include "engine/prep/stage_progress.h"

namespace seedbed {

struct SessionUnderProof {
  const SourcePlan& plan;
  ChunkStream& data;
  ChunkStream& manifest;
  PageHashLog& hashes;
  const VolumeHashes& volume;
  const SectorWriterOptions& writer;
};

// corrupt names the first place that differs.
Result<StageFigures> prove_session(Runtime& runtime, Operator& person, BlockDevice& device,
                                   const OpenDrive& drive, SessionUnderProof session);

}  // namespace seedbed
