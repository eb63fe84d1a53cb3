// Shrinking: a failing run becomes the smallest that fails in the same way, names itself by one line, and
// shrinks to itself; what does not fail is not shrunk.
#include "scenarios/shrinker.h"

#include "scenarios/explorer.h"
#include "scenarios/scenario_file.h"
#include "scenarios/toml_text.h"
#include "tests/scenarios/slim_world.h"

namespace seedbed {
namespace {

// A journal's directory that is never synced, in a world with much beside it.
constexpr const char* kLies = R"(name = "the journal's directory lies"
proves = "nothing: a planted defect"
[source]
random_files = 3
files = [ { path = "big.bin", size = 70000 }, { path = "small.bin", size = 3000 } ]
[copy_computer]
workers = 1
proof = false
[[drive]]
capacity = "16MiB"
volatile_cache = false
[[drive]]
name = "other"
capacity = "16MiB"
[[fault]]
what = "write-error"
when = { event = "drive.write", phase = "data", nth = [2, 4] }
[[fault]]
what = "sync-lie"
when = { event = "directory.sync", place = "/desk", phase = "start" }
)";

struct Shrunk {
  ShrinkRun run;
  uint64_t runs = 0;
};

Shrunk shrink(std::string_view text, const RunToken& token, uint64_t runs_max = 3000) {
  auto document = parse_toml(text, token.file);
  if (!document) throw std::runtime_error(document.error().message());
  ShrinkRunner runner(std::move(*document), token.file, {}, runs_max);
  Shrinker shrinker(runner, [](uint64_t, const std::string&) {});
  auto run = shrinker.shrink(token);
  if (!run) throw std::runtime_error(run.error().message());
  return {std::move(*run), runner.runs()};
}

// As `seedbed replay` does it.
ScenarioRecord replayed(std::string_view text, const std::string& line) {
  const auto token = RunToken::parse(line);
  if (!token) throw std::runtime_error(token.error().message());
  auto document = parse_toml(text, token->file);
  auto changed = edited(std::move(*document), token->edits);
  if (!changed) throw std::runtime_error(changed.error().message());
  auto scenario = parse_scenario(toml_text(*changed), token->file);
  if (!scenario) throw std::runtime_error(scenario.error().message());
  ScenarioRunOptions options;
  options.extra_faults = token->faults;
  return run_scenario(test::shared(std::move(*scenario)), token->seed, options)->record;
}

// The first power cut at which the defect shows, with survivors as odd as may be.
RunToken failing_token() {
  const auto scenario = parse_scenario(kLies, "lies.toml");
  if (!scenario) throw std::runtime_error(scenario.error().message());
  for (uint64_t event = 96; event > 60; event -= 4)  // the name is durable from the journal's next sync on
    for (const uint64_t seed : {4, 5, 6, 7}) {
      RunToken token{"lies.toml", 5, {fault_before(event, FaultAction::host_power_cut, {.seed = seed})}};
      ScenarioRunOptions options;
      options.extra_faults = token.faults;
      options.every_fault_must_fire = false;
      const ScenarioRecord record = run_scenario(test::shared(*scenario), token.seed, options)->record;
      if (!record.as_expected) return token;
    }
  throw std::runtime_error("the defect never shows");
}

TEST(Shrinker, a_planted_defect_shrinks_to_a_minimal_line_that_replays_and_shrinks_to_itself) {
  const RunToken token = failing_token();
  const ScenarioRecord before = replayed(kLies, token.text());
  ASSERT_FALSE(before.as_expected);
  const Shrunk small = shrink(kLies, token);
  RecordProperty("line", small.run.token.text());
  RecordProperty("runs", std::to_string(small.runs));

  EXPECT_EQ(FailureKind(small.run.record), FailureKind(before)) << small.run.record.why;
  ASSERT_EQ(small.run.scenario->faults.size(), 1u) << "the write error has nothing to do with it";
  EXPECT_EQ(small.run.scenario->faults[0].action, FaultAction::sync_lie);
  ASSERT_EQ(small.run.token.faults.size(), 1u);
  EXPECT_NE(small.run.token.faults[0].survivors.shape, Survivors::Shape::seeded);
  EXPECT_LT(small.run.token.faults[0].when.event_number, token.faults[0].when.event_number);
  EXPECT_EQ(small.run.scenario->drives.size(), 1u);
  EXPECT_FALSE(small.run.scenario->source.usual);
  EXPECT_EQ(small.run.scenario->source.random_files, 0u);
  EXPECT_EQ(small.run.scenario->source.files.size(), 0u);
  EXPECT_EQ(small.run.token.seed, 1u);
  EXPECT_LT(small.run.record.events, before.events);

  const std::string line = small.run.token.text();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const ScenarioRecord again = replayed(kLies, line);
  EXPECT_EQ(again.event_log_hash, small.run.record.event_log_hash) << line;
  EXPECT_EQ(again.token, line);

  const Shrunk twice = shrink(kLies, *RunToken::parse(line));
  EXPECT_EQ(twice.run.token.text(), line);
  EXPECT_LT(twice.runs, small.runs);
}

constexpr const char* kWrong = R"(name = "a wrong expectation"
proves = "nothing: it is to be refused and is not"
[[command]]
[[command]]
session = "session-2"
destination = "other/"
[[fault]]
what = "kill"
times = 2
when = { phase = "data", nth = [1, 20] }
[expect]
verdict = "refused"
)";

TEST(Shrinker, of_an_expectation_that_is_wrong_by_itself_nothing_is_left) {
  const Shrunk small = shrink(kWrong, {"wrong.toml", 9, {}});
  EXPECT_EQ(verdict_name(small.run.record.verdict), "survived");
  EXPECT_FALSE(small.run.record.as_expected);
  EXPECT_EQ(small.run.scenario->faults.size(), 0u);
  EXPECT_EQ(small.run.scenario->commands.size(), 1u);
  EXPECT_EQ(small.run.token.seed, 1u);
}

TEST(Shrinker, it_ends_with_what_it_has_when_no_more_runs_are_allowed) {
  const Shrunk small = shrink(kWrong, {"wrong.toml", 9, {}}, 4);
  EXPECT_LE(small.runs, 4u);
  EXPECT_FALSE(small.run.record.as_expected);
}

TEST(Shrinker, what_does_not_fail_is_not_shrunk_nor_what_is_not_there) {
  for (const char* line : {"lies.toml@1", "lies.toml@1+host-power-cut:99999:none",
                           "lies.toml@1+host-power-cut:100:but:99999", "lies.toml@1~nothing.there"}) {
    ShrinkRunner runner(*parse_toml(kLies, "lies.toml"), "lies.toml", {}, 100);
    const auto run = Shrinker(runner, [](uint64_t, const std::string&) {}).shrink(*RunToken::parse(line));
    ASSERT_FALSE(run) << line;
    EXPECT_EQ(run.error().code, ErrorCode::invalid_argument) << run.error().message();
  }
}

TEST(Shrinker, the_kind_of_a_failure_is_verdict_and_oracle_or_its_plain_words) {
  ScenarioRecord lost;
  lost.verdict = Verdict::lost;
  lost.why = "drive SIM001A: byte 17 is gone";
  lost.oracles = {{2, "promised", true, {}}, {3, "wrong", true, {"other", lost.why}}};
  EXPECT_EQ(FailureKind(lost).text(), "lost, oracle 3");
  ScenarioRecord other = lost;
  other.why = "byte 18";
  other.oracles[1].findings = {"byte 18"};
  EXPECT_EQ(FailureKind(lost), FailureKind(other));
  other.oracles = {{2, "promised", true, {"byte 18"}}};
  EXPECT_NE(FailureKind(lost), FailureKind(other));
  ScenarioRecord refused;
  refused.verdict = Verdict::refused;
  refused.why = "no space left on the disk (/a/b @ 17)";
  ScenarioRecord elsewhere = refused;
  elsewhere.why = "no space left on the disk (/c @ 2)";
  EXPECT_EQ(FailureKind(refused), FailureKind(elsewhere));
  elsewhere.why = "another copy session is unfinished";
  EXPECT_NE(FailureKind(refused), FailureKind(elsewhere));
}

TEST(ShrinkerEdits, what_goes_takes_the_edits_below_it_along) {
  const std::vector<ScenarioEdit> edits = {
      {"fault.1.times", "1"}, {"fault.10.times", "1"}, {"source.usual", "false"}};
  EXPECT_EQ(edits_with(edits, {"fault.1", {}}),
            (std::vector<ScenarioEdit>{{"fault.10.times", "1"}, {"source.usual", "false"}, {"fault.1", {}}}));
  EXPECT_EQ(edits_with(edits, {"source.usual", "true"}).back().value, "true");
  EXPECT_EQ(edits_with(edits, {"source.usual", "true"}).size(), 3u);
}

}  // namespace
}  // namespace seedbed
