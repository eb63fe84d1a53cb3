#include "engine/prep/session_proof.h"

#include <fmt/format.h>

#include "engine/prep/drive_proof.h"
#include "engine/prep/session_layout.h"

namespace seedbed {

Result<StageFigures> prove_session(Runtime& runtime, Operator& person, BlockDevice& device,
                                   const OpenDrive& drive, SessionUnderProof session) {
  const auto& [plan, data, manifest, hashes, volume, writer] = session;
  TRY(prove_volume(device, volume));
  auto ntfs = TRY(drive.file_system(runtime.utc_ns(), true));
  const SessionLayout found = TRY(read_layout(ntfs, plan, kManifestPath));
  const auto same = [](const LaidOutFile& a, const LaidOutFile& b) {
    return a.size_bytes == b.size_bytes && a.extents == b.extents;
  };
  for (size_t i = 0; i < found.files.size(); i++)
    if (!same(found.files[i], data.files()[i]))
      return fail(ErrorCode::corrupt, "the proof found a file in another place than it was written to",
                  plan.drive_path(plan.files[i]), "Abort the session and use another drive");
  if (!same(found.manifest, manifest.files()[0]))
    return fail(ErrorCode::corrupt, "the proof found the manifest in another place than it was written to",
                kManifestPath);

  const uint64_t data_bytes = padded_bytes(data.files());
  StageProgress progress(runtime, person, "proof", data_bytes + padded_bytes(manifest.files()), 0);
  StageFigures stage{"proof", 0, {}};
  for (ChunkStream* stream : {&data, &manifest}) {
    stream->rewind();
    const uint64_t before_bytes = stage.bytes;
    const auto mismatch = [&](const ProofPlace& place) -> Status {
      const std::string what =
          stream == &data ? plan.drive_path(plan.files[place.range.file_index]) : kManifestPath;
      return fail(ErrorCode::corrupt,
                  fmt::format("the proof read back other bytes than were written: {} at {}, {} bytes", what,
                              place.range.file_offset_bytes, place.range.length_bytes),
                  fmt::format("{} @ {}", device.identity().path,
                              drive.volume->partition_offset_bytes() + place.chunk.volume_offset_bytes +
                                  place.range.chunk_offset_bytes),
                  "Abort the session with /AbortSession and use another drive");
    };
    uint64_t told_bytes = 0;
    const auto on_bytes = [&](uint64_t done_bytes) {
      if (done_bytes - told_bytes < 16 * MiB) return;
      told_bytes = done_bytes;
      progress.done(before_bytes + done_bytes);
    };
    const WriteTotals totals =
        TRY(prove_chunks(runtime, device, *drive.volume, *stream, hashes,
                         fitted_to(writer, stream->chunk_count()), mismatch, on_bytes));
    stage.bytes += totals.bytes;
    stage.times.elapsed_ns += totals.times.elapsed_ns;
    stage.times.hash_ns += totals.times.hash_ns;
    stage.times.encrypt_ns += totals.times.encrypt_ns;
    stage.times.write_wait_ns += totals.times.write_wait_ns;
  }
  progress.done(stage.bytes);
  return stage;
}

}  // namespace seedbed
