// The real process on a real image, killed at random moments until it has been killed often enough; every
// drive that gets finished is right. SEEDBED_KILLS=N: so often in each test (scripts/proof: 100).
#include <algorithm>
#include <cstdlib>

#include "tests/cli/engine_process.h"

namespace seedbed {
namespace {

using namespace testing_support;

int kills_wanted() {
  const char* const given = std::getenv("SEEDBED_KILLS");
  return given != nullptr ? std::max(std::atoi(given), 1) : 30;
}

void kill_loop(uint64_t seed, uint32_t sector_bytes) {
  TempDirectory directory;
  const std::string source = directory.file("source");
  make_tree(source, seed, 60, 700'000);
  Random random(sub_seed(seed, "kills"));
  int kills = 0, drives = 0, longest_us = 0;
  while (kills < kills_wanted()) {
    const std::string name = directory.file("drive" + std::to_string(drives));
    const std::string image = name + ".img", journal = name + ".jrn", key = name + ".key";
    const CommandResult made = run_binary("offseed", {"--quiet", "drive", "create", image, "--size", "96MiB",
                                                      "--sector-bytes", std::to_string(sector_bytes)});
    ASSERT_TRUE(made.ok()) << made.text();
    const std::vector<std::string> command = {
        "--json",        "waimportexport", "PrepImport",        "--checkpoint-mib", "1",
        "/j:" + journal, "/id:session-1",  "/t:" + image,       "/format",          "/encrypt",
        "/silentmode",   "/sk:a2V5",       "/srcdir:" + source, "/dstdir:box/tree/"};
    if (longest_us == 0) {  // how long one takes here, uninterrupted: only to spread the kills over it
      const auto start = std::chrono::steady_clock::now();
      int exit_code = 0;
      ASSERT_FALSE(run_and_kill("offseed", command, 60'000'000, exit_code));
      longest_us = static_cast<int>(
          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start)
              .count());
    } else {
      int exit_code = 0;
      while (run_and_kill("offseed", command,
                          static_cast<int>(random.below(static_cast<uint64_t>(longest_us))), exit_code))
        kills++;
    }
    write_key(journal, key);
    const CommandResult judged = run_binary("drivereader", {"check", image, "--recovery-password-file", key,
                                                            "--source", source, "--prefix", "box/tree/"});
    ASSERT_TRUE(judged.ok()) << "after " << kills << " kills: " << judged.text();
    for (const char* suffix : {".img", ".jrn"}) std::filesystem::remove(name + suffix);
    drives++;
  }
  testing::Test::RecordProperty("kills", kills);
  testing::Test::RecordProperty("drives", drives);
  EXPECT_GE(drives, 2);
}

TEST(KillLoop, KilledAgainAndAgainOn512ByteSectors) {
  kill_loop(1, 512);
}
TEST(KillLoop, KilledAgainAndAgainOn4096ByteSectors) {
  kill_loop(2, 4096);
}

}  // namespace
}  // namespace seedbed
