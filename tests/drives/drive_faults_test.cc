// What befalls a simulated drive: failing and lying flushes, cuts, kills, unplugging, dead handles.
#include "tests/drives/drive_world.h"

namespace seedbed {
namespace {

using DriveFaults = DriveWorld;

Interference flush_fails() {
  return {.error = Error{ErrorCode::io_error, "the flush failed", "", ""}};
}

TEST_F(DriveFaults, what_a_failed_flush_covered_is_read_but_only_rewriting_makes_it_durable) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    const uint64_t epoch = drive.reset_epoch();
    ASSERT_TRUE(write_page(drive, 0, 1));
    ASSERT_TRUE(write_page(drive, 1, 1));
    on(EventKind::drive_flush, EventSide::before, flush_fails);
    EXPECT_EQ(code_of(flush_device(drive, epoch)), ErrorCode::io_error);
    clear_hook();
    EXPECT_TRUE(flush_device(drive, epoch));
    EXPECT_EQ(read_page(drive, 0), 1);
    EXPECT_EQ(durable(state, 0), 0);
    ASSERT_TRUE(write_page(drive, 0, 1));
    EXPECT_TRUE(flush_device(drive, epoch));
    EXPECT_EQ(durable(state, 0), 1);
    EXPECT_EQ(durable(state, 1), 0);
    DriveState kept = state;
    kept.power_cut(kAll);
    EXPECT_EQ(durable(kept, 1), 1);  // a cut may keep or lose an orphan
    state.power_cut(kNone);
    EXPECT_EQ(durable(state, 1), 0);
  });
}

TEST_F(DriveFaults, a_flush_that_fails_at_its_completion_is_a_failed_flush) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    ASSERT_TRUE(write_page(drive, 0, 1));
    on(EventKind::drive_flush_done, EventSide::before, flush_fails);
    EXPECT_EQ(code_of(flush_device(drive, 1)), ErrorCode::io_error);
    clear_hook();
    EXPECT_TRUE(flush_device(drive, 1));
    EXPECT_EQ(durable(state, 0), 0);
  });
}

TEST_F(DriveFaults, an_orphan_that_survives_a_cut_does_not_hide_what_was_settled_after_it) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    submit_page(drive, 0, 1, 2);
    reap_all(drive);
    on(EventKind::drive_flush, EventSide::before, flush_fails);
    EXPECT_FALSE(flush_device(drive, 1));
    clear_hook();
    ASSERT_TRUE(write_page(drive, 0, 2));
    ASSERT_TRUE(flush_device(drive, 1));
    state.power_cut(kAll);
    EXPECT_EQ(durable(state, 0), 2);
    EXPECT_EQ(durable(state, 1), 1);
  });
}

TEST_F(DriveFaults, a_flush_that_lies_settles_nothing_until_one_keeps_its_word) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    ASSERT_TRUE(write_page(drive, 0, 1));
    on(EventKind::drive_flush, EventSide::before, [] { return Interference{.error = {}, .lie = true}; });
    EXPECT_TRUE(flush_device(drive, 1));
    clear_hook();
    EXPECT_EQ(durable(state, 0), 0);
    EXPECT_TRUE(flush_device(drive, 1));
    EXPECT_EQ(durable(state, 0), 1);
  });
}

TEST_F(DriveFaults, a_request_that_meets_an_error_fails_when_it_completes_and_has_no_effect) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    on(EventKind::drive_write, EventSide::before,
       [] { return Interference{.error = Error{ErrorCode::io_error, "no", "", ""}}; });
    submit_page(drive, 0, 1);
    EXPECT_TRUE(state.pending().empty());
    EXPECT_EQ(code_of(reap_all(drive).at(0).outcome), ErrorCode::io_error);
    EXPECT_EQ(visible(state, 0), 0);
    on(EventKind::drive_read, EventSide::before,
       [] { return Interference{.error = Error{ErrorCode::io_error, "no", "", ""}}; });
    EXPECT_FALSE(read_page(drive, 0));
    clear_hook();
    EXPECT_EQ(read_page(drive, 0), 0);
  });
}

TEST_F(DriveFaults, a_cut_decides_what_is_in_flight) {
  for (const bool survives : {false, true}) {
    DriveState state("S1", contract());
    VirtualHost host;
    host.run([&] {
      SimulatedDrive drive(host.runtime(), state);
      submit_page(drive, 3, 9);
      state.power_cut(survives ? kAll : kNone);
      const auto done = reap_all(drive);
      ASSERT_EQ(done.size(), 1u);
      EXPECT_EQ(code_of(done[0].outcome), ErrorCode::device_gone);
      EXPECT_EQ(durable(state, 3), survives ? 9 : 0);
      EXPECT_EQ(read_page(drive, 3), survives ? 9 : 0);
    });
  }
}

TEST_F(DriveFaults, capacitors_save_what_was_completed_and_a_kill_nothing_more) {
  state.contract.power_loss_protected = true;
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    ASSERT_TRUE(write_page(drive, 0, 1));
    submit_page(drive, 1, 1);
    ASSERT_EQ(state.pending().size(), 1u);
    EXPECT_TRUE(state.pending()[0].in_flight);
    state.power_cut(kNone);
    EXPECT_EQ(durable(state, 0), 1);
    EXPECT_EQ(durable(state, 1), 0);
  });
}

TEST_F(DriveFaults, a_kill_decides_what_is_in_flight_and_spares_the_cache) {
  struct Case {
    Survivors survivors;
    size_t kept;
  };
  for (const Case& each : {Case{kNone, 0}, Case{kAll, 4 * kPage}, Case{{}, 3 * 512}}) {
    DriveState state("S1", contract());
    VirtualHost host;
    EventLog log;
    host.run([&] {
      {
        SimulatedDrive drive(host.runtime(), state, &log);
        ASSERT_TRUE(write_page(drive, 9, 9));
        submit_page(drive, 0, 1, 4);
        ASSERT_EQ(state.pending().size(), 2u);
        const PendingEffect flying = state.pending()[1];
        EXPECT_TRUE(flying.in_flight);
        EXPECT_EQ(flying.units, 32u);
        EXPECT_EQ(flying.event, log.count());
        Survivors survivors = each.survivors;
        if (survivors.shape == Survivors::Shape::seeded)
          survivors = {.shape = Survivors::Shape::torn, .event = flying.event, .units = 3};
        state.kill(survivors);
      }
      SimulatedDrive next(host.runtime(), state, &log);
      Bytes bytes(4 * kPage);
      ASSERT_TRUE(read_device(next, 0, bytes));
      for (size_t at = 0; at < bytes.size(); ++at) ASSERT_EQ(bytes[at], at < each.kept ? 1 : 0) << at;
      EXPECT_EQ(read_page(next, 9), 9);
      EXPECT_EQ(next.reset_epoch(), 1u);
      EXPECT_EQ(durable(state, 0), 0);
      EXPECT_TRUE(flush_device(next, 1));  // and no epoch was lost
      EXPECT_EQ(durable(state, 0), each.kept != 0 ? 1 : 0);
      EXPECT_EQ(durable(state, 9), 9);
    });
  }
}

TEST_F(DriveFaults, nothing_happens_when_the_machine_dies_at_a_submission) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    on(EventKind::drive_write, EventSide::before, []() -> Interference { throw Killed{}; });
    EXPECT_THROW(submit_page(drive, 0, 1), Killed);
    EXPECT_EQ(state.cache.submitted(), 0u);
    EXPECT_TRUE(reap_all(drive).empty());
  });
}

TEST_F(DriveFaults, what_completes_when_the_machine_dies_is_still_in_flight) {
  for (const bool survives : {false, true}) {
    DriveState state("S1", contract());
    VirtualHost host;
    EventLog log;
    log.set_hook([&](const Event& event, EventSide) -> Interference {
      if (event.kind != EventKind::drive_write_done) return {};
      EXPECT_EQ(event.detail, 1u);
      EXPECT_EQ(state.pending().size(), 1u);
      EXPECT_TRUE(state.pending().at(0).in_flight);
      state.kill(survives ? kAll : kNone);
      host.runtime().kill();
      throw Killed{};
    });
    host.run([&] {
      SimulatedDrive drive(host.runtime(), state, &log);
      submit_page(drive, 0, 5);
      reap_all(drive);
      ADD_FAILURE() << "a dead machine's reap returned";
    });
    EXPECT_EQ(visible(state, 0), survives ? 5 : 0);
    EXPECT_EQ(durable(state, 0), 0);
  }
}

TEST_F(DriveFaults, a_handle_that_goes_takes_with_it_what_is_in_flight) {
  run([&] {
    {
      SimulatedDrive drive(host.runtime(), state, &log);
      ASSERT_TRUE(write_page(drive, 0, 1));
      submit_page(drive, 1, 1);
    }
    ASSERT_EQ(state.pending().size(), 1u);
    EXPECT_FALSE(state.pending()[0].in_flight);
    EXPECT_EQ(visible(state, 1), 0);
  });
}

TEST_F(DriveFaults, the_handle_of_a_dead_machine_touches_neither_drive_nor_log) {
  run([&] {
    auto dead = std::make_unique<SimulatedDrive>(host.runtime(), state, &log);
    submit_page(*dead, 0, 1);
    buffers.emplace_back(kPage);
    ASSERT_TRUE(dead->submit({.kind = IoKind::read, .length_bytes = kPage, .data = buffers.back().data()}));
    std::ranges::fill(buffers.back().span(), uint8_t{77});
    state.kill(kNone);
    SimulatedDrive next(host.runtime(), state, &log);
    submit_page(next, 2, 2);
    const uint64_t events = log.count(), hash = state.hash();
    EXPECT_EQ(code_of(dead->submit({.kind = IoKind::flush})), ErrorCode::device_gone);
    for (const IoCompletion& completion : reap_all(*dead))
      EXPECT_EQ(code_of(completion.outcome), ErrorCode::device_gone);
    dead.reset();
    EXPECT_EQ(log.count(), events);
    EXPECT_EQ(state.hash(), hash);
    EXPECT_TRUE(reap_all(next).at(0).outcome);
    EXPECT_EQ(visible(state, 0), 0);
    EXPECT_EQ(visible(state, 2), 2);
  });
  EXPECT_EQ(buffers[1].data()[0], 77);
}

TEST_F(DriveFaults, an_unplugged_drive_answers_nothing_and_comes_back_as_after_a_cut) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    const uint64_t epoch = drive.reset_epoch();
    ASSERT_TRUE(write_page(drive, 0, 1));
    ASSERT_TRUE(flush_device(drive, epoch));
    ASSERT_TRUE(write_page(drive, 0, 2));
    submit_page(drive, 1, 2);
    state.unplug(kNone);
    EXPECT_FALSE(state.plugged);
    const auto done = reap_all(drive);
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(code_of(done[0].outcome), ErrorCode::device_gone);
    EXPECT_FALSE(done[0].outcome.error().remedy.empty());
    EXPECT_EQ(code_of(write_page(drive, 0, 3)), ErrorCode::device_gone);
    EXPECT_FALSE(read_page(drive, 0));
    EXPECT_FALSE(flush_device(drive, epoch));
    state.replug();
    EXPECT_GT(drive.reset_epoch(), epoch);
    EXPECT_EQ(read_page(drive, 0), 1);
    ASSERT_TRUE(write_page(drive, 0, 4));
    EXPECT_EQ(code_of(flush_device(drive, drive.reset_epoch())), ErrorCode::device_gone);
    ASSERT_TRUE(write_page(drive, 0, 5));
    EXPECT_TRUE(flush_device(drive, drive.reset_epoch()));
    EXPECT_EQ(durable(state, 0), 5);
  });
}

TEST_F(DriveFaults, the_log_tells_each_request_and_its_answer) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state, &log);
    submit_page(drive, 1, 1);
    ASSERT_TRUE(drive.submit({.kind = IoKind::flush}));
    reap_all(drive);
    ASSERT_TRUE(drive.submit({.kind = IoKind::discard, .offset_bytes = kPage, .length_bytes = kPage}));
    reap_all(drive);
    EXPECT_FALSE(drive.submit({.kind = IoKind::flush, .offset_bytes = 1}));  // breaks a rule: no event
  });
  std::vector<EventKind> kinds;
  for (const Event& event : log.events()) kinds.push_back(event.kind);
  EXPECT_EQ(kinds, (std::vector<EventKind>{EventKind::drive_write, EventKind::drive_flush,
                                           EventKind::drive_write_done, EventKind::drive_flush_done,
                                           EventKind::drive_discard, EventKind::drive_discard_done}));
  const Event& write = log.events()[0];
  EXPECT_EQ(write.place, "S1");
  EXPECT_EQ(write.offset_bytes, kPage);
  EXPECT_EQ(write.length_bytes, kPage);
  EXPECT_EQ(write.detail, detail_of(as_text(Bytes(kPage, 1))));
  EXPECT_EQ(log.events()[2].detail, 1u);
  EXPECT_EQ(log.events()[3].detail, 2u);
}

}  // namespace
}  // namespace seedbed
