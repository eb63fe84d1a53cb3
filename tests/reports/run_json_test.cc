// run.json: what is written is read back; what is no record is refused and says where.
#include "reports/run_json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/reports/record_samples.h"

namespace seedbed {
namespace {

std::string refusal_of(std::string_view text) {
  const auto parsed = parse_run_json(text, "out/run.json");
  if (parsed) return "(was taken)";
  EXPECT_EQ(parsed.error().code, ErrorCode::corrupt);
  EXPECT_EQ(parsed.error().where, "out/run.json");
  return parsed.error().what;
}

// A run of one scenario, with `from` replaced by `to`.
std::string changed(const std::string& from, const std::string& to) {
  RunRecord run;
  run.scenarios = {passed_scenario("one")};
  run.scenarios[0].timeline = {{5, "operator", "told", "promise"}};
  std::string text = encode_run_json(run);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

RC_GTEST_PROP(RunJson, AnyRecordComesBack, ()) {
  const RunRecord run = *any_run(any_utf8());
  const std::string text = encode_run_json(run);
  const auto back = parse_run_json(text, "run.json");
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == run);
  RC_ASSERT(encode_run_json(*back) == text);
}

RC_GTEST_PROP(RunJson, AnyScenarioComesBackFromItsLine, ()) {
  const RunRecord run = *any_run(any_utf8());
  for (const auto& scenario : run.scenarios) {
    const std::string line = encode_scenario_line_json(scenario);
    RC_ASSERT(line.find('\n') == std::string::npos);
    const auto back = parse_scenario_line_json(line, "worker 1");
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == scenario);
  }
}

RC_GTEST_PROP(RunJson, BytesThatAreNoTextDoNotSpoilTheFile, ()) {
  const std::string text = encode_run_json(*any_run(any_bytes()));
  const auto back = parse_run_json(text, "run.json");
  RC_ASSERT(back.has_value());
  const auto again = parse_run_json(encode_run_json(*back), "run.json");
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == *back);
}

RC_GTEST_PROP(RunJson, RandomBytesAreRefused, ()) {
  RC_ASSERT(!parse_run_json(*any_bytes(), "run.json"));
  RC_ASSERT(!parse_scenario_line_json(*any_bytes(), "run.json"));
}

RC_GTEST_PROP(RunJson, ADamagedByteIsNeverACrash, ()) {
  std::string text = encode_run_json(full_run());
  const auto at = *rc::gen::inRange<size_t>(0, text.size());
  text[at] = static_cast<char>(*rc::gen::arbitrary<uint8_t>());
  (void)parse_run_json(text, "run.json");
}

TEST(RunJson, EveryTruncationIsRefused) {
  RunRecord run;
  run.scenarios = {passed_scenario("one")};
  const std::string text = encode_run_json(run);
  const size_t whole = text.find_last_of('}') + 1;
  for (size_t length = 0; length < whole; length++)
    EXPECT_NE(refusal_of(std::string_view(text).substr(0, length)), "(was taken)") << length;
}

TEST(RunJson, ARefusalNamesLineColumnAndByte) {
  EXPECT_EQ(refusal_of("{\n  \"format\": nix\n}"), "this is no JSON: line 2, column 14, byte 15");
  EXPECT_EQ(refusal_of("{\"a\":1} x"), "this is no JSON: line 1, column 9, byte 8");
  EXPECT_EQ(refusal_of("{\"a\""), "the text ends too early: line 1, column 5, byte 4");
  EXPECT_EQ(refusal_of(""), "the text ends too early: line 1, column 1, byte 0");
  EXPECT_EQ(refusal_of("{\"a\":\"\xff\"}"), "this is no JSON: line 1, column 7, byte 6");
  EXPECT_EQ(refusal_of("{\"a\":1e999}"), "this is no JSON: line 1, column 10, byte 9");
}

TEST(RunJson, DeepNestingIsRefused) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(refusal_of(deep), "nested deeper than any record");
  EXPECT_EQ(refusal_of("{\"x\":" + deep + std::string(100'000, ']') + "}"), "nested deeper than any record");
}

TEST(RunJson, AnotherDocumentIsRefused) {
  EXPECT_EQ(refusal_of("[]"), "this is JSON, but no object");
  EXPECT_EQ(refusal_of("{}"), "format is missing");
  EXPECT_EQ(refusal_of(R"({"format":7})"), "format is no text");
  EXPECT_EQ(refusal_of(R"({"format":"seedbed run 2"})"), "format is not \"seedbed run 1\"");
  EXPECT_EQ(refusal_of(R"({"format":"seedbed run 1"})"), "scenarios is missing");
}

TEST(RunJson, AWrongTypeIsNamedWithItsKey) {
  EXPECT_EQ(refusal_of(changed("\"boots\":3", "\"boots\":\"3\"")),
            "scenarios[0].boots is no whole number from 0 to 18446744073709551615");
  EXPECT_EQ(refusal_of(changed("\"boots\":3", "\"boots\":-3")),
            "scenarios[0].boots is no whole number from 0 to 18446744073709551615");
  EXPECT_EQ(refusal_of(changed("\"boots\":3", "\"boots\":18446744073709551616")),
            "scenarios[0].boots is no whole number from 0 to 18446744073709551615");
  EXPECT_EQ(refusal_of(changed("\"planned\":1", "\"planned\":1.5")),
            "scenarios[0].faults[0].planned is no whole number from 0 to 18446744073709551615");
  EXPECT_EQ(refusal_of(changed("\"number\":3", "\"number\":3000000000")),
            "scenarios[0].oracles[1].number is no whole number of 32 bits");
  EXPECT_EQ(refusal_of(changed("\"number\":3", "\"number\":18446744073709551615")),
            "scenarios[0].oracles[1].number is no whole number of 32 bits");
  EXPECT_EQ(refusal_of(changed("\"ran\":true", "\"ran\":1")),
            "scenarios[0].oracles[0].ran is neither true nor false");
  EXPECT_EQ(refusal_of(changed("\"verdict\":\"survived\"", "\"verdict\":\"fine\"")),
            "scenarios[0].verdict is no verdict");
  EXPECT_EQ(refusal_of(changed("\"tags\":[\"kill\"", "\"tags\":[1")),
            "scenarios[0].tags is no list of texts");
  EXPECT_EQ(refusal_of(changed("\"kind\":\"promise\"", "\"kind\":null")),
            "scenarios[0].timeline[0].kind is no text");
  EXPECT_EQ(refusal_of(changed("{\"name\":\"kill the copy", "{\"n\":\"kill the copy")),
            "scenarios[0].faults[0].name is missing");
  EXPECT_EQ(refusal_of(changed("\"faults\":[", "\"faults\":7,\"x\":[")), "scenarios[0].faults is no list");
  EXPECT_EQ(refusal_of(changed("\"faults\":[", "\"faults\":[[],")), "scenarios[0].faults[0] is no object");
}

TEST(RunJson, UnknownKeysArePassedOver) {
  const auto parsed =
      parse_run_json(changed("\"boots\":3", "\"boots\":3,\"later\":{\"x\":[1.5,null]}"), "run.json");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->scenarios[0].boots, 3u);
}

TEST(RunJson, TheDocumentedKeysAreThere) {
  const RunRecord run = full_run();
  const auto json = nlohmann::json::parse(encode_run_json(run));
  EXPECT_EQ(json["seed"], 7);
  EXPECT_EQ(json["event_log_hash"], event_log_hash_of(run));
  EXPECT_EQ(json["exit_code"], exit_code_of(run));
  EXPECT_EQ(json["totals"]["as_expected"], totals_of(run).as_expected);
  EXPECT_EQ(json["options"][0]["name"], "--jobs");
  EXPECT_EQ(json["scenarios"][0]["event_log_hash"], "00c0ffee00c0ffee");
  EXPECT_EQ(json["scenarios"][0]["faults"][0]["fired"], 1);
}

TEST(RunJson, ATooLongLineIsRefusedUnread) {
  const auto parsed = parse_scenario_line_json(std::string(kScenarioLineMaxBytes + 1, ' '), "worker 1");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().what, "33.6 MB is more than a record may have (33.6 MB)");
}

TEST(RunJson, AWorkersOtherLinesAreNoRecord) {
  const auto parsed = parse_scenario_line_json(R"({"event":"notice","text":"hello"})", "worker 1");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().what, "event is not \"scenario\"");
}

// The worked example of docs/formats/run-record.md.
constexpr const char* kExample = R"({
  "format": "seedbed run 1",
  "version": "0.1.0",
  "command": "seedbed run suites/kill.toml",
  "rung": "sim",
  "seed": 7,
  "seed_given": false,
  "options": [{"name":"--jobs","value":"2"}],
  "started_utc": "2016-11-02T18:24:14Z",
  "real_us": 15000,
  "totals": {"as_expected":1,"failed":0,"not_measured":0,"not_applicable":0},
  "exit_code": 0,
  "event_log_hash": "89cc604a8c61c847",
  "scenarios": [
    {"name":"kill in the data","verdict":"survived","expected":"survived","as_expected":true,"why":"","file":"suites/kill.toml","proves":"","tags":["kill"],"seed":7,"token":"kill@7","event_log_hash":"00c0ffee00c0ffee","second_hash":"","events":4711,"boots":2,"virtual_ns":1234567890,"real_us":12345,"source_bytes":1048576,"written_bytes":1114112,"redone_bytes":65536,"redo_bound_bytes":67108864,"faults":[{"name":"kill","planned":1,"fired":1,"at":"123 drive.flush SIM1"}],"oracles":[{"number":1,"name":"nothing lost","ran":true,"findings":[]}],"timeline":[{"time_ns":0,"lane":"drive SIM1","what":"copy the data","kind":"phase"}]}
  ]
}
)";

TEST(RunJson, TheWorkedExampleIsReadAndWritten) {
  const auto run = parse_run_json(kExample, "example");
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->scenarios.at(0).redo_bound_bytes, 64 * MiB);
  EXPECT_EQ(encode_run_json(*run), kExample);
}

}  // namespace
}  // namespace seedbed
