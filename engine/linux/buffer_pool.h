// The pool() buffers of a Linux drive: one aligned, zeroed block, cut into pieces.
#pragma once

#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace seedbed {

class BufferPool {
 public:
  // In place of what was there. invalid_argument for sizes that are no multiple of 4096 or do not fit into
  // memory.
  Result<std::vector<MutableByteSpan>> cut(uint32_t count, uint64_t each_bytes, const std::string& path);
  MutableByteSpan whole() noexcept { return memory_.span(); }

 private:
  AlignedBuffer memory_;
};

}  // namespace seedbed
