// Random work on every drive that keeps data, against a model that is one number a page.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <rapidcheck/state.h>

#include <algorithm>
#include <array>

#include "tests/drives/conformance.h"

namespace seedbed {
namespace {

constexpr uint64_t kPage = 4096;
constexpr size_t kPages = 48;  // of the drive's first; few, so that requests overlap

using Model = std::array<uint32_t, kPages>;  // the seed of each page's content; 0: zeros

void fill_page(MutableByteSpan out, uint32_t seed) {
  if (seed == 0)
    std::ranges::fill(out, uint8_t{0});
  else
    Random(seed).fill(out);
}

struct Run {
  size_t first = 0;
  size_t pages = 1;
};

Run any_run() {
  const auto first = *rc::gen::inRange<size_t>(0, kPages);
  return {first, *rc::gen::inRange<size_t>(1, std::min<size_t>(kPages - first, 6) + 1)};
}

void expect_done(const std::vector<IoCompletion>& done, size_t count) {
  RC_ASSERT(done.size() == count);
  for (const IoCompletion& completion : done)
    if (!completion.outcome) RC_FAIL(completion.outcome.error().message());
}

using DriveCommand = rc::state::Command<Model, Subject>;

struct WritePages : DriveCommand {
  Run where = any_run();
  uint32_t seed = *rc::gen::inRange<uint32_t>(1, 1'000'000);

  void apply(Model& model) const override {
    for (size_t i = 0; i < where.pages; ++i) model[where.first + i] = seed + static_cast<uint32_t>(i);
  }
  void run(const Model&, Subject& subject) const override {
    Bytes content(where.pages * kPage);
    for (size_t i = 0; i < where.pages; ++i)
      fill_page(MutableByteSpan(content).subspan(i * kPage, kPage), seed + static_cast<uint32_t>(i));
    subject.with([&](BlockDevice& device) {
      RC_ASSERT(write_device(device, where.first * kPage, content).has_value());
    });
  }
  void show(std::ostream& os) const override {
    os << "write " << where.first << "+" << where.pages << " seed " << seed;
  }
};

// Every page in a request of its own, all in flight together, reaped as they come.
struct Burst : DriveCommand {
  Run where = any_run();
  uint32_t seed = *rc::gen::inRange<uint32_t>(1, 1'000'000);

  void apply(Model& model) const override {
    for (size_t i = 0; i < where.pages; ++i) model[where.first + i] = seed + static_cast<uint32_t>(i);
  }
  void run(const Model&, Subject& subject) const override {
    AlignedBuffer content(where.pages * kPage);
    subject.with([&](BlockDevice& device) {
      for (size_t i = where.pages; i-- > 0;) {
        const MutableByteSpan page = content.span().subspan(i * kPage, kPage);
        fill_page(page, seed + static_cast<uint32_t>(i));
        RC_ASSERT(device
                      .submit({.kind = IoKind::write,
                               .offset_bytes = (where.first + i) * kPage,
                               .length_bytes = kPage,
                               .data = page.data(),
                               .tag = i})
                      .has_value());
      }
      std::vector<IoCompletion> done;
      while (done.size() < where.pages) RC_ASSERT(device.reap(done, 1).has_value());
      expect_done(done, where.pages);
    });
  }
  void show(std::ostream& os) const override {
    os << "burst " << where.first << "+" << where.pages << " seed " << seed;
  }
};

struct ReadPages : DriveCommand {
  Run where = any_run();

  void apply(Model&) const override {}
  void run(const Model& model, Subject& subject) const override {
    Bytes back(where.pages * kPage);
    subject.with(
        [&](BlockDevice& device) { RC_ASSERT(read_device(device, where.first * kPage, back).has_value()); });
    Bytes expected(kPage);
    for (size_t i = 0; i < where.pages; ++i) {
      fill_page(expected, model[where.first + i]);
      RC_ASSERT(std::ranges::equal(expected, ByteSpan(back).subspan(i * kPage, kPage)));
    }
  }
  void show(std::ostream& os) const override { os << "read " << where.first << "+" << where.pages; }
};

struct Flush : DriveCommand {
  void apply(Model&) const override {}
  void run(const Model&, Subject& subject) const override {
    subject.with(
        [](BlockDevice& device) { RC_ASSERT(flush_device(device, device.reset_epoch()).has_value()); });
  }
  void show(std::ostream& os) const override { os << "flush"; }
};

class AgainstModel : public testing::TestWithParam<Backend> {};

INSTANTIATE_TEST_SUITE_P(All, AgainstModel, testing::ValuesIn(data_backends()), backend_name);

TEST_P(AgainstModel, random_work_reads_back) {
  const auto subject = GetParam().make();
  EXPECT_TRUE(rc::check([&] {
    subject->with(
        [](BlockDevice& device) { RC_ASSERT(write_device(device, 0, Bytes(kPages * kPage)).has_value()); });
    // Shorter runs than RapidCheck's own: every flush waits for a real disk.
    const auto commands = *rc::gen::scale(
        0.4,
        rc::state::gen::commands(
            Model{}, rc::state::gen::execOneOfWithArgs<WritePages, Burst, ReadPages, ReadPages, Flush>()));
    rc::state::runAll(commands, Model{}, *subject);
  }));
}

}  // namespace
}  // namespace seedbed
