// seedbed: the rig's command line.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <ctime>

#include "engine/linux/posix_files.h"
#include "scenarios/coverage_command.h"
#include "scenarios/explore_command.h"
#include "scenarios/list_command.h"
#include "scenarios/replay_command.h"
#include "scenarios/run_command.h"
#include "scenarios/scenario_schema.h"
#include "scenarios/selftest_command.h"
#include "scenarios/shrink_command.h"
#include "scenarios/sweep_command.h"
#include "scenarios/write_command.h"

namespace seedbed {
namespace {

constexpr const char* kExitCodes =
    "Exit codes, strongest first: 5 the rig itself is broken (two runs of one seed differ, a worker died), 1 "
    "lost,\n"
    "silently wrong, contract broken or otherwise not as expected, 3 stuck, 4 something was not measured, 2 "
    "usage,\n"
    "0 all as expected.";
constexpr const char* kSuites = "scenarios/suites";
constexpr const char* kRequirements = "docs/requirements.md";

uint64_t real_us() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

std::string started_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  // Every boot of every world takes and gives back the same megabytes: they stay here instead of going to the
  // kernel.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  CLI::App app("seedbed: the whole of offline seeding under faults, in virtual time, replayed from one seed");
  app.footer(kExitCodes);
  app.set_version_flag("--version", "seedbed " SEEDBED_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  bool json = false, quiet = false;
  app.add_flag("--json", json, "JSON Lines on standard output, text for people on standard error");
  app.add_flag("--quiet", quiet, "results only");

  std::vector<std::string> paths;
  std::string rung = "sim", seed, seeds = "1..1", shard = "1/1", out = "reports/out", tag, events, html,
              junit, what, other, state, block_log;
  unsigned jobs = 1, timeout_s = 300, depth = 1;
  uint64_t budget = 0, minutes = 0, samples = 0, pairs = 64, export_every = 0;
  bool keep_failed = false;
  const auto sub = [&](const char* name, const char* text) {
    auto* command = app.add_subcommand(name, text);
    command->footer(kExitCodes);
    return command;
  };
  const auto with_jobs = [&](CLI::App* command) {
    command->add_option("--jobs", jobs, "worker processes")->check(CLI::Range(1, 256))->capture_default_str();
    command
        ->add_option("--timeout", timeout_s, "seconds without a word from a worker before it counts as stuck")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
  };
  const auto with_tag = [&](CLI::App* command) {
    command->add_option("--tag", tag, "only scenarios with this tag");
  };
  const auto with_out = [&](CLI::App* command) {
    command->add_option("--out", out, "directory of the reports")->capture_default_str();
  };

  auto* run_app = sub("run", "run scenarios, each twice, and write run.json, junit.xml and report.html");
  run_app->add_option("scenarios", paths, "files or directories of them")->required();
  run_app->add_option("--rung", rung, "sim; process, file, loop and sata are not there yet")
      ->check(CLI::IsMember({"sim", "process", "file", "loop", "sata"}))
      ->capture_default_str();
  run_app->add_option("--seed", seed, "replaces the files' seeds: each becomes hash(N, name)");
  run_app->add_flag("--keep-failed", keep_failed, "write the event log of what did not go as expected");
  with_jobs(run_app), with_tag(run_app), with_out(run_app);

  const auto with_bound = [&](CLI::App* command) {
    command->add_option("--depth", depth, "crashes within a run: 1 or 2")->capture_default_str();
    command->add_option("--budget", budget, "judge at most so many states of each scenario (0: all)");
    command->add_option("--samples", samples, "seeded survivors too, so many at each crash")
        ->check(CLI::Range(uint64_t{0}, uint64_t{1'000'000}));
    command
        ->add_option("--pairs", pairs, "each pair of losses too, where at most so many effects are pending")
        ->capture_default_str();
    command->add_option("--state", state, "file of what was judged: the same command goes on with it");
    command->add_option(
        "--export-every", export_every,
        "of every N worlds played to their end, one's drives are read by dislocker and ntfs-3g "
        "too (0: none)");
    command->add_option("--seed", seed, "replaces the files' seeds");
  };
  auto* explore_app =
      sub("explore", "every crash point of scenarios, with every set of survivors within the bound");
  explore_app->add_option("scenarios", paths, "files or directories of them")->required();
  explore_app->add_option("--minutes", minutes, "stop then, cleanly, with exit code 4 if something is left");
  with_bound(explore_app);
  with_jobs(explore_app);

  auto* sweep_app = sub("sweep", "a suite under many seeds");
  sweep_app->add_option("scenarios", paths, "files or directories of them");
  std::vector<std::string> swarms;
  sweep_app->add_option("--swarm", swarms, "scenarios drawn from the seeds: drive, chain, services")
      ->check(CLI::IsMember({"drive", "chain", "services"}));
  sweep_app->add_option("--seeds", seeds, "A..B, both included")->required();
  sweep_app->add_option("--shard", shard, "I/N: only this part of the runs");
  with_jobs(sweep_app), with_tag(sweep_app), with_out(sweep_app);

  auto* merge_app = sub("merge", "the parts of one sweep as one, judged as a whole");
  merge_app->add_option("directories", paths, "each part's --out, with its sweep.json")->required();
  with_out(merge_app);

  auto* replay_app = sub("replay", "the same run again, bit for bit");
  replay_app->add_option("what", what, "a run.json, or a token as a failed run prints it")->required();
  replay_app->add_option("--events", events,
                         "write the event log as text here (-: standard output); tokens only");
  replay_app->add_option("--block-log", block_log,
                         "write what was done to the drives here, as dm-log-writes does; tokens only");

  uint64_t runs = 3000;
  auto* shrink_app = sub("shrink", "the smallest run that still fails in the same way, as one line");
  shrink_app->add_option("what", what, "a token, or a run.json: its first run that failed")->required();
  shrink_app->add_option("--out", state, "write it as a scenario file, too");
  shrink_app->add_option("--runs", runs, "at most so many")->capture_default_str();

  auto* write_app = sub("write", "the world that a seed of a swarm draws, as a scenario file");
  write_app->add_option("what", what, "a token: swarm:drive@SEED")->required();
  write_app->add_option("--out", state, "the file")->required();

  auto* diff_app = sub("diff", "where two event logs, as replay --events writes them, first part");
  diff_app->add_option("a", what, "")->required();
  diff_app->add_option("b", other, "")->required();

  SelftestOptions selftest;
  auto* selftest_app =
      sub("selftest", "proves that the rig can fail: plants defects, each must turn a suite red");
  selftest_app->add_option("--only", selftest.only, "defects whose names begin so");
  selftest_app->add_flag("--quick", selftest.quick, "only those that cost little");
  selftest_app->add_flag("--list", selftest.list, "their names; nothing is run");
  selftest_app->add_option("--out", selftest.out, "directory for selftest.md and selftest.jsonl");
  selftest_app->add_option("--scenarios", selftest.scenarios, "where suites/ and planted/ are")
      ->capture_default_str();
  with_jobs(selftest_app);

  auto* list_app = sub("list", "the scenarios, one line each");
  list_app->add_option("scenarios", paths, "files or directories (default: scenarios/suites)");
  with_tag(list_app);
  bool requirements = false;
  std::string page = kRequirements;
  list_app->add_flag("--requirements", requirements, "the requirements instead, and what shows each");
  list_app->add_option("--page", page, "where the requirements stand")->capture_default_str();

  auto* coverage_app =
      sub("coverage", "run suites once; which faults fired in which phases, and which never did");
  coverage_app->add_option("scenarios", paths, "files or directories (default: scenarios/suites)");
  coverage_app->add_option("--seed", seed, "replaces the files' seeds: each becomes hash(N, name)");

  auto* schema_app = sub("schema", "the JSON Schema of scenario files, for editors");

  auto* report_app = sub("report", "several runs' run.json as one page");
  report_app->add_option("directories", paths, "each with a run.json")->required();
  report_app->add_option("-o,--output", html, "the page")->required();
  report_app->add_option("--junit", junit, "a JUnit file too");

  // What run, sweep and explore start as their workers.
  auto* work_run = app.add_subcommand("work-run")->group("");
  auto* work_sweep = app.add_subcommand("work-sweep")->group("");
  auto* work_explore = app.add_subcommand("work-explore")->group("");
  auto* work_selftest = app.add_subcommand("work-selftest")->group("");
  work_selftest->add_option("--only", selftest.only);
  work_selftest->add_flag("--quick", selftest.quick);
  work_selftest->add_option("--scenarios", selftest.scenarios);
  work_selftest->add_option("--shard", shard);
  std::string defect;  // what is planted in every world: for selftests
  for (auto* command : {run_app, work_run}) command->add_option("--defect", defect)->group("");
  for (auto* command : {work_run, work_sweep, work_explore}) command->add_option("scenarios", paths);
  with_bound(work_explore);
  work_sweep->add_option("--seeds", seeds);
  for (auto* command : {work_run, work_sweep, work_explore}) command->add_option("--shard", shard);
  for (auto* command : {work_run, work_sweep}) {
    command->add_option("--seed", seed);
    command->add_option("--tag", tag);
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }

  for (const std::string& kind : swarms) paths.push_back("swarm:" + kind);
  const bool works = *work_run || *work_sweep || *work_explore || *work_selftest;
  PosixFiles files;
  const RigContext rig{Console(json || works, quiet), files, real_us, started_utc(), SEEDBED_VERSION};
  const auto part = Shard::parse(shard);
  const auto range = SeedRange::parse(seeds);
  std::optional<uint64_t> given;
  if (!seed.empty()) {
    const auto one = SeedRange::parse(seed);
    if (!one || one->first != one->last) {
      rig.console.complain(
          {ErrorCode::invalid_argument, "\"" + seed + "\" is no seed", "--seed", "Give a whole number"});
      return kUsage;
    }
    given = one->first;
  }
  for (const auto* error : {part ? nullptr : &part.error(), range ? nullptr : &range.error()})
    if (error != nullptr) {
      rig.console.complain(*error);
      return kUsage;
    }
  const RunCommandOptions run_options{paths, rung,      given,       out,    jobs,
                                      tag,   timeout_s, keep_failed, defect, *part};
  selftest.jobs = jobs;
  selftest.timeout_s = timeout_s;
  selftest.part = *part;
  const SweepCommandOptions sweep_options{paths, *range, *part, jobs, tag, out, timeout_s};
  const ExploreCommandOptions explore_options{paths, given, depth, budget,    minutes,      samples,
                                              pairs, state, jobs,  timeout_s, export_every, *part};
  if (*run_app) return run_command(rig, run_options);
  if (*explore_app) return explore_command(rig, explore_options);
  if (*sweep_app) return sweep_command(rig, sweep_options);
  if (*merge_app) return merge_command(rig, paths, out);
  if (*replay_app) return replay_command(rig, what, events, block_log);
  if (*shrink_app) return shrink_command(rig, {what, state, runs});
  if (*write_app) return write_command(rig, what, state);
  if (*diff_app) return diff_command(rig, what, other);
  if (*selftest_app) return selftest_command(rig, selftest);
  if (*work_selftest) return selftest_worker(rig, selftest);
  const std::vector<std::string> suites = paths.empty() ? std::vector<std::string>{kSuites} : paths;
  if (*list_app)
    return requirements ? list_requirements_command(rig, suites, page) : list_command(rig, suites, tag);
  if (*coverage_app) return coverage_command(rig, suites, given);
  if (*schema_app) return schema_command(rig);
  if (*report_app) return report_command(rig, paths, html, junit);
  if (*work_run) return run_worker(rig, run_options);
  if (*work_sweep) return sweep_worker(rig, sweep_options);
  return explore_worker(rig, explore_options);
}

}  // namespace
}  // namespace seedbed

int main(int argc, char** argv) {
  return seedbed::run(argc, argv);
}
