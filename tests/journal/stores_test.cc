// The journal and the page hash log over the FileStores they will meet: a real file system, and a simulated
// machine that dies at each of its port calls in turn.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "engine/journal/journal.h"
#include "engine/journal/page_hash_log.h"
#include "engine/linux/posix_files.h"
#include "simulator/simulated_files.h"
#include "simulator/virtual_runtime.h"
#include "tests/journal/numbered_records.h"
#include "tests/journal/set_clock.h"

namespace seedbed {
namespace {

using test::ids_of;
using test::numbered;

class OnPosix : public testing::Test {
 protected:
  OnPosix() : directory_(testing::TempDir() + "/seedbed-journal-XXXXXX") {
    if (::mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("no temporary directory");
  }
  ~OnPosix() override { std::filesystem::remove_all(directory_); }
  std::string path(const char* name) const { return directory_ + "/" + name; }

  std::string directory_;
  PosixFiles files_;
  test::SetClock clock_;
};

TEST_F(OnPosix, AJournalLivesThroughItsWholeLife) {
  const std::string name = path("drive.jrn");
  {
    Journal journal = Journal::create(files_, clock_, name, "id").value();
    for (uint64_t id = 1; id <= 5; id++) ASSERT_TRUE(journal.append(numbered(id)));
    EXPECT_EQ(Journal::open(files_, clock_, name).error().code, ErrorCode::busy);
    ASSERT_TRUE(journal.compact([](size_t index) { return index > 3; }));
    EXPECT_EQ(Journal::open(files_, clock_, name).error().code, ErrorCode::busy)
        << "the compacted file is the locked one";
    ASSERT_TRUE(journal.append(numbered(6)));
  }
  EXPECT_EQ(files_.stat(name).value().mode, 0600u);
  EXPECT_EQ(files_.list(directory_).value().size(), 1u) << "no temporary file is left";
  std::filesystem::resize_file(name, std::filesystem::file_size(name) - 1);
  Journal journal = Journal::open(files_, clock_, name).value();
  EXPECT_TRUE(journal.was_torn());
  EXPECT_EQ(ids_of(journal), (std::vector<uint64_t>{4, 5}));
  EXPECT_EQ(std::filesystem::file_size(name), journal.size_bytes());
}

TEST_F(OnPosix, ASymlinkToAJournalStaysOne) {
  {
    ASSERT_TRUE(Journal::create(files_, clock_, path("drive.jrn"), "id").value().append(numbered(1)));
  }
  std::filesystem::create_symlink("drive.jrn", path("link.jrn"));
  {
    Journal journal = Journal::open(files_, clock_, path("link.jrn")).value();
    ASSERT_TRUE(journal.append(numbered(2)));
    EXPECT_EQ(journal.path(), path("link.jrn"));
  }
  EXPECT_TRUE(std::filesystem::is_symlink(path("link.jrn")));
  EXPECT_EQ(ids_of(Journal::open(files_, clock_, path("drive.jrn")).value()), (std::vector<uint64_t>{1, 2}));
}

TEST_F(OnPosix, APageHashLogIsCutAtItsCheckpoint) {
  const std::string name = path("drive.jrn.1.hashes");
  const std::vector<Md5> hashes(3);
  std::string digest;
  {
    PageHashLog log = PageHashLog::create(files_, name).value();
    ASSERT_TRUE(log.append(hashes));
    digest = log.sha256_hex();
    ASSERT_TRUE(log.append(hashes));
  }
  EXPECT_EQ(files_.stat(name).value().mode, 0600u);
  EXPECT_EQ(PageHashLog::open(files_, name, 48, digest).value().read(0, 3).value(), hashes);
  EXPECT_EQ(std::filesystem::file_size(name), 48u);
}

// One incarnation's work; `acknowledged` is what it was told is durable.
void work(FileStore& files, Runtime& runtime, std::vector<uint64_t>& acknowledged) {
  auto opened = Journal::open(files, runtime, "/drive.jrn");
  if (!opened && opened.error().code == ErrorCode::not_found)
    opened = Journal::create(files, runtime, "/drive.jrn", "id");
  ASSERT_TRUE(opened) << opened.error().message();
  Journal journal = std::move(*opened);
  auto ids = ids_of(journal);
  ASSERT_TRUE(ids == acknowledged || (ids.size() == acknowledged.size() + 1 &&
                                      std::equal(acknowledged.begin(), acknowledged.end(), ids.begin())));
  acknowledged = ids;
  while (ids.size() < 4) {
    ids.push_back(ids.size() + 1);
    ASSERT_TRUE(journal.append(numbered(ids.back())));
    acknowledged = ids;
  }
  ASSERT_TRUE(journal.compact([](size_t) { return true; }));
}

TEST(OnASimulatedMachine, DyingAtEachPortCallLosesNothingAcknowledged) {
  for (const bool power : {false, true}) {
    bool finished = false;
    for (uint64_t ordinal = 1; !finished; ordinal++) {
      ASSERT_LT(ordinal, 1000u);
      auto tree = std::make_shared<FileTree>();
      std::vector<uint64_t> acknowledged;
      for (int incarnation = 0; incarnation < 2; incarnation++) {
        Scheduler scheduler({.seed = ordinal});
        VirtualRuntime runtime(scheduler);
        SimulatedFiles files(runtime, tree);
        if (incarnation == 0) runtime.kill_at_port_call(ordinal);
        try {
          runtime.spawn("main", [&] { work(files, runtime, acknowledged); })->join();
        } catch (const Killed&) {
        }
        if (incarnation == 0) finished = !runtime.dead();
        power ? tree->power_cut() : tree->kill();
      }
      ASSERT_EQ(acknowledged, (std::vector<uint64_t>{1, 2, 3, 4})) << ordinal;
    }
  }
}

}  // namespace
}  // namespace seedbed
