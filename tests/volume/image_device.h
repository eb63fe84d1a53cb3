// The simplest BlockDevice over an image file, for tests that hand the same file to other programs. It
// answers at once, keeps the rules of the port (alignment, lengths) by refusing what breaks them, and
// remembers the reads it was asked for.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include "engine/ports/block_device.h"

namespace seedbed::testing_support {

class ImageDevice final : public BlockDevice {
 public:
  ImageDevice(const std::string& path, uint64_t capacity_bytes, uint32_t physical_sector_bytes) {
    identity_.path = path;
    identity_.transport = "image";
    contract_.capacity_bytes = capacity_bytes;
    contract_.physical_sector_bytes = physical_sector_bytes;
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0 || ftruncate(descriptor_, static_cast<off_t>(capacity_bytes)) != 0)
      throw std::runtime_error("cannot make the image " + path);
  }
  ImageDevice(const ImageDevice&) = delete;
  ImageDevice& operator=(const ImageDevice&) = delete;
  ~ImageDevice() override { ::close(descriptor_); }

  const DeviceIdentity& identity() const noexcept override { return identity_; }
  const DeviceContract& contract() const noexcept override { return contract_; }
  uint64_t reset_epoch() override { return 0; }

  Result<std::vector<MutableByteSpan>> pool(uint32_t count, uint64_t each_bytes) override {
    pool_.clear();
    std::vector<MutableByteSpan> buffers;
    for (uint32_t i = 0; i < count; i++) buffers.push_back(pool_.emplace_back(each_bytes).span());
    return buffers;
  }

  Status submit(const IoRequest& request) override {
    const uint64_t unit_bytes = contract_.physical_sector_bytes;
    if (request.offset_bytes % unit_bytes != 0 || request.length_bytes % unit_bytes != 0 ||
        reinterpret_cast<uintptr_t>(request.data) % unit_bytes != 0 ||
        request.length_bytes > contract_.transfer_bytes_max)
      return fail(ErrorCode::invalid_argument, "a request that breaks the rules of the port", identity_.path);
    IoCompletion completion{.tag = request.tag, .kind = request.kind, .outcome = {}};
    const auto offset = static_cast<off_t>(request.offset_bytes);
    const auto whole = static_cast<ssize_t>(request.length_bytes);
    if (request.kind == IoKind::read) {
      reads_.push_back({request.offset_bytes, request.length_bytes});
      const Extent read{request.offset_bytes, request.length_bytes};
      if (bad_.length_bytes > 0 && read.offset_bytes < bad_.end_bytes() &&
          bad_.offset_bytes < read.end_bytes())
        completion.outcome = fail(ErrorCode::io_error, "medium error", identity_.path);
      else if (pread(descriptor_, request.data, request.length_bytes, offset) != whole)
        completion.outcome = fail_errno(errno, "pread", identity_.path);
    } else if (request.kind == IoKind::write &&
               pwrite(descriptor_, request.data, request.length_bytes, offset) != whole) {
      completion.outcome = fail_errno(errno, "pwrite", identity_.path);
    }
    done_.push_back(std::move(completion));
    return {};
  }

  Status reap(std::vector<IoCompletion>& out, uint32_t) override {
    for (IoCompletion& completion : done_) out.push_back(std::move(completion));
    done_.clear();
    return {};
  }

  const std::vector<Extent>& reads() const noexcept { return reads_; }
  void forget_reads() { reads_.clear(); }
  // Reads that touch this range fail from now on.
  void make_unreadable(const Extent& bad) { bad_ = bad; }

 private:
  DeviceIdentity identity_;
  DeviceContract contract_;
  int descriptor_ = -1;
  std::vector<AlignedBuffer> pool_;
  std::vector<IoCompletion> done_;
  std::vector<Extent> reads_;
  Extent bad_;
};

}  // namespace seedbed::testing_support
