// XTS-AES-128 with the AVX-512 forms of AES: four blocks an instruction, 32 blocks (512 bytes) in flight, and
// the first tweaks of sixteen sectors at once. OpenSSL does as well on 4096-byte units but spends half its
// time on calls and on the tweak where a unit has 512 bytes. Pure functions over a key schedule that many
// tasks may read. Only to be called where xts_vaes_supported(). [IEEE 1619-2018]
#pragma once

#include "engine/base/bytes.h"

namespace seedbed {

// Expanded keys, wiped by the destructor; neither copied nor moved, so that no stray copies lie about.
struct XtsVaesKeys {
  alignas(64) uint8_t encrypt_rounds[11][16];
  alignas(64) uint8_t decrypt_rounds[11][16];
  alignas(64) uint8_t tweak_rounds[11][16];

  // key: 32 bytes, data key then tweak key.
  explicit XtsVaesKeys(ByteSpan key) noexcept;
  ~XtsVaesKeys();
  XtsVaesKeys(const XtsVaesKeys&) = delete;
  XtsVaesKeys& operator=(const XtsVaesKeys&) = delete;
};

// AVX-512 F, BW and DQ, VAES and VPCLMULQDQ, in the CPU and switched on by the system.
bool xts_vaes_supported() noexcept;

// In place; data.size() is a multiple of sector_bytes, sector_bytes of 512. The tweak of the first sector is
// `first_sector`.
void xts_vaes_encrypt(const XtsVaesKeys& keys, uint64_t first_sector, uint32_t sector_bytes,
                      MutableByteSpan data) noexcept;
void xts_vaes_decrypt(const XtsVaesKeys& keys, uint64_t first_sector, uint32_t sector_bytes,
                      MutableByteSpan data) noexcept;

}  // namespace seedbed
