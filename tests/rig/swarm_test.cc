// Scenarios drawn from seeds: a seed is a scenario, the same each time, and a few of each kind come out well.
#include "scenarios/swarm.h"

#include "tests/rig/rig_process.h"

namespace seedbed {
namespace {

class RigSwarm : public testing_support::Rig {};

TEST(Swarm, a_seed_is_a_scenario_and_another_seed_another) {
  const Scenario of = swarm_of(SwarmKind::chain);
  const auto same = swarm_scenario(of, 7), again = swarm_scenario(of, 7);
  ASSERT_EQ(same->faults.size(), again->faults.size());
  for (size_t i = 0; i < same->faults.size(); i++) EXPECT_EQ(same->faults[i].name, again->faults[i].name);
  std::set<std::string> shapes;
  for (uint64_t seed = 1; seed <= 50; seed++) {
    const auto drawn = swarm_scenario(of, seed);
    shapes.insert(std::to_string(drawn->commands.size()) + "/" + std::to_string(drawn->drives.size()) + "/" +
                  std::to_string(drawn->faults.size()));
    EXPECT_TRUE(drawn->chain);
    EXPECT_TRUE(drawn->expect.or_refused);
  }
  EXPECT_GT(shapes.size(), 20u);
}

TEST(Swarm, its_names_stand_for_files) {
  EXPECT_EQ(swarm_named("swarm:services"), SwarmKind::services);
  EXPECT_FALSE(swarm_named("swarm:"));
  EXPECT_FALSE(swarm_named("drive"));
}

TEST_F(RigSwarm, a_few_of_each_kind_survive_or_are_refused_with_a_cause) {
  expect(seedbed({"sweep", "--swarm", "drive", "--swarm", "chain", "--swarm", "services", "--seeds", "1..8",
                  "--out", out()}),
         0, "24 runs");
}

TEST_F(RigSwarm, a_seed_is_replayed_by_its_token_and_run_twice_alike) {
  expect(seedbed({"replay", "swarm:drive@7"}), 0, "1 as expected");
  expect(run({"swarm:drive", "--seed", "3"}), 0, "1 as expected");
  expect(seedbed({"sweep", "--seeds", "1..2"}), 2);
}

TEST_F(RigSwarm, a_world_is_written_as_a_file_that_can_be_explored_and_shrunk) {
  const std::string file = out() + "-world.toml";
  expect(seedbed({"write", "swarm:drive@7", "--out", file}), 0, "seedbed replay '" + file + "@7'");
  expect(seedbed({"replay", file + "@7"}), 0, "1 as expected");
  expect(seedbed({"explore", file, "--pairs", "0", "--budget", "3"}), 4, "3 judged");
  expect(seedbed({"write", "scenarios/suites/core/undisturbed.toml@1", "--out", file}), 2);
}

}  // namespace
}  // namespace seedbed
