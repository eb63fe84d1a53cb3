// Contents
//   Md5Lanes/<lanes>/<inputs>   md5_of_many, inputs of 4 MiB; lanes 1 AVX-512, 2 AVX2, 3 OpenSSL
//   Md5Small/<lanes>/<bytes>    1,000 small messages in one call
#include <benchmark/benchmark.h>

#include "engine/base/random.h"
#include "engine/sectors/page_hash.h"

namespace seedbed {
namespace {

const char* const kLanesNames[] = {"automatic", "avx512", "avx2", "none"};

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

void Md5Lanes(benchmark::State& state) { hash_all(state, static_cast<size_t>(state.range(1)), 4 * MiB); }
BENCHMARK(Md5Lanes)->ArgsProduct({{1, 2, 3}, {1, 2, 3, 4, 8, 12, 16, 32}});

void Md5Small(benchmark::State& state) { hash_all(state, 1000, static_cast<size_t>(state.range(1))); }
BENCHMARK(Md5Small)->ArgsProduct({{1, 2, 3}, {100, 4096, 65536}});

}  // namespace
}  // namespace seedbed
