// The Entropy port: bytes for keys, salts, nonces and GUIDs. Linux draws from getrandom; the testbed from a seed that is sub-seeded per
// incarnation of a machine, so that a restart never repeats a nonce. Any task may call. Draw secrets from the main task only, in a fixed
// order: that is what makes two runs from one seed identical.
#pragma once

#include "engine/base/bytes.h"
#include "engine/base/text.h"

namespace seedbed {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(MutableByteSpan out) = 0;

  Guid guid() {  // version 4
    Guid guid;
    fill(guid.bytes);
    guid.bytes[7] = static_cast<uint8_t>((guid.bytes[7] & 0x0f) | 0x40);
    guid.bytes[8] = static_cast<uint8_t>((guid.bytes[8] & 0x3f) | 0x80);
    return guid;
  }
};

}  // namespace seedbed
