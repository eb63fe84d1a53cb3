// Contents
//   Md5Lanes/<lanes>/<inputs>   md5_of_many, inputs of 4 MiB; lanes 1 AVX-512, 2 AVX2, 3 OpenSSL
//   Md5Small/<lanes>/<bytes>    1,000 small messages in one call
//   Xts/<path>                  SectorCipher, 4 MiB at a time, 512-byte sectors; path 1 VAES, 2 OpenSSL
//   NullDrive/<lanes>/<path>    target P3: write_sectors with one worker onto a drive that takes everything
//   Proof/<lanes>/<path>        read_sectors likewise; the drive costs CPU time here, it gives zeros
//   FourDrives                  target P10: four throttled drives at once against one (times_one, target 3.8)
//
// NullDrive and Proof print their GB per second of CPU time (core_GBps) beside MD5 and XTS alone over such
// buffers in the same run (md5_GBps, xts_GBps), the bound 1/(1/md5 + 1/xts), and the share of the bound that
// was reached (of_bound, target 0.85).
#include <benchmark/benchmark.h>
#include <time.h>

#include <numeric>

#include "engine/base/random.h"
#include "engine/linux/null_drive.h"
#include "engine/linux/thread_runtime.h"
#include "engine/sectors/page_hash.h"
#include "engine/sectors/sector_writer.h"

namespace seedbed {
namespace {

constexpr const char* kLanesNames[] = {"automatic", "avx512", "avx2", "none"};
constexpr uint32_t kChunkBytes = 4 * MiB;

// --- the parts ---

void hash_all(benchmark::State& state, size_t count, size_t each_bytes) {
  AlignedBuffer data(count * each_bytes);
  Random(1).fill(data.span());
  std::vector<ByteSpan> inputs;
  for (size_t i = 0; i < count; ++i) inputs.push_back(data.span().subspan(i * each_bytes, each_bytes));
  std::vector<Md5> digests(count);
  const auto lanes = static_cast<HashLanes>(state.range(0));
  for (auto _ : state) {
    md5_of_many(inputs, digests, lanes);
    benchmark::DoNotOptimize(digests.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * count * each_bytes));
  state.SetLabel(kLanesNames[state.range(0)]);
}

void Md5Lanes(benchmark::State& state) {
  hash_all(state, static_cast<size_t>(state.range(1)), kChunkBytes);
}
BENCHMARK(Md5Lanes)->ArgsProduct({{1, 2, 3}, {1, 2, 3, 8, 16}});

void Md5Small(benchmark::State& state) {
  hash_all(state, 1000, static_cast<size_t>(state.range(1)));
}
BENCHMARK(Md5Small)->ArgsProduct({{1, 2, 3}, {100, 4096, 65536}});

SectorCipher cipher_of(int64_t path) {
  SecretBytes key(32);
  Random(2).fill(key.mutable_span());
  return std::move(SectorCipher::make(key, 512, static_cast<CipherPath>(path))).value();
}

void Xts(benchmark::State& state) {
  SectorCipher cipher = cipher_of(state.range(0));
  AlignedBuffer data(16 * kChunkBytes);
  for (auto _ : state) {
    for (uint64_t at = 0; at < data.size(); at += kChunkBytes)
      cipher.encrypt(at, data.span().subspan(at, kChunkBytes));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * data.size()));
  state.SetLabel(std::string(cipher.path_name()));
}
BENCHMARK(Xts)->DenseRange(1, 2);

// --- the pipeline ---

uint64_t cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// Whole chunks of one range each, whose content is whatever the buffer holds: filling costs nothing.
class FreeSource final : public ChunkSource {
 public:
  explicit FreeSource(uint64_t chunks) : chunks_(chunks) {}
  Result<std::optional<WriteChunk>> next() override {
    if (at_ == 0) first_cpu_ns_ = cpu_ns();
    if (at_ == chunks_) return std::nullopt;
    WriteChunk chunk{
        .index = at_, .volume_offset_bytes = at_ * kChunkBytes, .length_bytes = kChunkBytes, .ranges = {}};
    chunk.ranges = {{.range_index = at_, .chunk_offset_bytes = 0, .length_bytes = kChunkBytes}};
    ++at_;
    return chunk;
  }
  Status fill(const WriteChunk&, MutableByteSpan) override { return {}; }
  uint64_t first_cpu_ns() const noexcept { return first_cpu_ns_; }  // when the first chunk was asked for

 private:
  uint64_t chunks_, at_ = 0, first_cpu_ns_ = 0;
};

// GB per second of CPU time, of all tasks together: "per core", whatever else the machine does meanwhile.
double gb_per_second(uint64_t bytes, uint64_t start_ns, uint64_t end_ns) {
  return static_cast<double>(bytes) / static_cast<double>(end_ns - start_ns);
}

template <typename Body>
double gb_per_cpu_second(uint64_t bytes, Body body) {
  const uint64_t start_ns = cpu_ns();
  body();
  return gb_per_second(bytes, start_ns, cpu_ns());
}

constexpr uint64_t kRunChunks = 128;  // 512 MiB
constexpr uint64_t kRunBytes = kRunChunks * kChunkBytes;

void print_against_bound(benchmark::State& state, double pipeline, double md5, double xts) {
  const double bound = 1 / (1 / md5 + 1 / xts);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kRunBytes));
  state.counters["core_GBps"] = pipeline;
  state.counters["md5_GBps"] = md5;
  state.counters["xts_GBps"] = xts;
  state.counters["bound_GBps"] = bound;
  state.counters["of_bound"] = pipeline / bound;
}

// Runs `pipeline` (which gives its GB per second of CPU time, from the first chunk to the last: a long run
// does not notice how its buffers are made) and, turn by turn with it, its two parts alone over buffers of
// the same size and number.
template <typename Pipeline>
void against_its_parts(benchmark::State& state, Pipeline pipeline) {
  const auto lanes = static_cast<HashLanes>(state.range(0));
  SectorCipher cipher = cipher_of(state.range(1));
  AlignedBuffer buffers(32 * kChunkBytes);
  std::vector<Md5> digests(16);
  double best_pipeline = 0, best_md5 = 0, best_xts = 0;
  for (auto _ : state) {
    best_pipeline = std::max(best_pipeline, pipeline(lanes, cipher));
    state.PauseTiming();
    const auto buffer = [&](uint64_t i) { return buffers.span().subspan(i % 32 * kChunkBytes, kChunkBytes); };
    best_md5 = std::max(best_md5, gb_per_cpu_second(kRunBytes, [&] {
                          for (uint64_t first = 0; first < kRunChunks; first += 16) {
                            std::vector<ByteSpan> inputs;
                            for (uint64_t i = first; i < first + 16; ++i) inputs.push_back(buffer(i));
                            md5_of_many(inputs, digests, lanes);
                          }
                        }));
    best_xts = std::max(best_xts, gb_per_cpu_second(kRunBytes, [&] {
                          for (uint64_t i = 0; i < kRunChunks; ++i)
                            cipher.encrypt(i * kChunkBytes, buffer(i));
                        }));
    state.ResumeTiming();
  }
  print_against_bound(state, best_pipeline, best_md5, best_xts);
  state.SetLabel(std::string(kLanesNames[state.range(0)]) + " + " + std::string(cipher.path_name()));
}

void NullDriveWrite(benchmark::State& state) {
  against_its_parts(state, [&](HashLanes lanes, const SectorCipher& cipher) {
    ThreadRuntime runtime({.workers = 1, .utc_clock = {}});
    NullDrive drive(runtime, {});
    FreeSource source(kRunChunks);
    uint64_t last_ns = 0;
    const auto checkpoint = [&](const Checkpoint&) {
      last_ns = cpu_ns();
      return Status();
    };
    const auto totals =
        write_sectors(runtime, drive, 1 * MiB, cipher, source, checkpoint, {.hash_lanes = lanes});
    if (!totals) state.SkipWithError(totals.error().message().c_str());
    return gb_per_second(kRunBytes, source.first_cpu_ns(), last_ns);
  });
}
BENCHMARK(NullDriveWrite)
    ->Name("NullDrive")
    ->ArgsProduct({{1, 2, 3}, {1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void Proof(benchmark::State& state) {
  against_its_parts(state, [&](HashLanes lanes, const SectorCipher& cipher) {
    ThreadRuntime runtime({.workers = 1, .utc_clock = {}});
    NullDrive drive(runtime, {});
    FreeSource source(kRunChunks);
    uint64_t last_ns = 0;
    const auto verify = [&](const WriteChunk&, std::span<const Md5>) {
      last_ns = cpu_ns();
      return Status();
    };
    const auto totals = read_sectors(runtime, drive, 1 * MiB, cipher, source, verify, {.hash_lanes = lanes});
    if (!totals) state.SkipWithError(totals.error().message().c_str());
    return gb_per_second(kRunBytes, source.first_cpu_ns(), last_ns);
  });
}
BENCHMARK(Proof)->Args({1, 1})->Unit(benchmark::kMillisecond)->UseRealTime();

// MB/s that `count` drives of 250 MB/s take together, all at once: each from its first to its last checkpoint
// but one, while its queue is full. The making of buffers, once per run, stays out of it.
double throttled_rate(benchmark::State& state, unsigned count) {
  ThreadRuntime runtime;
  const SectorCipher cipher = cipher_of(0);
  std::vector<double> rates(count);
  std::vector<Task> tasks;
  for (double& rate : rates) {
    tasks.push_back(runtime.spawn("drive", [&] {
      NullDrive drive(runtime, {.bytes_per_second = 250'000'000});
      constexpr uint64_t kBytes = 64 * uint64_t{kChunkBytes};
      FreeSource source(kBytes / kChunkBytes);
      uint64_t first_ns = 0, first_bytes = 0;
      const auto checkpoint = [&](const Checkpoint& point) {
        const uint64_t now_ns = runtime.now_ns();
        if (first_ns == 0) {
          first_ns = now_ns;
          first_bytes = point.bytes;
        } else if (point.bytes != kBytes) {
          rate =
              static_cast<double>(point.bytes - first_bytes) * 1e3 / static_cast<double>(now_ns - first_ns);
        }
        return Status();
      };
      const auto totals =
          write_sectors(runtime, drive, 1 * MiB, cipher, source, checkpoint, {.buffer_bytes = 64 * MiB});
      if (!totals) state.SkipWithError(totals.error().message().c_str());
    }));
  }
  for (const Task& task : tasks) task->join();
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

void FourDrives(benchmark::State& state) {
  double one = 0, four = 0;
  for (auto _ : state) {
    four += throttled_rate(state, 4);
    state.PauseTiming();
    one += throttled_rate(state, 1);
    state.ResumeTiming();
  }
  state.counters["four_MBps"] = four / static_cast<double>(state.iterations());
  state.counters["one_MBps"] = one / static_cast<double>(state.iterations());
  state.counters["times_one"] = four / one;
}
BENCHMARK(FourDrives)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace seedbed
