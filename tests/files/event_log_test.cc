// Event logs: numbers in order, a hash that every field of every event is in, and a hook asked on both sides.
#include "simulator/event_log.h"

#include <gtest/gtest.h>

#include <set>

namespace seedbed {
namespace {

Event some_event() {
  Event event;
  event.kind = EventKind::drive_write;
  event.place = "SIM1";
  event.offset_bytes = 4096;
  event.length_bytes = 512;
  event.detail = 7;
  return event;
}

uint64_t hash_after(Event event, bool failed = false, uint64_t time_ns = 5) {
  EventLog log(false);
  log.set_clock([&] { return time_ns; });
  (void)log.begin(event);
  log.end(event, failed);
  return log.hash();
}

TEST(EventLog, every_field_is_in_the_hash) {
  std::set<uint64_t> hashes = {EventLog(false).hash(), hash_after(some_event()),
                               hash_after(some_event(), true), hash_after(some_event(), false, 6)};
  Event event = some_event();
  event.kind = EventKind::drive_discard;
  hashes.insert(hash_after(event));
  event = some_event();
  event.place = "SIM2";
  hashes.insert(hash_after(event));
  event = some_event();
  event.offset_bytes++;
  hashes.insert(hash_after(event));
  event = some_event();
  event.length_bytes++;
  hashes.insert(hash_after(event));
  event = some_event();
  event.detail++;
  hashes.insert(hash_after(event));
  event = some_event();
  event.machine = "service";
  hashes.insert(hash_after(event));
  EXPECT_EQ(hashes.size(), 10u);
  EXPECT_TRUE(hashes.contains(hash_after(some_event()))) << "and nothing else is";
}

TEST(EventLog, the_order_of_two_events_is_in_the_hash) {
  const auto hash_of = [](std::string_view first, std::string_view second) {
    EventLog log(false);
    log.note(EventKind::said, first);
    log.note(EventKind::said, second);
    return log.hash();
  };
  EXPECT_NE(hash_of("a", "b"), hash_of("b", "a"));
  EXPECT_NE(hash_of("ab", ""), hash_of("a", "b"));
  EXPECT_EQ(hash_of("a", "b"), hash_of("a", "b"));
}

TEST(EventLog, a_log_that_keeps_nothing_has_the_same_hash_and_count) {
  EventLog keeps(true), forgets(false);
  for (EventLog* log : {&keeps, &forgets})
    for (const char* text : {"one", "two", "three"}) log->note(EventKind::said, text, 3);
  EXPECT_EQ(keeps.hash(), forgets.hash());
  EXPECT_EQ(keeps.count(), 3u);
  EXPECT_EQ(forgets.count(), 3u);
  EXPECT_EQ(keeps.events().size(), 3u);
  EXPECT_TRUE(forgets.events().empty());
}

TEST(EventLog, numbers_go_on_where_an_earlier_log_ended_and_failures_are_marked_where_they_happened) {
  EventLog log(true, 100);
  Event first = some_event(), second = some_event();
  (void)log.begin(first);
  (void)log.begin(second);
  log.end(second, false);
  log.end(first, true);
  EXPECT_EQ(first.number, 101u);
  EXPECT_EQ(second.number, 102u);
  ASSERT_EQ(log.events().size(), 2u);
  EXPECT_TRUE(log.events()[0].failed);
  EXPECT_FALSE(log.events()[1].failed);
  EXPECT_EQ(log.count(), 102u);
}

TEST(EventLog, the_hook_is_asked_on_both_sides_and_its_word_on_the_first_counts) {
  EventLog log(false);
  std::vector<std::pair<uint64_t, EventSide>> asked;
  log.set_hook([&](const Event& event, EventSide side) {
    asked.emplace_back(event.number, side);
    Interference what;
    what.lie = side == EventSide::before;
    return what;
  });
  Event event = some_event();
  EXPECT_TRUE(log.begin(event).lie);
  log.end(event, false);
  log.note(EventKind::said, "x");
  using Side = EventSide;
  EXPECT_EQ(asked, (std::vector<std::pair<uint64_t, Side>>{
                       {1, Side::before}, {1, Side::after}, {2, Side::before}, {2, Side::after}}));
}

TEST(EventLog, every_kind_has_a_name_of_its_own_and_back) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(kLastEventKind); i++) {
    const auto kind = static_cast<EventKind>(i);
    EXPECT_EQ(event_named(event_name(kind)), kind);
    names.insert(event_name(kind));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kLastEventKind) + 1);
  EXPECT_EQ(event_named("drive"), std::nullopt);
  EXPECT_EQ(event_named(""), std::nullopt);
}

TEST(EventLog, only_what_a_crash_can_tell_apart_changes_state) {
  for (const EventKind kind : {EventKind::drive_write, EventKind::drive_flush, EventKind::drive_write_done,
                               EventKind::file_write, EventKind::file_sync, EventKind::rename,
                               EventKind::directory_sync, EventKind::file_open, EventKind::make_symlink,
                               EventKind::make_hard_link, EventKind::set_attributes, EventKind::http_request})
    EXPECT_TRUE(changes_state(kind)) << event_name(kind);
  for (const EventKind kind :
       {EventKind::boot, EventKind::halt, EventKind::drive_read, EventKind::drive_read_done,
        EventKind::file_read, EventKind::file_look, EventKind::said, EventKind::fault,
        EventKind::http_handled, EventKind::http_answer})
    EXPECT_FALSE(changes_state(kind)) << event_name(kind);
}

TEST(EventLog, a_line_tells_number_time_place_range_and_end) {
  Event event = some_event();
  event.number = 31;
  event.time_ns = 2'000'000'003;
  event.failed = true;
  const std::string text = event_text(event);
  for (const char* part :
       {"31", "2.000000003", "drive.write", "SIM1", "@ 4096 + 512", "[0000000000000007]", " failed"})
    EXPECT_NE(text.find(part), std::string::npos) << text;
  event.kind = EventKind::drive_write_done;
  EXPECT_NE(event_text(event).find("#7"), std::string::npos) << event_text(event);
}

TEST(EventLog, the_computers_events_have_the_hash_they_had_before_there_were_machines) {
  EXPECT_EQ(hash_after(some_event()), 5378734295896949181u);
}

TEST(EventLog, a_line_names_another_machine) {
  Event event = some_event();
  EXPECT_EQ(event_text(event).find(": "), std::string::npos);
  event.machine = "service";
  EXPECT_NE(event_text(event).find("drive.write        service: SIM1 @"), std::string::npos)
      << event_text(event);
}

TEST(EventLog, a_digest_sees_every_byte_and_the_length) {
  const std::string text(37, 'x');
  std::set<uint64_t> digests = {detail_of(text), detail_of(text + std::string(1, '\0')), detail_of("")};
  for (size_t i = 0; i < text.size(); i++) {
    std::string other = text;
    other[i] = 'y';
    digests.insert(detail_of(other));
  }
  EXPECT_EQ(digests.size(), text.size() + 3);
}

}  // namespace
}  // namespace seedbed
