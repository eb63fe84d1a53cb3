// The data phase as one stream: laid-out files cut into page ranges and chunks, in writing order. Everything
// about it is a pure function of the layout, so a resume that rebuilds it from the drive and the plan finds
// the same range 4711 in the same place.
//
// Cutting: a range ends at a multiple of chunk_bytes (4 MiB) of its file, at the end of the file, or where
// the file's run on the drive ends. A chunk gathers ranges that follow each other on the drive (each padded
// to its cluster) up to 4 MiB.
//
// Owned by the session. next() from one task; fill() from any (it opens files of its own).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/documents/drive_manifest.h"
#include "engine/ports/file_store.h"
#include "engine/sectors/sector_writer.h"

namespace seedbed {

struct LaidOutFile {
  std::string source_path;  // where fill() reads it
  uint64_t size_bytes = 0;
  int64_t modified_ns = 0;      // checked with the size once the last range is read; -1: not checked
  std::vector<Extent> extents;  // on the volume, in file order, whole clusters
};

class ChunkStream final : public ChunkSource {
 public:
  // Ranges and chunks are numbered from first_range / first_chunk (the manifest's follow those of the data).
  // chunk_bytes: at most 4 MiB, a multiple of the cluster; the same for all runs of a session.
  ChunkStream(FileStore& files, std::vector<LaidOutFile> laid_out, uint32_t cluster_bytes,
              uint32_t chunk_bytes, uint64_t first_range = 0, uint64_t first_chunk = 0);

  Result<std::optional<WriteChunk>> next() override;
  Status fill(const WriteChunk& chunk, MutableByteSpan out) override;

  void rewind();
  // Moves to the chunk with this index (counting from first_chunk). corrupt when no chunk begins there or its
  // first range is another.
  Status seek(uint64_t chunk, uint64_t range);
  uint64_t total_bytes() const noexcept { return total_bytes_; }  // of files, without padding
  uint64_t end_range() const noexcept { return end_range_; }
  uint64_t end_chunk() const noexcept { return end_chunk_; }
  uint64_t chunk_count() const noexcept { return end_chunk_ - first_chunk_; }
  const std::vector<LaidOutFile>& files() const noexcept { return laid_out_; }

 private:
  struct Cursor {
    size_t file = 0;
    size_t extent = 0;
    uint64_t file_offset_bytes = 0;
    uint64_t extent_used_bytes = 0;
    uint64_t range = 0, chunk = 0;
  };
  struct Piece {
    ChunkRange range;
    uint64_t volume_offset_bytes = 0;
    uint32_t padded_bytes = 0;
  };
  std::optional<Piece> peek(Cursor& cursor) const;  // skips what has no bytes left
  void take(Cursor& cursor, const Piece& piece) const;
  std::optional<WriteChunk> cut(Cursor& cursor) const;

  FileStore& store_;
  std::vector<LaidOutFile> laid_out_;
  uint32_t cluster_bytes_, chunk_bytes_;
  uint64_t first_range_, first_chunk_;
  uint64_t total_bytes_ = 0, end_range_ = 0, end_chunk_ = 0;
  Cursor cursor_;
};

// What the files take up on the drive, padding included.
uint64_t padded_bytes(const std::vector<LaidOutFile>& files) noexcept;

// The ranges of one file as the manifest lists them: the same cutting.
void for_each_range(const LaidOutFile& file, uint32_t chunk_bytes,
                    const std::function<void(uint64_t offset_bytes, uint32_t length_bytes)>& visit);

// The options with no more buffers than that many chunks need: making 128 MiB of them for one chunk takes
// longer than writing it.
SectorWriterOptions fitted_to(SectorWriterOptions options, uint64_t chunks);

}  // namespace seedbed
