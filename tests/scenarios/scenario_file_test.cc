// Scenario files: every key lands in its field, what is left out is as scenario.h says, sizes have one
// meaning.
#include "scenarios/scenario_file.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "scenarios/near_words.h"
#include "scenarios/size_text.h"
#include "tests/scenarios/whole_file.h"

namespace seedbed {
namespace {

using test::kWholeFile;

Scenario read(std::string_view text) {
  auto scenario = parse_scenario(text, "s.toml");
  EXPECT_TRUE(scenario) << scenario.error().message();
  return scenario ? *scenario : Scenario();
}

std::string with_head(const std::string& rest) {
  return "name = \"a name\"\nproves = \"a sentence\"\n" + rest;
}

TEST(ScenarioFile, the_world_lands_in_its_fields) {
  const Scenario s = read(kWholeFile);
  EXPECT_EQ(s.file, "s.toml");
  EXPECT_EQ(s.name, "power cut between the flush and the journal");
  EXPECT_EQ(s.proves, "a checkpoint is recorded only after its bytes are on the drive");
  EXPECT_EQ(s.tags, (std::vector<std::string>{"power", "data"}));
  EXPECT_EQ(s.seed, 7u);
  EXPECT_EQ(s.virtual_s_max, 7200u);
  EXPECT_FALSE(s.source.usual);
  EXPECT_EQ(s.source.random_files, 3u);
  EXPECT_EQ(s.source.random_bytes_max, 100'000u);
  ASSERT_EQ(s.source.files.size(), 2u);
  EXPECT_EQ(s.source.files[0].path, "big.bin");
  EXPECT_EQ(s.source.files[0].size_bytes, MiB);
  EXPECT_EQ(s.source.files[1].path, "a/ä");
  EXPECT_EQ(s.source.files[1].size_bytes, 17u);
  EXPECT_EQ(s.computer.workers, 3u);
  EXPECT_EQ(s.computer.chunk_bytes, 32 * KiB);
  EXPECT_EQ(s.computer.queue_bytes, 96 * KiB);
  EXPECT_EQ(s.computer.checkpoint_bytes, 64 * KiB);
  EXPECT_EQ(s.computer.redo_bytes, 128 * KiB);
  EXPECT_EQ(s.computer.buffer_bytes, 2 * MiB);
  EXPECT_FALSE(s.computer.proof);
  EXPECT_EQ(s.operator_.after_interruption, AfterInterruption::resume);
  EXPECT_TRUE(s.operator_.heals_refusals);
  EXPECT_EQ(s.operator_.boots_max, 20u);
  EXPECT_EQ(s.expect.verdict, Verdict::refused);
  EXPECT_EQ(s.expect.refusal, "not the drive");
  EXPECT_EQ(s.not_applicable, "");
}

TEST(ScenarioFile, drives_and_commands_land_in_their_fields) {
  const Scenario s = read(kWholeFile);
  ASSERT_EQ(s.drives.size(), 2u);
  EXPECT_EQ(s.drives[0].name, "first");
  EXPECT_EQ(s.drives[0].capacity_bytes, 64 * MiB);
  EXPECT_EQ(s.drives[0].sectors, SectorKind::n4k);
  EXPECT_FALSE(s.drives[0].volatile_cache);
  EXPECT_TRUE(s.drives[0].power_loss_protected);
  EXPECT_EQ(s.drives[1].name, "drive");
  EXPECT_EQ(s.drives[1].capacity_bytes, DriveSpec().capacity_bytes);
  ASSERT_EQ(s.commands.size(), 2u);
  EXPECT_EQ(s.commands[0].action, CommandAction::prepare);
  EXPECT_EQ(s.commands[0].session, "one");
  EXPECT_EQ(s.commands[0].drive, "first");
  EXPECT_EQ(s.commands[0].source, "/source/a");
  EXPECT_EQ(s.commands[0].destination, "box/");
  EXPECT_TRUE(s.commands[0].page_blobs);
  EXPECT_EQ(s.commands[1].action, CommandAction::abort);
  EXPECT_EQ(s.commands[1].session, "session-1");
  EXPECT_EQ(s.commands[1].drive, "drive");
  EXPECT_EQ(s.commands[1].destination, "box/tree/");
  EXPECT_FALSE(s.commands[1].page_blobs);
}

TEST(ScenarioFile, faults_land_in_their_fields) {
  const Scenario s = read(kWholeFile);
  ASSERT_EQ(s.faults.size(), 5u);
  const PlannedFault& cut = s.faults[0];
  EXPECT_EQ(cut.action, FaultAction::host_power_cut);
  EXPECT_EQ(cut.when.event, EventKind::drive_flush_done);
  EXPECT_EQ(cut.when.place, "SB*");
  EXPECT_EQ(cut.when.phase, "data");
  EXPECT_EQ(cut.when.boot, 1u);
  EXPECT_EQ(cut.when.nth, 3u);
  EXPECT_EQ(cut.when.nth_to, 9u);
  EXPECT_EQ(cut.when.side, EventSide::after);
  EXPECT_EQ(cut.when.time_ns, 12'300'000'000u);
  EXPECT_EQ(cut.times, 2u);
  EXPECT_EQ(cut.survivors.text(), "torn:431/3");
  EXPECT_EQ(cut.name,
            "host-power-cut after drive.flush.done 3..9 of SB* in data of boot 1 from 12.3 s, 2 times");
  const PlannedFault& rot = s.faults[1];
  EXPECT_EQ(rot.name, "a rotten sector");
  EXPECT_EQ(rot.when.extent, (Extent{2048 * 512, 512}));
  EXPECT_EQ(rot.times, 0u);
  EXPECT_EQ(rot.survivors, Survivors());
  const PlannedFault& changed = s.faults[2];
  EXPECT_EQ(changed.place, "/source/a/ä");
  EXPECT_EQ(changed.when.event, std::nullopt);
  EXPECT_EQ(changed.when.event_number, 431u);
  EXPECT_EQ(changed.name, "source-changed /source/a/ä at event 431");
  const PlannedFault& unplug = s.faults[3];
  EXPECT_EQ(unplug.place, "drive");
  EXPECT_EQ(unplug.when.event, EventKind::file_sync);
  EXPECT_EQ(unplug.when.place, "*.jrn");
  EXPECT_EQ(unplug.when.nth_to, 0u);
  EXPECT_EQ(unplug.when.time_ns, std::nullopt);
  const PlannedFault& unreadable = s.faults[4];
  EXPECT_EQ(unreadable.when.event, EventKind::drive_read);
  EXPECT_EQ(unreadable.when.extent, (Extent{MiB, 64 * KiB}));
}

TEST(ScenarioFile, what_is_left_out_is_usual) {
  const Scenario s = read(with_head("")), usual;
  EXPECT_EQ(s.seed, usual.seed);
  EXPECT_EQ(s.virtual_s_max, usual.virtual_s_max);
  EXPECT_TRUE(s.tags.empty());
  EXPECT_TRUE(s.source.usual);
  EXPECT_TRUE(s.source.files.empty());
  EXPECT_EQ(s.source.random_bytes_max, usual.source.random_bytes_max);
  EXPECT_EQ(s.computer.redo_bytes, usual.computer.redo_bytes);
  ASSERT_EQ(s.drives.size(), 1u);
  EXPECT_EQ(s.drives[0].name, "drive");
  EXPECT_EQ(s.drives[0].sectors, SectorKind::e512);
  ASSERT_EQ(s.commands.size(), 1u);
  EXPECT_EQ(s.commands[0].drive, "drive");
  EXPECT_EQ(s.operator_.boots_max, usual.operator_.boots_max);
  EXPECT_TRUE(s.faults.empty());
  EXPECT_EQ(s.expect.verdict, Verdict::survived);
}

TEST(ScenarioFile, commands_are_for_the_first_drive_when_none_is_called_drive) {
  const Scenario s = read(with_head("[[drive]]\nname = \"x\"\n[[drive]]\nname = \"y\"\n[[command]]\n"));
  EXPECT_EQ(s.commands[0].drive, "x");
}

TEST(ScenarioFile, an_only_drive_need_not_be_named) {
  const std::string fault = "[[fault]]\nwhat = \"unplug\"\nwhen = { event = \"file.sync\" }\n";
  EXPECT_EQ(read(with_head(fault)).faults[0].place, "drive");
  const std::string on_drive = "[[fault]]\nwhat = \"unplug\"\nwhen = { event = \"drive.write\" }\n";
  EXPECT_EQ(read(with_head(on_drive)).faults[0].place, "");  // the drive of the event
}

TEST(ScenarioFile, made_names_of_faults_differ) {
  const std::string fault =
      "[[fault]]\nwhat = \"kill\"\nwhen = { event = \"drive.write\", nth = 3, phase = \"data\" }\n";
  const Scenario s = read(with_head(fault + fault + fault));
  EXPECT_EQ(s.faults[0].name, "kill at drive.write 3 in data");
  EXPECT_EQ(s.faults[1].name, "kill at drive.write 3 in data (2)");
  EXPECT_EQ(s.faults[2].name, "kill at drive.write 3 in data (3)");
}

TEST(ScenarioFile, every_action_can_be_written) {
  for (int i = 0; i <= static_cast<int>(kLastFaultAction); i++) {
    const std::string word(action_name(static_cast<FaultAction>(i)));
    const bool of_place = word.starts_with("source-") || word.starts_with("share-");
    std::string text = "[chain]\n[[fault]]\nwhat = \"" + word + "\"\n";
    if (of_place) text += "place = \"/source/x\"\n";
    if (word == "file-rot") text += "place = \"/staging/x\"\n";
    if (word == "clock-jump") text += "by_s = -5\n";
    text += word == "file-error" || word == "sync-lie" || word == "permission-denied"
                ? "when = { event = \"file.sync\" }\n"
                : "when = { nth = 2 }\n";
    const Scenario s = read(with_head(text));
    ASSERT_EQ(s.faults.size(), 1u) << word;
    EXPECT_EQ(static_cast<int>(s.faults[0].action), i);
  }
}

TEST(ScenarioFile, a_fault_counts_the_computers_events_unless_it_names_a_machine) {
  const auto machine = [](const std::string& when) {
    return read(with_head("[[fault]]\nwhat = \"kill\"\nwhen = { " + when + " }\n")).faults.at(0).when.machine;
  };
  EXPECT_EQ(machine("event = \"file.sync\""), "");
  EXPECT_EQ(machine("event = \"http.request\""), "");
  EXPECT_EQ(machine("event = \"http.handled\""), "service");
  EXPECT_EQ(machine("number = 44"), std::nullopt);
  EXPECT_EQ(machine("event = \"file.sync\", machine = \"computer\""), "");
  EXPECT_EQ(machine("event = \"file.sync\", machine = \"service\""), "service");
  EXPECT_EQ(machine("event = \"http.request\", machine = \"datacentre\""), "datacentre");
  EXPECT_EQ(machine("event = \"http.answer\", machine = \"any\""), "*");
  const Scenario s = read(with_head(
      "[[fault]]\nwhat = \"service-power-cut\"\nwhen = { event = \"file.sync\", machine = \"service\", nth = "
      "4 }\n"
      "survivors = \"none\"\n"
      "[[fault]]\nwhat = \"connection-cut\"\nwhen = { event = \"http.answer\", place = \"PUT /vaults/*\" }\n"
      "[[fault]]\nwhat = \"answer-503\"\nwhen = { nth = 2 }\ntimes = 3\n"));
  EXPECT_EQ(s.faults[0].name, "service-power-cut at file.sync 4 on service");
  EXPECT_EQ(s.faults[1].name, "connection-cut at http.answer 1 of PUT /vaults/*");
  EXPECT_EQ(s.faults[2].name, "answer-503 at http.request 2, 3 times");
}

TEST(ScenarioFile, combinations_land_in_their_parts) {
  const Scenario s =
      read(with_head("[chain]\n[[fault]]\nname = \"one\"\nwhat = \"kill\"\n"
                     "when = { any = [ { phase = \"data\", nth = 3 }, { state = \"Shipping\" } ] }\n"
                     "[[fault]]\nwhat = \"write-error\"\nwhen = { all = [ { nth = 2 }, { event = "
                     "\"drive.write\", lba = 0 } ], after = "
                     "\"one\" }\n"));
  ASSERT_EQ(s.faults[0].when.any.size(), 2u);
  EXPECT_EQ(s.faults[0].when.any[0].phase, "data");
  EXPECT_EQ(s.faults[0].when.any[0].nth, 3u);
  EXPECT_EQ(s.faults[0].when.any[0].machine, "");
  EXPECT_EQ(s.faults[0].when.any[1].job_state, "Shipping");
  ASSERT_EQ(s.faults[1].when.all.size(), 2u);
  EXPECT_EQ(s.faults[1].when.all[0].event, EventKind::drive_write) << "the fault's usual event";
  EXPECT_EQ(s.faults[1].when.after, "one");
  EXPECT_EQ(s.faults[1].name,
            "write-error at all of (drive.write 2; drive.write 1 on bytes 0+512) after one");
}

TEST(ScenarioFile, people_packages_and_flaws_land_in_their_fields) {
  const Scenario s = read(with_head(
      "[source]\nunreadable_name = true\n[chain]\ncontainer = \"Other\"\n"
      "[[drive]]\nname = \"a\"\nflaw = \"in use\"\n[[drive]]\nname = \"b\"\nreal_capacity = \"17MiB\"\n"
      "[operator]\nformatting = \"reads\"\noffers = [\"b\"]\n"
      "[[command]]\ndo = \"diskprep\"\nletter = \"x\"\n[[command]]\ndo = \"edit job\"\nwrong = \"manifest "
      "hash\"\n"
      "drives = [\"a\"]\n[[command]]\ndo = \"deliver\"\ntracking = \"17\"\n[[command]]\ndo = \"allow "
      "writes\"\n"));
  EXPECT_TRUE(s.source.unreadable_name);
  EXPECT_EQ(s.chain->container, "Other");
  EXPECT_EQ(s.drives[0].flaw, DriveFlaw::in_use);
  EXPECT_EQ(s.drives[1].real_capacity_bytes, 17 * MiB);
  EXPECT_EQ(s.operator_.formatting, Formatting::reads);
  EXPECT_EQ(s.operator_.offers, std::vector<std::string>{"b"});
  EXPECT_EQ(s.commands[0].letter, "x");
  EXPECT_EQ(s.commands[1].action, CommandAction::edit_job);
  EXPECT_EQ(s.commands[1].edit, JobEdit::manifest_hash);
  EXPECT_EQ(s.commands[2].tracking, "17");
  EXPECT_EQ(s.commands[3].action, CommandAction::allow_writes);
}

TEST(ScenarioFile, every_event_and_sector_kind_can_be_written) {
  for (int i = 0; i <= static_cast<int>(kLastEventKind); i++) {
    const auto kind = static_cast<EventKind>(i);
    const Scenario s = read(with_head("[[fault]]\nwhat = \"kill\"\nwhen = { event = \"" +
                                      std::string(event_name(kind)) + "\" }\n"));
    ASSERT_EQ(s.faults.size(), 1u);
    EXPECT_EQ(s.faults[0].when.event, kind);
  }
  for (const SectorKind kind : {SectorKind::n512, SectorKind::e512, SectorKind::n4k, SectorKind::any})
    EXPECT_EQ(read(with_head("[[drive]]\nsectors = \"" + std::string(sector_kind_name(kind)) + "\"\n"))
                  .drives[0]
                  .sectors,
              kind);
}

TEST(SizeText, units) {
  EXPECT_EQ(parse_size("0B"), 0u);
  EXPECT_EQ(parse_size("7B"), 7u);
  EXPECT_EQ(parse_size("1KiB"), 1024u);
  EXPECT_EQ(parse_size("1KB"), 1000u);
  EXPECT_EQ(parse_size("3MB"), 3'000'000u);
  EXPECT_EQ(parse_size("3GB"), 3'000'000'000u);
  EXPECT_EQ(parse_size("3TB"), 3'000'000'000'000u);
  EXPECT_EQ(parse_size("2TiB"), 2 * TiB);
  EXPECT_EQ(parse_size("8388607TiB"), 8388607 * TiB);
  for (const char* wrong : {"", "1", "B", "KiB", "1 KiB", "1kib", "1K", "-1B", "+1B", "1.5KiB", "1KiB ",
                            "0x1B", "8388608TiB", "99999999999999999999B", "18446744073709551615B"})
    EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
}

RC_GTEST_PROP(SizeTextProperty, what_is_written_is_read, ()) {
  const uint64_t unit = *rc::gen::element<uint64_t>(1, KiB, MiB, GiB, TiB);
  const uint64_t bytes = *rc::gen::inRange<uint64_t>(0, (uint64_t{1} << 62) / unit) * unit;
  const std::string text = size_text(bytes);
  RC_ASSERT(parse_size(text) == bytes);
  RC_ASSERT(text.size() <= std::to_string(bytes).size() + 1);
}

RC_GTEST_PROP(SizeTextProperty, bytes_and_texts_mean_the_same_to_a_scenario, ()) {
  const uint64_t bytes = *rc::gen::inRange<uint64_t>(1, GiB + 1);
  const Scenario number = read(with_head("source.random_bytes_max = " + std::to_string(bytes)));
  const Scenario text = read(with_head("source.random_bytes_max = \"" + size_text(bytes) + "\""));
  RC_ASSERT(number.source.random_bytes_max == bytes && text.source.random_bytes_max == bytes);
}

TEST(NearWords, the_likely_typo) {
  constexpr std::string_view kWords[] = {"capacity", "sectors", "name"};
  EXPECT_EQ(nearest_word("capactiy", kWords), "capacity");
  EXPECT_EQ(nearest_word("sector", kWords), "sectors");
  EXPECT_EQ(nearest_word("nmae", kWords), "name");
  EXPECT_EQ(nearest_word("colour", kWords), std::nullopt);
  EXPECT_EQ(nearest_word("", kWords), std::nullopt);
  EXPECT_EQ(nearest_word(std::string(100'000, 'c'), kWords), std::nullopt);
}

}  // namespace
}  // namespace seedbed
