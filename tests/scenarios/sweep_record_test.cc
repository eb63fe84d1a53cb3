// Sweeps in parts: however one is divided, its parts merge to what it would have been in one piece; what is
// no division of one sweep is refused.
#include "scenarios/sweep_record.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>

#include "reports/run_json.h"

namespace seedbed {
namespace {

// What came of a run, as its number decides; every third fault fires, one never does, every ninth run fails.
SweepRecord swept(SeedRange seeds, uint64_t scenarios, Shard part) {
  SweepRecord sweep;
  sweep.run.version = "1.0";
  sweep.run.started_utc = fmt::format("2026-01-0{}T00:00:00Z", part.index % 9 + 1);
  sweep.run.real_us = 0;
  sweep.suite = "0123456789abcdef";
  sweep.seeds = seeds;
  sweep.scenarios = scenarios;
  sweep.parts = {part};
  for (uint64_t scenario = 0; scenario < scenarios; scenario++)
    for (const char* fault : {"often", "never"})
      sweep.counts.fired.try_emplace(fmt::format("s{}: {}", scenario, fault), 0);
  for (uint64_t i = part.index; i < (seeds.last - seeds.first + 1) * scenarios; i += part.count) {
    const uint64_t scenario = i % scenarios, seed = seeds.first + i / scenarios;
    sweep.counts.runs++;
    sweep.counts.events += 100 + i;
    if (i % 16 == 15) sweep.counts.twice++;
    if (i % 3 == 0) sweep.counts.fired[fmt::format("s{}: often", scenario)]++;
    if (i % 9 != 4) continue;
    sweep.counts.failed++;
    ScenarioRecord failed;
    failed.name = fmt::format("s{}", scenario);
    failed.seed = seed;
    failed.verdict = Verdict::lost;
    failed.token = fmt::format("s{}.toml@{}", scenario, seed);
    sweep.run.scenarios.push_back(failed);
  }
  return sweep;
}

using Parts = std::vector<std::pair<std::string, SweepRecord>>;

Parts parts_of(SeedRange seeds, uint64_t scenarios, uint64_t count) {
  Parts parts;
  for (uint64_t index = 0; index < count; index++) {
    const std::string where = fmt::format("part-{}", index);
    const SweepRecord part = swept(seeds, scenarios, {index, count});
    parts.emplace_back(where, parse_sweep_json(encode_sweep_json(part), where).value());
  }
  return parts;
}

// Without what tells when and how long.
std::string told(SweepRecord sweep) {
  sweep.run.started_utc = "";
  sweep.run.real_us = 0;
  return encode_sweep_json(sweep);
}

RC_GTEST_PROP(SweepRecordProperty, any_division_of_a_sweep_merges_to_what_one_gives, ()) {
  const SeedRange seeds{3, 3 + *rc::gen::inRange<uint64_t>(0, 30)};
  const auto scenarios = *rc::gen::inRange<uint64_t>(1, 6);
  Parts parts = parts_of(seeds, scenarios, *rc::gen::inRange<uint64_t>(1, 12));
  const auto order = *rc::gen::container<std::vector<uint32_t>>(parts.size(), rc::gen::arbitrary<uint32_t>());
  for (size_t i = 0; i < parts.size(); i++) std::swap(parts[i], parts[order[i] % parts.size()]);
  const auto merged = merge_sweeps(parts);
  RC_ASSERT(merged.has_value());
  const SweepRecord whole = swept(seeds, scenarios, {});
  RC_ASSERT(told(*merged) == told(whole));
  RC_ASSERT(merged->counts.runs == merged->runs_planned());
  RC_ASSERT(exit_code_of(*merged) == exit_code_of(whole));
}

TEST(SweepRecord, what_is_no_division_of_one_sweep_is_refused) {
  const SeedRange seeds{1, 5};
  const auto refused = [](Parts parts, const char* says, const char* where) {
    const auto merged = merge_sweeps(std::move(parts));
    ASSERT_FALSE(merged) << says;
    EXPECT_EQ(merged.error().code, ErrorCode::refused);
    EXPECT_NE(merged.error().what.find(says), std::string::npos) << merged.error().message();
    EXPECT_NE(merged.error().where.find(where), std::string::npos) << merged.error().message();
    EXPECT_NE(merged.error().remedy, "");
  };
  const Parts good = parts_of(seeds, 2, 3);
  refused({}, "nothing to merge", "");
  refused({good[0], good[2]}, "parts are missing: 2/3", "part-0");
  refused({good[0], good[1], good[2], good[1]}, "part 2/3 is in part-1 too", "part-1");
  const auto with = [&](const std::function<void(SweepRecord&)>& change) {
    Parts parts = good;
    change(parts[1].second);
    return parts;
  };
  refused(with([](SweepRecord& part) { part.run.version = "2.0"; }), "version 2.0", "part-1");
  refused(with([](SweepRecord& part) { part.suite = "other"; }), "digest other", "part-1");
  refused(with([](SweepRecord& part) { part.tag = "x"; }), "with tag x", "part-1");
  refused(with([](SweepRecord& part) { part.seeds.last = 6; }), "seeds 1..6", "part-1");
  refused(with([](SweepRecord& part) { part.parts = {{1, 4}}; }), "in 4 parts", "part-1");
}

TEST(SweepRecord, only_of_a_whole_it_is_asked_whether_faults_fired) {
  SweepRecord none = swept({1, 1}, 1, {});
  none.run.scenarios.clear();
  EXPECT_EQ(exit_code_of(none), 4);
  EXPECT_EQ(none.never_fired(), std::vector<std::string>{"s0: never"});
  none.counts.fired["s0: never"] = 1;
  EXPECT_EQ(exit_code_of(none), 0);
  none.counts.runs = 0;
  EXPECT_EQ(exit_code_of(none), 4) << "nothing was run";
  SweepRecord part = swept({1, 1}, 3, {0, 3});
  EXPECT_EQ(exit_code_of(part), 0);
  EXPECT_NE(closing_line(part).find("a part alone does not tell"), std::string::npos);
}

TEST(SweepRecord, what_is_no_sweep_is_corrupt) {
  const std::string good = encode_sweep_json(swept({1, 2}, 2, {}));
  ASSERT_TRUE(parse_sweep_json(good, "x"));
  EXPECT_FALSE(parse_sweep_json(encode_run_json(RunRecord{}), "x"));
  EXPECT_FALSE(parse_sweep_json("{}", "x"));
  for (const auto& [was, is] :
       std::vector<std::pair<std::string, std::string>>{{"\"runs\":4", "\"runs\":-4"},
                                                        {"\"1/1\"", "\"2/1\""},
                                                        {"\"last_seed\":2", "\"last_seed\":0"},
                                                        {"\"suite\":\"", "\"suited\":\""}}) {
    std::string text = good;
    ASSERT_NE(text.find(was), std::string::npos) << was;
    text.replace(text.find(was), was.size(), is);
    EXPECT_FALSE(parse_sweep_json(text, "x")) << is;
  }
}

}  // namespace
}  // namespace seedbed
