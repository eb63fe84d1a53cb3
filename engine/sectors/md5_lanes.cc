#include "engine/sectors/md5_lanes.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "engine/sectors/md5_steps.h"

namespace seedbed {
namespace {

// What one lane works on: first the whole blocks of a message where they lie, then one or two blocks of tail
// with the padding.
struct Lane {
  const uint8_t* data = nullptr;
  size_t blocks = 0;  // left of `data`; 0: idle
  bool in_tail = false;
  size_t message = 0;
  std::array<uint8_t, 2 * kMd5BlockBytes> tail;
  size_t tail_blocks = 0;

  void begin(size_t index, ByteSpan bytes) noexcept {
    message = index;
    const size_t whole = bytes.size() / kMd5BlockBytes;
    pad(bytes.subspan(whole * kMd5BlockBytes), bytes.size());
    in_tail = false;
    data = bytes.data();
    blocks = whole;
    if (whole == 0) enter_tail();
  }

  void enter_tail() noexcept {
    in_tail = true;
    data = tail.data();
    blocks = tail_blocks;
  }

 private:
  // 0x80, zeros, and the length in bits as 64 bits little-endian. [RFC 1321, sections 3.1 and 3.2]
  void pad(ByteSpan rest, uint64_t length_bytes) noexcept {
    tail_blocks = rest.size() + 9 <= kMd5BlockBytes ? 1 : 2;
    tail.fill(0);
    std::copy(rest.begin(), rest.end(), tail.begin());
    tail[rest.size()] = 0x80;
    store_le<uint64_t>(tail, tail_blocks * kMd5BlockBytes - 8, length_bytes * 8);
  }
};

Md5 digest_of(const Md5LaneState& state, unsigned lane) noexcept {
  Md5 digest;
  for (size_t word = 0; word < 4; ++word) store_le<uint32_t>(digest, word * 4, state.word[word][lane]);
  return digest;
}

// Longest first, so that the lanes run out together.
std::vector<size_t> longest_first(std::span<const ByteSpan> inputs) {
  std::vector<size_t> order(inputs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return inputs[a].size() > inputs[b].size(); });
  return order;
}

// Deals the messages to the lanes, in the given order, and runs the kernel until all are done.
class LaneSchedule {
 public:
  LaneSchedule(const Md5Kernel& kernel, std::span<const ByteSpan> inputs, std::span<Md5> out)
      : kernel_(kernel), inputs_(inputs), out_(out), order_(longest_first(inputs)) {
    for (unsigned i = 0; i < kernel_.lanes; ++i) refill(i);
  }

  void run() {
    stagger();
    while (const size_t blocks = shared_blocks(0)) advance(0, blocks);
  }

 private:
  // Page ranges lie 4 MiB apart, where equal offsets fall into one set of the cache: 16 streams in step
  // thrash its 12 ways. One block's distance from lane to lane spreads them (8.3 -> 9.3 GiB/s). Not worth the
  // idle lanes of the start for short messages.
  void stagger() {
    if (shared_blocks(0) < kStaggerBlocksMin) return;
    for (unsigned first = 1; first < kernel_.lanes && shared_blocks(first) != 0; ++first) advance(first, 1);
  }

  // How many blocks every busy lane from `first` on has; 0 when none is busy.
  size_t shared_blocks(unsigned first) const noexcept {
    size_t blocks = 0;
    for (unsigned i = first; i < kernel_.lanes; ++i) {
      if (lanes_[i].blocks != 0) blocks = blocks == 0 ? lanes_[i].blocks : std::min(blocks, lanes_[i].blocks);
    }
    return blocks;
  }

  // Compresses `blocks` blocks of the busy lanes from `first` on. The others compute along on somebody's
  // data: what comes of it is thrown away, or their state is put back.
  void advance(unsigned first, size_t blocks) {
    const auto moves = [&](unsigned i) { return i >= first && lanes_[i].blocks != 0; };
    const uint8_t* anybody = nullptr;
    for (unsigned i = first; i < kernel_.lanes && anybody == nullptr; ++i) {
      if (moves(i)) anybody = lanes_[i].data;
    }
    std::array<const uint8_t*, kMd5LanesMax> data;
    for (unsigned i = 0; i < kernel_.lanes; ++i) data[i] = moves(i) ? lanes_[i].data : anybody;
    const Md5LaneState before = state_;
    kernel_.compress(state_, data.data(), blocks);
    for (unsigned i = 0; i < first; ++i) {
      for (size_t word = 0; word < 4; ++word) state_.word[word][i] = before.word[word][i];
    }
    for (unsigned i = first; i < kernel_.lanes; ++i) {
      if (moves(i)) step(i, blocks);
    }
  }

  void step(unsigned i, size_t blocks) {
    Lane& lane = lanes_[i];
    lane.data += blocks * kMd5BlockBytes;
    lane.blocks -= blocks;
    if (lane.blocks != 0) return;
    if (!lane.in_tail) {
      lane.enter_tail();
    } else {
      out_[lane.message] = digest_of(state_, i);
      refill(i);
    }
  }

  void refill(unsigned i) {
    if (next_ == order_.size()) return;
    lanes_[i].begin(order_[next_], inputs_[order_[next_]]);
    ++next_;
    for (size_t word = 0; word < 4; ++word) state_.word[word][i] = kMd5Start[word];
  }

  static constexpr size_t kStaggerBlocksMin = 1024;

  const Md5Kernel& kernel_;
  std::span<const ByteSpan> inputs_;
  std::span<Md5> out_;
  std::vector<size_t> order_;
  size_t next_ = 0;  // of order_
  Md5LaneState state_{};
  std::array<Lane, kMd5LanesMax> lanes_;
};

}  // namespace

void md5_in_lanes(const Md5Kernel& kernel, std::span<const ByteSpan> inputs, std::span<Md5> out) {
  LaneSchedule(kernel, inputs, out).run();
}

}  // namespace seedbed
