#include "tests/reports/record_samples.h"

#include "engine/base/bytes.h"
#include "engine/base/random.h"

namespace seedbed {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

// Two boots with a cut between them, checkpoints every 32 MiB, then the proof.
std::vector<TimelineEntry> copy_timeline(bool faulty) {
  std::vector<TimelineEntry> timeline;
  const auto add = [&](uint64_t time_ns, const char* lane, const char* what, const char* kind) {
    timeline.push_back({time_ns, lane, what, kind});
  };
  add(0, "copy computer", "diskprep s:/staging p:/publish", "boot");
  add(kSecond / 10, "operator", "asks: format drive SIM1?", "promise");
  add(kSecond / 5, "drive SIM1", "build the volume", "phase");
  for (uint64_t i = 0; i < 8; i++) add(kSecond / 5 + i * kSecond / 40, "drive SIM1", "flush", "flush");
  add(kSecond / 2, "drive SIM1", "copy the data", "phase");
  uint64_t now = kSecond / 2;
  for (int i = 0; i < 6; i++) {
    now += kSecond / 4;
    add(now, "drive SIM1", "flush", "flush");
    add(now + kSecond / 100, "drive SIM1", "checkpoint", "checkpoint");
  }
  if (faulty) {
    add(now + kSecond / 10, "drive SIM1", "power cut", "fault");
    add(now + kSecond / 10, "drive SIM1", "without power", "end");
    add(now + kSecond / 10, "copy computer", "power cut", "end");
    now += kSecond;
    add(now, "copy computer", "diskprep s:/staging p:/publish", "boot");
    add(now + kSecond / 10, "drive SIM1", "copy the data", "phase");
    for (int i = 0; i < 5; i++) {
      now += kSecond / 4;
      add(now, "drive SIM1", "flush", "flush");
      add(now + kSecond / 100, "drive SIM1", "checkpoint", "checkpoint");
    }
  }
  add(now + kSecond / 4, "drive SIM1", "prove by reading back", "phase");
  add(now + kSecond, "drive SIM1", "complete", "end");
  add(now + kSecond + kSecond / 20, "operator", "told: drive SIM1 is complete", "promise");
  add(now + kSecond + kSecond / 10, "copy computer", "exit code 0", "end");
  return timeline;
}

}  // namespace

ScenarioRecord passed_scenario(const std::string& name) {
  ScenarioRecord scenario;
  scenario.name = name;
  scenario.file = "suites/kill/" + std::to_string(name.size()) + ".toml";
  scenario.proves = "a copy that was cut goes on from its last checkpoint";
  scenario.tags = {"kill", "quick"};
  scenario.seed = 7;
  scenario.token = "suites/kill.toml@7";
  scenario.as_expected = true;
  scenario.why = "all oracles found nothing";
  scenario.event_log_hash = scenario.second_hash = "00c0ffee00c0ffee";
  scenario.events = 4711;
  scenario.boots = 3;
  scenario.virtual_ns = 1'234'567'890;
  scenario.real_us = 12'345;
  scenario.source_bytes = 512 * MiB;
  scenario.written_bytes = 530 * MiB;
  scenario.redone_bytes = 31 * MiB;
  scenario.redo_bound_bytes = 64 * MiB;
  scenario.faults = {{"kill the copy computer", 1, 1, "    123      0.512000000 drive.flush        SIM1"}};
  scenario.oracles = {{1, "nothing lost", true, {}}, {3, "nothing silently wrong", true, {}}};
  return scenario;
}

RunRecord full_run() {
  RunRecord run;
  run.version = "0.1.0";
  run.command = "seedbed run suites --seed 7 --jobs 2";
  run.seed = 7;
  run.seed_given = true;
  run.options = {{"--jobs", "2"}, {"--timeout", "60"}};
  run.started_utc = "2016-11-02T18:24:14Z";
  run.real_us = 2'345'678;
  const char* names[] = {
      "kill in the middle of the data",
      "power cut between the last sector and the journal commit",
      "drive unplugged and plugged into another slot while the manifest is being written",
      "the disk that holds the journal is full",
      "a flush fails once",
      "bit rot in a page that was already proved",
      "two drives, one is smaller than it says",
      "kill again while recovering",
      "Dateinamen mit Umlauten: Größe, 文件, emoji 🗄",
      "source file changed while it was read",
      "operator says no to formatting",
      "staging share drops out and comes back",
      "512e drive, torn read-modify-write",
      "4Kn drive",
  };
  for (const char* name : names) {
    run.scenarios.push_back(passed_scenario(name));
    run.scenarios.back().timeline = copy_timeline(run.scenarios.size() % 2 == 1);
  }
  const auto add = [&](const char* name, Verdict expected, Verdict verdict,
                       const char* why) -> ScenarioRecord& {
    ScenarioRecord scenario = passed_scenario(name);
    scenario.expected = expected;
    scenario.verdict = verdict;
    scenario.as_expected = expected == verdict;
    scenario.why = why;
    scenario.timeline = copy_timeline(true);
    run.scenarios.push_back(scenario);
    return run.scenarios.back();
  };
  auto& lost = add("drive swapped for one of the same size", Verdict::refused, Verdict::lost,
                   "2 files of 812 are missing after the restore");
  lost.oracles[0].findings = {"photos/2014/IMG_2231.jpg is missing", "photos/2014/IMG_2232.jpg is missing"};
  lost.redone_bytes = 80 * MiB;
  add("flush that lies", Verdict::refused, Verdict::silently_wrong, "page 771 reads as zeros");
  add("reboot loop", Verdict::survived, Verdict::stuck, "no progress for 600 s of virtual time");
  auto& unmeasured = add("read error in the partition table", Verdict::survived, Verdict::not_measured,
                         "the planned read error was never reached");
  unmeasured.faults[0] = {"read error at LBA 34", 1, 0, ""};
  unmeasured.oracles[1].ran = false;
  add("hot unplug of a real drive", Verdict::survived, Verdict::not_applicable,
      "the rung sim has no SATA link");
  add("lying flush on a rotten drive", Verdict::refused, Verdict::refused,
      "page 771 is damaged; prepare the drive again with /AbortSession");
  return run;
}

rc::Gen<std::string> any_bytes() {
  return rc::gen::map(
      rc::gen::container<std::vector<uint8_t>>(rc::gen::arbitrary<uint8_t>()),
      [](const std::vector<uint8_t>& bytes) { return std::string(bytes.begin(), bytes.end()); });
}

rc::Gen<std::string> any_utf8() {
  const auto piece = rc::gen::element<std::string>(
      "a", "word ", "<", ">", "&", "\"", "'", "&amp;", "</script>", "]]>", "<!--", "\n", "\r", "\t",
      std::string(1, '\0'), "\x01", "\x1b[31m", "\x7f", "\u0085", "ü", "文", "🗄", "\u202e", "\ufffe", "\\",
      "$(x)", "{", "[");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                      [](const std::vector<std::string>& pieces) {
                        std::string text;
                        for (const auto& each : pieces) text += each;
                        return text;
                      });
}

rc::Gen<RunRecord> any_run(const rc::Gen<std::string>& texts) {
  return rc::gen::exec([texts] {
    const uint64_t seed = *rc::gen::arbitrary<uint64_t>();
    Random random(seed);
    const std::vector<std::string> pool = *rc::gen::container<std::vector<std::string>>(12, texts);
    const auto text = [&] { return pool[random.below(pool.size())]; };
    const auto number = [&] { return random.next() >> random.below(64); };
    RunRecord run;
    run.version = text();
    run.command = text();
    run.rung = text();
    run.seed = number();
    run.seed_given = random.chance(1, 2);
    for (uint64_t i = random.below(3); i > 0; i--) run.options.emplace_back(text(), text());
    run.started_utc = text();
    run.real_us = number();
    for (uint64_t i = random.below(5); i > 0; i--) {
      ScenarioRecord scenario;
      for (auto* field : {&scenario.name, &scenario.file, &scenario.proves, &scenario.token, &scenario.why,
                          &scenario.event_log_hash, &scenario.second_hash})
        *field = text();
      for (uint64_t k = random.below(3); k > 0; k--) scenario.tags.push_back(text());
      for (auto* field : {&scenario.seed, &scenario.events, &scenario.boots, &scenario.virtual_ns,
                          &scenario.real_us, &scenario.source_bytes, &scenario.written_bytes,
                          &scenario.redone_bytes, &scenario.redo_bound_bytes})
        *field = number();
      scenario.expected = static_cast<Verdict>(random.below(kVerdicts));
      scenario.verdict =
          random.chance(1, 2) ? scenario.expected : static_cast<Verdict>(random.below(kVerdicts));
      scenario.as_expected = random.chance(1, 2);
      for (uint64_t k = random.below(3); k > 0; k--)
        scenario.faults.push_back({text(), number(), number(), text()});
      for (uint64_t k = random.below(3); k > 0; k--)
        scenario.oracles.push_back(
            {static_cast<int>(number()), text(), random.chance(1, 2), {text(), text()}});
      static const char* kKinds[] = {"boot", "phase", "flush", "checkpoint", "fault", "promise", "end"};
      for (uint64_t k = random.below(9); k > 0; k--)
        scenario.timeline.push_back(
            {number(), text(), text(), random.chance(1, 8) ? text() : kKinds[random.below(7)]});
      run.scenarios.push_back(std::move(scenario));
    }
    return run;
  });
}

}  // namespace seedbed
