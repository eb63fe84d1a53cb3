// Exploration: which survivors the bound holds, that parts make a whole, and that a run in which nothing is
// wrong is clean at every crash.
#include "scenarios/explorer.h"

#include "tests/scenarios/slim_world.h"

namespace seedbed {
namespace {

using test::shared;
using test::slim;

std::vector<std::string> texts(const std::vector<PendingEffect>& pending, const BoundOptions& bound = {}) {
  std::vector<std::string> texts;
  for (const BoundedSurvivors& one : survivors_within_bound(pending, bound))
    texts.push_back(one.survivors.text());
  return texts;
}
using Texts = std::vector<std::string>;

TEST(SurvivorsWithinBound, nothing_pending_has_one_outcome) {
  EXPECT_EQ(texts({}), (Texts{"none"}));
}

TEST(SurvivorsWithinBound, one_effect_is_lost_whole_or_torn_in_the_middle_and_at_its_edges) {
  EXPECT_EQ(texts({{.event = 7, .units = 1}}), (Texts{"none", "all"}));
  EXPECT_EQ(texts({{.event = 7, .units = 2}}), (Texts{"none", "all", "torn:7/1"}));
  EXPECT_EQ(texts({{.event = 7, .units = 3}}), (Texts{"none", "all", "torn:7/1", "torn:7/2"}));
  EXPECT_EQ(texts({{.event = 7, .units = 8}}), (Texts{"none", "all", "torn:7/4", "torn:7/1", "torn:7/7"}));
}

const std::vector<PendingEffect> kThree = {
    {.event = 3, .units = 1}, {.event = 5, .units = 4}, {.event = 9, .units = 8}};

TEST(SurvivorsWithinBound, of_several_each_prefix_each_single_loss_and_each_pair_too) {
  EXPECT_EQ(texts(kThree), (Texts{"none", "all", "prefix:3", "but:3", "prefix:5", "but:5", "torn:5/2",
                                  "torn:9/4", "torn:9/1", "torn:9/7", "but:3,5", "but:3,9"}))
      << "of the pair 5 and 9, prefix:3 is what is left";
  EXPECT_EQ(texts(kThree, {.pairs_most = 2}).back(), "torn:9/7");
  std::vector<PendingEffect> ten;
  for (uint64_t event = 1; event <= 10; event++) ten.push_back({.event = event});
  EXPECT_EQ(texts(ten).size() - texts(ten, {.pairs_most = 9}).size(), 10u * 9 / 2 - 1);
}

TEST(SurvivorsWithinBound, samples_are_drawn_by_seed_and_event_and_only_where_there_is_a_choice) {
  const auto samples = [](const std::vector<PendingEffect>& pending, uint64_t seed) {
    Texts all = texts(pending, {.samples = 3, .seed = seed});
    std::erase_if(all, [](const std::string& text) { return !text.starts_with("seeded:"); });
    return all;
  };
  EXPECT_EQ(samples(kThree, 1).size(), 3u);
  EXPECT_EQ(samples(kThree, 1), samples(kThree, 1));
  EXPECT_NE(samples(kThree, 1), samples(kThree, 2));
  EXPECT_NE(samples(kThree, 1), samples({{.event = 3, .units = 4}}, 1));
  EXPECT_EQ(samples({{.event = 3, .units = 1}}, 1), Texts{});
}

struct Explored {
  ExploreTotals totals;
  std::vector<ScenarioRecord> failed;
  uint64_t progress = 0;
};

Explored explore(const Scenario& scenario, const ExploreOptions& options) {
  Explored explored;
  Explorer explorer(shared(scenario), options);
  const auto totals = explorer.run([&](const ScenarioRecord& record) { explored.failed.push_back(record); },
                                   [&](const ExploreTotals&) { explored.progress++; });
  if (!totals) throw std::runtime_error(totals.error().message());
  explored.totals = *totals;
  return explored;
}

TEST(Explorer, where_nothing_is_wrong_every_crash_is_survived) {
  const Explored explored = explore(slim(), {.shard = 5, .shards = 48});
  EXPECT_EQ(explored.totals.failed, 0u)
      << explored.failed.front().token << ": " << explored.failed.front().why;
  EXPECT_EQ(explored.totals.judged, explored.totals.mine);
  EXPECT_GT(explored.totals.judged, 30u);
  EXPECT_GT(explored.totals.promised, 5u) << "states in which something can be lost are what counts";
  EXPECT_GE(explored.progress, explored.totals.judged) << "listing tells of itself too";
}

TEST(Explorer, the_parts_make_the_whole_and_equal_states_are_one) {
  uint64_t mine = 0;
  const ExploreTotals whole = explore(slim(), {.budget = 1}).totals;
  EXPECT_EQ(whole.mine, whole.distinct);
  EXPECT_LT(whole.distinct, whole.states) << "some crashes leave the same world";
  EXPECT_GT(whole.crash_points, 100u);
  for (uint64_t shard = 0; shard < 3; shard++) {
    const ExploreTotals part = explore(slim(), {.shard = shard, .shards = 3, .budget = 1}).totals;
    EXPECT_EQ(part.states, whole.states);
    EXPECT_EQ(part.distinct, whole.distinct);
    EXPECT_GT(part.mine, whole.distinct / 6) << "a fair share";
    mine += part.mine;
  }
  EXPECT_EQ(mine, whole.distinct);
}

TEST(Explorer, no_more_are_judged_than_the_budget_allows) {
  const Explored explored = explore(slim(), {.shard = 1, .shards = 4, .budget = 7});
  EXPECT_EQ(explored.totals.judged, 7u);
  EXPECT_GT(explored.totals.mine, 7u);
}

// A checkpoint that stands in a journal whose sync lied is one thing, and to be told of it another: the parts
// of an exploration that fails are those of its whole.
TEST(Explorer, failures_of_the_parts_are_the_failures_of_the_whole) {
  Scenario scenario = slim();
  scenario.faults = {test::always(FaultAction::sync_lie, EventKind::file_sync, "data", "*.jrn")};
  const auto tokens = [&](uint64_t shard, uint64_t shards) {
    std::set<std::string> tokens;
    for (const ScenarioRecord& record : explore(scenario, {.shard = shard, .shards = shards, .pairs_most = 0}).failed)
      tokens.insert(record.token);
    return tokens;
  };
  const std::set<std::string> whole = tokens(3, 24), first = tokens(3, 48), second = tokens(27, 48);
  EXPECT_FALSE(whole.empty());
  std::set<std::string> both = first;
  both.insert(second.begin(), second.end());
  EXPECT_EQ(both, whole);
  EXPECT_EQ(first.size() + second.size(), whole.size());
}

TEST(Explorer, worlds_that_are_equal_but_for_a_fault_still_to_come_are_two) {
  Scenario scenario = slim();
  FaultTrigger when = test::nth(2, EventKind::drive_write, "data");
  scenario.faults = {test::fault(FaultAction::replug, when, "drive")};  // it is plugged: nothing happens
  EXPECT_GT(explore(scenario, {.budget = 1}).totals.distinct, explore(slim(), {.budget = 1}).totals.distinct);
}

TEST(Explorer, a_run_that_fails_by_itself_is_not_explored) {
  Scenario scenario = slim();
  scenario.expect.verdict = Verdict::refused;
  Explorer explorer(shared(scenario), {});
  const auto totals = explorer.run([](const ScenarioRecord&) {}, [](const ExploreTotals&) {});
  ASSERT_FALSE(totals);
  EXPECT_EQ(totals.error().code, ErrorCode::refused);
  EXPECT_NE(totals.error().what.find("ends as survived by itself"), std::string::npos);
}

TEST(Explorer, the_token_of_an_explored_state_replays_to_the_same_end) {
  Scenario scenario = slim();
  scenario.faults = {test::always(FaultAction::sync_lie, EventKind::file_sync, "data", "*.jrn")};
  std::vector<ScenarioRecord> explored;
  Explorer explorer(shared(scenario), {.shard = 2, .shards = 16});
  ASSERT_TRUE(explorer.run([&](const ScenarioRecord& record) { explored.push_back(record); },
                           [](const ExploreTotals&) {}));
  ASSERT_GE(explored.size(), 3u) << "of a sixteenth of all states";
  std::set<std::string> actions;
  for (const ScenarioRecord& record : explored) {
    const auto token = RunToken::parse(record.token);
    ASSERT_TRUE(token) << record.token;
    ASSERT_EQ(token->faults.size(), 1u);
    actions.insert(std::string(action_name(token->faults[0].action)));
    ScenarioRunOptions options;
    options.extra_faults = token->faults;
    options.every_fault_must_fire = false;
    const ScenarioRecord replayed = run_scenario(shared(scenario), token->seed, options)->record;
    EXPECT_EQ(verdict_name(replayed.verdict), verdict_name(record.verdict)) << record.token;
    EXPECT_EQ(replayed.why, record.why) << record.token;
    EXPECT_EQ(replayed.boots, record.boots) << record.token;
  }
  EXPECT_TRUE(actions.contains("host-power-cut"));
}

// Nothing is wrong until the computer starts again: then the journal's syncs lie.
Scenario lies_while_it_recovers() {
  Scenario scenario = slim();
  scenario.source.files = {{"a.bin", 5'000}};
  PlannedFault lie = test::always(FaultAction::sync_lie, EventKind::file_sync, "", "*.jrn");
  lie.when.boot = 2;
  scenario.faults = {lie};
  return scenario;
}

TEST(Explorer, a_second_crash_finds_what_one_cannot_and_its_token_replays_it) {
  const Scenario scenario = lies_while_it_recovers();
  const auto once = explore(scenario, {.shard = 1, .shards = 20, .pairs_most = 0});
  EXPECT_EQ(once.totals.failed, 0u) << once.failed.front().token;
  EXPECT_EQ(once.totals.fired, 1u) << "a fault may wait for the recoveries";

  const Explored twice =
      explore(scenario, {.shard = 1, .shards = 20, .budget = 120, .depth = 2, .pairs_most = 0});
  EXPECT_GT(twice.totals.expanded, 0u);
  EXPECT_GT(twice.totals.deep_judged, 30u);
  ASSERT_GT(twice.failed.size(), 0u);
  for (size_t i = 0; i < std::min<size_t>(twice.failed.size(), 5); i++) {
    const ScenarioRecord& record = twice.failed[i];
    const auto token = RunToken::parse(record.token);
    ASSERT_TRUE(token) << record.token;
    ASSERT_EQ(token->faults.size(), 2u) << record.token;
    ScenarioRunOptions options;
    options.extra_faults = token->faults;
    const ScenarioRecord replayed = run_scenario(shared(scenario), token->seed, options)->record;
    EXPECT_EQ(verdict_name(replayed.verdict), verdict_name(record.verdict)) << record.token;
    EXPECT_EQ(replayed.why, record.why) << record.token;
    EXPECT_EQ(replayed.boots, record.boots) << record.token;
    EXPECT_EQ(replayed.events, record.events) << record.token;
  }
}

TEST(Explorer, what_was_judged_before_is_counted_and_not_judged_again) {
  ExploreOptions options{.shard = 1, .shards = 30, .budget = 12, .pairs_most = 0};
  std::vector<JudgedState> judged;
  options.on_judged = [&](const JudgedState& state) { judged.push_back(state); };
  const ExploreTotals first = explore(slim(), options).totals;
  ASSERT_EQ(judged.size(), 12u);
  options.before = judged;
  options.budget = 5;
  const ExploreTotals second = explore(slim(), options).totals;
  EXPECT_EQ(second.again, 12u);
  EXPECT_EQ(second.judged, 17u);
  EXPECT_EQ(judged.size(), 17u);
  std::set<uint64_t> hashes;
  for (const JudgedState& state : judged) hashes.insert(state.hash);
  EXPECT_EQ(hashes.size(), 17u) << "none twice";
  EXPECT_GE(second.promised, first.promised);
  EXPECT_EQ(second.distinct, first.distinct);
}

TEST(Explorer, it_stops_when_asked_to) {
  uint64_t judged = 0;
  ExploreOptions options{.pairs_most = 0, .stop = [&] { return judged == 3; }};
  options.on_judged = [&](const JudgedState&) { judged++; };
  EXPECT_EQ(explore(slim(), options).totals.judged, 3u);
}

// Listing the worlds of two drives takes minutes: who asks then does not wait for it.
TEST(Explorer, it_stops_while_it_lists) {
  uint64_t asked = 0;
  ExploreOptions options{.pairs_most = 0, .stop = [&] { return ++asked > 20; }};
  const ExploreTotals totals = explore(slim(), options).totals;
  EXPECT_GT(totals.crash_points, 40u);
  EXPECT_EQ(totals.judged, 0u);
  EXPECT_EQ(asked, 22u) << "twenty points, the one that is not listed, and the first world";
}

}  // namespace
}  // namespace seedbed
