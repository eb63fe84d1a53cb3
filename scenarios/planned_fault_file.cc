#include "scenarios/planned_fault_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenarios/fault_rules.h"
#include "scenarios/file_path.h"
#include "scenarios/scenario_shape.h"

namespace seedbed {

using Word = std::string_view;

// A number, or two: the nth is then drawn by the seed.
static Status read_nth(const TomlFields& when, FaultTrigger& out) {
  const TomlValue* value = when.find("nth");
  if (value == nullptr) return {};
  if (value->kind != TomlValue::Kind::list) return when.number("nth", out.nth);
  if (value->items.size() != 2) return when.wrong("nth", "it must be a number or [from, to]");
  out.nth = static_cast<uint64_t>(TRY(when.number_of("nth", value->items[0])));
  out.nth_to = static_cast<uint64_t>(TRY(when.number_of("nth", value->items[1])));
  if (out.nth_to < out.nth)
    return when.wrong("nth", fmt::format("{} to {} is no range", out.nth, out.nth_to));
  return {};
}

static Status read_event(const TomlFields& when, FaultTrigger& out) {
  const auto event = TRY(when.word("event"));
  TRY(when.text("place", out.place));
  if (!event) return {};
  if (*event > static_cast<size_t>(kLastEventKind)) {  // journal.commit
    out.event = EventKind::file_sync;
    if (out.place.empty()) out.place = "*.jrn";
  } else {
    out.event = static_cast<EventKind>(*event);
  }
  return {};
}

// Unless told otherwise, other machines' events are not counted: what a service does to its files would move
// the nth of the computer's.
static Status read_machine(const TomlFields& when, FaultTrigger& out) {
  static constexpr Word kPatterns[] = {"", "service", "datacentre", "*"};
  const auto machine = TRY(when.word("machine"));
  if (machine)
    out.machine = kPatterns[*machine];
  else if (out.event_number == 0)
    out.machine = out.event == EventKind::http_handled ? "service" : "";
  if (!machine || !out.event || *out.machine == "*" || may_happen_on(*out.event, *out.machine)) return {};
  return when.wrong(
      "machine",
      fmt::format("{} does not happen on the {}", event_name(*out.event), when.words_of("machine")[*machine]),
      "Take another event, or leave it out");
}

// The bytes of a drive: a sector of 512 bytes, or a range.
static Status read_extent(const TomlFields& when, const Scenario& world, FaultTrigger& out) {
  const bool lba = when.has("lba"), offset = when.has("offset"), length = when.has("length");
  if (!lba && !offset && !length) return {};
  if (lba && (offset || length))
    return when.wrong("lba", "a fault has either a sector or a range", "Leave out lba, or offset and length");
  if (!lba && !offset) return when.wrong("length", "a length needs its offset", "Give offset too");
  if (!lba && !length) return when.wrong("offset", "an offset needs its length", "Give length too");
  uint64_t capacity_bytes = 0;
  for (const DriveSpec& drive : world.drives) capacity_bytes = std::max(capacity_bytes, drive.capacity_bytes);
  Extent extent{.offset_bytes = 0, .length_bytes = 512};
  TRY(when.number("lba", extent.offset_bytes, capacity_bytes / 512 - 1));
  if (lba) extent.offset_bytes *= 512;
  TRY(when.size("offset", extent.offset_bytes, capacity_bytes - 1));
  TRY(when.size("length", extent.length_bytes, capacity_bytes - extent.offset_bytes));
  out.extent = extent;
  return {};
}

// One moment, or a part of a combination.
static Status read_moment(const TomlFields& when, const Scenario& world, FaultTrigger& out) {
  TRY(read_event(when, out));
  if (const auto phase = TRY(when.word("phase"))) out.phase = when.words_of("phase")[*phase];
  TRY(when.number("boot", out.boot, world.operator_.boots_max));
  TRY(read_nth(when, out));
  if (const auto side = TRY(when.word("side"))) out.side = static_cast<EventSide>(*side);
  TRY(when.seconds("virtual_s", out.time_ns, world.virtual_s_max));
  TRY(read_extent(when, world, out));
  TRY(when.number("number", out.event_number));
  if (const auto state = TRY(when.word("state"))) out.job_state = when.words_of("state")[*state];
  if (!out.job_state.empty() && !world.chain)
    return when.wrong("state", "there is no import job without the whole chain", "Write [chain] too");
  TRY(read_machine(when, out));
  if (out.event_number != 0 && when.has("nth"))
    return when.wrong("number", "one event has no nth", "Leave out number or nth");
  return {};
}

// Whether the action can do anything on such an event.
static Status check_event(const TomlFields& when, const FaultRule& rule, FaultAction what,
                          FaultTrigger& trigger) {
  const Word action = action_name(what);
  if (!trigger.event) trigger.event = rule.usual_event;
  std::vector<Word> words;
  for (const EventKind kind : rule.events) words.push_back(event_name(kind));
  if (!rule.events.empty() && !trigger.event)
    return when.wrong("event", fmt::format("{} needs one of {}", action, any_of_words(words)),
                      "Say on which");
  if (!rule.events.empty() && std::ranges::find(rule.events, *trigger.event) == rule.events.end())
    return when.wrong("event", fmt::format("{} may stand on {} only", action, any_of_words(words)),
                      "Take such an event, or another fault");
  if (rule.only_before && trigger.side == EventSide::after)
    return when.wrong("side", fmt::format("{} decides how the call ends; after it, it is too late", action),
                      "Write side = \"before\", or leave it out");
  if (rule.only_computer && trigger.machine && !trigger.machine->empty())
    return when.wrong("machine", fmt::format("{} befalls the computer only", action),
                      "Leave it out, or take another fault");
  if (trigger.extent && (!trigger.event || !has_drive_range(*trigger.event)))
    return when.wrong(when.has("lba") ? "lba" : "offset",
                      "only reads, writes and discards of a drive touch bytes",
                      "Write event = \"drive.write\", for example");
  return {};
}

// A moment, or `any` or `all` of several.
static Status read_trigger(const TomlFields& when, const Scenario& world, const FaultRule& rule,
                           PlannedFault& fault) {
  FaultTrigger& out = fault.when;
  TRY(when.text("after", out.after));
  const bool any = when.has("any"), all = when.has("all");
  if (!any && !all) {
    TRY(read_moment(when, world, out));
    return check_event(when, rule, fault.action, out);
  }
  if (any && all) return when.wrong("all", "a moment has either any or all", "Leave one of them out");
  for (const Word key : moment_shape().key_names())
    if (when.has(key))
      return when.wrong(key, fmt::format("beside {} stands nothing but after", any ? "any" : "all"),
                        "Write it into each part");
  std::vector<FaultTrigger>& parts = any ? out.any : out.all;
  const Word list = any ? "any" : "all";
  for (const TomlFields& table : TRY(when.tables(list))) {
    FaultTrigger part;
    TRY(read_moment(table, world, part));
    TRY(check_event(table, rule, fault.action, part));
    parts.push_back(std::move(part));
  }
  if (parts.size() < 2)
    return when.wrong(list, "a combination has at least two parts", "Write the one as it is");
  return {};
}

// Every event that the fault may befall is one of a drive.
static bool stands_on_drives(const FaultTrigger& when) {
  const auto on_drive = [](const FaultTrigger& one) {
    return one.event && event_name(*one.event).starts_with("drive.");
  };
  if (when.any.empty() && when.all.empty()) return on_drive(when);
  return std::ranges::all_of(when.any, on_drive) && std::ranges::all_of(when.all, on_drive);
}

static Status check_place(const TomlFields& table, const FaultRule& rule, const Scenario& world,
                          PlannedFault& fault) {
  const Word action = action_name(fault.action);
  std::vector<Word> drives;
  for (const DriveSpec& drive : world.drives) drives.push_back(drive.name);
  const Word place = fault.place;
  switch (rule.place) {
    case ActionPlace::none:
      if (place.empty()) return {};
      return table.wrong("place", fmt::format("{} happens where its event does", action),
                         "Leave it out; when.place chooses among events");
    case ActionPlace::source_file:
      if (place.starts_with("/source/") && is_plain_path(place.substr(8))) return {};
      return table.wrong("place", fmt::format("{} needs the path of a file under /source", action),
                         "Write place = \"/source/FILE\"");
    case ActionPlace::path:
      if (place.starts_with('/') && is_plain_path(place.substr(1))) return {};
      return table.wrong("place", fmt::format("{} needs an absolute path", action),
                         "Write place = \"/source\"");
    case ActionPlace::other_file:
      if (place.starts_with('/') && is_plain_path(place.substr(1)) && !place.starts_with("/source/"))
        return {};
      return table.wrong("place",
                         fmt::format("{} needs the path of a file that is not under /source", action),
                         "Write place = \"/staging/FILE\"; a source that changes is source-changed");
    case ActionPlace::drive:
      break;
  }
  if (!place.empty()) return TRY(table.word_of("place", drives)), Status();
  // An event of a drive tells which drive. Others do not, and with one drive need not.
  if (stands_on_drives(fault.when)) return {};
  if (drives.size() > 1)
    return table.wrong("place", fmt::format("{} needs a drive: {}", action, any_of_words(drives)),
                       "Say which");
  fault.place = drives.front();
  return {};
}

static Status read_times(const TomlFields& table, PlannedFault& out) {
  const TomlValue* value = table.find("times");
  if (value != nullptr && value->kind == TomlValue::Kind::text && value->text == "always")
    out.times = 0;
  else if (value != nullptr && value->kind == TomlValue::Kind::text)
    return table.wrong("times", "it must be a number or \"always\"");
  else
    TRY(table.number("times", out.times));
  return {};
}

// By how much a clock jumps.
static Status read_by(const TomlFields& table, PlannedFault& fault) {
  const bool jumps = fault.action == FaultAction::clock_jump;
  if (jumps && !table.has("by_s"))
    return table.wrong("by_s", "a clock jumps by some seconds", "Write by_s = -3600, for example");
  if (!jumps && table.has("by_s"))
    return table.wrong("by_s", fmt::format("{} moves no clock", action_name(fault.action)), "Leave it out");
  TRY(table.number("by_s", fault.by_s));
  return !jumps || fault.by_s != 0 ? Status() : table.wrong("by_s", "that is no jump");
}

// Each name after which a fault comes is another fault's, and none waits for itself in the end.
static Status check_order(const std::vector<TomlFields>& tables, const std::vector<PlannedFault>& faults) {
  for (size_t i = 0; i < faults.size(); i++) {
    size_t at = i, steps = 0;
    while (!faults[at].when.after.empty()) {
      const auto first = std::ranges::find(faults, faults[at].when.after, &PlannedFault::name);
      const auto when = TRY(tables[i].table("when"));
      if (first == faults.end())
        return when->wrong("after", "no fault has that name", "Give the other fault this name");
      at = static_cast<size_t>(first - faults.begin());
      if (++steps > faults.size())
        return when->wrong("after", "the faults wait for each other", "Let one of them come first");
    }
  }
  return {};
}

static Result<PlannedFault> read_fault(const TomlFields& table, const Scenario& world) {
  PlannedFault fault;
  if (table.has("what") && !table.has("when"))
    return table.wrong("when", "a fault needs its moment",
                       "Write when = { event = \"drive.write\", nth = 3 }");
  TRY(table.require());
  fault.action = static_cast<FaultAction>(*TRY(table.word("what")));
  TRY(table.text("name", fault.name));
  TRY(read_times(table, fault));
  std::string survivors;
  TRY(table.text("survivors", survivors));
  TRY(table.text("place", fault.place));

  const FaultRule rule = rule_of(fault.action);
  if (!survivors.empty()) {
    auto parsed = Survivors::parse(survivors);
    if (!parsed) return table.wrong("survivors", "it names no survivors", parsed.error().remedy);
    if (!rule.takes_survivors)
      return table.wrong("survivors",
                         fmt::format("{} takes nothing away that could survive", action_name(fault.action)),
                         "Leave it out");
    fault.survivors = *parsed;
  }
  const auto when = TRY(table.table("when"));
  if (rule.only_chain && !world.chain)
    return table.wrong("what", fmt::format("{} needs the whole chain", action_name(fault.action)),
                       "Write [chain] too");
  TRY(read_by(table, fault));
  TRY(read_trigger(*when, world, rule, fault));
  TRY(check_place(table, rule, world, fault));
  return fault;
}

Result<std::vector<PlannedFault>> read_faults(const TomlFields& top, const Scenario& world) {
  std::vector<PlannedFault> faults;
  const auto taken = [&](const std::string& name) {
    return std::ranges::find(faults, name, &PlannedFault::name) != faults.end();
  };
  const std::vector<TomlFields> tables = TRY(top.tables("fault"));
  for (const TomlFields& table : tables) {
    PlannedFault fault = TRY(read_fault(table, world));
    if (taken(fault.name))
      return table.wrong("name", "another fault has it", "Give each fault its own name, or none");
    if (fault.name.empty()) {
      const std::string made = fault_name(fault);
      fault.name = made;
      for (uint64_t i = 2; taken(fault.name); i++) fault.name = fmt::format("{} ({})", made, i);
    }
    faults.push_back(std::move(fault));
  }
  TRY(check_order(tables, faults));
  return faults;
}

}  // namespace seedbed
