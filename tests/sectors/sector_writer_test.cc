// The sector writer and the proof over drives in memory, on threads and on fibres.
#include "engine/sectors/sector_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "simulator/simulated_drive.h"
#include "tests/sectors/pipeline_run.h"

namespace seedbed {
namespace {

constexpr HostKind kBothHosts[] = {HostKind::threads, HostKind::fibres};

std::string text_of(const RunOutcome& outcome) {
  std::string text = outcome.result ? "" : outcome.result.error().message();
  for (const std::string& complaint : outcome.complaints) text += "\n" + complaint;
  return text;
}

std::vector<Md5> hashes_of(const RunOutcome& outcome) {
  std::vector<Md5> hashes;
  for (const auto& checkpoint : outcome.checkpoints) {
    hashes.insert(hashes.end(), checkpoint.hashes.begin(), checkpoint.hashes.end());
  }
  return hashes;
}

std::vector<Md5> hashes_of(const SectorPlan& plan, size_t from = 0) {
  std::vector<Md5> hashes;
  for (size_t i = from; i < plan.chunks().size(); ++i) {
    for (const ChunkRange& range : plan.chunks()[i].ranges) hashes.push_back(plan.hash(range));
  }
  return hashes;
}

// Where the checkpoints of a plan fall, worked out apart from the writer: behind the first chunk that ends at
// or past each multiple.
std::vector<uint64_t> checkpoint_bytes_of(const SectorPlan& plan, uint64_t checkpoint_bytes) {
  std::vector<uint64_t> ends;
  uint64_t bytes = 0, multiple = checkpoint_bytes;
  for (const WriteChunk& chunk : plan.chunks()) {
    bytes += chunk.length_bytes;
    if (bytes < multiple) continue;
    ends.push_back(bytes);
    while (multiple <= bytes) multiple += checkpoint_bytes;
  }
  if (bytes != 0 && (ends.empty() || ends.back() != bytes)) ends.push_back(bytes);
  return ends;
}

RC_GTEST_PROP(SectorWriterProperty, WritesThePlanInOrderBehindCheckpoints, ()) {
  const auto seed = *rc::gen::arbitrary<uint64_t>();
  const SectorPlan plan(seed, *rc::gen::inRange<size_t>(0, 70));
  for (HostKind host : kBothHosts) {
    const RunSetup setup = random_setup(host, seed);
    MemoryMedium medium(plan.capacity_bytes());
    const RunOutcome outcome = run_writer(plan, medium, setup);
    if (!outcome.result || !outcome.complaints.empty()) RC_FAIL(text_of(outcome));
    RC_ASSERT(medium.durable == plan.image());
    RC_ASSERT(medium.image == plan.image());
    RC_ASSERT(hashes_of(outcome) == hashes_of(plan));
    std::vector<uint64_t> ends;
    for (const auto& checkpoint : outcome.checkpoints) ends.push_back(checkpoint.bytes);
    RC_ASSERT(ends == checkpoint_bytes_of(plan, setup.writer.checkpoint_bytes));
    RC_ASSERT(outcome.result->chunks == plan.chunks().size());
    RC_ASSERT(outcome.result->ranges == hashes_of(plan).size());
    RC_ASSERT(outcome.result->flushes == outcome.checkpoints.size());
  }
}

TEST(SectorWriter, BothRuntimesAndAllSchedulesRecordTheSameCheckpoints) {
  const SectorPlan plan(7, 60);
  MemoryMedium first_medium(plan.capacity_bytes());
  const RunOutcome first = run_writer(plan, first_medium, {.host = HostKind::threads});
  ASSERT_TRUE(first.result) << text_of(first);
  ASSERT_GT(first.checkpoints.size(), 5U);
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    for (HostKind host : kBothHosts) {
      MemoryMedium medium(plan.capacity_bytes());
      const RunOutcome again =
          run_writer(plan, medium, {.host = host, .seed = seed, .workers = unsigned(1 + seed % 4)});
      ASSERT_TRUE(again.result) << text_of(again);
      EXPECT_EQ(medium.durable, first_medium.durable);
      EXPECT_TRUE(again.checkpoints == first.checkpoints) << seed;
    }
  }
}

TEST(SectorWriter, NothingToWriteTakesNoFlush) {
  const SectorPlan plan(1, 0);
  for (HostKind host : kBothHosts) {
    MemoryMedium medium(plan.capacity_bytes());
    const RunOutcome outcome = run_writer(plan, medium, {.host = host});
    ASSERT_TRUE(outcome.result) << text_of(outcome);
    EXPECT_EQ(outcome.flushes, 0U);
    EXPECT_TRUE(outcome.checkpoints.empty());
  }
}

TEST(SectorWriter, ADryRunHashesAndLeavesTheDriveAlone) {
  const SectorPlan plan(3, 40);
  for (HostKind host : kBothHosts) {
    RunSetup setup{.host = host};
    setup.writer.write = false;
    MemoryMedium medium(plan.capacity_bytes());
    const RunOutcome outcome = run_writer(plan, medium, setup);
    ASSERT_TRUE(outcome.result) << text_of(outcome);
    EXPECT_EQ(outcome.complaints, std::vector<std::string>{});
    EXPECT_EQ(outcome.writes + outcome.flushes, 0U);
    EXPECT_EQ(hashes_of(outcome), hashes_of(plan));
  }
}

// Every kind of failure at every place it can happen: an error comes out, nothing is left in flight, what was
// recorded is durable even when the power goes, and a resume from the last record gives the same drive as a
// run that nothing disturbed.
class SectorWriterFaults : public testing::TestWithParam<HostKind> {
 protected:
  void fail_and_resume(const RunSetup& broken, ErrorCode expected) {
    MemoryMedium medium(plan_.capacity_bytes());
    const RunOutcome outcome = run_writer(plan_, medium, broken);
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().code, expected) << text_of(outcome);
    EXPECT_EQ(outcome.complaints, std::vector<std::string>{});
    resume_after(medium, outcome);
  }

  void resume_after(MemoryMedium& medium, const RunOutcome& outcome) {
    medium.power_cut();
    RunSetup resume{.host = GetParam(), .seed = 99};
    resume.source.first_chunk = resume_position(plan_, outcome);
    for (size_t i = 0; i < resume.source.first_chunk; ++i)
      ASSERT_TRUE(plan_.held_by(medium.durable, plan_.chunks()[i]));
    const RunOutcome rest = run_writer(plan_, medium, resume);
    ASSERT_TRUE(rest.result) << text_of(rest);
    EXPECT_EQ(rest.complaints, std::vector<std::string>{});
    EXPECT_EQ(medium.durable, plan_.image());
    EXPECT_EQ(hashes_of(rest), hashes_of(plan_, resume.source.first_chunk));
  }

  RunOutcome undisturbed() {
    MemoryMedium medium(plan_.capacity_bytes());
    return run_writer(plan_, medium, {.host = GetParam()});
  }

  const SectorPlan plan_{11, 24};
};

TEST_P(SectorWriterFaults, EveryWriteThatCanFail) {
  const uint64_t writes = undisturbed().writes;
  ASSERT_GE(writes, 24U);
  for (uint64_t n = 1; n <= writes; ++n) {
    RunSetup broken{.host = GetParam(), .seed = n};
    broken.drive.failing_write = n;
    fail_and_resume(broken, ErrorCode::io_error);
  }
}

TEST_P(SectorWriterFaults, EveryFlushThatCanFailOrLosePower) {
  const uint64_t flushes = undisturbed().flushes;
  ASSERT_GE(flushes, 4U);
  for (uint64_t n = 1; n <= flushes; ++n) {
    RunSetup broken{.host = GetParam(), .seed = n};
    broken.drive.failing_flush = n;
    fail_and_resume(broken, ErrorCode::io_error);
    broken.drive.failing_flush = 0;
    broken.drive.power_cut_at_flush = n;  // the flush says yes; only the epoch tells
    fail_and_resume(broken, ErrorCode::device_gone);
  }
}

TEST_P(SectorWriterFaults, EveryFillAndEveryChunkOfTheSource) {
  for (uint64_t n = 1; n <= plan_.chunks().size(); ++n) {
    RunSetup broken{.host = GetParam(), .seed = n};
    broken.source.failing_fill = n;
    fail_and_resume(broken, ErrorCode::source_changed);
    broken.source.failing_fill = 0;
    broken.source.failing_next = n;
    fail_and_resume(broken, ErrorCode::source_changed);
  }
}

TEST_P(SectorWriterFaults, EveryCheckpointCallback) {
  const uint64_t calls = undisturbed().checkpoints.size();
  for (uint64_t n = 1; n <= calls; ++n) {
    fail_and_resume({.host = GetParam(), .seed = n, .failing_callback = n}, ErrorCode::out_of_space);
  }
}

TEST_P(SectorWriterFaults, ADriveThatVanishes) {
  for (uint64_t n = 1; n <= 10; ++n) {
    RunSetup broken{.host = GetParam(), .seed = n};
    broken.drive.failing_reap = n;
    fail_and_resume(broken, ErrorCode::device_gone);
  }
}

INSTANTIATE_TEST_SUITE_P(OnBothRuntimes, SectorWriterFaults, testing::ValuesIn(kBothHosts),
                         [](const auto& info) {
                           return info.param == HostKind::threads ? "threads" : "fibres";
                         });

using SectorWriterKilled = SectorWriterFaults;

TEST_P(SectorWriterKilled, AtEveryPortCall) {
  const uint64_t port_calls = undisturbed().port_calls;
  ASSERT_GT(port_calls, 200U);
  for (uint64_t n = 2; n < port_calls; ++n) {  // the first is the spawn of the task itself
    MemoryMedium medium(plan_.capacity_bytes());
    const RunOutcome outcome = run_writer(plan_, medium, {.host = HostKind::fibres, .kill_at_port_call = n});
    ASSERT_EQ(outcome.complaints, std::vector<std::string>{}) << n;
    if (n % 10 == 0) resume_after(medium, outcome);
  }
}

INSTANTIATE_TEST_SUITE_P(OnFibres, SectorWriterKilled, testing::Values(HostKind::fibres),
                         [](const auto&) { return "fibres"; });

// A plan of one bad chunk after a good one must be refused before the bad one moves a byte.
TEST(SectorWriter, RefusesAPlanThatContradictsItself) {
  struct Source final : ChunkSource {
    std::vector<WriteChunk> chunks;
    size_t at = 0;
    Result<std::optional<WriteChunk>> next() override {
      if (at == chunks.size()) return std::nullopt;
      return chunks[at++];
    }
    Status fill(const WriteChunk&, MutableByteSpan) override { return {}; }
  };
  const SectorPlan plan(1, 0);
  const WriteChunk good{.index = 4,
                        .volume_offset_bytes = 0,
                        .length_bytes = 8192,
                        .ranges = {{.range_index = 9, .chunk_offset_bytes = 0, .length_bytes = 5000}}};
  const auto outcome_of = [&](const std::function<void(WriteChunk&)>& spoil) {
    WriteChunk next = good;
    next.index = 5;
    next.volume_offset_bytes = 8192;
    next.ranges[0].range_index = 10;
    spoil(next);
    Source source;
    source.chunks = {good, next};
    ThreadRuntime runtime;
    MemoryMedium medium(2 * MiB);
    MemoryDrive drive(runtime, medium, {});
    auto result = write_sectors(
        runtime, drive, kPlanPartitionBytes, plan.cipher(), source,
        [](const Checkpoint&) { return Status(); }, RunSetup().writer);
    EXPECT_EQ(medium.complaints, std::vector<std::string>{});
    return result;
  };
  EXPECT_TRUE(outcome_of([](WriteChunk&) {}));
  const std::function<void(WriteChunk&)> spoils[] = {
      [](WriteChunk& c) { c.index = 6; },
      [](WriteChunk& c) { c.length_bytes = 0; },
      [](WriteChunk& c) { c.length_bytes = 8192 + 512; },
      [](WriteChunk& c) { c.length_bytes = kPlanChunkBytes + 4096; },
      [](WriteChunk& c) { c.volume_offset_bytes += 512; },
      [](WriteChunk& c) { c.volume_offset_bytes = 1 * MiB; },
      [](WriteChunk& c) { c.volume_offset_bytes = ~uint64_t{0} - 4095; },
      [](WriteChunk& c) { c.ranges.clear(); },
      [](WriteChunk& c) { c.ranges[0].range_index = 12; },
      [](WriteChunk& c) { c.ranges[0].length_bytes = 8193; },
      [](WriteChunk& c) { c.ranges[0].chunk_offset_bytes = 0xffffffff; },
      [](WriteChunk& c) {
        c.ranges.push_back({.range_index = 11, .chunk_offset_bytes = 4999, .length_bytes = 1});
      },
  };
  for (size_t i = 0; i < std::size(spoils); ++i) {
    const auto result = outcome_of(spoils[i]);
    ASSERT_FALSE(result) << i;
    EXPECT_EQ(result.error().code, ErrorCode::internal) << i;
  }
}

TEST(SectorWriter, RefusesOptionsThatCannotWork) {
  const SectorPlan plan(1, 3);
  const std::function<void(SectorWriterOptions&)> spoils[] = {
      [](SectorWriterOptions& o) { o.chunk_bytes = 0; },
      [](SectorWriterOptions& o) { o.chunk_bytes = 5000; },
      [](SectorWriterOptions& o) { o.buffer_bytes = o.chunk_bytes - 1; },
      [](SectorWriterOptions& o) { o.batch_ranges = 0; },
      [](SectorWriterOptions& o) { o.checkpoint_bytes = 0; },
      [](SectorWriterOptions& o) { o.redo_bytes = o.checkpoint_bytes + o.chunk_bytes - 1; },
      [](SectorWriterOptions& o) { o.redo_bytes = 0; },
  };
  for (const auto& spoil : spoils) {
    RunSetup setup;
    spoil(setup.writer);
    MemoryMedium medium(plan.capacity_bytes());
    const RunOutcome outcome = run_writer(plan, medium, setup);
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(outcome.writes, 0U);
  }
}

// --- the proof ---

RC_GTEST_PROP(SectorProofProperty, ReadsBackWhatWasWritten, ()) {
  const auto seed = *rc::gen::arbitrary<uint64_t>();
  const SectorPlan plan(seed, *rc::gen::inRange<size_t>(0, 70));
  for (HostKind host : kBothHosts) {
    MemoryMedium medium(plan.capacity_bytes());
    medium.image = plan.image();
    const RunOutcome outcome = run_proof(plan, medium, random_setup(host, seed));
    if (!outcome.result || !outcome.complaints.empty()) RC_FAIL(text_of(outcome));
    RC_ASSERT(outcome.proved == hashes_of(plan));
    RC_ASSERT(outcome.fills == 0U);
    RC_ASSERT(outcome.result->chunks == plan.chunks().size());
  }
}

RC_GTEST_PROP(SectorProofProperty, NamesTheChunkOfAFlippedBit, ()) {
  const auto seed = *rc::gen::arbitrary<uint64_t>();
  const SectorPlan plan(seed, 30);
  const WriteChunk& chunk = plan.chunks()[*rc::gen::inRange<size_t>(0, 30)];
  const ChunkRange& range = chunk.ranges[*rc::gen::inRange<size_t>(0, chunk.ranges.size())];
  RC_PRE(range.length_bytes > 0U);
  const uint64_t at = plan.drive_offset_bytes(chunk) + range.chunk_offset_bytes +
                      *rc::gen::inRange<uint64_t>(0, range.length_bytes);
  for (HostKind host : kBothHosts) {
    MemoryMedium medium(plan.capacity_bytes());
    medium.image = plan.image();
    medium.image[at] ^= static_cast<uint8_t>(1 << *rc::gen::inRange(0, 8));
    const RunOutcome outcome = run_proof(plan, medium, random_setup(host, seed));
    RC_ASSERT(!outcome.result);
    RC_ASSERT(outcome.result.error().code == ErrorCode::corrupt);
    RC_ASSERT(outcome.result.error().what == "chunk " + std::to_string(chunk.index));
    RC_ASSERT(outcome.complaints.empty());
  }
}

TEST(SectorProof, EveryReadAndEveryChunkOfTheSourceCanFail) {
  const SectorPlan plan(5, 24);
  for (HostKind host : kBothHosts) {
    for (uint64_t n = 1; n <= 24; ++n) {
      MemoryMedium medium(plan.capacity_bytes());
      medium.image = plan.image();
      RunSetup broken{.host = host, .seed = n};
      broken.drive.failing_read = n;
      const RunOutcome unread = run_proof(plan, medium, broken);
      ASSERT_FALSE(unread.result);
      EXPECT_EQ(unread.result.error().code, ErrorCode::io_error);
      EXPECT_EQ(unread.complaints, std::vector<std::string>{});
      broken.drive.failing_read = 0;
      broken.source.failing_next = n;
      const RunOutcome unplanned = run_proof(plan, medium, broken);
      ASSERT_FALSE(unplanned.result);
      EXPECT_EQ(unplanned.result.error().code, ErrorCode::source_changed);
      EXPECT_EQ(unplanned.complaints, std::vector<std::string>{});
    }
  }
}

TEST(SectorProof, KilledAtEveryPortCall) {
  const SectorPlan plan(5, 24);
  MemoryMedium medium(plan.capacity_bytes());
  medium.image = plan.image();
  const uint64_t port_calls = run_proof(plan, medium, {.host = HostKind::fibres}).port_calls;
  for (uint64_t n = 2; n < port_calls; ++n) {  // the first is the spawn of the task itself
    const RunOutcome outcome = run_proof(plan, medium, {.host = HostKind::fibres, .kill_at_port_call = n});
    ASSERT_FALSE(outcome.result);
    ASSERT_EQ(outcome.complaints, std::vector<std::string>{}) << n;
  }
}

// --- how the time overlaps: on the virtual clock, where it is exact ---

class SectorWriterTime : public testing::Test {
 protected:
  // Writes 96 full chunks to a drive of this speed with workers of that cost, and gives the virtual time it
  // took.
  uint64_t elapsed_ns(const DriveSpeed& speed, CostTable costs, unsigned workers, uint32_t batch_ranges) {
    struct Source final : ChunkSource {
      uint64_t at = 0;
      Result<std::optional<WriteChunk>> next() override {
        if (at == kChunks) return std::nullopt;
        WriteChunk chunk{
            .index = at, .volume_offset_bytes = at * kChunkBytes, .length_bytes = kChunkBytes, .ranges = {}};
        chunk.ranges = {{.range_index = at, .chunk_offset_bytes = 0, .length_bytes = kChunkBytes}};
        ++at;
        return chunk;
      }
      Status fill(const WriteChunk&, MutableByteSpan) override { return {}; }
    };
    VirtualHost host({}, {.workers = workers, .costs = costs});
    DeviceContract contract;
    contract.capacity_bytes = (kChunks + 1) * kChunkBytes;
    DriveState state("TIME", contract);
    state.speed = speed;
    uint64_t elapsed = 0;
    host.run([&] {
      Source source;
      SimulatedDrive drive(host.runtime(), state);
      const SectorWriterOptions options{.chunk_bytes = kChunkBytes,
                                        .queue_bytes = 8 * kChunkBytes,
                                        .checkpoint_bytes = 8 * kChunkBytes,
                                        .redo_bytes = 16 * kChunkBytes,
                                        .buffer_bytes = 32 * kChunkBytes,
                                        .batch_ranges = batch_ranges};
      const auto totals = write_sectors(
          host.runtime(), drive, 0, SectorPlan(1, 0).cipher(), source,
          [](const Checkpoint&) { return Status(); }, options);
      ASSERT_TRUE(totals) << totals.error().message();
      EXPECT_EQ(totals->flushes, kChunks / 8);
      elapsed = totals->times.elapsed_ns;
    });
    return elapsed;
  }

  static constexpr uint64_t kChunks = 96;
  static constexpr uint32_t kChunkBytes = 64 * KiB;
  static constexpr uint64_t kDriveNs = kChunks * kChunkBytes * 5;  // at 200 MB/s
  static constexpr DriveSpeed kSlow{.request_ns = 0, .flush_ns = 1'000'000, .bytes_per_second = 200'000'000};
};

TEST_F(SectorWriterTime, ASlowDriveIsKeptBusy) {
  // CPU work of half the drive's time, on two workers: hidden, but for the first batch.
  const uint64_t ns = elapsed_ns(kSlow, CostTable{}, 2, 16);
  const uint64_t flushes_ns = kChunks / 8 * kSlow.flush_ns;
  EXPECT_GE(ns, kDriveNs + flushes_ns);
  EXPECT_LT(ns, (kDriveNs + flushes_ns) * 11 / 10);
}

TEST_F(SectorWriterTime, WorkersShareTheWork) {
  CostTable dear = CostTable::none();
  dear.ns_per_kib[static_cast<size_t>(Work::encrypt)] = 50'000;
  const uint64_t one = elapsed_ns(kSlow, dear, 1, 4), four = elapsed_ns(kSlow, dear, 4, 4);
  EXPECT_LT(four, one * 3 / 10);
}

}  // namespace
}  // namespace seedbed
