#include "scenarios/explore_command.h"

#include <fmt/format.h>

#include <algorithm>

#include <unistd.h>

#include <filesystem>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "reports/run_json.h"
#include "scenarios/explored_states.h"
#include "scenarios/foreign_reader.h"
#include "scenarios/rig_lines.h"
#include "scenarios/second_opinion.h"
#include "scenarios/stop_signal.h"
#include "scenarios/suite.h"
#include "scenarios/worker_pool.h"

namespace seedbed {

namespace {

constexpr uint64_t kTellEvery_us = 500'000;
constexpr uint64_t kTellPeopleEvery_us = 5'000'000;
constexpr size_t kShownMax = 20;
constexpr int kNothingToExplore = 3;  // a worker's: the run itself does not go as expected
constexpr uint64_t kProgramBytesMax = 2 * GiB;

// So that no state is taken for judged that another build judged.
Result<std::string> program_digest(const RigContext& rig) {
  const std::string path = TRY(rig.files.real_path("/proc/self/exe"));
  const Bytes program = TRY(read_file(rig.files, path, kProgramBytesMax));
  return rig.version + "-" + hex_lower(ByteSpan(sha256_of(program)).first(8));
}

Result<ExploredScenario> explored_scenario(FileStore& files, const Scenario& scenario, uint64_t seed) {
  const std::string text = TRY(scenario_text(files, scenario.file));
  return ExploredScenario{scenario.file, load_le<uint64_t>(sha256_of(as_bytes(text)), 0), seed};
}

// What the workers of one scenario have told.
struct Explored {
  std::vector<ExploreTotals> totals;
  bool nothing = false;  // to explore: the run itself fails
  std::string broken;    // how a worker ended
  ExploreTotals sum() const {
    ExploreTotals all;
    all.expanded = totals.empty() ? 0 : ~uint64_t{0};
    for (const ExploreTotals& one : totals) {
      all.crash_points = std::max(all.crash_points, one.crash_points);
      all.states = std::max(all.states, one.states);
      all.distinct = std::max(all.distinct, one.distinct);
      all.to_expand = std::max(all.to_expand, one.to_expand);
      all.deep_states = std::max(all.deep_states, one.deep_states);
      all.without_pairs = std::max(all.without_pairs, one.without_pairs);
      all.expanded = std::min(all.expanded, one.expanded);
      all.judged += one.judged;
      all.again += one.again;
      all.promised += one.promised;
      all.failed += one.failed;
      all.deep_judged += one.deep_judged;
      all.fired |= one.fired;
      all.exported_drives += one.exported_drives;
      all.exported_files += one.exported_files;
      all.joined += one.joined;
    }
    return all;
  }
};

void add(ExploreTotals& all, const ExploreTotals& one) {
  all.crash_points += one.crash_points;
  all.states += one.states;
  all.distinct += one.distinct;
  all.judged += one.judged;
  all.again += one.again;
  all.promised += one.promised;
  all.failed += one.failed;
  all.to_expand += one.to_expand;
  all.expanded += one.expanded;
  all.deep_states += one.deep_states;
  all.deep_judged += one.deep_judged;
  all.joined += one.joined;
  all.without_pairs += one.without_pairs;
  all.exported_drives += one.exported_drives;
  all.exported_files += one.exported_files;
}

uint64_t left_of(const ExploreTotals& totals) {
  return totals.distinct - std::min(totals.distinct, totals.judged) + totals.to_expand - totals.expanded;
}

class Exploration {
 public:
  Exploration(const RigContext& rig, const ExploreCommandOptions& options) : rig_(rig), options_(options) {}

  Result<int> run() {
    if (options_.depth < 1 || options_.depth > 2)
      return fail(ErrorCode::unsupported, fmt::format("depth {} is not there yet", options_.depth), "--depth",
                  "Explore at depth 1 or 2; more crashes can be had by a scenario with faults of its own");
    if (const std::string missing = ForeignReader::missing(); options_.export_every != 0 && !missing.empty())
      return fail(ErrorCode::unsupported, missing, "--export-every", "Install it, or explore without");
    const auto suite = TRY(load_suite(rig_.files, options_.paths));
    watch_for_stop();
    start_us_ = told_us_ = rig_.real_us();
    rig_.console.say(fmt::format(
        "seedbed {}: explore {} scenarios, depth {}, {} samples, pairs of up to {}, {} jobs", rig_.version,
        suite.size(), options_.depth, options_.samples, options_.pairs_most, options_.jobs));
    if (!options_.state.empty()) TRY(open_states(suite));
    for (size_t i = 0; i < suite.size(); i++) {
      if (ends_early()) {
        not_begun_ = suite.size() - i;
        break;
      }
      TRY(explore(*suite[i], i));
    }
    if (states_) TRY(states_->sync());
    return conclude();
  }

 private:
  Status open_states(const std::vector<std::shared_ptr<const Scenario>>& suite) {
    std::vector<ExploredScenario> scenarios;
    for (const auto& scenario : suite)
      scenarios.push_back(TRY(explored_scenario(rig_.files, *scenario, seed_of(*scenario, options_.seed))));
    const std::string program = TRY(program_digest(rig_));
    states_.emplace(TRY(ExploredStates::open(rig_.files, options_.state, program, scenarios)));
    return {};
  }

  bool ends_early() const {
    return stop_asked() ||
           (options_.minutes != 0 && rig_.real_us() - start_us_ >= options_.minutes * 60'000'000);
  }

  Status explore(const Scenario& scenario, size_t index) {
    if (!scenario.not_applicable.empty() ||
        (scenario.expect.verdict != Verdict::survived && scenario.expect.verdict != Verdict::refused)) {
      rig_.console.result(fmt::format("n/a  {}: {}", scenario.name,
                                      scenario.not_applicable.empty() ? "what is to end badly is not explored"
                                                                      : scenario.not_applicable));
      return {};
    }
    now_ = {};
    name_ = scenario.name;
    index_ = index;
    scenario_start_us_ = rig_.real_us();
    if (states_)
      for (const JudgedState& state : states_->judged(index))
        if (!state.failure.empty()) show_failure("     failed before", state.failure);
    std::vector<WorkerSpec> workers;
    for (unsigned i = 0; i < options_.jobs; i++) workers.push_back({words(scenario, i), {}, ""});
    now_.totals.resize(workers.size());
    const auto ends = TRY(run_workers(
        workers, options_.timeout_s, [&](size_t worker, const std::string& line) { take(worker, line); },
        [&] { return ends_early(); }));
    TRY(std::exchange(kept_, Status()));
    for (size_t i = 0; i < ends.size(); i++)
      if (!ends[i].clean) {
        if (ends[i].how == fmt::format("exit code {}", kNothingToExplore))
          now_.nothing = true;  // it has said why
        else
          now_.broken = fmt::format("worker {} ended with {}", i + 1, ends[i].how);
      }
    tell(scenario);
    return {};
  }

  // Planned faults that befell no world. Of worlds that were judged before, nothing is known of that.
  bool tell_silent_faults(const Scenario& scenario, const ExploreTotals& totals) {
    bool any = false;
    if (totals.again > 0 || left_of(totals) > 0 || now_.nothing || !now_.broken.empty()) return false;
    for (size_t i = 0; i < std::min<size_t>(scenario.faults.size(), 64); i++) {
      if ((totals.fired >> i & 1) != 0) continue;
      any = true;
      rig_.console.result("     never fired in any state: " + scenario.faults[i].name);
    }
    return any;
  }

  void tell(const Scenario& scenario) {
    const ExploreTotals one = now_.sum();
    add(all_, one);
    if (!now_.broken.empty()) broken_ = true;
    if (now_.nothing) failed_by_themselves_++;
    const double seconds = static_cast<double>(rig_.real_us() - scenario_start_us_) / 1e6;
    const bool bad = now_.nothing || one.failed > 0 || !now_.broken.empty();
    rig_.console.result(fmt::format(
        "{} {}: {} crash points, {} states, {} distinct, {} judged, {} of them while a promise was "
        "outstanding, {} failed, {:.0f} states/s{}",
        bad                                   ? "FAIL"
        : left_of(one) > 0 || one.judged == 0 ? "??  "
                                              : "ok  ",
        name_, one.crash_points, one.states, one.distinct, one.judged, one.promised, one.failed,
        static_cast<double>(one.judged - one.again) / seconds, depth_text(one)));
    if (one.without_pairs > 0)
      rig_.console.say(
          fmt::format("     at {} crash points more than {} effects were pending: no pairs there",
                      one.without_pairs, options_.pairs_most));
    if (!now_.broken.empty()) rig_.console.result("     " + now_.broken);
    silent_ = tell_silent_faults(scenario, one) || silent_;
    rig_.console.json(totals_line(one, name_));
  }

  std::string depth_text(const ExploreTotals& totals) const {
    if (options_.depth == 1) return "";
    return fmt::format(", {} of {} recoveries crashed again ({} states, {} judged)", totals.expanded,
                       totals.to_expand, totals.deep_states, totals.deep_judged);
  }

  int conclude() {
    const double seconds = static_cast<double>(rig_.real_us() - start_us_) / 1e6;
    const uint64_t left = left_of(all_);
    rig_.console.result(
        fmt::format("seedbed: {} crash points, {} states, {} distinct, {} judged ({} while a promise was "
                    "outstanding), {:.0f} states/s, {:.1f} s, {} failed",
                    all_.crash_points, all_.states, all_.distinct, all_.judged, all_.promised,
                    static_cast<double>(all_.judged - all_.again) / seconds, seconds,
                    all_.failed + failed_by_themselves_));
    if (options_.export_every != 0)
      rig_.console.result(fmt::format("dislocker and ntfs-3g read {} of the drives, {} files, and agree{}",
                                      all_.exported_drives, all_.exported_files,
                                      disagreed_ > 0 ? fmt::format(" but for {} worlds", disagreed_) : ""));
    rig_.console.json(totals_line(all_, ""));
    if (all_.again > 0)
      rig_.console.say(fmt::format("{} of them had been judged before ({})", all_.again, options_.state));
    if (left > 0 || not_begun_ > 0)
      rig_.console.result(fmt::format(
          "not measured: {} states that are known and {} recoveries are left, {} scenarios were not begun{}",
          all_.distinct - std::min(all_.distinct, all_.judged), all_.to_expand - all_.expanded, not_begun_,
          options_.state.empty() ? "" : "; the same command goes on"));
    if (broken_ || disagreed_ > 0) return 5;
    if (all_.failed > 0 || failed_by_themselves_ > 0) return 1;
    if (all_.promised == 0) rig_.console.say("not measured: nothing had been promised in any state");
    const bool unread = options_.export_every != 0 && all_.exported_drives == 0;
    if (unread) rig_.console.say("not measured: dislocker and ntfs-3g were given no drive");
    return left > 0 || not_begun_ > 0 || all_.promised == 0 || silent_ || unread ? 4 : 0;
  }

  std::vector<std::string> words(const Scenario& scenario, unsigned job) const {
    std::vector<std::string> words = {"work-explore", scenario.file, "--shard",
                                      fmt::format("{}/{}", job + 1, options_.jobs)};
    const auto add_option = [&](const char* name, uint64_t value) {
      words.insert(words.end(), {name, std::to_string(value)});
    };
    if (options_.seed) add_option("--seed", *options_.seed);
    if (options_.budget != 0) add_option("--budget", std::max<uint64_t>(options_.budget / options_.jobs, 1));
    add_option("--depth", options_.depth);
    add_option("--samples", options_.samples);
    add_option("--pairs", options_.pairs_most);
    if (options_.export_every != 0) add_option("--export-every", options_.export_every);
    if (!options_.state.empty()) words.insert(words.end(), {"--state", options_.state});
    return words;
  }

  void take(size_t worker, const std::string& line) {
    if (const auto totals = parse_totals_line(line)) {
      now_.totals[worker] = *totals;
      const uint64_t now_us = rig_.real_us();
      if (now_us - told_us_ < kTellPeopleEvery_us) return;
      told_us_ = now_us;
      const ExploreTotals all = now_.sum();
      const double rate = 1e6 * static_cast<double>(all.judged - all.again) /
                          static_cast<double>(now_us - scenario_start_us_);
      rig_.console.progress(fmt::format(
          "{}: {} of {} distinct states judged, {} failed, {:.0f} states/s, {}{:.0f} s left{}", name_,
          all.judged, all.distinct, all.failed, rate, all.to_expand > all.expanded ? "more than " : "",
          rate > 0 ? static_cast<double>(all.distinct - std::min(all.distinct, all.judged)) / rate : 0,
          depth_text(all)));
      return;
    }
    if (const auto judged = parse_judged_line(line)) {
      if (states_ && kept_) kept_ = states_->append(index_, *judged);
      return;
    }
    const auto record = parse_scenario_line_json(line, "a worker's record");
    if (!record) return rig_.console.complain(record.error());
    rig_.console.json(line);
    if (record->verdict == Verdict::harness_broken) disagreed_++;
    show_failure(scenario_line(*record), record->token);
  }

  void show_failure(const std::string& what, const std::string& token) {
    if (shown_++ >= kShownMax) return;
    rig_.console.result(what);
    rig_.console.result("     seedbed replay '" + token + "'");
  }

  const RigContext& rig_;
  const ExploreCommandOptions& options_;
  std::optional<ExploredStates> states_;
  Status kept_;  // whether what was judged could be written down
  Explored now_;
  std::string name_;
  size_t index_ = 0, shown_ = 0;
  ExploreTotals all_;
  uint64_t start_us_ = 0, told_us_ = 0, scenario_start_us_ = 0, not_begun_ = 0, failed_by_themselves_ = 0;
  uint64_t disagreed_ = 0;  // worlds about which the rig itself must be wrong
  bool broken_ = false, silent_ = false;
};

Result<int> work(const RigContext& rig, const ExploreCommandOptions& options) {
  const auto scenario = TRY(load_scenario(rig.files, options.paths.at(0)));
  watch_for_stop();
  std::vector<JudgedState> judged;
  uint64_t told_us = 0;
  const auto flush = [&] {
    if (!judged.empty()) rig.console.json(judged_line(judged));
    judged.clear();
  };
  ExploreOptions explore{.seed = seed_of(*scenario, options.seed),
                         .shard = options.part.index,
                         .shards = options.part.count,
                         .budget = options.budget,
                         .depth = options.depth,
                         .samples = options.samples,
                         .pairs_most = options.pairs_most,
                         .real_us = rig.real_us,
                         .stop = stop_asked};
  SecondOpinion foreign(rig.files, fmt::format("{}/seedbed-export-{}",
                                               std::filesystem::temp_directory_path().string(), ::getpid()));
  if (options.export_every != 0) explore.run.second_look = foreign.of_every(options.export_every);
  if (!options.state.empty()) {
    const ExploredScenario key = TRY(explored_scenario(rig.files, *scenario, explore.seed));
    explore.before = TRY(ExploredStates::read(rig.files, options.state, key));
    explore.on_judged = [&](const JudgedState& state) { judged.push_back(state); };
  }
  Explorer explorer(scenario, std::move(explore));
  auto totals =
      explorer.run([&](const ScenarioRecord& failed) { rig.console.json(encode_scenario_line_json(failed)); },
                   [&](const ExploreTotals& so_far) {
                     if (so_far.judged > 1 && rig.real_us() - told_us < kTellEvery_us) return;
                     told_us = rig.real_us();
                     flush();
                     rig.console.json(totals_line(so_far, ""));
                   });
  flush();
  if (!totals) {
    if (options.part.index == 0) rig.console.complain(totals.error());
    return kNothingToExplore;
  }
  totals->exported_drives = foreign.counts().drives;
  totals->exported_files = foreign.counts().files;
  rig.console.json(totals_line(*totals, ""));
  return 0;
}

int told(const RigContext& rig, const Result<int>& code) {
  if (code) return *code;
  rig.console.complain(code.error());
  return kUsage;
}

}  // namespace

int explore_command(const RigContext& rig, const ExploreCommandOptions& options) {
  return told(rig, Exploration(rig, options).run());
}

int explore_worker(const RigContext& rig, const ExploreCommandOptions& options) {
  return told(rig, work(rig, options));
}

}  // namespace seedbed
