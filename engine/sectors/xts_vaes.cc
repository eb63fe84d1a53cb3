#include "engine/sectors/xts_vaes.h"

#include <algorithm>

#include "engine/base/secret.h"

#if defined(__x86_64__)

#include <immintrin.h>

// GCC 12 takes the intrinsics' own "undefined" operands for mistakes (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

// Functions, not files, are compiled for the instructions they use: nothing else may run them before the CPU
// was asked.
#define XTS_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,vaes,vpclmulqdq,aes,pclmul")))
#define XTS_INLINE __attribute__((always_inline)) static inline XTS_TARGET

namespace seedbed {

static constexpr int kRounds = 10;  // of AES-128
static constexpr int kLanes = 8;    // registers in flight: enough to hide the latency of a round
static constexpr size_t kGroupBytes = kLanes * 64;
static constexpr size_t kTweakBatch = 16;  // sectors whose first tweaks are made together

template <int kRcon>
XTS_INLINE __m128i next_round_key(__m128i key) {
  const __m128i word = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(key, kRcon), 0xff);
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
  return _mm_xor_si128(key, word);
}

XTS_TARGET static void expand(const uint8_t* key, uint8_t (*out)[16]) noexcept {
  __m128i round[kRounds + 1];
  round[0] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(key));
  round[1] = next_round_key<0x01>(round[0]);
  round[2] = next_round_key<0x02>(round[1]);
  round[3] = next_round_key<0x04>(round[2]);
  round[4] = next_round_key<0x08>(round[3]);
  round[5] = next_round_key<0x10>(round[4]);
  round[6] = next_round_key<0x20>(round[5]);
  round[7] = next_round_key<0x40>(round[6]);
  round[8] = next_round_key<0x80>(round[7]);
  round[9] = next_round_key<0x1b>(round[8]);
  round[10] = next_round_key<0x36>(round[9]);
  for (int i = 0; i <= kRounds; i++) _mm_store_si128(reinterpret_cast<__m128i*>(out[i]), round[i]);
  wipe({reinterpret_cast<uint8_t*>(round), sizeof round});
}

XTS_TARGET static void invert(const uint8_t (*encrypt)[16], uint8_t (*out)[16]) noexcept {
  for (int i = 0; i <= kRounds; i++) {
    __m128i key = _mm_load_si128(reinterpret_cast<const __m128i*>(encrypt[kRounds - i]));
    if (i > 0 && i < kRounds) key = _mm_aesimc_si128(key);
    _mm_store_si128(reinterpret_cast<__m128i*>(out[i]), key);
  }
}

// Each 128-bit lane times x^kPower in GF(2^128) with the XTS polynomial: what leaves the low half enters the
// high one, what leaves the high half comes back times 0x87.
template <int kPower>
XTS_INLINE __m512i times_power(__m512i tweak) {
  const __m512i out = _mm512_srli_epi64(tweak, 64 - kPower);
  const __m512i reduced = _mm512_clmulepi64_epi128(out, _mm512_set1_epi64(0x87), 0x01);
  return _mm512_ternarylogic_epi64(_mm512_slli_epi64(tweak, kPower), _mm512_bslli_epi128(out, 8), reduced,
                                   0x96);
}

// The tweaks of blocks 0..3 from that of block 0.
XTS_INLINE __m512i four_tweaks(__m128i first) {
  const __m512i all = _mm512_broadcast_i32x4(first);
  const __m512i out = _mm512_srlv_epi64(all, _mm512_set_epi64(61, 61, 62, 62, 63, 63, 64, 64));
  const __m512i in = _mm512_sllv_epi64(all, _mm512_set_epi64(3, 3, 2, 2, 1, 1, 0, 0));
  const __m512i reduced = _mm512_clmulepi64_epi128(out, _mm512_set1_epi64(0x87), 0x01);
  return _mm512_ternarylogic_epi64(in, _mm512_bslli_epi128(out, 8), reduced, 0x96);
}

XTS_INLINE __m512i round_key(const uint8_t (*rounds)[16], int round) {
  return _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(rounds[round])));
}

// The encrypted numbers of `count` sectors from `first_sector` on, written to `out` as 16-byte first tweaks.
XTS_TARGET static void first_tweaks(const XtsVaesKeys& keys, uint64_t first_sector, uint8_t* out) noexcept {
  constexpr int kRegisters = kTweakBatch / 4;
  __m512i block[kRegisters];
  const __m512i whitening = round_key(keys.tweak_rounds, 0);
  for (int i = 0; i < kRegisters; i++) {
    const auto at = static_cast<long long>(first_sector + 4 * i);
    block[i] = _mm512_xor_si512(_mm512_set_epi64(0, at + 3, 0, at + 2, 0, at + 1, 0, at), whitening);
  }
  for (int round = 1; round < kRounds; round++) {
    const __m512i key = round_key(keys.tweak_rounds, round);
    for (auto& b : block) b = _mm512_aesenc_epi128(b, key);
  }
  const __m512i last = round_key(keys.tweak_rounds, kRounds);
  for (int i = 0; i < kRegisters; i++)
    _mm512_store_si512(out + 64 * i, _mm512_aesenclast_epi128(block[i], last));
}

template <bool kEncrypt>
XTS_INLINE void cipher_sector(const __m512i (&key)[kRounds + 1], __m128i first_tweak, uint8_t* data,
                              size_t sector_bytes) {
  __m512i tweak[kLanes];
  tweak[0] = four_tweaks(first_tweak);
  tweak[1] = times_power<4>(tweak[0]);
  tweak[2] = times_power<8>(tweak[0]);
  tweak[3] = times_power<12>(tweak[0]);
  tweak[4] = times_power<16>(tweak[0]);
  tweak[5] = times_power<20>(tweak[0]);
  tweak[6] = times_power<24>(tweak[0]);
  tweak[7] = times_power<28>(tweak[0]);
  for (size_t at = 0;;) {
    __m512i block[kLanes];
#pragma GCC unroll 8
    for (int i = 0; i < kLanes; i++)
      block[i] = _mm512_ternarylogic_epi64(_mm512_loadu_si512(data + at + 64 * i), tweak[i], key[0], 0x96);
#pragma GCC unroll 9
    for (int round = 1; round < kRounds; round++)
#pragma GCC unroll 8
      for (int i = 0; i < kLanes; i++)
        block[i] = kEncrypt ? _mm512_aesenc_epi128(block[i], key[round])
                            : _mm512_aesdec_epi128(block[i], key[round]);
#pragma GCC unroll 8
    for (int i = 0; i < kLanes; i++) {
      // The last round xors its key in at the end, so the tweak can ride along with it.
      const __m512i last = _mm512_xor_si512(key[kRounds], tweak[i]);
      block[i] =
          kEncrypt ? _mm512_aesenclast_epi128(block[i], last) : _mm512_aesdeclast_epi128(block[i], last);
      _mm512_storeu_si512(data + at + 64 * i, block[i]);
    }
    at += kGroupBytes;
    if (at == sector_bytes) return;
#pragma GCC unroll 8
    for (int i = 0; i < kLanes; i++) tweak[i] = times_power<32>(tweak[i]);
  }
}

template <bool kEncrypt>
XTS_TARGET static void cipher_sectors(const XtsVaesKeys& keys, uint64_t first_sector, uint32_t sector_bytes,
                                      MutableByteSpan data) noexcept {
  __m512i key[kRounds + 1];
  for (int i = 0; i <= kRounds; i++)
    key[i] = round_key(kEncrypt ? keys.encrypt_rounds : keys.decrypt_rounds, i);
  alignas(64) uint8_t tweaks[kTweakBatch * 16];
  const uint64_t sectors = data.size() / sector_bytes;
  for (uint64_t sector = 0; sector < sectors; sector += kTweakBatch) {
    first_tweaks(keys, first_sector + sector, tweaks);
    const uint64_t count = std::min<uint64_t>(kTweakBatch, sectors - sector);
    for (uint64_t i = 0; i < count; i++)
      cipher_sector<kEncrypt>(key, _mm_load_si128(reinterpret_cast<const __m128i*>(tweaks + 16 * i)),
                              data.data() + (sector + i) * sector_bytes, sector_bytes);
  }
  wipe(tweaks);
  wipe({reinterpret_cast<uint8_t*>(key), sizeof key});
}

bool xts_vaes_supported() noexcept {
  static const bool supported = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("vaes") &&
                                __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("aes");
  return supported;
}

XtsVaesKeys::XtsVaesKeys(ByteSpan key) noexcept {
  expand(key.data(), encrypt_rounds);
  invert(encrypt_rounds, decrypt_rounds);
  expand(key.data() + 16, tweak_rounds);
}

void xts_vaes_encrypt(const XtsVaesKeys& keys, uint64_t first_sector, uint32_t sector_bytes,
                      MutableByteSpan data) noexcept {
  cipher_sectors<true>(keys, first_sector, sector_bytes, data);
}
void xts_vaes_decrypt(const XtsVaesKeys& keys, uint64_t first_sector, uint32_t sector_bytes,
                      MutableByteSpan data) noexcept {
  cipher_sectors<false>(keys, first_sector, sector_bytes, data);
}

}  // namespace seedbed

#else  // no x86: never supported, so never called

namespace seedbed {

bool xts_vaes_supported() noexcept {
  return false;
}
XtsVaesKeys::XtsVaesKeys(ByteSpan) noexcept {}
void xts_vaes_encrypt(const XtsVaesKeys&, uint64_t, uint32_t, MutableByteSpan) noexcept {}
void xts_vaes_decrypt(const XtsVaesKeys&, uint64_t, uint32_t, MutableByteSpan) noexcept {}

}  // namespace seedbed

#endif

namespace seedbed {

XtsVaesKeys::~XtsVaesKeys() {
  wipe({reinterpret_cast<uint8_t*>(this), sizeof *this});
}

}  // namespace seedbed
