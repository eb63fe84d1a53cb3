#include "fakes/reference/ntfs_stream.h"

#include <algorithm>

namespace seedbed::reference {

Status NtfsStream::read_inside(uint64_t offset_bytes, MutableByteSpan out) {
  if (content_.resident) {
    std::copy_n(content_.value.begin() + static_cast<std::ptrdiff_t>(offset_bytes), out.size(), out.begin());
    return {};
  }
  const uint64_t initialized =
      offset_bytes >= content_.initialized_bytes
          ? 0
          : std::min<uint64_t>(out.size(), content_.initialized_bytes - offset_bytes);
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(initialized), out.end(), uint8_t{0});
  out = out.first(initialized);
  auto run =
      std::upper_bound(content_.runs.begin(), content_.runs.end(), offset_bytes / cluster_bytes_,
                       [](uint64_t vcn, const NtfsRun& candidate) { return vcn < candidate.first_vcn; });
  if (run != content_.runs.begin()) --run;
  for (; !out.empty(); ++run) {
    if (run == content_.runs.end())
      return fail(ErrorCode::corrupt, "the runs end before the data does", name_);
    const uint64_t skip_bytes = offset_bytes - run->first_vcn * cluster_bytes_;
    if (skip_bytes >= run->clusters * cluster_bytes_)
      return fail(ErrorCode::corrupt, "the runs end before the data does", name_);
    const uint64_t step_bytes = std::min<uint64_t>(out.size(), run->clusters * cluster_bytes_ - skip_bytes);
    if (run->lcn == kHole) {
      std::fill_n(out.begin(), step_bytes, uint8_t{0});
    } else {
      TRY(volume_.read(run->lcn * cluster_bytes_ + skip_bytes, out.first(step_bytes)));
    }
    offset_bytes += step_bytes;
    out = out.subspan(step_bytes);
  }
  return {};
}

}  // namespace seedbed::reference
