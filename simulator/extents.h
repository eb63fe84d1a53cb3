// Arithmetic of byte ranges: what two have in common, and what is left of some without another. Pure
// functions.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/base/bytes.h"

namespace seedbed {

// What both have; of no length when they have nothing in common.
inline Extent common(const Extent& a, const Extent& b) noexcept {
  const uint64_t start_bytes = std::max(a.offset_bytes, b.offset_bytes);
  const uint64_t end_bytes = std::min(a.end_bytes(), b.end_bytes());
  return {start_bytes, end_bytes > start_bytes ? end_bytes - start_bytes : 0};
}
inline bool overlap(const Extent& a, const Extent& b) noexcept {
  return common(a, b).length_bytes != 0;
}

// Cuts the hole out of the pieces, which stay in order.
void subtract(std::vector<Extent>& pieces, const Extent& hole);
// Appends a piece, or lengthens the last one that ends where it begins.
void append_piece(std::vector<Extent>& pieces, const Extent& piece);

}  // namespace seedbed
