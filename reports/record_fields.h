// The keys of a record in JSON, each named once for both directions: an archive's field() either writes the
// value under the key or reads it from there; required() insists that a reader finds the key. For
// run_json.cc.
#pragma once

#include "reports/run_record.h"

namespace seedbed {

// `Record` is const when written.
template <typename Archive, typename Record>
void fault_fields(Archive& archive, Record& fault) {
  archive.required("name", fault.name);
  archive.field("planned", fault.planned);
  archive.field("fired", fault.fired);
  archive.field("at", fault.at);
}

template <typename Archive, typename Record>
void oracle_fields(Archive& archive, Record& oracle) {
  archive.required("number", oracle.number);
  archive.field("name", oracle.name);
  archive.required("ran", oracle.ran);
  archive.field("findings", oracle.findings);
}

template <typename Archive, typename Record>
void timeline_fields(Archive& archive, Record& entry) {
  archive.required("time_ns", entry.time_ns);
  archive.field("lane", entry.lane);
  archive.field("what", entry.what);
  archive.field("kind", entry.kind);
}

template <typename Archive, typename Record>
void option_fields(Archive& archive, Record& option) {
  archive.required("name", option.first);
  archive.field("value", option.second);
}

template <typename Archive, typename Record>
void scenario_fields(Archive& archive, Record& scenario) {
  archive.required("name", scenario.name);
  archive.required("verdict", scenario.verdict);
  archive.required("expected", scenario.expected);
  archive.required("as_expected", scenario.as_expected);
  archive.field("why", scenario.why);
  archive.field("file", scenario.file);
  archive.field("proves", scenario.proves);
  archive.field("tags", scenario.tags);
  archive.field("seed", scenario.seed);
  archive.field("token", scenario.token);
  archive.field("event_log_hash", scenario.event_log_hash);
  archive.field("second_hash", scenario.second_hash);
  archive.field("events", scenario.events);
  archive.field("boots", scenario.boots);
  archive.field("virtual_ns", scenario.virtual_ns);
  archive.field("real_us", scenario.real_us);
  archive.field("source_bytes", scenario.source_bytes);
  archive.field("written_bytes", scenario.written_bytes);
  archive.field("redone_bytes", scenario.redone_bytes);
  archive.field("redo_bound_bytes", scenario.redo_bound_bytes);
  archive.list("faults", scenario.faults, [](auto& a, auto& fault) { fault_fields(a, fault); });
  archive.list("oracles", scenario.oracles, [](auto& a, auto& oracle) { oracle_fields(a, oracle); });
  archive.list("timeline", scenario.timeline, [](auto& a, auto& entry) { timeline_fields(a, entry); });
}

// All of a run but its scenarios.
template <typename Archive, typename Record>
void run_fields(Archive& archive, Record& run) {
  archive.field("version", run.version);
  archive.field("command", run.command);
  archive.field("rung", run.rung);
  archive.field("seed", run.seed);
  archive.field("seed_given", run.seed_given);
  archive.list("options", run.options, [](auto& a, auto& option) { option_fields(a, option); });
  archive.field("started_utc", run.started_utc);
  archive.field("real_us", run.real_us);
}

}  // namespace seedbed
