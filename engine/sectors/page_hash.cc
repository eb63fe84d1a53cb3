#include "engine/sectors/page_hash.h"

#include "engine/sectors/md5_lanes.h"

namespace seedbed {
namespace {

// One lane of a vector is slower than OpenSSL's scalar code, two together are already faster, with either
// instruction set (bench/sectors_bench, Md5Lanes with 1 and 2 inputs).
constexpr size_t kLanesWorthwhile = 2;

const Md5Kernel* kernel_of(HashLanes lanes) noexcept {
  switch (lanes) {
    case HashLanes::automatic:
    case HashLanes::avx512:
      if (kMd5Avx512.usable()) return &kMd5Avx512;
      [[fallthrough]];
    case HashLanes::avx2:
      if (kMd5Avx2.usable()) return &kMd5Avx2;
      [[fallthrough]];
    case HashLanes::none:
      break;
  }
  return nullptr;
}

}  // namespace

void md5_of_many(std::span<const ByteSpan> inputs, std::span<Md5> out, HashLanes lanes) {
  const Md5Kernel* kernel = inputs.size() < kLanesWorthwhile ? nullptr : kernel_of(lanes);
  if (kernel != nullptr) {
    md5_in_lanes(*kernel, inputs, out);
    return;
  }
  for (size_t i = 0; i < inputs.size(); ++i) out[i] = md5_of(inputs[i]);
}

std::string_view hash_lanes_name() noexcept {
  const Md5Kernel* kernel = kernel_of(HashLanes::automatic);
  if (kernel == &kMd5Avx512) return "avx512";
  if (kernel == &kMd5Avx2) return "avx2";
  return "none";
}

}  // namespace seedbed
