// Contents
//   Chunk                 cutting alone: bytes to cuts
//   Name                  HMAC-SHA-256 of 1 MiB chunks
//   Compress              zstd of 1 MiB chunks of the corpus
//   Seal                  AES-256-GCM of compressed chunks
//   Stage                 all of staging: read, cut, name, compress, seal, write, sync; threads, real files
//   FloorTarZstd          the floor of the same run: tar | zstd -3 -T2 > /dev/null over the same corpus
//
// The corpus is made once per run in the temporary directory: text-like, binary and incompressible files of
// sizes from 100 bytes to 16 MiB. SEEDBED_BENCH_MB (default 64) says how much; SEEDBED_BENCH_SOURCE names a
// tree to take instead.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "engine/base/random.h"
#include "engine/linux/os_entropy.h"
#include "engine/linux/posix_files.h"
#include "engine/linux/thread_runtime.h"
#include "engine/staging/staging_area.h"
#include "simulator/scripted_operator.h"

namespace seedbed {
namespace {

const ChunkKeys& keys() {
  static const ChunkKeys keys =
      derive_chunk_keys(SecretBytes::of_text("benchmark"), {10, 8, 1, Bytes(16, 1)}).value();
  return keys;
}

// A third noise, a third words, a third records of little variety.
Bytes content(Random& random, size_t size_bytes, uint64_t kind) {
  Bytes bytes(size_bytes);
  if (kind % 3 == 0) {
    random.fill(bytes);
    return bytes;
  }
  static constexpr std::string_view kWords[] = {
      "the ",   "seed ",   "of ",        "a ", "backup ", "travels ", "by ",    "drive ", "chunk ",
      "0x7f, ", "return ", "for (int i", "\n", "page ",   "journal ", "= 0;\n", "vault ", "hash "};
  for (size_t at = 0; at < size_bytes;) {
    if (kind % 3 == 2 && random.chance(1, 2)) {
      bytes[at++] = static_cast<uint8_t>(random.next());
      continue;
    }
    for (const char c : kWords[random.below(std::size(kWords))])
      if (at < size_bytes) bytes[at++] = static_cast<uint8_t>(c);
  }
  return bytes;
}

class Corpus {
 public:
  Corpus() {
    const std::filesystem::path top = std::filesystem::temp_directory_path() / "seedbed-staging-bench-XXXXXX";
    top_ = top.string();
    if (mkdtemp(top_.data()) == nullptr) throw std::runtime_error("no temporary directory");
    if (const char* given = std::getenv("SEEDBED_BENCH_SOURCE")) {
      source_ = given;
      measure();
      return;
    }
    source_ = top_ + "/source";
    const char* wanted = std::getenv("SEEDBED_BENCH_MB");
    const uint64_t bytes_max = (wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 64) * 1'000'000;
    Random random(1);
    for (uint64_t i = 0, made = 0; made < bytes_max; i++) {
      const size_t size = i % 40 == 0 ? random.between(1 * MiB, 16 * MiB) : 100ULL << random.below(11);
      const std::string directory = source_ + "/d" + std::to_string(i / 100);
      std::filesystem::create_directories(directory);
      const Bytes bytes = content(random, size, random.below(3));
      std::ofstream(directory + "/f" + std::to_string(i), std::ios::binary)
          .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
      made += size;
    }
    measure();
  }
  ~Corpus() {
    std::error_code ignored;
    std::filesystem::remove_all(top_, ignored);
  }
  const std::string& top() const { return top_; }
  const std::string& source() const { return source_; }
  uint64_t bytes() const { return bytes_; }

 private:
  void measure() {
    PosixFiles files;
    bytes_ = measure_source(files, {.paths = {source_}, .excludes = {}, .hidden = {}}).value().bytes;
  }
  std::string top_, source_;
  uint64_t bytes_ = 0;
};

const Corpus& corpus() {
  static const Corpus corpus;
  return corpus;
}

const Bytes& sample() {
  static const Bytes bytes = [] {
    Random random(2);
    Bytes all;
    for (uint64_t i = 0; i < 24; i++) append(all, content(random, 1 * MiB, i));
    return all;
  }();
  return bytes;
}

void Chunk(benchmark::State& state) {
  for (auto _ : state) {
    ByteSpan rest = sample();
    while (!rest.empty())
      rest = rest.subspan(next_cut(rest.first(std::min<size_t>(rest.size(), 4 * MiB)), {}));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * sample().size()));
}
BENCHMARK(Chunk);

void Name(benchmark::State& state) {
  ChunkNamer namer(keys());
  for (auto _ : state)
    for (size_t at = 0; at < sample().size(); at += 1 * MiB)
      benchmark::DoNotOptimize(namer.name(ByteSpan(sample()).subspan(at, 1 * MiB)));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * sample().size()));
}
BENCHMARK(Name);

void Compress(benchmark::State& state) {
  Compressor compressor;
  for (auto _ : state)
    for (size_t at = 0; at < sample().size(); at += 1 * MiB)
      benchmark::DoNotOptimize(compressor.pack(ByteSpan(sample()).subspan(at, 1 * MiB)));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * sample().size()));
}
BENCHMARK(Compress);

void Seal(benchmark::State& state) {
  Sealer sealer(keys(), 1);
  uint64_t sequence = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        sealer.seal(RecordKind::data, 1, ++sequence, {}, ByteSpan(sample()).first(1 * MiB), {}));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * 1 * MiB));
}
BENCHMARK(Seal);

void Stage(benchmark::State& state) {
  PosixFiles files;
  OsEntropy entropy;
  ScriptedOperator person;
  ThreadRuntime runtime({.workers = static_cast<unsigned>(state.range(0)), .utc_clock = {}});
  StageRequest request;
  request.source.paths = {corpus().source()};
  request.staging_path = corpus().top() + "/staging";
  request.inputs.job = "bench";
  request.inputs.backup_id = std::string(32, '0');
  request.kdf = {10, 8, 1, Bytes(16, 1)};
  StageReport last;
  for (auto _ : state) {
    state.PauseTiming();
    std::filesystem::remove_all(request.staging_path);
    std::filesystem::create_directory(request.staging_path);
    state.ResumeTiming();
    auto report = stage({runtime, files, files, entropy, person}, request, keys(), {});
    if (!report) {
      state.SkipWithError(report.error().message().c_str());
      return;
    }
    last = *std::move(report);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * corpus().bytes()));
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["rss_mb"] = static_cast<double>(usage.ru_maxrss) / 1024;
  state.counters["ratio"] =
      static_cast<double>(last.base_bytes) / static_cast<double>(std::max<uint64_t>(last.source_bytes, 1));
  const auto seconds = [](uint64_t ns) { return static_cast<double>(ns) / 1e9; };
  state.counters["read_s"] = seconds(last.times.read_ns);
  state.counters["cut_s"] = seconds(last.times.cut_ns);
  state.counters["name_s"] = seconds(last.times.name_ns);
  state.counters["compress_s"] = seconds(last.times.compress_ns);
  state.counters["write_s"] = seconds(last.times.write_ns);
  state.counters["sync_s"] = seconds(last.times.sync_ns);
}
BENCHMARK(Stage)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void FloorTarZstd(benchmark::State& state) {
  const std::string command = "tar -C '" + corpus().source() + "' -cf - . | zstd -q -3 -T2 > /dev/null";
  for (auto _ : state)
    if (std::system(command.c_str()) != 0) {
      state.SkipWithError("tar or zstd is not there");
      return;
    }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * corpus().bytes()));
}
BENCHMARK(FloorTarZstd)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace seedbed
