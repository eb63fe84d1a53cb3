// Another source with some bytes changed: damage without copying the image.
#pragma once

#include <algorithm>
#include <map>

#include "fakes/reference/byte_source.h"

namespace seedbed::reference_test {

class PatchedSource final : public reference::ByteSource {
 public:
  explicit PatchedSource(reference::ByteSource& whole) : whole_(whole) {}
  void patch(uint64_t offset_bytes, uint8_t value) { patches_[offset_bytes] = value; }
  void patch(uint64_t offset_bytes, ByteSpan bytes) {
    for (size_t i = 0; i < bytes.size(); i++) patches_[offset_bytes + i] = bytes[i];
  }
  // Turns one bit of the byte as it is below.
  void flip(uint64_t offset_bytes, int bit = 0) {
    Bytes byte(1);
    if (whole_.read(offset_bytes, byte)) patch(offset_bytes, static_cast<uint8_t>(byte[0] ^ (1 << bit)));
  }
  uint64_t size_bytes() const noexcept override { return whole_.size_bytes(); }
  const std::string& name() const noexcept override { return whole_.name(); }

 protected:
  Status read_inside(uint64_t offset_bytes, MutableByteSpan out) override {
    TRY(whole_.read(offset_bytes, out));
    for (auto patch = patches_.lower_bound(offset_bytes);
         patch != patches_.end() && patch->first < offset_bytes + out.size(); ++patch)
      out[patch->first - offset_bytes] = patch->second;
    return {};
  }

 private:
  reference::ByteSource& whole_;
  std::map<uint64_t, uint8_t> patches_;
};

}  // namespace seedbed::reference_test
