// Every fault does to a world what docs/formats/scenario.md says, once, and is told: one tiny boot per fault.
#include "scenarios/world_faults.h"

#include "tests/scenarios/tiny_world.h"

namespace seedbed {
namespace {

using test::boot_once;
using test::fault;
using test::nth;
using test::nth_in;
using test::text_of;
using test::tiny;
using test::with_fault;
using test::world_of;
using Kind = EventKind;
using Act = FaultAction;

// What a boot was like.
struct Seen {
  World world;  // afterwards
  BootEnd end;
  std::vector<Event> events;
  World at_fault;  // at the end of the event that the fault befell
};

struct Case {
  const char* name;
  PlannedFault planned;
  std::function<void(const Seen&)> check;
};

void expect_error(const Seen& seen, ErrorCode code) {
  ASSERT_NE(seen.end.error(), nullptr) << text_of(seen.end);
  EXPECT_EQ(error_code_name(seen.end.error()->code), std::string(error_code_name(code))) << text_of(seen.end);
}
void expect_done(const Seen& seen) {
  EXPECT_TRUE(seen.end.done()) << text_of(seen.end);
}
const DriveState& drive(const Seen& seen) {
  return seen.world.drives[0];
}
uint64_t failed_events(const Seen& seen, Kind kind) {
  uint64_t failed = 0;
  for (const Event& event : seen.events) failed += event.kind == kind && event.failed ? 1 : 0;
  return failed;
}
FaultTrigger of_journal(Kind kind) {
  FaultTrigger when = nth(2, kind, "data");
  when.place = kind == Kind::directory_sync ? "/desk" : "*.jrn";
  return when;
}
PlannedFault sparing_nothing(PlannedFault planned) {
  planned.survivors = {.shape = Survivors::Shape::none};
  return planned;
}
PlannedFault jumping(PlannedFault planned, int64_t by_s) {
  planned.by_s = by_s;
  return planned;
}
Bytes content(const World& world, const std::string& path) {
  return world.file(path).value_or(Bytes{});
}

// The only damage is what the write that the fault befell was about.
void expect_damage_of_a_write(const Seen& seen) {
  const auto befallen = std::ranges::find(seen.events, Kind::fault, &Event::kind);
  ASSERT_NE(befallen, seen.events.end());
  const Event& write = seen.events.at(befallen->detail - 1);
  ASSERT_EQ(write.kind, Kind::drive_write);
  EXPECT_EQ(drive(seen).damaged(), (std::vector<Extent>{{write.offset_bytes, write.length_bytes}}));
}

std::vector<Case> cases() {
  return {
      {"kill", sparing_nothing(fault(Act::kill, nth(3, Kind::drive_write, "data"))),
       [](const Seen& seen) {
         ASSERT_TRUE(seen.end.death);
         EXPECT_FALSE(seen.end.death->power);
         EXPECT_GT(seen.world.drives[0].cache.unsettled(), 0u) << "the drive's cache lives on";
         for (const PendingEffect& effect : drive(seen).pending()) EXPECT_FALSE(effect.in_flight);
       }},
      {"host_power_cut", sparing_nothing(fault(Act::host_power_cut, nth(3, Kind::drive_write, "data"))),
       [](const Seen& seen) {
         ASSERT_TRUE(seen.end.death);
         EXPECT_TRUE(seen.end.death->power);
         EXPECT_TRUE(drive(seen).pending().empty());
         EXPECT_TRUE(seen.world.files.pending().empty());
       }},
      {"drive_power_cut", sparing_nothing(fault(Act::drive_power_cut, nth(3, Kind::drive_write, "data"))),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::device_gone);
         EXPECT_FALSE(seen.end.death);
         EXPECT_TRUE(drive(seen).plugged);
         EXPECT_EQ(drive(seen).reset_epoch, 2u);
       }},
      {"unplug", fault(Act::unplug, nth(3, Kind::drive_write, "data")),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::device_gone);
         EXPECT_FALSE(drive(seen).plugged);
         World later = seen.world;
         const BootEnd again = boot_once(later);
         ASSERT_NE(again.error(), nullptr);
         EXPECT_EQ(again.error()->code, ErrorCode::not_found);
         later.faults = FaultPlan({fault(Act::replug, nth(1, Kind::boot), "drive")});
         const BootEnd back = boot_once(later);
         EXPECT_TRUE(back.done()) << "replugged: " << text_of(back);
       }},
      {"swap_drive", fault(Act::swap_drive, nth(3, Kind::drive_write, "data"), "drive"),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::device_gone);
         EXPECT_FALSE(drive(seen).plugged);
         const DriveState& other = seen.world.drive_in("drive");
         EXPECT_NE(other.identity.serial, drive(seen).identity.serial);
         EXPECT_EQ(other.contract.capacity_bytes, drive(seen).contract.capacity_bytes);
         EXPECT_EQ(other.cache.submitted(), 0u);
       }},
      {"write_error", fault(Act::write_error, nth(3, Kind::drive_write, "data")),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::io_error);
         EXPECT_EQ(failed_events(seen, Kind::drive_write_done), 1u);
       }},
      {"read_error", fault(Act::read_error, nth(2, Kind::drive_read, "proof")),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::io_error);
         EXPECT_EQ(failed_events(seen, Kind::drive_read_done), 1u);
       }},
      {"flush_error", fault(Act::flush_error, nth(1, Kind::drive_flush, "data")),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::io_error);
         EXPECT_EQ(failed_events(seen, Kind::drive_flush_done), 1u);
         EXPECT_GT(drive(seen).cache.unsettled(), 0u) << "what it covered is no later flush's";
       }},
      {"flush_lie", fault(Act::flush_lie, nth(1, Kind::drive_flush, "data")),
       [](const Seen& seen) {
         expect_done(seen);
         EXPECT_EQ(failed_events(seen, Kind::drive_flush_done), 0u);
         EXPECT_GT(seen.at_fault.drives[0].cache.unsettled(), 0u);
       }},
      {"sync_lie_of_a_file", fault(Act::sync_lie, of_journal(Kind::file_sync)),
       [](const Seen& seen) {
         expect_done(seen);
         EXPECT_EQ(failed_events(seen, Kind::file_sync), 0u);
         World cut = seen.at_fault;
         cut.files.power_cut();
         EXPECT_LT(content(cut, "/desk/drive.jrn").size(), content(seen.at_fault, "/desk/drive.jrn").size());
       }},
      {"sync_lie_of_a_directory", fault(Act::sync_lie, nth(1, Kind::directory_sync)),
       [](const Seen& seen) {
         expect_done(seen);
         EXPECT_TRUE(seen.at_fault.files.stat("/desk/drive.jrn"));
         World cut = seen.at_fault;
         cut.files.power_cut();
         EXPECT_FALSE(cut.files.stat("/desk/drive.jrn"));
       }},
      {"bit_rot", fault(Act::bit_rot, nth(2, Kind::drive_write, "data")),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::corrupt);
         expect_damage_of_a_write(seen);
       }},
      {"bad_sectors", fault(Act::bad_sectors, nth(2, Kind::drive_write, "data")),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::io_error);
         expect_damage_of_a_write(seen);
       }},
      {"disk_full", fault(Act::disk_full, nth(1, Kind::file_write, "data")),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::out_of_space);
         World later = seen.world;
         const BootEnd still = boot_once(later);
         ASSERT_NE(still.error(), nullptr) << "no later write finds space";
         EXPECT_EQ(still.error()->code, ErrorCode::out_of_space);
         heal(later);
         EXPECT_TRUE(boot_once(later).done());
       }},
      {"file_error", fault(Act::file_error, of_journal(Kind::file_sync)),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::io_error);
         EXPECT_EQ(failed_events(seen, Kind::file_sync), 1u);
       }},
      {"share_gone", fault(Act::share_gone, nth(1, Kind::file_read, "data"), "/source"),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::device_gone);
         EXPECT_FALSE(seen.world.files.list("/source"));
         World later = seen.world;
         later.faults = FaultPlan({fault(Act::share_back, nth(1, Kind::boot), "/source")});
         const BootEnd back = boot_once(later);
         EXPECT_TRUE(back.done()) << "it is back: " << text_of(back);
       }},
      {"source_changed", fault(Act::source_changed, nth(1, Kind::boot), "/source/a.bin"),
       [](const Seen& seen) {
         expect_done(seen);
         const Bytes was = seen.world.changed_sources.at("/source/a.bin").content;
         EXPECT_EQ(was.size(), 200'000u);
         EXPECT_EQ(content(seen.world, "/source/a.bin").size(), was.size());
         EXPECT_NE(content(seen.world, "/source/a.bin"), was);
         EXPECT_NE(seen.world.files.stat("/source/a.bin")->modified_ns,
                   seen.world.changed_sources.at("/source/a.bin").modified_ns);
       }},
      {"source_grown", fault(Act::source_grown, nth(1, Kind::boot), "/source/a.bin"),
       [](const Seen& seen) {
         expect_done(seen);
         Bytes now = content(seen.world, "/source/a.bin");
         EXPECT_EQ(now.size(), 201'000u);
         now.resize(200'000);
         EXPECT_EQ(now, seen.world.changed_sources.at("/source/a.bin").content);
       }},
      {"source_vanished", fault(Act::source_vanished, nth(1, Kind::boot), "/source/a.bin"),
       [](const Seen& seen) {
         expect_done(seen);
         EXPECT_FALSE(seen.world.files.stat("/source/a.bin"));
         EXPECT_EQ(seen.world.changed_sources.count("/source/a.bin"), 1u);
       }},
      {"stale_block", fault(Act::stale_block, nth(2, Kind::drive_write, "data")),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::corrupt);
         expect_damage_of_a_write(seen);
         const Extent place = drive(seen).damaged().front();
         Bytes given(place.length_bytes), pristine(place.length_bytes);
         ASSERT_TRUE(drive(seen).read(place.offset_bytes, given));
         drive(seen).cache.read(place.offset_bytes, pristine);
         EXPECT_NE(given, pristine) << "reads give what was there before";
       }},
      {"misdirected_write", fault(Act::misdirected_write, nth(2, Kind::drive_write, "data")),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::corrupt);
         const auto befallen = std::ranges::find(seen.events, Kind::fault, &Event::kind);
         const Event& write = seen.events.at(befallen->detail - 1);
         Bytes written(write.length_bytes), found(write.length_bytes);
         drive(seen).cache.read(write.offset_bytes, written);
         bool astray = false;
         for (const DriveDamage::Mark& mark : drive(seen).damage.marks())
           astray = astray || (mark.extent.offset_bytes != write.offset_bytes && *mark.content == written);
         EXPECT_TRUE(astray) << "its bytes lie elsewhere";
         ASSERT_TRUE(drive(seen).read(write.offset_bytes, found));
         EXPECT_NE(found, written);
       }},
      {"drive_stalls", fault(Act::drive_stalls, nth(2, Kind::drive_write, "data")),
       [](const Seen& seen) {
         expect_done(seen);
         EXPECT_GT(seen.events.back().time_ns, 30'000'000'000u);
       }},
      {"slow_drive", fault(Act::slow_drive, nth(1, Kind::drive_write, "data"), "drive"),
       [](const Seen& seen) {
         expect_done(seen);
         EXPECT_GT(drive(seen).slowness, 1u);
         World later = seen.world;
         heal(later);
         EXPECT_EQ(later.drives[0].slowness, 1u);
       }},
      {"link_reset", sparing_nothing(fault(Act::link_reset, nth(3, Kind::drive_write, "data"), "drive")),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::io_error);
         EXPECT_EQ(drive(seen).reset_epoch, 1u) << "its power never went";
         EXPECT_GT(failed_events(seen, Kind::drive_write_done), 1u) << "what was in flight failed, too";
         World later = seen.world;
         EXPECT_TRUE(boot_once(later).done());
       }},
      {"replug_elsewhere",
       sparing_nothing(fault(Act::replug_elsewhere, nth(3, Kind::drive_write, "data"), "drive")),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::device_gone);
         EXPECT_FALSE(seen.world.slots.contains("drive"));
         EXPECT_EQ(seen.world.slot_of("drive"), "drive-2");
         EXPECT_EQ(&seen.world.drive_in("drive"), &seen.world.drives[0]);
         World later = seen.world;
         EXPECT_TRUE(boot_once(later).done()) << "the operator types where it stands";
         heal(later);
         EXPECT_EQ(later.slot_of("drive"), "drive");
       }},
      {"clock_jump", jumping(fault(Act::clock_jump, nth(3, Kind::drive_write, "data")), -86'400),
       [](const Seen& seen) {
         expect_done(seen);
         const auto journal = seen.world.files.stat("/desk/drive.jrn");
         ASSERT_TRUE(journal);
         EXPECT_LT(journal->modified_ns, kFirstDay_ns) << "what is written later bears yesterday's time";
       }},
      {"file_rot", fault(Act::file_rot, nth(3, Kind::drive_write, "data"), "/elsewhere/precious.bin"),
       [](const Seen& seen) {
         expect_done(seen);
         const World fresh = world_of(tiny());
         const Bytes was = content(fresh, "/elsewhere/precious.bin"),
                     is = content(seen.world, "/elsewhere/precious.bin");
         ASSERT_EQ(is.size(), was.size());
         size_t differ = 0;
         for (size_t i = 0; i < is.size(); i++) differ += is[i] != was[i] ? 1 : 0;
         EXPECT_EQ(differ, 1u);
         EXPECT_EQ(seen.world.files.stat("/elsewhere/precious.bin")->modified_ns,
                   fresh.files.stat("/elsewhere/precious.bin")->modified_ns);
       }},
      {"permission_denied", fault(Act::permission_denied, of_journal(Kind::file_sync)),
       [](const Seen& seen) {
         expect_error(seen, ErrorCode::permission_denied);
         EXPECT_EQ(failed_events(seen, Kind::file_sync), 1u);
       }},
  };
}

class WorldFault : public testing::TestWithParam<Case> {};

TEST_P(WorldFault, does_what_it_says_once_and_is_told) {
  const Case& one = GetParam();
  World world = world_of(with_fault(tiny(), one.planned));
  EventLog log(true);
  std::optional<World> at_fault;
  bool next_end = false;
  BootEnd end =
      boot(world, world.words_of({}), log, [&](const World& now, const Event& event, EventSide side) {
        if (event.kind == Kind::fault)
          next_end = true;
        else if (next_end && !at_fault && side == EventSide::after && event.kind != Kind::drive_flush)
          at_fault = now;
      });
  const FaultPlan::Standing& standing = world.faults.standings().front();
  EXPECT_EQ(standing.fired, 1u) << "never reached: " << standing.fault.name;
  std::vector<std::string> told;
  for (const Event& event : log.events())
    if (event.kind == Kind::fault) told.push_back(event.place);
  EXPECT_EQ(told, (std::vector<std::string>{one.planned.name}));
  const World after = at_fault.value_or(world);
  one.check({std::move(world), std::move(end), log.events(), after});
}

INSTANTIATE_TEST_SUITE_P(Each, WorldFault, testing::ValuesIn(cases()),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(WorldFaults, every_action_is_in_the_table) {
  std::set<Act> tested = {Act::replug, Act::share_back};  // within unplug and share_gone
  for (const Case& one : cases()) tested.insert(one.planned.action);
  // Those of the network and its machines need some: below.
  for (int i = 0; i <= static_cast<int>(Act::permission_denied); i++) {
    const auto act = static_cast<Act>(i);
    const bool elsewhere =
        (act > Act::source_vanished && act <= Act::damaged_in_shipment) || act == Act::cloned_drive;
    EXPECT_NE(tested.contains(act), elsewhere) << action_name(act);
  }
}

TEST(WorldFaults, what_befalls_the_network_and_its_machines_is_answered_or_passed_on) {
  for (int i = static_cast<int>(Act::source_vanished) + 1; i <= static_cast<int>(Act::datacentre_kill); i++) {
    const auto act = static_cast<Act>(i);
    PlannedFault planned = fault(act, nth(1, Kind::http_request));
    planned.survivors.shape = Survivors::Shape::all;
    World world = world_of(with_fault(tiny(), planned));
    EventLog log;
    WorldFaults faults(world, log);
    std::optional<Act> passed;
    Survivors survivors;
    faults.set_elsewhere([&](Act action, const Survivors& left, const Event& event) {
      passed = action;
      survivors = left;
      EXPECT_EQ(event.kind, Kind::http_request);
    });
    const Interference what =
        faults.at({.number = 5, .kind = Kind::http_request, .place = "PUT /x"}, EventSide::before);
    EXPECT_EQ(world.faults.standings().front().fired, 1u) << i;
    EXPECT_EQ(what.trouble, http_trouble(act)) << i;
    EXPECT_EQ(passed.has_value(), what.trouble == HttpTrouble::none) << i;
    if (passed) {
      EXPECT_EQ(*passed, act);
      EXPECT_EQ(survivors.shape, Survivors::Shape::all);
    }
    EXPECT_FALSE(what.error || faults.death());
  }
}

TEST(WorldFaults, damage_in_shipment_hits_the_data_that_was_written_first) {
  PlannedFault planned = fault(Act::damaged_in_shipment, nth(1, Kind::http_request));
  planned.place = "drive";
  World world = world_of(with_fault(tiny(), planned));
  ASSERT_TRUE(boot_once(world).done());
  ASSERT_TRUE(world.drive_in("drive").damaged().empty());
  ASSERT_EQ(world.first_data.size(), 1u);
  EventLog log;
  WorldFaults faults(world, log);
  faults.at({.number = 5, .kind = Kind::http_request, .place = "POST /_dock/deliver"}, EventSide::before);
  const Extent first = world.first_data.begin()->second;
  const auto damaged = world.drive_in("drive").damaged();
  ASSERT_EQ(damaged.size(), 1u);
  EXPECT_GE(damaged.front().offset_bytes, first.offset_bytes);
  EXPECT_LT(damaged.front().offset_bytes, first.end_bytes());
}

// What befalls packages and services: of chains, whose examples in docs/faults.md are run as well.
TEST(WorldFaults, what_befalls_the_chain_finds_none_in_other_worlds_and_has_not_fired) {
  for (const Act act : {Act::token_expired, Act::account_refuses, Act::lost_in_shipment,
                        Act::manifest_damaged, Act::volume_damaged}) {
    World world = world_of(with_fault(tiny(), fault(act, nth(1, Kind::boot), "drive")));
    boot_once(world);
    EXPECT_EQ(world.faults.standings().front().fired, 0u) << action_name(act);
  }
  World world = world_of(with_fault(tiny(), fault(Act::file_rot, nth(1, Kind::boot), "/desk/nothing")));
  boot_once(world);
  EXPECT_EQ(world.faults.standings().front().fired, 0u);
}

TEST(WorldFaults, a_drive_smaller_than_it_says_forgets_what_lies_beyond) {
  Scenario scenario = tiny();
  scenario.drives[0].real_capacity_bytes = 8 * MiB;
  World world = world_of(scenario);
  EXPECT_NE(boot_once(world).error(), nullptr);
  const Medium& medium = world.drives[0].cache.visible();
  Bytes beyond(8 * MiB), within(8 * MiB);
  medium.read(8 * MiB, beyond);
  medium.read(0, within);
  EXPECT_TRUE(all_zero(beyond));
  EXPECT_FALSE(all_zero(within));
}

TEST(WorldFaults, a_fault_that_says_always_fires_until_the_world_is_healed) {
  PlannedFault planned = fault(Act::write_error, nth(1, Kind::drive_write, "data"));
  planned.times = 0;
  World world = world_of(with_fault(tiny(), planned));
  for (int i = 0; i < 3; i++) EXPECT_NE(boot_once(world).error(), nullptr);
  EXPECT_GE(world.faults.standings().front().fired, 3u);
  heal(world);
  EXPECT_TRUE(boot_once(world).done());
}

TEST(WorldFaults, the_power_cut_wins_where_a_kill_is_due_too) {
  Scenario scenario = with_fault(tiny(), fault(Act::kill, nth(3, Kind::drive_write, "data")));
  World world = world_of(with_fault(scenario, fault(Act::host_power_cut, nth(3, Kind::drive_write, "data"))));
  const BootEnd end = boot_once(world);
  ASSERT_TRUE(end.death);
  EXPECT_TRUE(end.death->power);
}

TEST(WorldFaults, a_fault_that_never_fits_is_told_and_the_run_is_not_measured) {
  const Scenario scenario = with_fault(tiny(), fault(Act::kill, nth(100'000, Kind::drive_write)));
  const ScenarioRecord record = test::record_of(scenario);
  EXPECT_EQ(verdict_name(record.verdict), "not-measured");
  EXPECT_FALSE(record.as_expected);
  EXPECT_EQ(record.why, "never reached: " + scenario.faults[0].name);
  EXPECT_EQ(record.faults.at(0).fired, 0u);
  ScenarioRunOptions sweeping;
  sweeping.every_fault_must_fire = false;
  EXPECT_TRUE(run_scenario(test::shared(scenario), 1, sweeping)->record.as_expected);
}

TEST(WorldFaults, a_fault_that_fired_is_told_with_its_event) {
  const ScenarioRecord record =
      test::record_of(with_fault(tiny(), fault(Act::kill, nth(3, Kind::drive_write, "data"))));
  EXPECT_TRUE(record.as_expected) << record.why;
  EXPECT_EQ(record.boots, 2u);
  EXPECT_EQ(record.faults.at(0).fired, 1u);
  EXPECT_NE(record.faults.at(0).at.find("drive.write"), std::string::npos) << record.faults.at(0).at;
}

}  // namespace
}  // namespace seedbed
