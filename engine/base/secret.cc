#include "engine/base/secret.h"

#include <openssl/crypto.h>

namespace seedbed {

void wipe(MutableByteSpan bytes) noexcept {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

}  // namespace seedbed
