// Contents
//   DriveWrite   target P2a: the write phase (fill from memory, MD5, XTS, write, flush, checkpoints) onto an
//   image file with direct I/O, bytes/s DriveProof   target P2b: the proof of what DriveWrite wrote (read,
//   decrypt, hash), bytes/s
//
// The image lies in $SEEDBED_BENCH_DIR (default: the temporary directory) and has $SEEDBED_BENCH_MIB (default
// 64); it is written once before anything is timed, so that no block is allocated under the clock.
// bench/compare runs this beside fio on the same file system.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "engine/base/random.h"
#include "engine/linux/file_drive.h"
#include "engine/linux/os_entropy.h"
#include "engine/linux/thread_runtime.h"
#include "engine/sectors/sector_writer.h"

namespace seedbed {
namespace {

constexpr uint32_t kChunkBytes = 4 * MiB;

std::string environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

// One file of the image's size, straight from memory.
class MemorySource final : public ChunkSource {
 public:
  explicit MemorySource(uint64_t total_bytes) : total_bytes_(total_bytes), content_(16 * kChunkBytes) {
    Random(1).fill(content_.span());
  }
  Result<std::optional<WriteChunk>> next() override {
    const uint64_t at = next_ * kChunkBytes;
    if (at >= total_bytes_) return std::nullopt;
    WriteChunk chunk{.index = next_, .volume_offset_bytes = at, .length_bytes = kChunkBytes, .ranges = {}};
    chunk.ranges.push_back({.range_index = next_,
                            .file_index = 0,
                            .file_offset_bytes = at,
                            .chunk_offset_bytes = 0,
                            .length_bytes = kChunkBytes});
    next_++;
    return chunk;
  }
  Status fill(const WriteChunk& chunk, MutableByteSpan out) override {
    std::copy_n(content_.span().begin() + static_cast<ptrdiff_t>(chunk.index % 16 * kChunkBytes), out.size(),
                out.begin());
    return {};
  }
  void rewind() { next_ = 0; }

 private:
  uint64_t total_bytes_, next_ = 0;
  AlignedBuffer content_;
};

template <typename T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

// The image, its drive and the key; removed at the end.
class Bench {
 public:
  Bench()
      : total_bytes_(round_down(std::stoull(environment("SEEDBED_BENCH_MIB", "64")) * MiB, kChunkBytes)),
        path_(environment("SEEDBED_BENCH_DIR", std::filesystem::temp_directory_path()) +
              "/seedbed-drive-bench-" + std::to_string(::getpid()) + ".img"),
        source_(total_bytes_) {
    OsEntropy entropy;
    const Status made = create_image(path_, total_bytes_, 512, entropy);
    if (!made) throw std::runtime_error(made.error().message());
    DriveOptions options;
    options.write = true;
    drive_ = value_of(open_file_drive(path_, options, entropy));
    SecretBytes key(32);
    entropy.fill(key.mutable_span());
    cipher_.emplace(value_of(SectorCipher::make(key, 512)));
    write();
  }
  ~Bench() {
    drive_.reset();
    std::filesystem::remove(path_);
    std::filesystem::remove(path_ + ".identity.toml");
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void write() {
    source_.rewind();
    value_of(write_sectors(runtime_, *drive_, 0, *cipher_, source_,
                           [](const Checkpoint&) -> Status { return {}; }));
  }
  void prove() {
    source_.rewind();
    value_of(read_sectors(runtime_, *drive_, 0, *cipher_, source_,
                          [](const WriteChunk&, std::span<const Md5>) -> Status { return {}; }));
  }
  uint64_t total_bytes() const { return total_bytes_; }

 private:
  uint64_t total_bytes_;
  std::string path_;
  ThreadRuntime runtime_;
  MemorySource source_;
  std::unique_ptr<BlockDevice> drive_;
  std::optional<SectorCipher> cipher_;
};

void DriveWrite(benchmark::State& state) {
  Bench bench;
  for (auto _ : state) bench.write();
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bench.total_bytes()));
}
BENCHMARK(DriveWrite)->UseRealTime()->Unit(benchmark::kMillisecond);

void DriveProof(benchmark::State& state) {
  Bench bench;
  for (auto _ : state) bench.prove();
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bench.total_bytes()));
}
BENCHMARK(DriveProof)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace seedbed
