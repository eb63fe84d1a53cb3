// Worlds of the whole chain: what a scenario file says of them, that an undisturbed journey comes to its end
// and is judged by all ten oracles, and that the judges of the chain see what is wrong.
#include "scenarios/chain_judge.h"
#include "scenarios/journey.h"
#include "scenarios/scenario_file.h"
#include "scenarios/world_compare.h"
#include "scenarios/world_programs.h"

#include <gtest/gtest.h>

namespace seedbed {
namespace {

constexpr const char* kHead = "name = \"a journey\"\nproves = \"that it is made\"\n";

Scenario chain_scenario(const std::string& more = "") {
  auto scenario =
      parse_scenario(kHead +
                         std::string("[source]\nusual = false\nfiles = [ { path = \"a.bin\", size = "
                                     "\"40KiB\" }, { path = \"b.bin\", size = \"9KiB\" }, { path = "
                                     "\"c.bin\", size = 77 } ]\n[chain]\n") +
                         more,
                     "chain.toml");
  EXPECT_TRUE(scenario) << scenario.error().message();
  return *scenario;
}

struct ChainRun {
  explicit ChainRun(const Scenario& scenario)
      : log(false), journey(*World::make(std::make_shared<const Scenario>(scenario), 1), log) {
    journey.play();
    verdict = journey.verdict(why);
  }
  EventLog log;
  Journey journey;
  std::string why;
  Verdict verdict = Verdict::stuck;
};

// One journey for all tests that look at its end: it is the longest thing here.
ChainRun& undisturbed_chain() {
  static ChainRun played(chain_scenario());
  return played;
}

TEST(ChainScenario, has_the_usual_commands_and_refuses_those_of_other_worlds) {
  const Scenario scenario = chain_scenario();
  ASSERT_EQ(scenario.commands.size(), 9u);
  EXPECT_EQ(scenario.commands.front().action, CommandAction::backup);
  EXPECT_EQ(scenario.commands.back().action, CommandAction::restore);
  const auto error = [](const std::string& text) {
    const auto parsed = parse_scenario(kHead + text, "x.toml");
    return parsed ? std::string("accepted") : parsed.error().message();
  };
  EXPECT_NE(error("[[command]]\ndo = \"backup\"\n").find("this needs the whole chain"), std::string::npos);
  EXPECT_NE(error("[chain]\n[[command]]\ndo = \"prepare\"\n").find("diskprep"), std::string::npos);
  EXPECT_NE(error("[chain]\nchunk = \"64KiB\"\n").find("thirty-two chunks"), std::string::npos);
  EXPECT_NE(
      error("[chain]\n[[command]]\ndo = \"deliver\"\ndrives = [\"nobody\"]\n").find("there is no drive"),
      std::string::npos);
  EXPECT_NE(error("[chain]\n[[command]]\ndo = \"ship\"\ndrives = [\"drive\"]\n").find("stands in a box"),
            std::string::npos);
}

TEST(ChainJourney, undisturbed_survives_and_every_oracle_has_run) {
  EXPECT_EQ(undisturbed_chain().verdict, Verdict::survived) << undisturbed_chain().why;
  for (const OracleRecord& oracle : undisturbed_chain().journey.oracles().records()) {
    EXPECT_TRUE(oracle.ran) << oracle.number << " " << oracle.name;
    EXPECT_TRUE(oracle.findings.empty()) << oracle.name << ": " << oracle.findings.front();
  }
  EXPECT_EQ(undisturbed_chain().journey.oracles().records().size(), 10u);
}

TEST(ChainJudge, sees_a_restored_file_that_is_not_what_it_was) {
  World world = undisturbed_chain().journey.world();
  ASSERT_TRUE(judge_restored(world).empty());
  const auto entries = world.files.list("/restored");
  ASSERT_TRUE(entries);
  std::string file;
  for (const DirectoryEntry& entry : *entries)
    if (entry.kind == FileKind::file) file = "/restored/" + entry.name;
  const auto handle = world.files.open(file, OpenMode::read_write, 0, 0);
  ASSERT_TRUE(handle);
  Bytes first(1);
  ASSERT_TRUE(world.files.read(*handle, 0, first));
  first[0] ^= 1;
  ASSERT_TRUE(world.files.write(*handle, 0, first, 0));
  EXPECT_FALSE(judge_restored(world).empty());
}

TEST(ChainJudge, sees_a_restored_tree_that_the_next_power_cut_takes) {
  World world = undisturbed_chain().journey.world();
  const auto found_after = [](const World& left) {
    Oracles oracles(true);
    oracles.after_death(left);
    std::string why;
    (void)oracles.verdict(why);
    return why;
  };
  EXPECT_EQ(found_after(world), "");
  ASSERT_TRUE(world.files.rename("/restored/a.bin", "/restored/moved", 0));
  World cut = world;
  cut.files.power_cut();
  EXPECT_EQ(found_after(cut), "");
  world.files.settle();
  EXPECT_NE(found_after(world), "");
}

TEST(ChainJudge, sees_a_point_that_is_not_the_source) {
  World world = undisturbed_chain().journey.world();
  ASSERT_TRUE(judge_point(world, world.chain->point).empty());
  EXPECT_FALSE(judge_point(world, std::string(32, '0')).empty()) << "nobody made it";
  auto other = std::make_shared<FileTree>(*world.chain->backed_up);
  ASSERT_TRUE(other->plant_file("/source/more.bin", as_bytes("more")));
  world.chain->backed_up = other;
  EXPECT_FALSE(judge_point(world, world.chain->point).empty());
}

TEST(ChainJudge, sees_a_staging_location_that_rots) {
  World world = undisturbed_chain().journey.world();
  ASSERT_TRUE(judge_staging(world).empty());
  const auto handle = world.files.open("/staging/seed-1_001.BaseBlob", OpenMode::read_write, 0, 0);
  ASSERT_TRUE(handle);
  Bytes byte(1);
  ASSERT_TRUE(world.files.read(*handle, 2000, byte));
  byte[0] ^= 0x10;
  ASSERT_TRUE(world.files.write(*handle, 2000, byte, 0));
  EXPECT_FALSE(judge_staging(world).empty());
}

TEST(ChainJudge, sees_pages_in_the_account_that_were_never_staged) {
  World world = undisturbed_chain().journey.world();
  ASSERT_TRUE(judge_account(world).empty());
  FileTree other = *world.chain->staged_files;
  const auto handle = other.open("/staging/seed-1_001.BaseBlob", OpenMode::read_write, 0, 0);
  ASSERT_TRUE(handle);
  ASSERT_TRUE(other.write(*handle, 1024, Bytes(512, 0xab), 0));
  world.chain->staged_files = std::make_shared<const FileTree>(other);
  EXPECT_FALSE(judge_account(world).empty());
}

TEST(ChainJudge, sees_a_seed_that_went_over_the_network) {
  World world = undisturbed_chain().journey.world();
  ASSERT_TRUE(judge_travel(world).empty());
  ASSERT_FALSE(world.chain->sent_chunks.empty()) << "the increment had to travel";
  // as if nothing had been staged before: what was sent counts as the seed's
  World none = world;
  for (const char* name : {"/staging/seed-1_001.BaseBlob", "/staging/seed-1_001.AIBBlob"}) {
    auto files = std::make_shared<FileTree>(*none.chain->staged_files);
    ASSERT_TRUE(files->remove(name, 0));
    none.chain->staged_files = files;
  }
  EXPECT_FALSE(judge_travel(none).empty());
}

TEST(ChainJudge, knows_which_states_of_a_job_may_follow) {
  EXPECT_TRUE(
      judge_job_states({"Creating", "Creating", "Shipping", "Received", "Packaging", "Completed"}).empty());
  EXPECT_FALSE(judge_job_states({"Shipping", "Creating"}).empty());
  EXPECT_FALSE(judge_job_states({"Lost"}).empty());
}

TEST(TreeCompare, tells_every_kind_of_difference) {
  FileTree was;
  for (const char* directory : {"/a", "/a/d"}) ASSERT_TRUE(was.make_directory(directory, 0755, 5));
  ASSERT_TRUE(was.plant_file("/a/f", as_bytes("content"), 0644, 7));
  ASSERT_TRUE(was.plant_file("/a/d/g", as_bytes("x"), 0600, 8));
  ASSERT_TRUE(was.plant_hard_link("/a/f", "/a/h"));
  ASSERT_TRUE(was.plant_symlink("f", "/a/s"));
  EXPECT_TRUE(compare_trees(was, "/a", was, "/a").empty());
  const auto differs = [&](const char* what, const std::function<void(FileTree&)>& change) {
    FileTree is = was;
    change(is);
    EXPECT_FALSE(compare_trees(was, "/a", is, "/a").empty()) << what;
  };
  differs("bytes", [](FileTree& tree) {
    const auto handle = tree.open("/a/f", OpenMode::read_write, 0, 7);
    ASSERT_TRUE(handle && tree.write(*handle, 0, as_bytes("C"), 7));
  });
  differs("time", [](FileTree& tree) { ASSERT_TRUE(tree.set_modified("/a/d/g", 9)); });
  differs("mode", [](FileTree& tree) { ASSERT_TRUE(tree.set_mode("/a/f", 0600)); });
  differs("missing", [](FileTree& tree) { ASSERT_TRUE(tree.remove("/a/d/g", 8)); });
  differs("more", [](FileTree& tree) { ASSERT_TRUE(tree.plant_file("/a/n", {})); });
  differs("target",
          [](FileTree& tree) { ASSERT_TRUE(tree.remove("/a/s", 0) && tree.plant_symlink("g", "/a/s")); });
  differs("not one file any more", [](FileTree& tree) {
    ASSERT_TRUE(tree.remove("/a/h", 0) && tree.plant_file("/a/h", as_bytes("content"), 0644, 7));
  });
}

}  // namespace
}  // namespace seedbed
