// Verdicts, how they count, and what a run's exit code says.
#include "reports/run_record.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/reports/record_samples.h"

namespace seedbed {
namespace {

ScenarioRecord ended(Verdict expected, Verdict verdict) {
  ScenarioRecord scenario = passed_scenario("any");
  scenario.expected = expected;
  scenario.verdict = verdict;
  scenario.as_expected = expected == verdict;
  return scenario;
}
RunRecord run_of(std::vector<ScenarioRecord> scenarios) {
  RunRecord run;
  run.scenarios = std::move(scenarios);
  return run;
}
Verdict verdict_at(size_t i) {
  return static_cast<Verdict>(i);
}

// The table of the design, written out once more.
int expected_code(Verdict expected, Verdict verdict) {
  if (verdict == Verdict::harness_broken) return 5;
  if (verdict == Verdict::not_measured || verdict == Verdict::not_applicable) return 4;
  if (verdict == expected) return 0;
  return verdict == Verdict::stuck ? 3 : 1;
}

TEST(RunRecord, VerdictsHaveNamesAndAreFoundByThem) {
  for (size_t i = 0; i < kVerdicts; i++) EXPECT_EQ(verdict_named(verdict_name(verdict_at(i))), verdict_at(i));
  EXPECT_EQ(verdict_name(Verdict::silently_wrong), "silently-wrong");
  EXPECT_EQ(verdict_name(Verdict::harness_broken), "harness-broken");
  EXPECT_EQ(verdict_named("silently_wrong"), std::nullopt);
  EXPECT_EQ(verdict_named(""), std::nullopt);
}

TEST(RunRecord, OneScenarioDecidesTheExitCode) {
  for (size_t e = 0; e < kVerdicts; e++)
    for (size_t v = 0; v < kVerdicts; v++)
      EXPECT_EQ(exit_code_of(run_of({ended(verdict_at(e), verdict_at(v))})),
                expected_code(verdict_at(e), verdict_at(v)))
          << verdict_name(verdict_at(e)) << " expected, " << verdict_name(verdict_at(v));
}

TEST(RunRecord, OfTwoScenariosTheStrongerDecides) {
  const auto strength = [](int code) {
    constexpr int kOrder[] = {0, 4, 3, 1, 5};
    return std::find(std::begin(kOrder), std::end(kOrder), code) - std::begin(kOrder);
  };
  for (size_t a = 0; a < kVerdicts * kVerdicts; a++) {
    for (size_t b = 0; b < kVerdicts * kVerdicts; b++) {
      const auto first = ended(verdict_at(a / kVerdicts), verdict_at(a % kVerdicts));
      const auto second = ended(verdict_at(b / kVerdicts), verdict_at(b % kVerdicts));
      int one = expected_code(first.expected, first.verdict),
          other = expected_code(second.expected, second.verdict);
      // beside one that was tested, what is not applicable does not count
      if (first.verdict == Verdict::not_applicable) std::swap(one, other);
      const bool neutral =
          first.verdict == Verdict::not_applicable || second.verdict == Verdict::not_applicable;
      const int stronger = neutral || strength(one) > strength(other) ? one : other;
      EXPECT_EQ(exit_code_of(run_of({first, second})), stronger) << a << " " << b;
    }
  }
}

TEST(RunRecord, ARunThatTestedNothingIsNotGreen) {
  EXPECT_EQ(exit_code_of(run_of({})), 4);
  EXPECT_EQ(exit_code_of(run_of({ended(Verdict::not_applicable, Verdict::not_applicable)})), 4);
}

TEST(RunRecord, AnotherUnmetExpectationIsAFailure) {
  ScenarioRecord scenario = ended(Verdict::survived, Verdict::survived);
  scenario.as_expected = false;
  EXPECT_EQ(exit_code_of(run_of({scenario})), 1);
  EXPECT_EQ(outcome_of(scenario), Outcome::failed);
}

TEST(RunRecord, TheRunnersWordCannotTurnAnotherVerdictGreen) {
  ScenarioRecord scenario = ended(Verdict::refused, Verdict::lost);
  scenario.as_expected = true;
  EXPECT_EQ(exit_code_of(run_of({scenario})), 1);
}

TEST(RunRecord, EachScenarioCountsOnce) {
  const Totals totals = totals_of(full_run());
  EXPECT_EQ(totals, (Totals{.as_expected = 15, .failed = 3, .not_measured = 1, .not_applicable = 1}));
  EXPECT_EQ(closing_line(totals), "seedbed: 15 as expected, 3 failed, 1 not measured, 1 not applicable");
}

TEST(RunRecord, TheHashTellsOrderNamesAndLogs) {
  const auto hash_of = [](const std::vector<std::pair<const char*, const char*>>& pairs) {
    RunRecord run;
    for (const auto& [name, hash] : pairs) {
      run.scenarios.push_back(passed_scenario(name));
      run.scenarios.back().event_log_hash = hash;
    }
    return event_log_hash_of(run);
  };
  const std::string hash = hash_of({{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(hash.size(), 16u);
  EXPECT_EQ(hash, hash_of({{"a", "1"}, {"b", "2"}}));
  EXPECT_NE(hash, hash_of({{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(hash, hash_of({{"a", "1"}, {"b", "3"}}));
  EXPECT_NE(hash_of({{"a", "1b"}}), hash_of({{"a1", "b"}}));
}

TEST(RunRecord, ALineHasFixedColumns) {
  EXPECT_EQ(scenario_line(passed_scenario("kill in the middle of the data")),
            "ok   survived        kill in the middle of the data                               3 boots       "
            "  1.234 s "
            "virtual      12 ms");
  const std::string cut = scenario_line(passed_scenario(std::string(100, 'x')));
  EXPECT_NE(cut.find(std::string(57, 'x') + "…   3 boots"), std::string::npos) << cut;
  EXPECT_NE(scenario_line(passed_scenario("ü文🗄")).find("ü文🗄" + std::string(55, ' ') + "   3 boots"),
            std::string::npos);
}

TEST(RunRecord, ALineThatIsNotGreenSaysWhatWasExpectedAndWhy) {
  ScenarioRecord scenario = ended(Verdict::refused, Verdict::lost);
  scenario.why = "2 files\nare missing";
  EXPECT_TRUE(scenario_line(scenario).starts_with("FAIL lost            any "));
  EXPECT_TRUE(scenario_line(scenario).ends_with("12 ms  expected refused: 2 files\\x0Aare missing"));
  EXPECT_TRUE(
      scenario_line(ended(Verdict::survived, Verdict::not_measured)).starts_with("??   not-measured    any"));
  EXPECT_TRUE(scenario_line(ended(Verdict::survived, Verdict::not_applicable))
                  .starts_with("n/a  not-applicable  any"));
}

TEST(RunRecord, AReplayCommandCanBePastedIntoAShell) {
  ScenarioRecord scenario = passed_scenario("one");
  EXPECT_EQ(replay_command(scenario), "seedbed replay suites/kill.toml@7");
  scenario.token = "drop flush 3; it's late";
  EXPECT_EQ(replay_command(scenario), "seedbed replay 'drop flush 3; it'\\''s late'");
  scenario.token = "";
  EXPECT_EQ(replay_command(scenario), "");
}

}  // namespace
}  // namespace seedbed
