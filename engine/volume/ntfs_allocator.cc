#include "engine/volume/ntfs_allocator.h"

#include <algorithm>
#include <iterator>

namespace seedbed {

static constexpr size_t kHoles_max = 1 << 20;

void NtfsAllocator::set_used(uint64_t begin, uint64_t end) {
  auto hole = holes_.upper_bound(begin);
  if (hole != holes_.begin() && std::prev(hole)->second > begin) --hole;
  while (hole != holes_.end() && hole->first < end) {
    const auto [hole_begin, hole_end] = *hole;
    hole = holes_.erase(hole);
    free_clusters_ -= std::min(hole_end, end) - std::max(hole_begin, begin);
    if (hole_begin < begin) holes_.emplace(hole_begin, begin);
    if (hole_end > end) hole = holes_.emplace(end, hole_end).first;
  }
}

// [begin, end) is used before the call.
void NtfsAllocator::set_free(uint64_t begin, uint64_t end) {
  free_clusters_ += end - begin;
  auto after = holes_.lower_bound(begin);
  if (after != holes_.end() && after->first == end) {
    end = after->second;
    after = holes_.erase(after);
  }
  if (after != holes_.begin() && std::prev(after)->second == begin)
    std::prev(after)->second = end;
  else
    holes_.emplace_hint(after, begin, end);
}

bool NtfsAllocator::load(uint64_t first_cluster, ByteSpan bits) {
  const uint64_t begin = std::min(first_cluster, clusters_);
  const uint64_t end = std::min(first_cluster + bits.size() * 8, clusters_);
  set_used(begin, end);
  uint64_t hole_begin = end;
  bool in_hole = false;
  const auto to = [&](uint64_t cluster, bool used) {
    if (used == !in_hole) return;
    if (used) set_free(hole_begin, cluster);
    hole_begin = cluster;
    in_hole = !used;
  };
  for (uint64_t cluster = begin; cluster < end;) {
    const size_t at = (cluster - first_cluster) / 8;
    if (at + 8 <= bits.size()) {  // whole words of one colour, the usual case
      const auto word = load_le<uint64_t>(bits, at);
      if (word == 0 || word == ~uint64_t{0}) {
        to(cluster, word != 0);
        cluster += 64;
        continue;
      }
    }
    for (unsigned bit = 0; bit < 8 && cluster < end; ++bit, ++cluster) to(cluster, bits[at] >> bit & 1);
    if (holes_.size() > kHoles_max) return false;
  }
  if (in_hole) set_free(hole_begin, end);
  return holes_.size() <= kHoles_max;
}

std::optional<ClusterRun> NtfsAllocator::first_fit(uint64_t begin, uint64_t end, uint64_t count,
                                                   uint64_t alignment) const {
  auto hole = holes_.upper_bound(begin);
  if (hole != holes_.begin() && std::prev(hole)->second > begin) --hole;
  for (; hole != holes_.end() && hole->first < end; ++hole) {
    const uint64_t first = round_up(std::max(hole->first, begin), alignment);
    const uint64_t stop = std::min(hole->second, end);
    if (first < stop && stop - first >= count) return ClusterRun{first, count};
  }
  return std::nullopt;
}

std::optional<ClusterRun> NtfsAllocator::place_at(uint64_t wanted, uint64_t count, uint64_t alignment) const {
  if (wanted >= clusters_ || count == 0 || count > clusters_) return std::nullopt;
  return first_fit(wanted, clusters_, count, alignment);
}

std::vector<ClusterRun> NtfsAllocator::place(uint64_t count) const {
  if (count == 0 || count > free_clusters_) return {};
  if (const auto run = first_fit(cursor_, clusters_, count, 1)) return {*run};
  if (const auto run = first_fit(data_start_, clusters_, count, 1)) return {*run};
  // No single hole: the largest ones first, for few runs. The MFT zone's come last.
  struct Piece {
    bool zone;
    ClusterRun run;
  };
  std::vector<Piece> pieces;
  for (const auto& [begin, end] : holes_) {
    if (begin < data_start_) pieces.push_back({true, {begin, std::min(end, data_start_) - begin}});
    if (end > data_start_) {
      const uint64_t first = std::max(begin, data_start_);
      pieces.push_back({false, {first, end - first}});
    }
  }
  std::ranges::stable_sort(pieces, [](const Piece& a, const Piece& b) {
    return a.zone != b.zone ? b.zone : a.run.count > b.run.count;
  });
  std::vector<ClusterRun> runs;
  for (const Piece& piece : pieces) {
    runs.push_back({piece.run.first, std::min(piece.run.count, count)});
    count -= runs.back().count;
    if (count == 0) break;
  }
  std::ranges::sort(runs, {}, &ClusterRun::first);
  return runs;
}

}  // namespace seedbed
