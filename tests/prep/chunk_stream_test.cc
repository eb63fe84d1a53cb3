#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/linux/posix_files.h"
#include "engine/prep/chunk_stream.h"

namespace seedbed {
namespace {

constexpr uint32_t kCluster = 4096;
constexpr uint32_t kChunk = 64 * KiB;

// Files of random sizes in random runs, clusters handed out in order with gaps.
std::vector<LaidOutFile> random_layout() {
  std::vector<LaidOutFile> files;
  uint64_t next_cluster = 10;
  const auto sizes = *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange<uint32_t>(0, 300'000));
  for (const uint32_t size_bytes : sizes) {
    LaidOutFile file{"f" + std::to_string(files.size()), size_bytes, -1, {}};
    uint64_t left = round_up(size_bytes, kCluster) / kCluster;
    while (left > 0) {
      const uint64_t run = *rc::gen::inRange<uint64_t>(1, left + 1);
      file.extents.push_back({next_cluster * kCluster, run * kCluster});
      next_cluster += run + *rc::gen::inRange<uint64_t>(0, 2);
      left -= run;
    }
    files.push_back(std::move(file));
  }
  return files;
}

std::vector<WriteChunk> all_chunks(ChunkStream& stream) {
  std::vector<WriteChunk> chunks;
  while (auto chunk = stream.next().value()) chunks.push_back(std::move(*chunk));
  return chunks;
}

RC_GTEST_PROP(ChunkStream, CoversEveryByteOnceInOrder, ()) {
  PosixFiles store;
  const auto files = random_layout();
  ChunkStream stream(store, files, kCluster, kChunk, 5, 3);
  const auto chunks = all_chunks(stream);
  uint64_t range = 5, chunk_index = 3;
  size_t file = 0;
  uint64_t at = 0;
  for (const WriteChunk& chunk : chunks) {
    RC_ASSERT(chunk.index == chunk_index++);
    RC_ASSERT((chunk.length_bytes > 0 && chunk.length_bytes <= kChunk && chunk.length_bytes % kCluster == 0));
    for (const ChunkRange& r : chunk.ranges) {
      while (file < files.size() && at == files[file].size_bytes) {
        file++;
        at = 0;
      }
      RC_ASSERT(r.range_index == range++);
      RC_ASSERT((r.file_index == file && r.file_offset_bytes == at));
      RC_ASSERT((r.length_bytes > 0 && r.chunk_offset_bytes + r.length_bytes <= chunk.length_bytes));
      // Where the range lies is where the file's runs say.
      uint64_t before = 0, expected = 0;
      for (const Extent& extent : files[file].extents) {
        if (at >= before && at < before + extent.length_bytes) expected = extent.offset_bytes + (at - before);
        before += extent.length_bytes;
      }
      RC_ASSERT(chunk.volume_offset_bytes + r.chunk_offset_bytes == expected);
      at += r.length_bytes;
    }
  }
  while (file < files.size() && at == files[file].size_bytes) {
    file++;
    at = 0;
  }
  RC_ASSERT(file == files.size());
  RC_ASSERT((stream.end_range() == range && stream.end_chunk() == chunk_index));
}

RC_GTEST_PROP(ChunkStream, SeekGoesOnWhereTheStreamWas, ()) {
  PosixFiles store;
  ChunkStream stream(store, random_layout(), kCluster, kChunk);
  const auto chunks = all_chunks(stream);
  RC_PRE(!chunks.empty());
  const size_t from = *rc::gen::inRange<size_t>(0, chunks.size());
  RC_ASSERT(stream.seek(chunks[from].index, chunks[from].ranges.front().range_index).has_value());
  const auto again = stream.next().value();
  RC_ASSERT((again && again->index == chunks[from].index &&
             again->volume_offset_bytes == chunks[from].volume_offset_bytes));
  RC_ASSERT(!stream.seek(chunks[from].index, chunks[from].ranges.front().range_index + 1).has_value());
}

RC_GTEST_PROP(ChunkStream, TheManifestListsTheSameRanges, ()) {
  PosixFiles store;
  const auto files = random_layout();
  ChunkStream stream(store, files, kCluster, kChunk);
  std::vector<std::pair<uint64_t, uint32_t>> listed, streamed;
  for (const LaidOutFile& file : files)
    for_each_range(file, kChunk, [&](uint64_t offset_bytes, uint32_t length_bytes) {
      listed.emplace_back(offset_bytes, length_bytes);
    });
  for (const WriteChunk& chunk : all_chunks(stream))
    for (const ChunkRange& range : chunk.ranges)
      streamed.emplace_back(range.file_offset_bytes, range.length_bytes);
  RC_ASSERT(listed == streamed);
}

}  // namespace
}  // namespace seedbed
