#include "engine/linux/io_queue.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "engine/linux/ring_queue.h"

namespace seedbed {

static int64_t discard(const IoTarget& target, const Transfer& transfer) noexcept {
  if (target.block_device) {
    uint64_t range[2] = {transfer.offset_bytes(), transfer.left_bytes()};
    return ::ioctl(target.descriptor, BLKDISCARD, range);
  }
  return ::fallocate(target.descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     static_cast<off_t>(transfer.offset_bytes()), static_cast<off_t>(transfer.left_bytes()));
}

int64_t call_once(const IoTarget& target, const Transfer& transfer) noexcept {
  const auto offset = static_cast<off_t>(transfer.offset_bytes());
  int64_t result = 0;
  switch (transfer.request().kind) {
    case IoKind::read:
      result = ::pread(target.descriptor, transfer.data(), transfer.left_bytes(), offset);
      break;
    case IoKind::write:
      result = ::pwrite(target.descriptor, transfer.data(), transfer.left_bytes(), offset);
      break;
    case IoKind::flush:
      result = ::fdatasync(target.descriptor);
      break;
    case IoKind::discard:
      result = transfer.left_bytes() == 0 ? 0 : discard(target, transfer);
      break;
  }
  return result < 0 ? -errno : result;
}

namespace {

class PlainQueue final : public IoQueue {
 public:
  explicit PlainQueue(const IoTarget& target) : target_(target) {}

  bool kernel_ring() const noexcept override { return false; }
  uint32_t in_flight() const noexcept override { return static_cast<uint32_t>(finished_.size()); }
  void register_memory(MutableByteSpan) override {}

  Status submit(const IoRequest& request) override {
    Transfer transfer(request, target_.unit_bytes);
    while (transfer.step(call_once(target_, transfer)) == Transfer::Next::again) {
    }
    finished_.push_back(transfer.completion(target_.path));
    return {};
  }

  Status reap(std::vector<IoCompletion>& out, uint32_t) override {
    out.insert(out.end(), std::make_move_iterator(finished_.begin()),
               std::make_move_iterator(finished_.end()));
    finished_.clear();
    return {};
  }

 private:
  IoTarget target_;
  std::vector<IoCompletion> finished_;
};

}  // namespace

std::unique_ptr<IoQueue> make_io_queue(const IoTarget& target, uint32_t depth, bool force_plain,
                                       std::string& note) {
  if (!force_plain) {
    auto ring = RingQueue::make(target, depth);
    if (ring) return std::move(*ring);
    note = "io_uring is not available (" + ring.error().what + "): requests go one at a time";
  }
  return std::make_unique<PlainQueue>(target);
}

}  // namespace seedbed
