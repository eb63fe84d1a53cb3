// The real engine on a drive whose writes and flushes QEMU logs: every crash state that the log allows is one
// that the simulated drive allows in the same session, and from crash states made out of the log the real
// engine gets its work done.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "engine/base/random.h"
#include "engine/linux/posix_files.h"
#include "tests/soundness/logged_drive.h"
#include "tests/soundness/session_epochs.h"

namespace seedbed::soundness {
namespace {

using namespace testing_support;

constexpr uint64_t kCapacity_bytes = 96 * MiB;
constexpr uint64_t kLogBytesMax = 2 * GiB;

// SEEDBED_SOUNDNESS=N: N times as many points. (scripts/proof)
size_t points_wanted() {
  const char* const factor = std::getenv("SEEDBED_SOUNDNESS");
  return 3 * (factor != nullptr ? std::max(1, std::atoi(factor)) : 1);
}

std::vector<SourceFile> source_files() {
  std::vector<SourceFile> files;
  for (uint64_t i = 0; i < 13; i++)
    files.push_back({"d" + std::to_string(i % 3) + "/f" + std::to_string(i), 3'000'000 + i * 4001});
  files.push_back({"small", 300});
  return files;
}

void put_source(const std::string& root) {
  for (const SourceFile& file : source_files()) {
    const std::filesystem::path path = std::filesystem::path(root) / file.path;
    std::filesystem::create_directories(path.parent_path());
    Bytes content(file.size_bytes);
    Random(sub_seed(7, file.path)).fill(content);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  }
}

// The engine stood still: how long the log was then, and its desk.
struct Moment {
  uint64_t log_bytes = 0;
  std::string desk;
};

class RealSession {
 public:
  explicit RealSession(const TempDirectory& directory)
      : directory_(directory), source_(directory.file("source")), desk_(directory.file("desk")) {
    put_source(source_);
    std::filesystem::create_directory(desk_);
  }

  std::vector<std::string> words(const std::string& image) const {
    return {std::string(SEEDBED_BIN) + "/offseed",
            "--quiet",
            "waimportexport",
            "PrepImport",
            "--checkpoint-mib",
            "1",
            "/j:" + desk_ + "/drive.jrn",
            "/id:session-1",
            "/t:" + image,
            "/format",
            "/encrypt",
            "/silentmode",
            "/sk:a2V5",
            "/srcdir:" + source_,
            "/dstdir:box/tree/"};
  }

  // On a logged drive, stopped again and again on the way.
  void run(uint64_t seed) {
    LoggedDrive drive(directory_, kCapacity_bytes);
    image_ = drive.image();
    Random random(seed);
    Running engine(words(image_), directory_.file("engine.out"));
    for (size_t i = 0; i < 400; i++) {
      usleep(static_cast<useconds_t>(200 + random.below(4000)));
      if (!engine.stop()) break;
      Moment moment{drive.settled_log_bytes(), directory_.file("desk-" + std::to_string(i))};
      const bool news = moments_.empty() || moments_.back().log_bytes != moment.log_bytes;
      if (news) {
        std::filesystem::copy(desk_, moment.desk, std::filesystem::copy_options::recursive);
        moments_.push_back(moment);
      }
      engine.go_on();
    }
    const int code = engine.wait();
    std::ifstream said(directory_.file("engine.out"));
    ASSERT_EQ(code, 0) << std::string{std::istreambuf_iterator<char>(said), {}};
    drive.settled_log_bytes();
    PosixFiles files;
    log_ = BlockLog::parse(read_file(files, drive.log(), kLogBytesMax).value(), "QEMU's log").value();
  }

  // How many entries the log had then: QEMU writes one after the other, each a sector and its data.
  size_t entries_at(const Moment& moment) const {
    uint64_t at = log_.sector_bytes;
    size_t count = 0;
    while (count < log_.entries.size() && at < moment.log_bytes)
      at += log_.sector_bytes + log_.entries[count++].data.size();
    EXPECT_LE(at, std::max<uint64_t>(moment.log_bytes, log_.sector_bytes)) << "stopped in an entry";
    return count;
  }

  // The desk as it was, and this medium as the drive: the same command must end the work, and a reader
  // without engine code must find it right.
  void resume(const Moment& moment, const Medium& medium) const {
    std::filesystem::remove_all(desk_);
    std::filesystem::copy(moment.desk, desk_, std::filesystem::copy_options::recursive);
    write_image(medium);
    const CommandResult resumed = run_command(words(image_));
    ASSERT_TRUE(resumed.ok()) << resumed.text();
    const std::string journal = read_text(desk_ + "/drive.jrn"), key = directory_.file("key");
    const size_t at = journal.rfind("BitLockerKey: ");
    ASSERT_NE(at, std::string::npos);
    std::ofstream(key) << journal.substr(at + 14, 55);
    const CommandResult judged =
        run_command({std::string(SEEDBED_BIN) + "/drivereader", "check", image_, "--recovery-password-file",
                     key, "--source", source_, "--prefix", "box/tree/"});
    EXPECT_TRUE(judged.ok()) << judged.text();
  }

  const BlockLog& log() const { return log_; }
  const std::vector<Moment>& moments() const { return moments_; }

 private:
  static std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write_image(const Medium& medium) const {
    std::filesystem::resize_file(image_, 0);
    std::filesystem::resize_file(image_, kCapacity_bytes);
    std::fstream out(image_, std::ios::binary | std::ios::in | std::ios::out);
    Bytes piece(64 * KiB);
    for (uint64_t at = 0; at < kCapacity_bytes; at += piece.size()) {
      medium.read(at, piece);
      if (all_zero(piece)) continue;
      out.seekp(static_cast<std::streamoff>(at));
      out.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    }
  }

  const TempDirectory& directory_;
  std::string source_, desk_, image_;
  std::vector<Moment> moments_;
  BlockLog log_;
};

// The same session, simulated, on a drive so slow that the engine is always as far ahead as it may be.
SimulatedEpochs simulate() {
  auto scenario = std::make_shared<Scenario>();
  scenario->name = "the session of the block log";
  scenario->source.usual = false;
  scenario->source.files = source_files();
  scenario->drives[0].capacity_bytes = kCapacity_bytes;
  const SectorWriterOptions writer;
  scenario->computer.chunk_bytes = writer.chunk_bytes;
  scenario->computer.queue_bytes = writer.queue_bytes;
  scenario->computer.checkpoint_bytes = 1 * MiB;
  scenario->computer.redo_bytes = 1 * MiB + writer.queue_bytes;
  scenario->computer.buffer_bytes = writer.buffer_bytes;
  World world = World::make(scenario, 4).value();
  for (DriveState& drive : world.drives) {
    drive.order.reset();
    drive.speed = {.request_ns = 100'000, .flush_ns = 1'000'000, .bytes_per_second = 5'000'000};
  }
  EventLog log(false);
  Journey journey(std::move(world), log);
  SimulatedEpochs epochs;
  journey.play([&](const World&, const Event& event, EventSide side) { epochs.see(event, side); });
  std::string why;
  EXPECT_EQ(journey.verdict(why), Verdict::survived) << why;
  return epochs;
}

bool can_be_had() {
  const std::string missing = LoggedDrive::missing();
  if (!missing.empty())
    std::cout << "ABSENT: " << missing << "; nothing was checked against a block log of QEMU's\n";
  return missing.empty();
}

TEST(RealBlockLog, its_crash_states_are_among_the_simulated_ones_and_the_engine_survives_them) {
  if (!can_be_had()) return;
  TempDirectory directory;
  RealSession session(directory);
  session.run(3);
  if (HasFatalFailure()) return;

  const SimulatedEpochs epochs = simulate();
  const Versions real = versions_of(session.log()), simulated = epochs.versions();
  std::string why;
  const auto within = epochs_within(real, simulated, why);
  EXPECT_EQ(why.substr(0, 2000), "");
  uint64_t writings = 0;
  for (const auto& [sector, versions] : real) writings += versions.size();
  std::cout << "QEMU's log: " << session.log().entries.size() << " entries, " << within.size() << " epochs, "
            << real.size() << " sectors written " << writings << " times; simulated: " << epochs.flushes()
            << " flushes\n";
  EXPECT_GT(within.size(), 5u);

  struct Point {
    const Moment* moment;
    size_t durable, entries;  // of the log
  };
  std::vector<Point> torn, whole;
  for (const Moment& moment : session.moments()) {
    const size_t entries = session.entries_at(moment);
    size_t durable = entries;
    while (durable > 0 && session.log().entries[durable - 1].kind != BlockLogEntry::Kind::flush) durable--;
    (durable < entries ? torn : whole).push_back({&moment, durable, entries});
  }
  const size_t stopped = torn.size() + whole.size(), wanted = std::min(points_wanted(), stopped);
  ASSERT_GT(stopped, 3u) << "the engine was stopped too seldom";
  EXPECT_GT(torn.size(), 0u) << "the engine was never stopped with a write in the balance";
  // Spread over the whole; those with writes in the balance first, of which the tail is lost, kept,
  // scattered.
  std::vector<Point> points;
  for (const auto* list : {&torn, &whole}) {
    const size_t some = std::min(wanted - points.size(), list->size());
    for (size_t i = 0; i < some; i++) points.push_back((*list)[(2 * i + 1) * list->size() / (2 * some)]);
  }
  size_t states = 0;
  const auto& entries = session.log().entries;
  for (const Point& point : points) {
    Medium settled(kCapacity_bytes);
    session.log().replay(settled, 0, point.durable);
    for (int variant = 0; variant < (point.durable < point.entries ? 3 : 1); variant++) {
      SCOPED_TRACE("behind entry " + std::to_string(point.entries) + ", variant " + std::to_string(variant));
      Medium medium = settled;
      Random random(sub_seed(point.entries, "survivors"));
      if (variant == 1) session.log().replay(medium, point.durable, point.entries);
      for (size_t entry = point.durable; variant == 2 && entry < point.entries; entry++)
        for (uint64_t at = 0; at < entries[entry].data.size(); at += kSector_bytes)
          if (random.chance(1, 2))
            medium.write(entries[entry].extent.offset_bytes + at,
                         ByteSpan(entries[entry].data).subspan(at, kSector_bytes));
      session.resume(*point.moment, medium);
      if (HasFatalFailure()) return;
      states++;
    }
  }
  std::cout << stopped << " moments, " << torn.size() << " with writes in the balance; " << states
            << " crash states at " << points.size() << " of them resumed and read back\n";
}

TEST(RealBlockLog, a_flush_too_many_in_the_model_is_found) {
  const auto write = [](uint64_t sector) {
    return BlockLogEntry{BlockLogEntry::Kind::write, {sector * kSector_bytes, kSector_bytes}, Bytes(512, 1)};
  };
  const BlockLogEntry flush{BlockLogEntry::Kind::flush, {}, {}};
  const Versions real = versions_of({.entries = {write(1), write(2), flush}});
  std::string why;
  EXPECT_EQ(epochs_within(real, versions_of({.entries = {write(2), write(1), flush}}), why).size(), 1u);
  EXPECT_EQ(why, "");
  epochs_within(real, versions_of({.entries = {write(1), flush, write(2), flush}}), why);
  EXPECT_NE(why, "") << "in no epoch of the model are both in the balance";
  why.clear();
  epochs_within(real, versions_of({.entries = {write(1), flush}}), why);
  EXPECT_NE(why, "");
}

}  // namespace
}  // namespace seedbed::soundness
