// A simulated drive in a machine, with an event log and what tests need to meddle: a page is a number.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "simulator/simulated_drive.h"
#include "tests/runtime/runtime_host.h"

namespace seedbed {

class DriveWorld : public testing::Test {
 protected:
  static constexpr uint64_t kPage = 4096;

  static DeviceContract contract() {
    DeviceContract contract = contract_512e(1 * MiB);
    contract.discards = true;
    return contract;
  }
  void run(const std::function<void()>& body) { host.run(body); }
  // Every event of this kind meets `what` on that side of it.
  void on(EventKind kind, EventSide side, const std::function<Interference()>& what) {
    log.set_hook([=](const Event& event, EventSide at) {
      return event.kind == kind && at == side ? what() : Interference{};
    });
  }
  void clear_hook() { log.set_hook({}); }

  static Status write_page(BlockDevice& device, uint64_t page, uint8_t value) {
    return write_device(device, page * kPage, Bytes(kPage, value));
  }
  static Result<uint8_t> read_page(BlockDevice& device, uint64_t page) {
    Bytes bytes(kPage);
    TRY(read_device(device, page * kPage, bytes));
    return bytes[0];
  }
  // Goes in flight and stays there; the buffer holds the value.
  void submit_page(BlockDevice& device, uint64_t page, uint8_t value, uint64_t pages = 1) {
    buffers.emplace_back(pages * kPage);
    std::ranges::fill(buffers.back().span(), value);
    ASSERT_TRUE(device.submit({.kind = IoKind::write,
                               .offset_bytes = page * kPage,
                               .length_bytes = pages * kPage,
                               .data = buffers.back().data(),
                               .tag = page}));
  }
  static std::vector<IoCompletion> reap_all(BlockDevice& device) {
    std::vector<IoCompletion> done;
    EXPECT_TRUE(device.reap(done, 1000));
    return done;
  }
  static uint8_t durable(const DriveState& state, uint64_t page) {
    uint8_t byte = 0;
    state.cache.durable().read(page * kPage, {&byte, 1});
    return byte;
  }
  static uint8_t visible(const DriveState& state, uint64_t page) {
    uint8_t byte = 0;
    state.cache.read(page * kPage, {&byte, 1});
    return byte;
  }
  static ErrorCode code_of(const Status& status) {
    return status ? ErrorCode::internal : status.error().code;
  }

  VirtualHost host;
  EventLog log;
  DriveState state{"S1", contract()};
  std::vector<AlignedBuffer> buffers;
};

inline const Survivors kNone{.shape = Survivors::Shape::none};
inline const Survivors kAll{.shape = Survivors::Shape::all};

}  // namespace seedbed
