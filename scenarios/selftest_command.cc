#include "scenarios/selftest_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "scenarios/planted_defect_judge.h"
#include "scenarios/worker_pool.h"

namespace seedbed {

namespace {

using Json = nlohmann::ordered_json;

// Not in the table: a "defect" that is none, by which the selftest is tested.
constexpr const char* kNothingWrong = "nothing-wrong";

class NothingWrong final : public PlantedDefect {
 public:
  using PlantedDefect::PlantedDefect;
  std::unique_ptr<Entropy> entropy(Entropy&, const DefectSite& site) const override {
    acts(site);
    return nullptr;
  }
};

PlantedCase nothing_wrong() {
  PlantedCase planted;
  planted.name = kNothingWrong;
  planted.port = "Entropy";
  planted.what = "nothing at all";
  planted.trials = {{DefectTrial::How::run, "suites/core/undisturbed.toml"}};
  planted.make = [] { return std::make_shared<NothingWrong>(kNothingWrong); };
  return planted;
}

Result<std::vector<PlantedCase>> cases_of(DefectJudge& judge, const SelftestOptions& options) {
  if (options.only == kNothingWrong) return std::vector<PlantedCase>{nothing_wrong()};
  std::vector<PlantedCase> cases = planted_cases();
  if (options.only.empty() || options.only.starts_with("drop") ||
      std::string_view("drop").starts_with(options.only)) {
    auto syncs = TRY(judge.sync_cases(options.quick));
    cases.insert(cases.end(), std::make_move_iterator(syncs.begin()), std::make_move_iterator(syncs.end()));
  }
  std::erase_if(cases, [&](const PlantedCase& one) {
    return !one.name.starts_with(options.only) || (options.quick && !one.quick);
  });
  if (cases.empty())
    return fail(ErrorCode::invalid_argument, fmt::format("no planted defect is called \"{}\"", options.only),
                "--only", "seedbed selftest --list shows the names");
  return cases;
}

std::string line_of(const DefectFinding& finding) {
  return Json{{"event", "defect"},
              {"name", finding.name},
              {"port", finding.port},
              {"what", finding.what},
              {"caught", finding.caught},
              {"redundant", finding.redundant},
              {"scenario", finding.scenario},
              {"how", finding.how},
              {"verdict", finding.verdict},
              {"why", finding.why},
              {"states", finding.states},
              {"states_max", finding.states_max},
              {"real_us", finding.real_us},
              {"token", finding.token}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<DefectFinding> parse_finding(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || json.value("event", "") != "defect") return std::nullopt;
  return DefectFinding{.name = json.value("name", ""),
                       .port = json.value("port", ""),
                       .what = json.value("what", ""),
                       .caught = json.value("caught", false),
                       .redundant = json.value("redundant", false),
                       .scenario = json.value("scenario", ""),
                       .how = json.value("how", ""),
                       .verdict = json.value("verdict", ""),
                       .why = json.value("why", ""),
                       .states = json.value("states", uint64_t{0}),
                       .states_max = json.value("states_max", uint64_t{0}),
                       .real_us = json.value("real_us", uint64_t{0}),
                       .token = json.value("token", "")};
}

std::string finding_text(const DefectFinding& finding) {
  return fmt::format("{:<8} {:<46} {:<28} {:>4} of {:>4} states {:>6.1f} s  {}",
                     !finding.caught     ? "SURVIVED"
                     : finding.redundant ? "harmless"
                                         : "caught",
                     finding.name, finding.verdict.empty() ? "-" : finding.verdict, finding.states,
                     finding.states_max, static_cast<double>(finding.real_us) / 1e6, finding.scenario);
}

std::string defect_table(const std::vector<DefectFinding>& findings) {
  std::string text =
      "| defect | where planted | what it does | caught by | as | states | seconds | replay token |\n"
      "|---|---|---|---|---|---|---|---|\n";
  for (const DefectFinding& finding : findings)
    text += fmt::format("| {} | {} | {} | {} `{}` | {} | {} of {} | {:.1f} | `{}` |\n", finding.name,
                        finding.port, finding.what, finding.how, finding.scenario,
                        !finding.caught     ? "**nothing**: " + finding.why
                        : finding.redundant ? "nothing: " + finding.why
                                            : finding.verdict,
                        finding.states, finding.states_max, static_cast<double>(finding.real_us) / 1e6,
                        finding.token);
  return text;
}

// `seedbed run` must say that two runs of one seed differ. Its reports go where nobody looks.
Result<DefectFinding> judge_twice(const RigContext& rig, const SelftestOptions& options,
                                  const PlantedCase& planted) {
  const uint64_t start_us = rig.real_us();
  const std::filesystem::path out = std::filesystem::temp_directory_path() /
                                    fmt::format("seedbed-selftest-{}-{}", planted.name, rig.real_us());
  DefectFinding finding{.name = planted.name,
                        .port = planted.port,
                        .what = planted.what,
                        .scenario = planted.trials.front().scenario,
                        .how = "run twice",
                        .verdict = {},
                        .why = {},
                        .states = 1,
                        .states_max = planted.states_max,
                        .token = {}};
  WorkerSpec run;
  run.words = {"run",      join_path(options.scenarios, finding.scenario),
               "--defect", planted.name,
               "--json",   "--quiet",
               "--out",    out.string()};
  run.errors_told = false;  // that it fails is what is wanted, and told as a finding
  const auto ends = TRY(run_workers({run}, options.timeout_s, [&](size_t, const std::string& line) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object() || json.value("verdict", "").empty()) return;
    finding.verdict = json.value("verdict", "");
    finding.why = json.value("why", "");
    finding.token = json.value("token", "");
  }));
  std::error_code ignored;
  std::filesystem::remove_all(out, ignored);
  finding.caught = ends.front().how == "exit code 5" && finding.verdict == "harness-broken";
  if (!finding.caught) finding.why = "seedbed run ended with " + ends.front().how + "; " + finding.why;
  finding.real_us = rig.real_us() - start_us;
  return finding;
}

Result<int> judge_part(const RigContext& rig, const SelftestOptions& options) {
  DefectJudge judge(rig.files, options.scenarios, rig.real_us);
  const std::vector<PlantedCase> cases = TRY(cases_of(judge, options));
  for (size_t i = options.part.index; i < cases.size(); i += options.part.count) {
    const bool twice = cases[i].trials.front().how == DefectTrial::How::twice;
    rig.console.json(line_of(TRY(twice ? judge_twice(rig, options, cases[i]) : judge.judge(cases[i]))));
  }
  return 0;
}

Status write_reports(const RigContext& rig, const std::string& out,
                     const std::vector<DefectFinding>& findings) {
  std::error_code failed;
  std::filesystem::create_directories(out, failed);
  if (failed) return fail(ErrorCode::io_error, "the directory cannot be made: " + failed.message(), out);
  std::string lines;
  for (const DefectFinding& finding : findings) lines += line_of(finding) + "\n";
  TRY(replace_file(rig.files, join_path(out, "selftest.jsonl"), as_bytes(lines), 0644));
  return replace_file(rig.files, join_path(out, "selftest.md"), as_bytes(defect_table(findings)), 0644);
}

Result<int> selftest(const RigContext& rig, const SelftestOptions& options) {
  DefectJudge judge(rig.files, options.scenarios, rig.real_us);
  const std::vector<PlantedCase> cases = TRY(cases_of(judge, options));
  if (options.list) {
    for (const PlantedCase& one : cases) {
      rig.console.result(fmt::format("{:<46} {:<32} {}", one.name, one.port, one.what));
      rig.console.json(
          Json{{"event", "case"}, {"name", one.name}, {"port", one.port}, {"what", one.what}}.dump());
    }
    return 0;
  }
  rig.console.say(fmt::format("seedbed {}: selftest, {} planted defects, {} jobs", rig.version, cases.size(),
                              options.jobs));
  const uint64_t start_us = rig.real_us();
  std::vector<WorkerSpec> workers;
  const unsigned jobs = std::min<unsigned>(options.jobs, static_cast<unsigned>(cases.size()));
  for (unsigned i = 0; i < jobs; i++) {
    WorkerSpec worker;
    worker.words = {"work-selftest", "--shard", fmt::format("{}/{}", i + 1, jobs), "--scenarios",
                    options.scenarios};
    if (options.quick) worker.words.emplace_back("--quick");
    if (!options.only.empty()) worker.words.insert(worker.words.end(), {"--only", options.only});
    workers.push_back(std::move(worker));
  }
  std::vector<DefectFinding> findings;
  const auto ends = TRY(run_workers(workers, options.timeout_s, [&](size_t, const std::string& line) {
    auto finding = parse_finding(line);
    if (!finding) return;
    rig.console.result(finding_text(*finding));
    if (!finding->caught) rig.console.result("         " + finding->why);
    rig.console.json(line);
    findings.push_back(std::move(*finding));
  }));
  std::ranges::sort(findings, {}, [&](const DefectFinding& finding) {
    return std::ranges::find(cases, finding.name, &PlantedCase::name) - cases.begin();
  });
  if (!options.out.empty()) TRY(write_reports(rig, options.out, findings));
  const auto survivors = static_cast<size_t>(
      std::ranges::count_if(findings, [](const DefectFinding& finding) { return !finding.caught; }));
  const auto harmless = static_cast<size_t>(std::ranges::count_if(
      findings, [](const DefectFinding& finding) { return finding.caught && finding.redundant; }));
  uint64_t states = 0;
  for (const DefectFinding& finding : findings) states += finding.states;
  const bool all_judged = findings.size() == cases.size();
  const std::string harmless_text = harmless > 0 ? fmt::format(", {} redundant", harmless) : "";
  rig.console.result(fmt::format(
      "seedbed: {} planted defects, {} caught{}, {} survived, {} not judged; {} states, {:.1f} s",
      cases.size(), findings.size() - survivors - harmless, harmless_text, survivors,
      cases.size() - findings.size(), states, static_cast<double>(rig.real_us() - start_us) / 1e6));
  for (size_t i = 0; i < ends.size(); i++)
    if (!ends[i].clean) rig.console.result(fmt::format("worker {} ended with {}", i + 1, ends[i].how));
  return survivors == 0 && all_judged ? 0 : 5;
}

int exit_code_told(const RigContext& rig, const Result<int>& code) {
  if (code) return *code;
  rig.console.complain(code.error());
  return kUsage;
}

}  // namespace

int selftest_command(const RigContext& rig, const SelftestOptions& options) {
  return exit_code_told(rig, selftest(rig, options));
}

int selftest_worker(const RigContext& rig, const SelftestOptions& options) {
  return exit_code_told(rig, judge_part(rig, options));
}

}  // namespace seedbed
