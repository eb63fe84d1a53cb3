// MD5 in 16 lanes of AVX-512: the three-input logic instruction does each round function at once, and
// rotation is an instruction, so that a step is four dependent ones. The 16 blocks are loaded whole, one
// register each, and transposed in registers (no gathers).
#include "engine/sectors/md5_lanes.h"
#include "engine/sectors/md5_steps.h"

#ifdef __x86_64__
#include <immintrin.h>

// The intrinsics' own "undefined" operands set off a false warning [GCC bug 105593]; instantiations count as
// the last line of the file.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#define SEEDBED_AVX512 __attribute__((target("avx512f"), always_inline)) inline

namespace seedbed {
namespace {

bool usable() noexcept {
  return __builtin_cpu_supports("avx512f") != 0;
}

// The truth tables of F, G, H and I over (b, c, d), index b*4 + c*2 + d. [RFC 1321, section 3.4]
constexpr int kTruth[4] = {0xca, 0xe4, 0x96, 0x39};

// Sixteen streams are as many as the hardware's own prefetcher can hardly follow. Past a message's end it is
// harmless.
constexpr size_t kPrefetchBytes = 512;

template <int Step>
SEEDBED_AVX512 void step(__m512i& a, __m512i b, __m512i c, __m512i d, const __m512i* words) noexcept {
  const __m512i addend =
      _mm512_add_epi32(words[md5_word(Step)], _mm512_set1_epi32(static_cast<int>(kMd5Sine[Step])));
  a = _mm512_add_epi32(a, addend);  // off the critical path, which runs through b
  a = _mm512_add_epi32(a, _mm512_ternarylogic_epi32(b, c, d, kTruth[Step / 16]));
  a = _mm512_add_epi32(_mm512_rol_epi32(a, md5_shift(Step)), b);
}

template <int Step>
SEEDBED_AVX512 void steps_from(__m512i& a, __m512i& b, __m512i& c, __m512i& d,
                               const __m512i* words) noexcept {
  step<Step>(a, b, c, d, words);
  step<Step + 1>(d, a, b, c, words);
  step<Step + 2>(c, d, a, b, words);
  step<Step + 3>(b, c, d, a, words);
  if constexpr (Step + 4 < 64) steps_from<Step + 4>(a, b, c, d, words);
}

// words[w] = word w of the block of every lane, lane 0 lowest.
SEEDBED_AVX512 void load_transposed(__m512i* words, const uint8_t* const* lane_data,
                                    size_t offset_bytes) noexcept {
  __m512i rows[16];
  for (int i = 0; i < 16; ++i) {
    rows[i] = _mm512_loadu_si512(lane_data[i] + offset_bytes);
    _mm_prefetch(lane_data[i] + offset_bytes + kPrefetchBytes, _MM_HINT_T0);
  }
  __m512i quads[16];
  for (int i = 0; i < 16; i += 4) {  // 4x4 transpositions inside each 128-bit quarter
    const __m512i low01 = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    const __m512i high01 = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    const __m512i low23 = _mm512_unpacklo_epi32(rows[i + 2], rows[i + 3]);
    const __m512i high23 = _mm512_unpackhi_epi32(rows[i + 2], rows[i + 3]);
    quads[i] = _mm512_unpacklo_epi64(low01, low23);
    quads[i + 1] = _mm512_unpackhi_epi64(low01, low23);
    quads[i + 2] = _mm512_unpacklo_epi64(high01, high23);
    quads[i + 3] = _mm512_unpackhi_epi64(high01, high23);
  }
  for (int i = 0; i < 4; ++i) {  // then the quarters themselves
    const __m512i even_low = _mm512_shuffle_i32x4(quads[i], quads[i + 4], 0x88);
    const __m512i odd_low = _mm512_shuffle_i32x4(quads[i], quads[i + 4], 0xdd);
    const __m512i even_high = _mm512_shuffle_i32x4(quads[i + 8], quads[i + 12], 0x88);
    const __m512i odd_high = _mm512_shuffle_i32x4(quads[i + 8], quads[i + 12], 0xdd);
    words[i] = _mm512_shuffle_i32x4(even_low, even_high, 0x88);
    words[i + 8] = _mm512_shuffle_i32x4(even_low, even_high, 0xdd);
    words[i + 4] = _mm512_shuffle_i32x4(odd_low, odd_high, 0x88);
    words[i + 12] = _mm512_shuffle_i32x4(odd_low, odd_high, 0xdd);
  }
}

__attribute__((target("avx512f"))) void compress(Md5LaneState& state, const uint8_t* const* lane_data,
                                                 size_t blocks) noexcept {
  __m512i a = _mm512_load_si512(state.word[0]);
  __m512i b = _mm512_load_si512(state.word[1]);
  __m512i c = _mm512_load_si512(state.word[2]);
  __m512i d = _mm512_load_si512(state.word[3]);
  for (size_t block = 0; block < blocks; ++block) {
    __m512i words[16];
    load_transposed(words, lane_data, block * kMd5BlockBytes);
    const __m512i before_a = a;
    const __m512i before_b = b;
    const __m512i before_c = c;
    const __m512i before_d = d;
    steps_from<0>(a, b, c, d, words);
    a = _mm512_add_epi32(a, before_a);
    b = _mm512_add_epi32(b, before_b);
    c = _mm512_add_epi32(c, before_c);
    d = _mm512_add_epi32(d, before_d);
  }
  _mm512_store_si512(state.word[0], a);
  _mm512_store_si512(state.word[1], b);
  _mm512_store_si512(state.word[2], c);
  _mm512_store_si512(state.word[3], d);
}

}  // namespace

const Md5Kernel kMd5Avx512 = {16, usable, compress};

}  // namespace seedbed
#else
namespace seedbed {
const Md5Kernel kMd5Avx512 = {16, []() noexcept { return false; }, nullptr};
}  // namespace seedbed
#endif
