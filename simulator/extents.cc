#include "simulator/extents.h"

namespace seedbed {

void subtract(std::vector<Extent>& pieces, const Extent& hole) {
  if (std::ranges::none_of(pieces, [&](const Extent& piece) { return overlap(piece, hole); })) return;
  std::vector<Extent> left;
  for (const Extent& piece : pieces) {
    if (!overlap(piece, hole)) {
      left.push_back(piece);
      continue;
    }
    if (piece.offset_bytes < hole.offset_bytes)
      left.push_back({piece.offset_bytes, hole.offset_bytes - piece.offset_bytes});
    if (piece.end_bytes() > hole.end_bytes())
      left.push_back({hole.end_bytes(), piece.end_bytes() - hole.end_bytes()});
  }
  pieces = std::move(left);
}

void append_piece(std::vector<Extent>& pieces, const Extent& piece) {
  if (!pieces.empty() && pieces.back().end_bytes() == piece.offset_bytes)
    pieces.back().length_bytes += piece.length_bytes;
  else
    pieces.push_back(piece);
}

}  // namespace seedbed
