// JUnit XML: well-formed whatever the record holds, and it tells a build server the truth.
#include "reports/junit_report.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/reports/record_samples.h"
#include "tests/reports/xml_check.h"

namespace seedbed {
namespace {

XmlDocument report_of(const ScenarioRecord& scenario) {
  RunRecord run;
  run.scenarios = {scenario};
  auto document = well_formed(junit_report(run));
  EXPECT_NE(document, nullptr);
  return document;
}
XmlDocument report_of(Verdict expected, Verdict verdict) {
  ScenarioRecord scenario = passed_scenario("one");
  scenario.expected = expected;
  scenario.verdict = verdict;
  scenario.as_expected = expected == verdict;
  return report_of(scenario);
}

RC_GTEST_PROP(JunitReport, AnyBytesMakeAWellFormedDocument, ()) {
  RC_ASSERT(well_formed(junit_report(*any_run(any_bytes()))) != nullptr);
}

RC_GTEST_PROP(JunitReport, AnyTextMakesAWellFormedDocument, ()) {
  RC_ASSERT(well_formed(junit_report(*any_run(any_utf8()))) != nullptr);
}

TEST(JunitReport, CountsAreThoseOfTheCases) {
  const auto document = well_formed(junit_report(full_run()));
  ASSERT_NE(document, nullptr);
  EXPECT_EQ(xpath(document, "/testsuites/testsuite/@tests"), "20");
  EXPECT_EQ(xpath(document, "count(//testcase)"), "20");
  EXPECT_EQ(xpath(document, "/testsuites/@failures"), "2");
  EXPECT_EQ(xpath(document, "count(//failure)"), "2");
  EXPECT_EQ(xpath(document, "/testsuites/@errors"), "2");
  EXPECT_EQ(xpath(document, "count(//error)"), "2");
  EXPECT_EQ(xpath(document, "count(//skipped)"), "1");
  EXPECT_EQ(xpath(document, "//testsuite/@timestamp"), "2016-11-02T18:24:14");
  EXPECT_EQ(xpath(document, "//testsuite/properties/property[@name='seed']/@value"), "7");
}

TEST(JunitReport, AFailureNamesVerdictExpectationReasonAndReplay) {
  const auto document = well_formed(junit_report(full_run()));
  ASSERT_NE(document, nullptr);
  EXPECT_EQ(xpath(document, "(//failure)[1]/@message"),
            "lost (expected refused): 2 files of 812 are missing after the restore; seedbed replay "
            "suites/kill.toml@7");
  const std::string body = xpath(document, "(//failure)[1]");
  EXPECT_NE(body.find("oracle 1: nothing lost: photos/2014/IMG_2231.jpg is missing\n"), std::string::npos)
      << body;
}

TEST(JunitReport, ACaseCarriesTimeSeedAndHash) {
  const auto document = report_of(passed_scenario("one"));
  EXPECT_EQ(xpath(document, "//testcase/@time"), "0.012345");
  EXPECT_EQ(xpath(document, "//testcase//property[@name='seed']/@value"), "7");
  EXPECT_EQ(xpath(document, "//testcase//property[@name='event_log_hash']/@value"), "00c0ffee00c0ffee");
}

TEST(JunitReport, EveryVerdictThatTheExitCodeCallsRedIsRed) {
  for (size_t e = 0; e < kVerdicts; e++) {
    for (size_t v = 0; v < kVerdicts; v++) {
      const auto document = report_of(static_cast<Verdict>(e), static_cast<Verdict>(v));
      const auto verdict = static_cast<Verdict>(v);
      const std::string element = verdict == Verdict::not_applicable ? "skipped"
                                  : verdict == Verdict::harness_broken || verdict == Verdict::not_measured
                                      ? "error"
                                  : e == v                    ? "none"
                                  : verdict == Verdict::stuck ? "error"
                                                              : "failure";
      for (const char* each : {"skipped", "error", "failure"})
        EXPECT_EQ(xpath(document, std::string("count(//") + each + ")"), element == each ? "1" : "0")
            << element << " " << e << " " << v;
    }
  }
}

TEST(JunitReport, ControlCharactersAndBrokenTextAreShownNotDropped) {
  ScenarioRecord scenario = passed_scenario("bell \x07 and \xff and <&\"'>\nand \ufffe");
  const auto document = report_of(scenario);
  EXPECT_EQ(xpath(document, "//testcase/@name"), "bell \\x07 and \\xFF and <&\"'>\nand \\u{FFFE}");
}

}  // namespace
}  // namespace seedbed
