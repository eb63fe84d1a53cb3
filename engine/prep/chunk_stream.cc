#include "engine/prep/chunk_stream.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

namespace {

// How far a range that starts here reaches: the next boundary of the file, its end, or the end of the run.
uint32_t range_length(uint64_t file_offset_bytes, uint64_t size_bytes, uint64_t run_left_bytes,
                      uint32_t chunk_bytes) {
  const uint64_t boundary = round_down(file_offset_bytes, chunk_bytes) + chunk_bytes;
  return static_cast<uint32_t>(
      std::min({boundary - file_offset_bytes, size_bytes - file_offset_bytes, run_left_bytes}));
}

}  // namespace

uint64_t padded_bytes(const std::vector<LaidOutFile>& files) noexcept {
  uint64_t bytes = 0;
  for (const LaidOutFile& file : files)
    for (const Extent& extent : file.extents) bytes += extent.length_bytes;
  return bytes;
}

void for_each_range(const LaidOutFile& file, uint32_t chunk_bytes,
                    const std::function<void(uint64_t, uint32_t)>& visit) {
  uint64_t offset_bytes = 0;
  for (const Extent& extent : file.extents)
    for (uint64_t used_bytes = 0; used_bytes < extent.length_bytes && offset_bytes < file.size_bytes;) {
      const uint32_t length_bytes =
          range_length(offset_bytes, file.size_bytes, extent.length_bytes - used_bytes, chunk_bytes);
      visit(offset_bytes, length_bytes);
      offset_bytes += length_bytes;
      used_bytes += length_bytes;
    }
}

ChunkStream::ChunkStream(FileStore& files, std::vector<LaidOutFile> laid_out, uint32_t cluster_bytes,
                         uint32_t chunk_bytes, uint64_t first_range, uint64_t first_chunk)
    : store_(files),
      laid_out_(std::move(laid_out)),
      cluster_bytes_(cluster_bytes),
      chunk_bytes_(chunk_bytes),
      first_range_(first_range),
      first_chunk_(first_chunk) {
  for (const LaidOutFile& file : laid_out_) total_bytes_ += file.size_bytes;
  rewind();
  Cursor end = cursor_;
  while (cut(end)) {
  }
  end_range_ = end.range;
  end_chunk_ = end.chunk;
}

void ChunkStream::rewind() {
  cursor_ = Cursor{.range = first_range_, .chunk = first_chunk_};
}

std::optional<ChunkStream::Piece> ChunkStream::peek(Cursor& cursor) const {
  while (cursor.file < laid_out_.size()) {
    const LaidOutFile& file = laid_out_[cursor.file];
    if (cursor.file_offset_bytes >= file.size_bytes) {
      cursor.file++;
      cursor.extent = 0;
      cursor.file_offset_bytes = cursor.extent_used_bytes = 0;
      continue;
    }
    const Extent& extent = file.extents.at(cursor.extent);
    const uint64_t run_left_bytes = extent.length_bytes - cursor.extent_used_bytes;
    if (run_left_bytes == 0) {
      cursor.extent++;
      cursor.extent_used_bytes = 0;
      continue;
    }
    Piece piece;
    piece.range = {.range_index = cursor.range,
                   .file_index = cursor.file,
                   .file_offset_bytes = cursor.file_offset_bytes,
                   .chunk_offset_bytes = 0,
                   .length_bytes =
                       range_length(cursor.file_offset_bytes, file.size_bytes, run_left_bytes, chunk_bytes_)};
    piece.volume_offset_bytes = extent.offset_bytes + cursor.extent_used_bytes;
    piece.padded_bytes = static_cast<uint32_t>(round_up(piece.range.length_bytes, cluster_bytes_));
    return piece;
  }
  return std::nullopt;
}

void ChunkStream::take(Cursor& cursor, const Piece& piece) const {
  cursor.range++;
  cursor.file_offset_bytes += piece.range.length_bytes;
  cursor.extent_used_bytes += piece.range.length_bytes;
}

std::optional<WriteChunk> ChunkStream::cut(Cursor& cursor) const {
  std::optional<Piece> piece = peek(cursor);
  if (!piece) return std::nullopt;
  WriteChunk chunk{.index = cursor.chunk++,
                   .volume_offset_bytes = piece->volume_offset_bytes,
                   .length_bytes = 0,
                   .ranges = {}};
  while (piece && piece->volume_offset_bytes == chunk.volume_offset_bytes + chunk.length_bytes &&
         chunk.length_bytes + piece->padded_bytes <= chunk_bytes_) {
    piece->range.chunk_offset_bytes = chunk.length_bytes;
    chunk.ranges.push_back(piece->range);
    chunk.length_bytes += piece->padded_bytes;
    take(cursor, *piece);
    piece = peek(cursor);
  }
  return chunk;
}

Result<std::optional<WriteChunk>> ChunkStream::next() {
  return cut(cursor_);
}

Status ChunkStream::seek(uint64_t chunk, uint64_t range) {
  rewind();
  while (cursor_.chunk < chunk && cut(cursor_)) {
  }
  if (cursor_.chunk != chunk || cursor_.range != range)
    return fail(
        ErrorCode::corrupt,
        fmt::format(
            "the journal speaks of chunk {} and range {}, the layout of the drive of chunk {} and range {}",
            chunk, range, cursor_.chunk, cursor_.range),
        {}, "The journal does not belong to this drive and source; abort the session");
  return {};
}

Status ChunkStream::fill(const WriteChunk& chunk, MutableByteSpan out) {
  for (const ChunkRange& range : chunk.ranges) {
    const LaidOutFile& file = laid_out_.at(range.file_index);
    const auto changed = [&](std::string what) {
      return fail(ErrorCode::source_changed, std::move(what), file.source_path,
                  "Put the file back as it was and run the same command again, or abort the session with "
                  "/AbortSession");
    };
    auto opened = store_.open(file.source_path, OpenMode::read);
    if (!opened) {
      if (opened.error().code == ErrorCode::not_found)
        return changed("a source file vanished during the copy session");
      return std::unexpected(std::move(opened).error());
    }
    const size_t got_bytes = TRY((*opened)->read_at(
        range.file_offset_bytes, out.subspan(range.chunk_offset_bytes, range.length_bytes)));
    if (got_bytes != range.length_bytes) return changed("a source file shrank during the copy session");
    if (range.file_offset_bytes + range.length_bytes == file.size_bytes && file.modified_ns != -1) {
      const FileStat stat = TRY(store_.stat(file.source_path));
      if (stat.size_bytes != file.size_bytes || stat.modified_ns != file.modified_ns)
        return changed("a source file changed during the copy session");
    }
  }
  return {};
}

SectorWriterOptions fitted_to(SectorWriterOptions options, uint64_t chunks) {
  options.buffer_bytes = std::min(options.buffer_bytes, std::max<uint64_t>(chunks, 1) * options.chunk_bytes);
  return options;
}

}  // namespace seedbed
