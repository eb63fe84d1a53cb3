#include "scenarios/run_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reports/event_differ.h"
#include "reports/html_report.h"
#include "reports/junit_report.h"
#include "reports/run_json.h"
#include "scenarios/defect_catalog.h"
#include "scenarios/scenario_run.h"
#include "scenarios/suite.h"
#include "scenarios/swarm.h"
#include "scenarios/worker_pool.h"

namespace seedbed {

namespace {

// How the second pass differs from the first: nothing of it may show in an event log.
WorkerSpec in_other_surroundings(WorkerSpec worker) {
  worker.directory = "/";
  worker.environment = {{"TZ", "Pacific/Kiritimati"},
                        {"LANG", "tr_TR.UTF-8"},
                        {"LC_ALL", "tr_TR.UTF-8"},
                        {"SEEDBED_SURROUNDINGS", std::string(4099, 'x')}};  // moves the stack
  return worker;
}

class Run {
 public:
  Run(const RigContext& rig, const RunCommandOptions& options) : rig_(rig), options_(options) {}

  Result<int> run() {
    const uint64_t start_us = rig_.real_us();
    suite_ = TRY(load_suite(rig_.files, options_.paths, options_.tag));
    for (const std::string& path : options_.paths) absolute_.push_back(TRY(absolute(path)));
    begin();
    if (options_.rung != "sim") {
      for (const auto& scenario : suite_) add(not_on_this_rung(*scenario));
    } else {
      TRY(both_passes());
    }
    record_.real_us = rig_.real_us() - start_us;
    TRY(write_reports());
    rig_.console.result(closing_line(totals_of(record_)));
    rig_.console.json(fmt::format(R"({{"event":"end","event_log_hash":"{}","exit_code":{}}})",
                                  event_log_hash_of(record_), exit_code_of(record_)));
    return exit_code_of(record_);
  }

 private:
  void begin() {
    record_.version = rig_.version;
    record_.command = "run";
    record_.rung = options_.rung;
    record_.seed = options_.seed.value_or(0);
    record_.seed_given = options_.seed.has_value();
    record_.started_utc = rig_.started_utc;
    std::string paths;
    for (const std::string& path : options_.paths) paths += (paths.empty() ? "" : " ") + path;
    record_.options = {{"paths", paths},
                       {"jobs", std::to_string(options_.jobs)},
                       {"tag", options_.tag},
                       {"timeout_s", std::to_string(options_.timeout_s)},
                       {"out", options_.out},
                       {"second pass", "other processes in /, TZ Pacific/Kiritimati, LANG tr_TR.UTF-8, " +
                                           std::to_string(second_jobs()) + " jobs"}};
    rig_.console.say(fmt::format("seedbed {}: run, rung {}, seed {}, {} scenarios of {}, {} jobs, out {}",
                                 rig_.version, options_.rung,
                                 options_.seed ? std::to_string(*options_.seed) : "of each file",
                                 suite_.size(), paths, options_.jobs, options_.out));
  }

  unsigned second_jobs() const noexcept { return options_.jobs == 1 ? 2 : options_.jobs - 1; }

  // A worker's directory is another one.
  Result<std::string> absolute(const std::string& path) const {
    if (swarm_named(path)) return path;
    return rig_.files.real_path(path);
  }

  ScenarioRecord blank(const Scenario& scenario) const {
    ScenarioRecord record;
    record.name = scenario.name;
    record.file = scenario.file;
    record.proves = scenario.proves;
    record.tags = scenario.tags;
    record.seed = seed_of(scenario, options_.seed);
    record.token = RunToken{scenario.file, record.seed, {}}.text();
    record.expected = scenario.expect.verdict;
    return record;
  }

  ScenarioRecord not_on_this_rung(const Scenario& scenario) const {
    ScenarioRecord record = blank(scenario);
    record.verdict = Verdict::not_applicable;
    record.why = fmt::format("the rung {} is not there yet; sim is", options_.rung);
    return record;
  }

  void add(ScenarioRecord record) {
    rig_.console.result(scenario_line(record));
    rig_.console.json(encode_scenario_line_json(record));
    if (!went_as_expected(record) && record.verdict != Verdict::not_applicable)
      rig_.console.result("     seedbed replay '" + record.token + "'");
    record_.scenarios.push_back(std::move(record));
  }

  std::vector<std::string> words(uint64_t shard, uint64_t shards) const {
    std::vector<std::string> words = {"work-run", "--shard", fmt::format("{}/{}", shard + 1, shards)};
    if (options_.seed) words.insert(words.end(), {"--seed", std::to_string(*options_.seed)});
    if (!options_.tag.empty()) words.insert(words.end(), {"--tag", options_.tag});
    if (!options_.defect.empty()) words.insert(words.end(), {"--defect", options_.defect});
    words.insert(words.end(), absolute_.begin(), absolute_.end());
    return words;
  }

  using Records = std::map<std::string, ScenarioRecord>;
  Result<Records> one_pass(unsigned jobs, bool second) {
    std::vector<WorkerSpec> workers(std::min<size_t>(jobs, suite_.size()));
    for (size_t i = 0; i < workers.size(); i++) {
      workers[i].words = words(i, workers.size());
      if (second) workers[i] = in_other_surroundings(workers[i]);
    }
    Records records;
    const auto ends = TRY(run_workers(workers, options_.timeout_s, [&](size_t, const std::string& line) {
      auto record = parse_scenario_line_json(line, "a worker's record");
      if (record)
        records[record->name] = std::move(*record);
      else
        rig_.console.complain(record.error());
    }));
    for (size_t i = 0; i < suite_.size(); i++) {
      ScenarioRecord& record = records[suite_[i]->name];
      const WorkerEnd& end = ends[i % ends.size()];
      const ScenarioRecord known = blank(*suite_[i]);
      if (record.name.empty()) {  // its worker did not live to tell
        record = known;
        record.verdict = end.how.starts_with("no line") ? Verdict::stuck : Verdict::harness_broken;
        record.why = "the worker ended with " + end.how;
      }
      record.file = known.file;  // as the user named it, not as the worker found it
      record.token = known.token;
    }
    return records;
  }

  Status both_passes() {
    Records first = TRY(one_pass(options_.jobs, false));
    Records second = TRY(one_pass(second_jobs(), true));
    for (const auto& scenario : suite_) {
      ScenarioRecord& record = first[scenario->name];
      record.second_hash = second[scenario->name].event_log_hash;
      if (record.second_hash != record.event_log_hash && !record.event_log_hash.empty()) {
        record.verdict = Verdict::harness_broken;
        record.as_expected = false;
        record.why = "two runs of one seed differ: " + record.event_log_hash + " and " + record.second_hash;
        add(record);
        TRY(show_divergence(*scenario, record.seed));
      } else {
        add(record);
      }
      if (options_.keep_failed && !went_as_expected(record)) TRY(keep_events(scenario, record));
    }
    return {};
  }

  Status make_out() {
    for (size_t slash = options_.out.find('/', 1);; slash = options_.out.find('/', slash + 1)) {
      const std::string path = options_.out.substr(0, slash);
      if (!rig_.files.stat(path)) TRY(rig_.files.make_directory(path, 0755));
      if (slash == std::string::npos) return {};
    }
  }

  Status keep_events(const std::shared_ptr<const Scenario>& scenario, const ScenarioRecord& record) {
    if (record.events == 0) return {};  // it was no run
    ScenarioRunOptions options;
    options.keep_events = true;
    const ScenarioRun run = TRY(run_scenario(scenario, record.seed, options));
    std::string text;
    for (const Event& event : run.events) text += event_text(event) + '\n';
    TRY(make_out());
    const std::string path = join_path(options_.out, fmt::format("failed-{:016x}.events", record.seed));
    TRY(replace_file(rig_.files, path, as_bytes(text), 0644));
    rig_.console.say("     its event log is in " + path);
    return {};
  }

  // Both surroundings once more, with their event logs written down.
  Status show_divergence(const Scenario& scenario, uint64_t seed) {
    TRY(make_out());
    const std::string out = TRY(rig_.files.real_path(options_.out));
    std::vector<WorkerSpec> workers(2);
    std::vector<std::vector<std::string>> logs(2);
    const std::string token = RunToken{TRY(absolute(scenario.file)), seed, {}, {}, options_.defect}.text();
    for (size_t i = 0; i < 2; i++)
      workers[i].words = {"replay", token, "--events",
                          join_path(out, fmt::format("differs-{}.events", i + 1))};
    workers[1] = in_other_surroundings(workers[1]);
    TRY(run_workers(workers, options_.timeout_s, [](size_t, const std::string&) {}));
    for (size_t i = 0; i < 2; i++)
      logs[i] = lines_of(as_text(TRY(read_file(rig_.files, workers[i].words[3], 1 * GiB))));
    if (const auto divergence = first_divergence(logs[0], logs[1]))
      rig_.console.result(divergence_text(logs[0], logs[1], *divergence));
    else
      rig_.console.result("     run alone, both surroundings give one event log");
    return {};
  }

  Status write_reports() {
    TRY(make_out());
    TRY(replace_file(rig_.files, join_path(options_.out, "run.json"), as_bytes(encode_run_json(record_)),
                     0644));
    TRY(replace_file(rig_.files, join_path(options_.out, "junit.xml"), as_bytes(junit_report(record_)),
                     0644));
    return replace_file(rig_.files, join_path(options_.out, "report.html"), as_bytes(html_report(record_)),
                        0644);
  }

  const RigContext& rig_;
  const RunCommandOptions& options_;
  Suite suite_;
  std::vector<std::string> absolute_;
  RunRecord record_;
};

}  // namespace

int run_command(const RigContext& rig, const RunCommandOptions& options) {
  const auto code = Run(rig, options).run();
  if (code) return *code;
  rig.console.complain(code.error());
  return kUsage;
}

int run_worker(const RigContext& rig, const RunCommandOptions& options) {
  const auto suite = load_suite(rig.files, options.paths, options.tag);
  if (!suite) {
    rig.console.complain(suite.error());
    return kUsage;
  }
  ScenarioRunOptions run_options;
  run_options.real_us = rig.real_us;
  if (!options.defect.empty()) {
    auto defect = defect_named(options.defect);
    if (!defect) {
      rig.console.complain(defect.error());
      return kUsage;
    }
    run_options.defect = std::move(*defect);
  }
  for (size_t i = options.part.index; i < suite->size(); i += options.part.count) {
    const auto& scenario = (*suite)[i];
    const auto run = run_scenario(scenario, seed_of(*scenario, options.seed), run_options);
    if (!run) {
      rig.console.complain(run.error());
      return 1;
    }
    rig.console.json(encode_scenario_line_json(run->record));
  }
  return 0;
}

}  // namespace seedbed
