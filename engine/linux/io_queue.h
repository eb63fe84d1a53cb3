// Submission and completion on one open descriptor: io_uring where the kernel permits it, plain system calls
// where it does not.
//
// Owned by one drive and used by one task at a time. Requests have passed check_request() before they come
// here. The plain path does the work inside submit(); both keep completions until they are reaped. The
// destructor waits for what is in flight: the kernel must be done with the caller's buffers before they go.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/linux/transfer.h"
#include "engine/ports/block_device.h"

namespace seedbed {

struct IoTarget {
  int descriptor = -1;  // stays open and the queue owner's
  std::string path;     // for errors
  uint32_t unit_bytes = 4096;
  bool block_device = false;  // discards by BLKDISCARD, not by punching holes
};

class IoQueue {
 public:
  virtual ~IoQueue() = default;
  virtual bool kernel_ring() const noexcept = 0;
  virtual uint32_t in_flight() const noexcept = 0;
  // Tells the kernel of memory that most requests use, in place of what it was told before; an empty span
  // ends that. Only while nothing is in flight. Where the kernel declines, requests go unregistered.
  virtual void register_memory(MutableByteSpan memory) = 0;
  virtual Status submit(const IoRequest& request) = 0;
  virtual Status reap(std::vector<IoCompletion>& out, uint32_t least) = 0;
};

// `note` says why io_uring is not used, when it was wanted and is not.
std::unique_ptr<IoQueue> make_io_queue(const IoTarget& target, uint32_t depth, bool force_plain,
                                       std::string& note);

// The blocking system call for a transfer's next piece: bytes moved, or -errno.
int64_t call_once(const IoTarget& target, const Transfer& transfer) noexcept;

}  // namespace seedbed
