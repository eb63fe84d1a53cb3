#include "fakes/reference/ntfs_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <tuple>

namespace seedbed::reference {

namespace {

constexpr uint64_t kBitmapFile = 6;
constexpr uint64_t kBitmapStepBytes = 1 * MiB;
constexpr size_t kFindingsMax = 100;

struct Owned {
  uint64_t lcn, clusters, record;
};

void add(NtfsAccounting& accounting, std::string place, std::string what) {
  if (accounting.findings.size() < kFindingsMax)
    accounting.findings.push_back({std::move(place), std::move(what)});
}

Status collect(NtfsVolume& volume, NtfsAccounting& accounting, std::vector<Owned>& owned) {
  for (uint64_t number = 0; number < volume.record_count(); number++) {
    Bytes bytes = TRY(volume.read_record_bytes(number));
    if (all_zero(ByteSpan(bytes).first(4))) continue;  // never used
    const std::string place = fmt::format("NTFS file record {}", number);
    const auto record = parse_record(std::move(bytes), number);
    if (!record) {
      add(accounting, place, record.error().message());
      continue;
    }
    if (!record->in_use) continue;
    accounting.records_in_use++;
    for (const auto& attribute : record->attributes) {
      if (attribute.resident) continue;
      const auto runs = parse_runs(attribute, volume.geometry().clusters);
      if (!runs) {
        add(accounting, place, runs.error().message());
        continue;
      }
      for (const auto& run : *runs)
        if (run.lcn != kHole) owned.push_back({run.lcn, run.clusters, number});
    }
  }
  return {};
}

// Walks owned runs and $Bitmap side by side, a step of the bitmap at a time.
Status compare_bitmap(NtfsVolume& volume, const std::vector<Owned>& owned, NtfsAccounting& accounting) {
  const NtfsRecord record = TRY(volume.read_record(kBitmapFile));
  NtfsStream bitmap(volume.source(), volume.geometry().cluster_bytes,
                    TRY(volume.gather(record, kNtfsData, u"")), "$Bitmap");
  const uint64_t clusters = volume.geometry().clusters;
  if (bitmap.size_bytes() * 8 < clusters)
    return fail(ErrorCode::corrupt, "$Bitmap is shorter than the volume", "$Bitmap");
  size_t next = 0;
  for (uint64_t first = 0; first < clusters; first += kBitmapStepBytes * 8) {
    const uint64_t end = std::min(clusters, first + kBitmapStepBytes * 8);
    Bytes marked((end - first + 7) / 8), expected(marked.size());
    TRY(bitmap.read(first / 8, marked));
    for (; next < owned.size() && owned[next].lcn < end; next++) {
      const uint64_t begin = std::max(owned[next].lcn, first),
                     stop = std::min(owned[next].lcn + owned[next].clusters, end);
      for (uint64_t lcn = begin; lcn < stop; lcn++)
        expected[(lcn - first) / 8] |= static_cast<uint8_t>(1 << (lcn % 8));
      if (owned[next].lcn + owned[next].clusters > end) break;  // goes on in the next step
    }
    if (end == clusters && clusters % 8 != 0)
      marked.back() &= static_cast<uint8_t>((1 << (clusters % 8)) - 1);  // beyond the volume all bits are set
    for (size_t i = 0; i < marked.size(); i++) {
      accounting.clusters_marked += static_cast<uint64_t>(std::popcount(marked[i]));
      const auto missing = static_cast<uint8_t>(expected[i] & ~marked[i]),
                 lost = static_cast<uint8_t>(marked[i] & ~expected[i]);
      if (missing)
        add(accounting, "$Bitmap",
            fmt::format("a cluster from {} on is owned and not marked (bits {:02X})", first + i * 8,
                        missing));
      if (lost)
        add(accounting, "$Bitmap",
            fmt::format("a cluster from {} on is marked and nobody owns it (bits {:02X})", first + i * 8,
                        lost));
    }
  }
  return {};
}

}  // namespace

Result<NtfsAccounting> check_ntfs(NtfsVolume& volume, const std::vector<Extent>& reserved) {
  NtfsAccounting accounting;
  std::vector<Owned> owned;
  TRY(collect(volume, accounting, owned));
  std::sort(owned.begin(), owned.end(), [](const Owned& a, const Owned& b) {
    return std::tie(a.lcn, a.record) < std::tie(b.lcn, b.record);
  });
  uint64_t end = 0;
  for (size_t i = 0; i < owned.size(); i++) {
    if (owned[i].lcn < end)
      add(accounting, fmt::format("NTFS file record {}", owned[i].record),
          fmt::format("cluster {} is also owned by an earlier run", owned[i].lcn));
    end = std::max(end, owned[i].lcn + owned[i].clusters);
    accounting.clusters_owned += owned[i].clusters;
  }
  for (const Extent& area : reserved) {
    const uint64_t cluster_bytes = volume.geometry().cluster_bytes;
    uint64_t at = area.offset_bytes / cluster_bytes;
    const uint64_t stop = round_up(area.end_bytes(), cluster_bytes) / cluster_bytes;
    for (const auto& run : owned)
      if (run.lcn <= at && at < run.lcn + run.clusters) at = run.lcn + run.clusters;
    if (at < stop)
      add(accounting, fmt::format("byte {} of the volume", area.offset_bytes),
          "a BitLocker area is not owned by any file");
  }
  TRY(compare_bitmap(volume, owned, accounting));
  return accounting;
}

}  // namespace seedbed::reference
