// XTS-AES of sectors as BitLocker uses it: one data unit per sector, tweak = the sector's number as 64 bits
// little-endian. Over OpenSSL's own XTS, one sector per call, so that a wrong tweak in a faster writer cannot
// cancel itself out here. Owned by one task.
#pragma once

#include <memory>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed::reference {

class XtsDecryptor {
 public:
  // key: data key then tweak key, 32 bytes (XTS-AES-128) or 64 (XTS-AES-256).
  static Result<XtsDecryptor> with_key(ByteSpan key);
  XtsDecryptor(XtsDecryptor&&) noexcept;
  XtsDecryptor& operator=(XtsDecryptor&&) noexcept;
  ~XtsDecryptor();
  // In place; `sector` is one whole data unit.
  Status decrypt(uint64_t sector_number, MutableByteSpan sector);

 private:
  struct Context;
  explicit XtsDecryptor(std::unique_ptr<Context> context);
  std::unique_ptr<Context> context_;
};

}  // namespace seedbed::reference
