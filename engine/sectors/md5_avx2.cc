// MD5 in 8 lanes of AVX2. The 8 blocks are loaded in halves, one register each, and transposed
// in registers.
#include "engine/sectors/md5_lanes.h"
#include "engine/sectors/md5_steps.h"

#ifdef __x86_64__
#include <immintrin.h>

#define SEEDBED_AVX2 __attribute__((target("avx2"), always_inline)) inline

namespace seedbed {
namespace {

bool usable() noexcept {
  return __builtin_cpu_supports("avx2") != 0;
}

constexpr size_t kPrefetchBytes = 512;  // past a message's end it is harmless

// a + F, G, H or I of (b, c, d), written so that b, which is ready last, passes few instructions. [RFC 1321,
// section 3.4]
template <int Round>
SEEDBED_AVX2 __m256i add_mix(__m256i a, __m256i b, __m256i c, __m256i d) noexcept {
  if constexpr (Round == 0) {
    return _mm256_add_epi32(a, _mm256_xor_si256(d, _mm256_and_si256(b, _mm256_xor_si256(c, d))));
  }
  if constexpr (Round == 1) {  // the two halves share no bit, so they may be added one after the other
    return _mm256_add_epi32(_mm256_add_epi32(a, _mm256_andnot_si256(d, c)), _mm256_and_si256(b, d));
  }
  if constexpr (Round == 2) return _mm256_add_epi32(a, _mm256_xor_si256(b, _mm256_xor_si256(c, d)));
  if constexpr (Round == 3) {
    const __m256i not_d = _mm256_xor_si256(d, _mm256_set1_epi32(-1));
    return _mm256_add_epi32(a, _mm256_xor_si256(c, _mm256_or_si256(b, not_d)));
  }
}

template <int Step>
SEEDBED_AVX2 void step(__m256i& a, __m256i b, __m256i c, __m256i d, const __m256i* words) noexcept {
  constexpr int kShift = md5_shift(Step);
  a = _mm256_add_epi32(
      a, _mm256_add_epi32(words[md5_word(Step)], _mm256_set1_epi32(static_cast<int>(kMd5Sine[Step]))));
  a = add_mix<Step / 16>(a, b, c, d);
  a = _mm256_or_si256(_mm256_slli_epi32(a, kShift), _mm256_srli_epi32(a, 32 - kShift));
  a = _mm256_add_epi32(a, b);
}

template <int Step>
SEEDBED_AVX2 void steps_from(__m256i& a, __m256i& b, __m256i& c, __m256i& d, const __m256i* words) noexcept {
  step<Step>(a, b, c, d, words);
  step<Step + 1>(d, a, b, c, words);
  step<Step + 2>(c, d, a, b, words);
  step<Step + 3>(b, c, d, a, words);
  if constexpr (Step + 4 < 64) steps_from<Step + 4>(a, b, c, d, words);
}

// words[w] = word w of the half block of every lane, lane 0 lowest.
SEEDBED_AVX2 void load_transposed(__m256i* words, const uint8_t* const* lane_data,
                                  size_t offset_bytes) noexcept {
  __m256i rows[8];
  for (int i = 0; i < 8; ++i) {
    rows[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lane_data[i] + offset_bytes));
  }
  __m256i quads[8];
  for (int i = 0; i < 8; i += 4) {  // 4x4 transpositions inside each 128-bit half
    const __m256i low01 = _mm256_unpacklo_epi32(rows[i], rows[i + 1]);
    const __m256i high01 = _mm256_unpackhi_epi32(rows[i], rows[i + 1]);
    const __m256i low23 = _mm256_unpacklo_epi32(rows[i + 2], rows[i + 3]);
    const __m256i high23 = _mm256_unpackhi_epi32(rows[i + 2], rows[i + 3]);
    quads[i] = _mm256_unpacklo_epi64(low01, low23);
    quads[i + 1] = _mm256_unpackhi_epi64(low01, low23);
    quads[i + 2] = _mm256_unpacklo_epi64(high01, high23);
    quads[i + 3] = _mm256_unpackhi_epi64(high01, high23);
  }
  for (int i = 0; i < 4; ++i) {  // then the halves themselves
    words[i] = _mm256_permute2x128_si256(quads[i], quads[i + 4], 0x20);
    words[i + 4] = _mm256_permute2x128_si256(quads[i], quads[i + 4], 0x31);
  }
}

SEEDBED_AVX2 __m256i load_state(const uint32_t* word) noexcept {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(word));
}
SEEDBED_AVX2 void store_state(uint32_t* word, __m256i value) noexcept {
  _mm256_store_si256(reinterpret_cast<__m256i*>(word), value);
}

__attribute__((target("avx2"))) void compress(Md5LaneState& state, const uint8_t* const* lane_data,
                                              size_t blocks) noexcept {
  __m256i a = load_state(state.word[0]);
  __m256i b = load_state(state.word[1]);
  __m256i c = load_state(state.word[2]);
  __m256i d = load_state(state.word[3]);
  for (size_t block = 0; block < blocks; ++block) {
    __m256i words[16];
    load_transposed(words, lane_data, block * kMd5BlockBytes);
    load_transposed(words + 8, lane_data, block * kMd5BlockBytes + kMd5BlockBytes / 2);
    for (int i = 0; i < 8; ++i) {
      _mm_prefetch(lane_data[i] + block * kMd5BlockBytes + kPrefetchBytes, _MM_HINT_T0);
    }
    const __m256i before_a = a;
    const __m256i before_b = b;
    const __m256i before_c = c;
    const __m256i before_d = d;
    steps_from<0>(a, b, c, d, words);
    a = _mm256_add_epi32(a, before_a);
    b = _mm256_add_epi32(b, before_b);
    c = _mm256_add_epi32(c, before_c);
    d = _mm256_add_epi32(d, before_d);
  }
  store_state(state.word[0], a);
  store_state(state.word[1], b);
  store_state(state.word[2], c);
  store_state(state.word[3], d);
}

}  // namespace

const Md5Kernel kMd5Avx2 = {8, usable, compress};

}  // namespace seedbed
#else
namespace seedbed {
const Md5Kernel kMd5Avx2 = {8, []() noexcept { return false; }, nullptr};
}  // namespace seedbed
#endif
