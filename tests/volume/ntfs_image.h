// A formatted NTFS volume in a sparse file, for tests: NtfsVolume reads it through below(), what it collected
// is put in with apply(), and other programs judge the file by its path.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "engine/base/random.h"
#include "engine/linux/descriptor.h"
#include "engine/ports/formatter.h"
#include "engine/volume/ntfs_volume.h"
#include "tests/support/command.h"
#include "tests/support/temp_directory.h"

namespace seedbed {

class NtfsImageFile {
 public:
  NtfsImageFile(Formatter& formatter, const NtfsGeometry& geometry)
      : geometry_(geometry), path_(directory_.file("volume")) {
    file_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file_ || ::ftruncate(file_.get(), static_cast<off_t>(geometry.volume_bytes)) != 0)
      throw std::runtime_error("no sparse file for a test volume");
    const auto image = formatter.format(geometry);
    if (!image) throw std::runtime_error(image.error().message());
    Bytes bytes;
    for (const Extent& extent : (*image)->extents()) {
      for (uint64_t at = extent.offset_bytes; at < extent.end_bytes(); at += bytes.size()) {
        bytes.resize(std::min<uint64_t>(4 * MiB, extent.end_bytes() - at));
        if (auto read = (*image)->read(at, bytes); !read) throw std::runtime_error(read.error().message());
        if (!all_zero(bytes)) write(at, bytes);
      }
    }
  }

  const std::string& path() const { return path_; }
  const NtfsGeometry& geometry() const { return geometry_; }

  NtfsVolume::Below below() {
    return {geometry_.volume_bytes, geometry_.sector_bytes,
            [this](uint64_t offset, MutableByteSpan out) -> Status {
              if (::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset)) !=
                  static_cast<ssize_t>(out.size()))
                return fail(ErrorCode::io_error, "short read of a test volume");
              return {};
            }};
  }
  NtfsVolume open(int64_t now_ns = 1'600'000'000'000'000'000, bool read_only = false) {
    auto volume = NtfsVolume::open(below(), now_ns, read_only);
    if (!volume) throw std::runtime_error(volume.error().message());
    return std::move(*volume);
  }
  void write(uint64_t offset, ByteSpan bytes) {
    if (::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("short write to a test volume");
  }
  void apply(const SectorSet& set) {
    for (const auto& [offset, bytes] : set) write(offset, bytes);
  }
  Bytes read(uint64_t offset, uint64_t length) {
    Bytes bytes(length);
    if (auto status = below().read(offset, bytes); !status)
      throw std::runtime_error(status.error().message());
    return bytes;
  }
  // What every independent checker says of it.
  void expect_sound() const {
    using testing_support::run_command;
    const auto info = run_command({"ntfsinfo", "-m", "-f", path_});
    EXPECT_TRUE(info.ok()) << info.text();
    const auto fix = run_command({"ntfsfix", "-n", path_});
    EXPECT_TRUE(fix.ok()) << fix.text();
    const auto resize = run_command({"ntfsresize", "-i", "-f", "--no-progress-bar", path_});
    EXPECT_TRUE(resize.ok()) << resize.text();
    EXPECT_EQ(resize.text().find("mismatch"), std::string::npos) << resize.text();
  }

 private:
  NtfsGeometry geometry_;
  testing_support::TempDirectory directory_;
  std::string path_;
  Descriptor file_;
};

// Bytes that tell their file and place.
inline Bytes pattern(uint64_t seed, uint64_t length) {
  Bytes bytes(length);
  Random(seed).fill(bytes);
  return bytes;
}

inline void fill_extents(NtfsImageFile& image, const std::vector<Extent>& extents, ByteSpan content) {
  uint64_t at = 0;
  for (const Extent& extent : extents) {
    const uint64_t length = std::min(extent.length_bytes, content.size() - at);
    image.write(extent.offset_bytes, content.subspan(at, length));
    at += length;
  }
  ASSERT_EQ(at, content.size());
}

}  // namespace seedbed
