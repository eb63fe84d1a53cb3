// dislocker and ntfs-3g agree with our judges about drives that survived crashes, and would be heard if they
// did not.
#include "scenarios/second_opinion.h"

#include "engine/linux/posix_files.h"
#include "scenarios/explorer.h"
#include "scenarios/foreign_reader.h"
#include "tests/scenarios/tiny_world.h"
#include "tests/support/temp_directory.h"

namespace seedbed::soundness {
namespace {

using testing_support::TempDirectory;

bool readers_are_there() {
  const std::string missing = ForeignReader::missing();
  if (!missing.empty()) std::cout << "ABSENT: " << missing << "; no second opinion was heard\n";
  return missing.empty();
}

World finished(const Scenario& scenario) {
  EventLog log(false);
  Journey journey(World::make(test::shared(scenario), 6).value(), log);
  journey.play();
  std::string why;
  EXPECT_EQ(journey.verdict(why), Verdict::survived) << why;
  return journey.world();
}

TEST(SecondOpinion, explored_crashes_end_in_drives_that_others_read_too) {
  if (!readers_are_there()) return;
  TempDirectory directory;
  PosixFiles files;
  SecondOpinion foreign(files, directory.file("scratch"));
  // SEEDBED_SOUNDNESS=N: N times as many. (scripts/proof)
  const char* const factor = std::getenv("SEEDBED_SOUNDNESS");
  const uint64_t wanted = 3 * (factor != nullptr ? std::max(1, std::atoi(factor)) : 1), every = 20;
  ExploreOptions options{.budget = wanted * every};
  options.run.second_look = foreign.of_every(every);
  Explorer explorer(test::shared(test::tiny()), options);
  const auto totals =
      explorer.run([](const ScenarioRecord& failed) { ADD_FAILURE() << failed.token << ": " << failed.why; },
                   [](const ExploreTotals&) {});
  ASSERT_TRUE(totals) << totals.error().message();
  const SecondOpinion::Counts& counts = foreign.counts();
  std::cout << totals->judged << " states judged, of them " << counts.drives << " drives with "
            << counts.files << " files, " << counts.bytes << " bytes, read by dislocker and ntfs-3g\n";
  EXPECT_GE(counts.drives, wanted / 2) << "of worlds whose future is known nobody is asked";
  EXPECT_EQ(counts.files, 2 * counts.drives);
}

TEST(SecondOpinion, of_two_sessions_page_blobs_and_odd_names) {
  if (!readers_are_there()) return;
  TempDirectory directory;
  PosixFiles files;
  SecondOpinion foreign(files, directory.file("scratch"));
  Scenario scenario = test::tiny();
  scenario.drives[0].sectors = SectorKind::n4k;
  scenario.drives[0].capacity_bytes = 24 * MiB;
  scenario.source.usual = true;
  scenario.source.files = {{"dir2/ÄÖ ü.bin", 10'000}};
  scenario.commands = {{}, {.session = "session-2", .source = "/source/dir2", .destination = "box/more/"}};
  EXPECT_EQ(foreign.look(finished(scenario)), "");
  EXPECT_EQ(foreign.counts().files, 9u);
}

TEST(SecondOpinion, disagreement_is_heard) {
  if (!readers_are_there()) return;
  TempDirectory directory;
  PosixFiles files;
  SecondOpinion foreign(files, directory.file("scratch"));
  World world = finished(test::tiny());
  World other = world;  // the source changed behind our back
  ASSERT_TRUE(other.files.remove("/source/a.bin", 0));
  ASSERT_TRUE(other.files.plant_file("/source/a.bin", Bytes(200'000, 1)));
  EXPECT_NE(foreign.look(other).find("/session-1/a.bin"), std::string::npos);
  // One bit of the file's bytes on the drive.
  ASSERT_EQ(world.first_data.size(), 1u);
  const uint64_t at_bytes = world.first_data.begin()->second.offset_bytes + 8192;
  DriveState& drive = world.drives[0];
  Bytes sector(4096);
  drive.cache.read(at_bytes, sector);
  sector[100] ^= 1;
  drive.complete(drive.cache.submit_write(at_bytes, sector));
  drive.flush(drive.cache.completed());
  const std::string heard = foreign.look(world);
  EXPECT_NE(heard.find("ntfscat reads other bytes"), std::string::npos) << heard;
  EXPECT_EQ(foreign.counts().drives, 0u);
}

}  // namespace
}  // namespace seedbed::soundness
