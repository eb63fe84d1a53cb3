// Key material that is wiped when it goes: never printed, never compared early-out, not copyable by accident.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace seedbed {

void wipe(MutableByteSpan bytes) noexcept;

// Owned secret bytes. Copying is explicit (clone); destruction and moving-from wipe.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(size_t size_bytes) : bytes_(size_bytes) {}
  explicit SecretBytes(ByteSpan bytes) : bytes_(bytes.begin(), bytes.end()) {}
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      wipe(bytes_);
      bytes_ = std::move(other.bytes_);
      other.bytes_.clear();
    }
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { wipe(bytes_); }

  SecretBytes clone() const { return SecretBytes(ByteSpan(bytes_)); }
  ByteSpan span() const noexcept { return bytes_; }
  MutableByteSpan mutable_span() noexcept { return bytes_; }
  std::string_view text() const noexcept {
    return as_text(bytes_);
  }  // for secrets that are text: passwords, account keys
  size_t size() const noexcept { return bytes_.size(); }
  bool empty() const noexcept { return bytes_.empty(); }

  static SecretBytes of_text(std::string_view text) { return SecretBytes(as_bytes(text)); }

 private:
  Bytes bytes_;
};

}  // namespace seedbed
