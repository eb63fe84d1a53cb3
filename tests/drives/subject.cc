#include "tests/drives/subject.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <stdexcept>

#include "engine/linux/file_drive.h"
#include "engine/linux/null_drive.h"
#include "engine/linux/sata_drive.h"
#include "engine/linux/thread_runtime.h"
#include "simulator/simulated_drive.h"
#include "tests/drives/loop_device.h"
#include "tests/runtime/runtime_host.h"

namespace seedbed {
namespace {

template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

std::unique_ptr<DescriptorDrive> with_ring(std::unique_ptr<DescriptorDrive> drive, bool wanted) {
  if (drive->uses_io_uring() != wanted)
    throw std::runtime_error(
        wanted ? "this backend is to be tested on io_uring, which this machine does not permit"
               : "io_uring was to be off");
  return drive;
}

class ImageSubject final : public Subject {
 public:
  explicit ImageSubject(bool plain) {
    SeededEntropy entropy(1, 0);
    if (auto made = create_image(scratch_ / "drive.img", kSubjectBytes, 512, entropy); !made)
      throw std::runtime_error(made.error().message());
    drive_ =
        with_ring(must(open_file_drive(scratch_ / "drive.img", {.force_plain_io = plain}, entropy)), !plain);
  }
  void with(const std::function<void(BlockDevice&)>& body) override { body(*drive_); }

 private:
  ScratchDirectory scratch_;
  std::unique_ptr<DescriptorDrive> drive_;
};

std::string backing_file(const ScratchDirectory& scratch) {
  make_sparse_file(scratch / "loop.img", kSubjectBytes);
  return scratch / "loop.img";
}

class LoopSubject final : public Subject {
 public:
  LoopSubject(uint32_t sector_bytes, bool plain)
      : loop_(backing_file(scratch_), sector_bytes),
        drive_(with_ring(must(open_sata_drive(loop_.path(), {.force_plain_io = plain})), !plain)) {
    if (drive_->contract().logical_sector_bytes != sector_bytes)
      throw std::runtime_error("the loop device has other sectors than asked for");
  }
  void with(const std::function<void(BlockDevice&)>& body) override { body(*drive_); }

 private:
  ScratchDirectory scratch_;
  LoopDevice loop_;
  std::unique_ptr<DescriptorDrive> drive_;
};

template <typename Host>
class SimulatedSubject final : public Subject {
 public:
  template <typename... Args>
  SimulatedSubject(DeviceContract contract, uint64_t seed, Args&&... args)
      : host_(std::forward<Args>(args)...),
        state_("SIM1", discarding(contract), seed),
        drive_(host_.runtime(), state_) {
    state_.speed = {.request_ns = 1'000, .flush_ns = 1'000, .bytes_per_second = 50'000'000'000};
  }
  void with(const std::function<void(BlockDevice&)>& body) override {
    std::exception_ptr thrown;  // nothing but Killed may leave a fibre
    host_.run([&] {
      try {
        body(drive_);
      } catch (const Killed&) {
        throw;
      } catch (...) {  // NOLINT: thrown again below
        thrown = std::current_exception();
      }
    });
    if (thrown) std::rethrow_exception(thrown);
  }

 private:
  static DeviceContract discarding(DeviceContract contract) {
    contract.discards = true;
    return contract;
  }
  Host host_;
  DriveState state_;
  SimulatedDrive drive_;
};

Backend simulated_on_fibres(const char* name, const DeviceContract& contract, uint64_t seed) {
  return {.name = name,
          .make = [=] { return std::make_unique<SimulatedSubject<VirtualHost>>(contract, seed); },
          .on_threads = false,
          .sector_bytes = contract.physical_sector_bytes};
}

class NullSubject final : public Subject {
 public:
  explicit NullSubject(uint64_t bytes_per_second)
      : drive_(runtime_, {.capacity_bytes = kSubjectBytes, .bytes_per_second = bytes_per_second}) {}
  void with(const std::function<void(BlockDevice&)>& body) override { body(drive_); }

 private:
  ThreadRuntime runtime_;
  NullDrive drive_;
};

}  // namespace

const std::vector<Backend>& backends() {
  static const std::vector<Backend> all{
      {.name = "image_ring", .make = [] { return std::make_unique<ImageSubject>(false); }},
      {.name = "image_plain", .make = [] { return std::make_unique<ImageSubject>(true); }},
      {.name = "loop512_ring", .make = [] { return std::make_unique<LoopSubject>(512, false); }},
      {.name = "loop4096_ring", .make = [] { return std::make_unique<LoopSubject>(4096, false); }},
      {.name = "loop512_plain", .make = [] { return std::make_unique<LoopSubject>(512, true); }},
      {.name = "simulated_on_threads",
       .make =
           [] {
             return std::make_unique<SimulatedSubject<ThreadHost>>(contract_512e(kSubjectBytes), 0,
                                                                   ThreadRuntimeOptions{});
           }},
      simulated_on_fibres("simulated_512n", contract_512n(kSubjectBytes), 0),
      simulated_on_fibres("simulated_512e", contract_512e(kSubjectBytes), 0),
      simulated_on_fibres("simulated_4kn", contract_4kn(kSubjectBytes), 0),
      simulated_on_fibres("simulated_overtaking", contract_512e(kSubjectBytes), 5),
      {.name = "null", .make = [] { return std::make_unique<NullSubject>(0); }, .keeps_data = false},
      {.name = "null_throttled",
       .make = [] { return std::make_unique<NullSubject>(20'000'000'000); },
       .keeps_data = false},
  };
  return all;
}

std::vector<Backend> data_backends() {
  std::vector<Backend> keeping;
  std::ranges::copy_if(backends(), std::back_inserter(keeping), &Backend::keeps_data);
  return keeping;
}

}  // namespace seedbed
