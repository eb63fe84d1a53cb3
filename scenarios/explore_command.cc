#include "scenarios/explore_command.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "reports/run_json.h"
#include "scenarios/foreign_reader.h"
#include "scenarios/rig_lines.h"
#include "scenarios/second_opinion.h"
#include "scenarios/suite.h"
#include "scenarios/worker_pool.h"

namespace seedbed {

namespace {

constexpr uint64_t kTellEvery_us = 500'000;
constexpr uint64_t kTellPeopleEvery_us = 5'000'000;
constexpr size_t kShownMax = 20;
constexpr int kNothingToExplore = 3;  // a worker's: the run itself does not go as expected

class Exploration {
 public:
  Exploration(const RigContext& rig, const ExploreCommandOptions& options) : rig_(rig), options_(options) {}

  Result<int> run() {
    if (options_.depth != 1)
      return fail(ErrorCode::unsupported, fmt::format("depth {} is not there yet", options_.depth), "--depth",
                  "Explore at depth 1; a crash within a recovery can be had by a scenario with two faults");
    if (const std::string missing = ForeignReader::missing(); options_.export_every != 0 && !missing.empty())
      return fail(ErrorCode::unsupported, missing, "--export-every", "Install it, or explore without");
    const auto scenario = TRY(load_scenario(rig_.files, options_.path));
    seed_ = seed_of(*scenario, options_.seed);
    rig_.console.say(fmt::format("seedbed {}: explore {}, seed {}, depth 1, {} jobs", rig_.version,
                                 options_.path, seed_, options_.jobs));
    start_us_ = told_us_ = rig_.real_us();
    std::vector<WorkerSpec> workers;
    for (unsigned i = 0; i < options_.jobs; i++) workers.push_back({words(i), {}, ""});
    totals_.resize(workers.size());
    const auto ends = TRY(run_workers(workers, options_.timeout_s,
                                      [&](size_t worker, const std::string& line) { take(worker, line); }));
    const ExploreTotals all = sum();
    const double seconds = static_cast<double>(rig_.real_us() - start_us_) / 1e6;
    rig_.console.result(
        fmt::format("seedbed: {} crash points, {} states, {} distinct, {} judged ({} while a promise was "
                    "outstanding), {:.0f} states/s, "
                    "{:.1f} s, {} failed",
                    all.crash_points, all.states, all.distinct, all.judged, all.promised,
                    static_cast<double>(all.judged) / seconds, seconds, all.failed));
    if (options_.export_every != 0)
      rig_.console.result(fmt::format("dislocker and ntfs-3g read {} of the drives, {} files, and agree{}",
                                      all.exported_drives, all.exported_files,
                                      broken_ > 0 ? fmt::format(" but for {} worlds", broken_) : ""));
    rig_.console.json(totals_line(all));
    for (size_t i = 0; i < ends.size(); i++)
      if (!ends[i].clean) {
        if (ends[i].how == fmt::format("exit code {}", kNothingToExplore)) return 1;  // it has said why
        rig_.console.result(fmt::format("worker {} ended with {}", i + 1, ends[i].how));
        return 5;
      }
    if (broken_ > 0) return 5;
    if (all.failed > 0) return 1;
    if (all.judged < all.distinct) rig_.console.say("not measured: the budget ended it");
    if (all.promised == 0) rig_.console.say("not measured: nothing had been promised in any state");
    const bool unread = options_.export_every != 0 && all.exported_drives == 0;
    if (unread) rig_.console.say("not measured: dislocker and ntfs-3g were given no drive");
    return all.judged < all.distinct || all.promised == 0 || unread ? 4 : 0;
  }

 private:
  std::vector<std::string> words(unsigned job) const {
    std::vector<std::string> words = {"work-explore", options_.path, "--shard",
                                      fmt::format("{}/{}", job + 1, options_.jobs)};
    if (options_.seed) words.insert(words.end(), {"--seed", std::to_string(*options_.seed)});
    if (options_.budget != 0)
      words.insert(words.end(),
                   {"--budget", std::to_string(std::max<uint64_t>(options_.budget / options_.jobs, 1))});
    if (options_.export_every != 0)
      words.insert(words.end(), {"--export-every", std::to_string(options_.export_every)});
    return words;
  }

  void take(size_t worker, const std::string& line) {
    if (const auto totals = parse_totals_line(line)) {
      totals_[worker] = *totals;
      const uint64_t now_us = rig_.real_us();
      if (now_us - told_us_ < kTellPeopleEvery_us) return;
      told_us_ = now_us;
      const ExploreTotals all = sum();
      const double rate = 1e6 * static_cast<double>(all.judged) / static_cast<double>(now_us - start_us_);
      rig_.console.progress(fmt::format(
          "{} of {} distinct states judged, {} failed, {:.0f} states/s, {:.0f} s left", all.judged,
          all.distinct, all.failed, rate,
          rate > 0 ? static_cast<double>(all.distinct - std::min(all.distinct, all.judged)) / rate : 0));
      return;
    }
    const auto record = parse_scenario_line_json(line, "a worker's record");
    if (!record) return rig_.console.complain(record.error());
    rig_.console.json(line);
    if (record->verdict == Verdict::harness_broken) broken_++;
    if (shown_++ >= kShownMax) return;
    rig_.console.result(scenario_line(*record));
    rig_.console.result("     seedbed replay '" + record->token + "'");
  }

  ExploreTotals sum() const {
    ExploreTotals all;
    for (const ExploreTotals& totals : totals_) {
      all.crash_points = std::max(all.crash_points, totals.crash_points);
      all.states = std::max(all.states, totals.states);
      all.distinct = std::max(all.distinct, totals.distinct);
      all.judged += totals.judged;
      all.promised += totals.promised;
      all.failed += totals.failed;
      all.exported_drives += totals.exported_drives;
      all.exported_files += totals.exported_files;
    }
    return all;
  }

  const RigContext& rig_;
  const ExploreCommandOptions& options_;
  uint64_t seed_ = 0, start_us_ = 0, told_us_ = 0;
  size_t shown_ = 0;
  uint64_t broken_ = 0;  // worlds about which the rig itself must be wrong
  std::vector<ExploreTotals> totals_;
};

}  // namespace

int explore_command(const RigContext& rig, const ExploreCommandOptions& options) {
  const auto code = Exploration(rig, options).run();
  if (code) return *code;
  rig.console.complain(code.error());
  return kUsage;
}

int explore_worker(const RigContext& rig, const ExploreCommandOptions& options) {
  const auto scenario = load_scenario(rig.files, options.path);
  if (!scenario) {
    rig.console.complain(scenario.error());
    return kUsage;
  }
  SecondOpinion foreign(rig.files, fmt::format("{}/seedbed-export-{}",
                                               std::filesystem::temp_directory_path().string(), ::getpid()));
  Explorer explorer(*scenario,
                    {.seed = seed_of(**scenario, options.seed),
                     .shard = options.part.index,
                     .shards = options.part.count,
                     .budget = options.budget,
                     .real_us = rig.real_us,
                     .second_look = options.export_every == 0 ? std::function<std::string(const World&)>()
                                                              : foreign.of_every(options.export_every)});
  uint64_t told_us = 0;
  auto totals =
      explorer.run([&](const ScenarioRecord& failed) { rig.console.json(encode_scenario_line_json(failed)); },
                   [&](const ExploreTotals& so_far) {
                     if (so_far.judged > 1 && rig.real_us() - told_us < kTellEvery_us) return;
                     told_us = rig.real_us();
                     rig.console.json(totals_line(so_far));
                   });
  if (!totals) {
    if (options.part.index == 0) rig.console.complain(totals.error());
    return kNothingToExplore;
  }
  totals->exported_drives = foreign.counts().drives;
  totals->exported_files = foreign.counts().files;
  rig.console.json(totals_line(*totals));
  return 0;
}

}  // namespace seedbed
