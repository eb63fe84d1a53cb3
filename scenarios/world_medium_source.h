// A drive's bytes as they are, for the independent readers: without a machine that reads them. Keeps its own
// copy of the medium (copy on write), so the drive may go on meanwhile. One task's.
#pragma once

#include <string>
#include <utility>

#include "fakes/reference/byte_source.h"
#include "simulator/medium.h"

namespace seedbed {

class MediumSource final : public reference::ByteSource {
 public:
  MediumSource(Medium medium, std::string name) : medium_(std::move(medium)), name_(std::move(name)) {}
  uint64_t size_bytes() const noexcept override { return medium_.capacity_bytes(); }
  const std::string& name() const noexcept override { return name_; }

 protected:
  Status read_inside(uint64_t offset_bytes, MutableByteSpan out) override {
    medium_.read(offset_bytes, out);
    return {};
  }

 private:
  Medium medium_;
  std::string name_;
};

}  // namespace seedbed
