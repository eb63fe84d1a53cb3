#include "reports/run_json.h"

#include "reports/json_archive.h"
#include "reports/record_fields.h"

namespace seedbed {

static constexpr std::string_view kFormat = "seedbed run 1";
static constexpr std::string_view kScenarioEvent = "scenario";

static void append_member(std::string& out, std::string_view key, const JsonWriter::Json& value) {
  out += fmt::format("  \"{}\": {},\n", key, JsonWriter::dumped(value));
}

std::string encode_run_json(const RunRecord& run) {
  JsonWriter writer;
  writer.field("format", kFormat);
  run_fields(writer, run);
  const Totals totals = totals_of(run);
  JsonWriter totals_writer;
  totals_writer.field("as_expected", totals.as_expected);
  totals_writer.field("failed", totals.failed);
  totals_writer.field("not_measured", totals.not_measured);
  totals_writer.field("not_applicable", totals.not_applicable);
  writer.field("totals", totals_writer.object());
  writer.field("exit_code", exit_code_of(run));
  writer.field("event_log_hash", event_log_hash_of(run));

  // a member a line, a scenario a line: a line number in an error, and grep and diff, lead to the scenario
  std::string out = "{\n";
  for (const auto& [key, value] : writer.object().items()) append_member(out, key, value);
  out += "  \"scenarios\": [";
  bool first = true;
  for (const auto& scenario : run.scenarios) {
    JsonWriter line;
    scenario_fields(line, scenario);
    out.append(first ? "\n    " : ",\n    ").append(line.text());
    first = false;
  }
  return out + (first ? "]\n}\n" : "\n  ]\n}\n");
}

static std::unexpected<Error> no_record(const std::string& what, const std::string& where) {
  return fail(ErrorCode::corrupt, what, where, "Take a run.json as `seedbed run --out` wrote it");
}

// "format" or "event" tells what an object is.
static Status expect_kind(JsonReader& reader, const char* key, std::string_view expected,
                          const std::string& where) {
  std::string kind;
  reader.required(key, kind);
  if (reader.wrong()) return no_record(*reader.wrong(), where);
  if (kind != expected) return no_record(fmt::format("{} is not \"{}\"", key, expected), where);
  return {};
}

Result<RunRecord> parse_run_json(std::string_view text, const std::string& where) {
  const nlohmann::json json = TRY(parse_json_object(text, kRunJsonMaxBytes, where));
  JsonReader reader(json, "");
  TRY(expect_kind(reader, "format", kFormat, where));
  RunRecord run;
  run_fields(reader, run);
  if (!json.contains("scenarios")) return no_record("scenarios is missing", where);
  reader.list("scenarios", run.scenarios, [](auto& a, auto& scenario) { scenario_fields(a, scenario); });
  if (reader.wrong()) return no_record(*reader.wrong(), where);
  return run;
}

std::string encode_scenario_line_json(const ScenarioRecord& scenario) {
  JsonWriter writer;
  writer.field("event", kScenarioEvent);
  scenario_fields(writer, scenario);
  return writer.text();
}

Result<ScenarioRecord> parse_scenario_line_json(std::string_view line, const std::string& where) {
  const nlohmann::json json = TRY(parse_json_object(line, kScenarioLineMaxBytes, where));
  JsonReader reader(json, "");
  TRY(expect_kind(reader, "event", kScenarioEvent, where));
  ScenarioRecord scenario;
  scenario_fields(reader, scenario);
  if (reader.wrong()) return no_record(*reader.wrong(), where);
  return scenario;
}

}  // namespace seedbed
