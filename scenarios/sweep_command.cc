#include "scenarios/sweep_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "reports/run_json.h"
#include "scenarios/rig_lines.h"
#include "scenarios/scenario_run.h"
#include "scenarios/suite.h"
#include "scenarios/sweep_record.h"
#include "scenarios/worker_pool.h"

namespace seedbed {

namespace {

constexpr uint64_t kTwiceEvery = 16;
constexpr uint64_t kTellEvery = 25;
constexpr size_t kShownMax = 20;

// Of names and texts, so that parts from several machines are known to be of one suite.
Result<std::string> digest_of(const RigContext& rig, const Suite& suite) {
  std::string all;
  for (const auto& scenario : suite) {
    const std::string text = TRY(scenario_text(rig.files, scenario->file));
    all += fmt::format("{} {} {}", scenario->name, text.size(), text);
  }
  return hex_lower(ByteSpan(sha256_of(as_bytes(all))).first(8));
}

Status write_sweep(const RigContext& rig, const std::string& out, const SweepRecord& sweep) {
  if (!rig.files.stat(parent_of(out))) TRY(rig.files.make_directory(parent_of(out), 0755));
  if (!rig.files.stat(out)) TRY(rig.files.make_directory(out, 0755));
  return replace_file(rig.files, join_path(out, "sweep.json"), as_bytes(encode_sweep_json(sweep)), 0644);
}

void tell_sweep(const RigContext& rig, const SweepRecord& sweep) {
  if (sweep.whole())
    for (const std::string& fault : sweep.never_fired())
      rig.console.result("never fired in any run: " + fault);
  if (sweep.counts.runs < sweep.runs_planned())
    rig.console.result(fmt::format("{} runs were not made", sweep.runs_planned() - sweep.counts.runs));
  rig.console.result(closing_line(sweep));
}

// The runs are numbered seed by seed; a part has every count-th of them.
uint64_t runs_of(const SweepCommandOptions& options, size_t scenarios) {
  return (options.seeds.last - options.seeds.first + 1) * scenarios;
}

class Sweep {
 public:
  Sweep(const RigContext& rig, const SweepCommandOptions& options) : rig_(rig), options_(options) {}

  Result<int> run() {
    const uint64_t start_us = rig_.real_us();
    suite_ = TRY(load_suite(rig_.files, options_.paths, options_.tag));
    const uint64_t runs = runs_of(options_, suite_.size()) / options_.part.count;
    rig_.console.say(
        fmt::format("seedbed {}: sweep, seeds {}..{}, part {}/{}, {} scenarios, about {} runs, {} jobs",
                    rig_.version, options_.seeds.first, options_.seeds.last, options_.part.index + 1,
                    options_.part.count, suite_.size(), runs, options_.jobs));
    std::vector<WorkerSpec> workers;
    for (unsigned i = 0; i < options_.jobs; i++) workers.push_back({TRY(words(i)), {}, ""});
    counts_.resize(workers.size());
    const auto ends =
        TRY(run_workers(workers, options_.timeout_s, [&](size_t worker, const std::string& line) {
          take(worker, line);
          const SweepCounts so_far = sum();
          if (so_far.runs >= told_runs_ + 20 * kTellEvery) {
            told_runs_ = so_far.runs;
            const uint64_t elapsed_us = std::max<uint64_t>(rig_.real_us() - start_us, 1);
            rig_.console.progress(fmt::format(
                "{} of about {} runs, {} failed, {:.0f} runs/s, {:.0f} s left", so_far.runs, runs,
                so_far.failed, 1e6 * static_cast<double>(so_far.runs) / static_cast<double>(elapsed_us),
                static_cast<double>(elapsed_us) / 1e6 *
                    static_cast<double>(runs - std::min(runs, so_far.runs)) /
                    static_cast<double>(so_far.runs)));
          }
        }));
    for (size_t i = 0; i < ends.size(); i++)
      if (!ends[i].clean) {
        ScenarioRecord record;
        record.name = fmt::format("worker {}", i + 1);
        record.verdict = ends[i].how.starts_with("no line") ? Verdict::stuck : Verdict::harness_broken;
        record.why = "it ended with " + ends[i].how;
        failed_.push_back(record);
      }
    return conclude(rig_.real_us() - start_us);
  }

 private:
  Result<std::vector<std::string>> words(unsigned job) const {
    std::vector<std::string> words = {
        "work-sweep", "--seeds", fmt::format("{}..{}", options_.seeds.first, options_.seeds.last), "--shard",
        fmt::format("{}/{}", options_.part.index + job * options_.part.count + 1,
                    options_.part.count * options_.jobs)};
    if (!options_.tag.empty()) words.insert(words.end(), {"--tag", options_.tag});
    words.insert(words.end(), options_.paths.begin(), options_.paths.end());
    return words;
  }

  void take(size_t worker, const std::string& line) {
    if (auto counts = parse_counts_line(line)) {
      counts_[worker] = std::move(*counts);
      return;
    }
    auto record = parse_scenario_line_json(line, "a worker's record");
    if (!record) return rig_.console.complain(record.error());
    if (failed_.size() < kShownMax) {
      rig_.console.result(scenario_line(*record));
      rig_.console.result("     seedbed replay '" + record->token + "'");
    }
    rig_.console.json(line);
    failed_.push_back(std::move(*record));
  }

  SweepCounts sum() const {
    SweepCounts all;
    for (const SweepCounts& counts : counts_) {
      all.runs += counts.runs;
      all.failed += counts.failed;
      all.twice += counts.twice;
      all.events += counts.events;
      for (const auto& [fault, runs] : counts.fired) all.fired[fault] += runs;
    }
    return all;
  }

  Result<int> conclude(uint64_t elapsed_us) {
    SweepRecord sweep;
    sweep.counts = sum();
    for (const auto& scenario : suite_)
      for (const PlannedFault& fault : scenario->faults)
        sweep.counts.fired.try_emplace(scenario->name + ": " + fault.name, 0);
    sweep.suite = TRY(digest_of(rig_, suite_));
    sweep.tag = options_.tag;
    sweep.seeds = options_.seeds;
    sweep.scenarios = suite_.size();
    sweep.parts = {options_.part};
    RunRecord& record = sweep.run;
    record.version = rig_.version;
    record.command = "sweep";
    record.seed = options_.seeds.first;
    record.seed_given = true;
    record.started_utc = rig_.started_utc;
    record.real_us = elapsed_us;
    record.options = {{"seeds", fmt::format("{}..{}", options_.seeds.first, options_.seeds.last)},
                      {"runs", std::to_string(sweep.counts.runs)}};
    record.scenarios = failed_;
    TRY(write_sweep(rig_, options_.out, sweep));
    tell_sweep(rig_, sweep);
    return exit_code_of(sweep);
  }

  const RigContext& rig_;
  const SweepCommandOptions& options_;
  Suite suite_;
  std::vector<SweepCounts> counts_;
  std::vector<ScenarioRecord> failed_;
  uint64_t told_runs_ = 0;
};

}  // namespace

static int told(const RigContext& rig, const Result<int>& code) {
  if (code) return *code;
  rig.console.complain(code.error());
  return kUsage;
}

int sweep_command(const RigContext& rig, const SweepCommandOptions& options) {
  return told(rig, Sweep(rig, options).run());
}

static Result<int> merge(const RigContext& rig, const std::vector<std::string>& directories,
                         const std::string& out) {
  std::vector<std::pair<std::string, SweepRecord>> parts;
  for (const std::string& directory : directories) {
    const std::string path = join_path(directory, "sweep.json");
    const Bytes text = TRY(read_file(rig.files, path, kRunJsonMaxBytes));
    SweepRecord part = TRY(parse_sweep_json(as_text(text), path));
    parts.emplace_back(path, std::move(part));
  }
  const SweepRecord sweep = TRY(merge_sweeps(std::move(parts)));
  size_t shown = 0;
  for (const ScenarioRecord& failed : sweep.run.scenarios) {
    rig.console.json(encode_scenario_line_json(failed));
    if (shown++ >= kShownMax) continue;
    rig.console.result(scenario_line(failed));
    if (!failed.token.empty()) rig.console.result("     seedbed replay '" + failed.token + "'");
  }
  TRY(write_sweep(rig, out, sweep));
  tell_sweep(rig, sweep);
  return exit_code_of(sweep);
}

int merge_command(const RigContext& rig, const std::vector<std::string>& directories,
                  const std::string& out) {
  return told(rig, merge(rig, directories, out));
}

int sweep_worker(const RigContext& rig, const SweepCommandOptions& options) {
  const auto suite = load_suite(rig.files, options.paths, options.tag);
  if (!suite) {
    rig.console.complain(suite.error());
    return kUsage;
  }
  ScenarioRunOptions run_options;
  run_options.every_fault_must_fire = false;
  run_options.real_us = rig.real_us;
  SweepCounts counts;
  for (uint64_t i = options.part.index; i < runs_of(options, suite->size()); i += options.part.count) {
    const auto& scenario = (*suite)[i % suite->size()];
    const uint64_t seed = seed_of(*scenario, options.seeds.first + i / suite->size());
    auto run = run_scenario(scenario, seed, run_options);
    if (!run) {
      rig.console.complain(run.error());
      return 1;
    }
    ScenarioRecord& record = run->record;
    counts.runs++;
    counts.events += record.events;
    if (i % kTwiceEvery == kTwiceEvery - 1) {  // by its number: however the sweep is divided, the same ones
      const auto again = run_scenario(scenario, seed, run_options);
      counts.twice++;
      if (!again || again->record.event_log_hash != record.event_log_hash) {
        record.verdict = Verdict::harness_broken;
        record.as_expected = false;
        record.why = "two runs of one seed differ";
      }
    }
    for (const FaultRecord& fault : record.faults)
      if (fault.fired > 0) counts.fired[scenario->name + ": " + fault.name]++;
    if (!record.as_expected) {
      counts.failed++;
      rig.console.json(encode_scenario_line_json(record));
    }
    if (counts.runs % kTellEvery == 0) rig.console.json(counts_line(counts));
  }
  rig.console.json(counts_line(counts));
  return 0;
}

}  // namespace seedbed
