// Fault plans: a fault is due exactly where each of its conditions holds, as often as it says.
#include "simulator/fault_plan.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <set>

namespace seedbed {
namespace {

struct Moment {
  Event event;
  EventSide side = EventSide::before;
  std::string phase = "data";
  uint64_t boot = 2;
};

Moment moment() {
  Moment now;
  now.event.kind = EventKind::drive_write;
  now.event.number = 40;
  now.event.time_ns = 1000;
  now.event.place = "SIM1";
  now.event.machine = "service";
  now.event.offset_bytes = 8192;
  now.event.length_bytes = 4096;
  return now;
}

PlannedFault planned(FaultTrigger when, uint64_t times = 1) {
  PlannedFault fault;
  fault.name = "it";
  fault.when = std::move(when);
  fault.times = times;
  return fault;
}

bool due(FaultPlan& plan, const Moment& now) {
  return !plan.due(now.event, now.side, now.phase, now.boot).empty();
}
bool is_due(const FaultTrigger& when, const Moment& now) {
  FaultPlan plan({planned(when)});
  return due(plan, now);
}

TEST(FaultPlan, without_conditions_the_first_event_will_do) {
  EXPECT_TRUE(is_due({}, moment()));
}

TEST(FaultPlan, each_condition_holds_a_fault_back) {
  struct Case {
    const char* what;
    std::function<void(FaultTrigger&)> fits, does_not;
  };
  const Case cases[] = {
      {"event", [](auto& w) { w.event = EventKind::drive_write; },
       [](auto& w) { w.event = EventKind::drive_read; }},
      {"place", [](auto& w) { w.place = "SIM*"; }, [](auto& w) { w.place = "SIM2"; }},
      {"machine", [](auto& w) { w.machine = "ser*"; }, [](auto& w) { w.machine = "datacentre"; }},
      {"some machine", [](auto& w) { w.machine = "*"; }, [](auto& w) { w.machine = ""; }},
      {"phase", [](auto& w) { w.phase = "data"; }, [](auto& w) { w.phase = "build"; }},
      {"boot", [](auto& w) { w.boot = 2; }, [](auto& w) { w.boot = 1; }},
      {"side", [](auto& w) { w.side = EventSide::before; }, [](auto& w) { w.side = EventSide::after; }},
      {"time", [](auto& w) { w.time_ns = 1000; }, [](auto& w) { w.time_ns = 1001; }},
      {"number", [](auto& w) { w.event_number = 40; }, [](auto& w) { w.event_number = 41; }},
      {"nth", [](auto& w) { w.nth = 1; }, [](auto& w) { w.nth = 2; }},
      {"its first byte", [](auto& w) { w.extent = Extent{0, 8193}; },
       [](auto& w) { w.extent = Extent{0, 8192}; }},
      {"its last byte", [](auto& w) { w.extent = Extent{12287, 9}; },
       [](auto& w) { w.extent = Extent{12288, 9}; }},
  };
  for (const Case& one : cases) {
    FaultTrigger fits, does_not;
    one.fits(fits);
    one.does_not(does_not);
    EXPECT_TRUE(is_due(fits, moment())) << one.what;
    EXPECT_FALSE(is_due(does_not, moment())) << one.what;
  }
}

TEST(FaultPlan, an_event_without_bytes_touches_no_extent) {
  Moment flush = moment();
  flush.event.kind = EventKind::drive_flush;
  flush.event.offset_bytes = flush.event.length_bytes = 0;
  FaultTrigger when;
  when.extent = Extent{0, 1 * MiB};
  EXPECT_FALSE(is_due(when, flush));
}

// What fires, of ten fitting events with one that does not fit between them.
std::vector<int> fired_of_ten(uint64_t nth, uint64_t times) {
  FaultTrigger when;
  when.event = EventKind::drive_write;
  when.nth = nth;
  FaultPlan plan({planned(when, times)});
  std::vector<int> fired;
  for (int i = 1; i <= 10; i++) {
    if (due(plan, moment())) fired.push_back(i);
    Moment other = moment();
    other.event.kind = EventKind::said;
    EXPECT_FALSE(due(plan, other));
  }
  EXPECT_EQ(plan.standings().front().fired, fired.size());
  return fired;
}

TEST(FaultPlan, it_fires_from_the_nth_on_so_often_at_consecutive_fitting_events) {
  EXPECT_EQ(fired_of_ten(1, 1), (std::vector<int>{1}));
  EXPECT_EQ(fired_of_ten(3, 1), (std::vector<int>{3}));
  EXPECT_EQ(fired_of_ten(3, 4), (std::vector<int>{3, 4, 5, 6}));
  EXPECT_EQ(fired_of_ten(8, 0), (std::vector<int>{8, 9, 10}));
  EXPECT_EQ(fired_of_ten(11, 1), (std::vector<int>{}));
}

TEST(FaultPlan, several_faults_are_due_in_order_and_count_for_themselves) {
  FaultPlan plan({planned({}, 2), planned({}, 1)});
  EXPECT_EQ(plan.due(moment().event, EventSide::before, "data", 1).size(), 2u);
  const auto second = plan.due(moment().event, EventSide::before, "data", 1);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second.front(), &plan.standings().front().fault);
  EXPECT_FALSE(due(plan, moment()));
}

TEST(FaultPlan, a_healed_plan_fires_nothing_and_a_copy_goes_on) {
  FaultPlan plan({planned({}, 0)});
  FaultPlan copy = plan;
  plan.heal();
  EXPECT_FALSE(due(plan, moment()));
  EXPECT_TRUE(due(copy, moment()));
  EXPECT_EQ(plan.standings().front().fired, 0u);
  EXPECT_EQ(copy.standings().front().fired, 1u);
}

TEST(FaultAction, every_action_has_a_name_of_its_own_and_back) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(kLastFaultAction); i++) {
    const auto action = static_cast<FaultAction>(i);
    EXPECT_EQ(action_named(action_name(action)), action);
    names.insert(action_name(action));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kLastFaultAction) + 1);
  EXPECT_EQ(action_named("power-cut"), std::nullopt);
}

TEST(FaultAction, only_lies_and_rotten_sectors_break_a_contract) {
  std::set<std::string_view> illegal;
  for (int i = 0; i <= static_cast<int>(kLastFaultAction); i++)
    if (!legal(static_cast<FaultAction>(i))) illegal.insert(action_name(static_cast<FaultAction>(i)));
  EXPECT_EQ(illegal, (std::set<std::string_view>{"flush-lie", "sync-lie", "bit-rot", "bad-sectors",
                                                 "damaged-in-shipment"}));
}

TEST(FaultAction, what_befalls_a_request_is_told_from_the_rest) {
  std::set<HttpTrouble> troubles;
  size_t others = 0;
  for (int i = 0; i <= static_cast<int>(kLastFaultAction); i++)
    if (const HttpTrouble trouble = http_trouble(static_cast<FaultAction>(i)); trouble != HttpTrouble::none)
      EXPECT_TRUE(troubles.insert(trouble).second) << i;
    else
      others++;
  EXPECT_EQ(troubles.size(), static_cast<size_t>(HttpTrouble::duplicated));
  EXPECT_EQ(others, 24u);
  EXPECT_EQ(http_trouble(FaultAction::service_kill), HttpTrouble::none);
}

TEST(Glob, a_star_is_any_run_and_the_rest_is_itself) {
  for (const auto& [pattern, text] :
       std::initializer_list<std::pair<const char*, const char*>>{{"", ""},
                                                                  {"*", ""},
                                                                  {"*", "abc"},
                                                                  {"*.jrn", "/desk/d.jrn"},
                                                                  {"/desk/*", "/desk/"},
                                                                  {"a*b*c", "abbc"},
                                                                  {"a*b*c", "a--b-b--c"},
                                                                  {"**", "x"},
                                                                  {"a*a", "aa"},
                                                                  {"*ab", "aab"},
                                                                  {"?", "?"}})
    EXPECT_TRUE(star_matches(pattern, text)) << pattern << " " << text;
  for (const auto& [pattern, text] :
       std::initializer_list<std::pair<const char*, const char*>>{{"", "a"},
                                                                  {"a", ""},
                                                                  {"a", "A"},
                                                                  {"*.jrn", "d.jrn.log"},
                                                                  {"a*a", "a"},
                                                                  {"a*b*c", "acb"},
                                                                  {"?", "a"},
                                                                  {"ab*", "a"},
                                                                  {"*b", "abc"}})
    EXPECT_FALSE(star_matches(pattern, text)) << pattern << " " << text;
}

// The plainest matcher there is.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*')
    return matches(pattern.substr(1), text) || (!text.empty() && matches(pattern, text.substr(1)));
  return !text.empty() && pattern[0] == text[0] && matches(pattern.substr(1), text.substr(1));
}

RC_GTEST_PROP(GlobProperty, as_the_plainest_matcher, ()) {
  const auto pattern = *rc::gen::resize(11, rc::gen::container<std::string>(rc::gen::element('a', 'b', '*')));
  const auto text = *rc::gen::resize(15, rc::gen::container<std::string>(rc::gen::element('a', 'b')));
  RC_ASSERT(star_matches(pattern, text) == matches(pattern, text));
}

bool due_in(FaultPlan& plan, const Moment& now, std::string_view job_state) {
  return !plan.due(now.event, now.side, now.phase, now.boot, job_state).empty();
}

TEST(FaultPlan, a_state_of_the_job_holds_a_fault_back) {
  FaultTrigger when;
  when.job_state = "Shipping";
  FaultPlan plan({planned(when)});
  EXPECT_FALSE(due_in(plan, moment(), ""));
  EXPECT_FALSE(due_in(plan, moment(), "Received"));
  EXPECT_TRUE(due_in(plan, moment(), "Shipping"));
}

TEST(FaultPlan, after_another_fault_counts_from_the_next_event_on) {
  FaultTrigger first;
  first.nth = 2;
  FaultTrigger second;
  second.after = "first";
  second.nth = 2;
  PlannedFault one = planned(first), other = planned(second);
  one.name = "first";
  FaultPlan plan({one, other});
  std::vector<std::string> fired;
  for (uint64_t number = 1; number <= 6; number++) {
    Moment now = moment();
    now.event.number = number;
    for (const PlannedFault* fault : plan.due(now.event, now.side, now.phase, now.boot))
      fired.push_back(fault->name + std::to_string(number));
  }
  EXPECT_EQ(fired, (std::vector<std::string>{"first2", "it4"}));
}

TEST(FaultPlan, any_is_due_with_its_first_part_and_all_with_its_last) {
  FaultTrigger read, write;
  read.event = EventKind::drive_read;
  write.event = EventKind::drive_write;
  write.nth = 2;
  FaultTrigger any, all;
  any.any = {read, write};
  all.all = {read, write};
  const auto due_at = [&](const FaultTrigger& when) {
    FaultPlan plan({planned(when)});
    std::string at;
    for (const char kind : std::string("fwfrwr")) {
      Moment now = moment();
      now.event.kind = kind == 'r'   ? EventKind::drive_read
                       : kind == 'w' ? EventKind::drive_write
                                     : EventKind::drive_flush;
      at += due(plan, now) ? static_cast<char>(std::toupper(kind)) : kind;
    }
    return at;
  };
  EXPECT_EQ(due_at(any), "fwfRwr");
  EXPECT_EQ(due_at(all), "fwfrWr");
}

TEST(FaultPlan, what_found_nothing_to_befall_has_not_fired) {
  FaultPlan plan({planned({})});
  const Moment now = moment();
  const auto due = plan.due(now.event, now.side, now.phase, now.boot);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_TRUE(plan.fired(FaultAction::kill));
  plan.take_back(*due.front());
  EXPECT_FALSE(plan.fired(FaultAction::kill));
  EXPECT_EQ(plan.standings().front().fired, 0u);
}

}  // namespace
}  // namespace seedbed
