// A scenario written down again is the same scenario: every suite's file, and worlds drawn by swarms, which
// live the same life event by event.
#include "scenarios/scenario_document.h"

#include <gtest/gtest.h>

#include "engine/linux/posix_files.h"
#include "scenarios/scenario_file.h"
#include "scenarios/scenario_run.h"
#include "scenarios/suite.h"
#include "scenarios/swarm.h"
#include "scenarios/toml_text.h"

namespace seedbed {
namespace {

std::string written(const Scenario& scenario) {
  return toml_text(scenario_document(scenario));
}

TEST(ScenarioDocument, EveryFileOfTheSuitesIsReadAgainAsItWasWritten) {
  PosixFiles files;
  const auto suite = load_suite(files, {SEEDBED_SOURCE_DIR "/scenarios/suites"}, "");
  ASSERT_TRUE(suite) << suite.error().message();
  for (const auto& scenario : *suite) {
    const std::string text = written(*scenario);
    const auto again = parse_scenario(text, scenario->file);
    ASSERT_TRUE(again) << again.error().message() << "\n" << text;
    EXPECT_EQ(written(*again), text);
    EXPECT_EQ(again->faults.size(), scenario->faults.size());
  }
}

TEST(ScenarioDocument, WhatASwarmDrewLivesTheSameLifeFromAFile) {
  for (const SwarmKind kind : {SwarmKind::drive, SwarmKind::chain, SwarmKind::services})
    for (uint64_t seed = 1; seed <= 3; seed++) {
      const auto drawn = swarm_scenario(swarm_of(kind), seed);
      auto read = parse_scenario(written(*drawn), "swarm.toml");
      ASSERT_TRUE(read) << read.error().message();
      ASSERT_EQ(read->faults.size(), drawn->faults.size());
      ScenarioRunOptions options;
      options.every_fault_must_fire = false;
      const auto of_swarm = run_scenario(std::make_shared<const Scenario>(swarm_of(kind)), seed, options);
      const auto of_file = run_scenario(std::make_shared<const Scenario>(*std::move(read)), seed, options);
      ASSERT_TRUE(of_swarm && of_file);
      EXPECT_EQ(of_file->record.event_log_hash, of_swarm->record.event_log_hash)
          << swarm_name(kind) << "@" << seed;
      EXPECT_EQ(of_file->record.verdict, of_swarm->record.verdict);
    }
}

TEST(ScenarioDocument, WhatNoSwarmDrawsIsWrittenToo) {
  constexpr const char* kText = R"(name = "odd"
proves = "combinations, ranges, times and sides"

[chain]

[[fault]]
name = "first"
what = "kill"
when = { event = "drive.write", offset = 4096, length = 8192, nth = [2, 5], virtual_s = 1.5, side = "after" }

[[fault]]
what = "host-power-cut"
survivors = "but:417,431"
when = { after = "first", any = [ { event = "journal.commit" }, { state = "Received", machine = "any" } ] }

[[fault]]
what = "read-error"
times = "always"
when = { event = "drive.read", boot = 2, machine = "computer" }

[[fault]]
what = "kill"
when = { number = 900 }
)";
  const auto read = parse_scenario(kText, "odd.toml");
  ASSERT_TRUE(read) << read.error().message();
  const std::string text = written(*read);
  const auto again = parse_scenario(text, "odd.toml");
  ASSERT_TRUE(again) << again.error().message() << "\n" << text;
  EXPECT_EQ(written(*again), text);
  ASSERT_EQ(again->faults.size(), 4u);
  const FaultTrigger& first = again->faults[0].when;
  EXPECT_EQ(first.extent->offset_bytes, 4096u);
  EXPECT_EQ(first.extent->length_bytes, 8192u);
  EXPECT_EQ(first.nth, 2u);
  EXPECT_EQ(first.nth_to, 5u);
  EXPECT_EQ(first.time_ns, 1'500'000'000u);
  EXPECT_EQ(first.side, EventSide::after);
  EXPECT_EQ(again->faults[1].survivors.text(), "but:417,431");
  EXPECT_EQ(again->faults[1].when.after, "first");
  ASSERT_EQ(again->faults[1].when.any.size(), 2u);
  EXPECT_EQ(again->faults[1].when.any[0].place, "*.jrn");
  EXPECT_EQ(again->faults[1].when.any[1].machine, "*");
  EXPECT_EQ(again->faults[2].times, 0u);
  EXPECT_EQ(again->faults[3].when.event_number, 900u);
  EXPECT_EQ(again->faults[3].when.machine, std::nullopt);
}

}  // namespace
}  // namespace seedbed
