// JSON Lines parse back to what was said, whatever the bytes.
#include "engine/linux/json_line.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace seedbed {
namespace {

using nlohmann::json;

TEST(JsonLine, ProgressHasNumbers) {
  EXPECT_EQ(json_line(Progress{"copy", 400, 1'000, 2'000'000'000, 100}),
            R"({"event":"progress","stage":"copy","done_bytes":400,"total_bytes":1000,"resumed_bytes":100,)"
            R"("elapsed_ns":2000000000,"rate_bytes_per_s":150})");
  const json huge = json::parse(json_line(Progress{"copy", UINT64_MAX, UINT64_MAX, 0, 0}));
  EXPECT_EQ(huge["done_bytes"].get<uint64_t>(), UINT64_MAX);
  EXPECT_FALSE(huge.contains("rate_bytes_per_s"));
}

TEST(JsonLine, NoticesAndEvents) {
  EXPECT_EQ(json_line(NoticeLevel::warning, "say \"hi\"\\\n"),
            R"({"event":"notice","level":"warning","text":"say \"hi\"\\\n"})");
  EXPECT_EQ(json_line("drive_ready", {{"drive_id", "WD-1"}, {"bytes", "42"}}),
            R"({"event":"drive_ready","drive_id":"WD-1","bytes":"42"})");
  EXPECT_EQ(json_line("a", {{"event", "b"}, {"x", "1"}, {"x", "2"}}), R"({"event":"a","x":"1"})");
}

TEST(JsonLine, BytesThatAreNoUtf8BecomeReplacementCharacters) {
  EXPECT_EQ(json::parse(json_line(NoticeLevel::info, "caf\xe9!"))["text"].get<std::string>(), "caf\uFFFD!");
}

RC_GTEST_PROP(JsonLine, EveryLineParsesBack,
              (const std::string& name, const std::string& key, const std::string& value)) {
  const std::string line = json_line(name, {{"k" + key, value}});
  RC_ASSERT(line.find('\n') == std::string::npos);
  const json object = json::parse(line);  // throws when it is no JSON
  RC_ASSERT(object.size() == 2u);
  if (utf16_of(name)) RC_ASSERT(object["event"].get<std::string>() == name);
  if (utf16_of(key) && utf16_of(value)) RC_ASSERT(object["k" + key].get<std::string>() == value);
}

}  // namespace
}  // namespace seedbed
