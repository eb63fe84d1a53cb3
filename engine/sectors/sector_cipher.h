// XTS-AES-128 over a BitLocker volume: the data unit is one sector (512 or 4096 bytes), the tweak its number
// counted from the start of the partition (little-endian, upper 8 bytes zero). [BitLocker XTS layout as
// cryptsetup, dislocker and libbde read it]
//
// One SectorCipher belongs to one task (it holds a cipher context); clone() makes another for another task.
// Keys are wiped on destruction. Nothing here touches a drive.
#pragma once

#include <memory>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace seedbed {

// Both ways give the same bytes. `vaes` on a CPU without it falls back to `openssl`.
enum class CipherPath : uint8_t { automatic, vaes, openssl };

class SectorCipher {
 public:
  // key: 32 bytes, data key then tweak key, which must differ (XTS refuses equal ones). sector_bytes: 512 or
  // 4096.
  static Result<SectorCipher> make(const SecretBytes& key, uint32_t sector_bytes,
                                   CipherPath path = CipherPath::automatic);
  SectorCipher(SectorCipher&&) noexcept;
  SectorCipher& operator=(SectorCipher&&) noexcept;
  ~SectorCipher();
  SectorCipher clone() const;

  uint32_t sector_bytes() const noexcept;
  // What does the work: "vaes" or "openssl"
  std::string_view path_name() const noexcept;
  // In place. `physical_offset_bytes` counts from the start of the partition; both it and data.size() are
  // multiples of the sector.
  void encrypt(uint64_t physical_offset_bytes, MutableByteSpan data);
  void decrypt(uint64_t physical_offset_bytes, MutableByteSpan data);

 private:
  struct State;
  explicit SectorCipher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace seedbed
