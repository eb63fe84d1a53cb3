// report.html: nothing of a record gets into it unescaped, failures come first, its size is bounded.
#include "reports/html_report.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <fstream>

#include "engine/base/text.h"
#include "reports/timeline_drawing.h"
#include "tests/reports/record_samples.h"
#include "tests/reports/xml_check.h"

namespace seedbed {
namespace {

// The page is written so that, without its doctype and with its few void elements closed, it is XML: a stray
// < or & or quote would break that.
XmlDocument as_xml(std::string page) {
  page.erase(0, page.find('\n'));
  for (size_t at = page.find("<meta "); at != std::string::npos; at = page.find("<meta ", at + 1))
    page.insert(page.find('>', at), "/");
  for (size_t at = page.find("<details open>"); at != std::string::npos;
       at = page.find("<details open>", at + 1))
    page.replace(at, 14, "<details open=\"\">");
  return well_formed(page);
}

// The elements of the page by name, whatever their texts.
std::set<std::string> elements_of(const XmlDocument& document) {
  std::set<std::string> names;
  const std::function<void(const xmlNode*)> walk = [&](const xmlNode* node) {
    for (; node != nullptr; node = node->next) {
      if (node->type == XML_ELEMENT_NODE) names.insert(reinterpret_cast<const char*>(node->name));
      walk(node->children);
    }
  };
  walk(xmlDocGetRootElement(document.get()));
  return names;
}

void expect_harmless(const RunRecord& run) {
  const std::string page = html_report(run);
  RC_ASSERT(utf16_of(page).has_value());
  for (const char c : page) RC_ASSERT(c == '\n' || static_cast<uint8_t>(c) >= 0x20);
  const auto document = as_xml(page);
  RC_ASSERT(document != nullptr);
  static const std::set<std::string> kOurs = {
      "html", "head", "meta", "title", "style", "body", "header", "main", "h1",   "h2",     "h3",    "p",
      "span", "ul",   "li",   "b",     "dl",    "dt",   "dd",     "code", "pre",  "table",  "thead", "tbody",
      "tr",   "th",   "td",   "a",     "div",   "svg",  "g",      "path", "rect", "circle", "text"};
  for (const auto& name : elements_of(document))
    RC_ASSERT(kOurs.contains(name) || name == "details" || name == "summary");
}

RC_GTEST_PROP(HtmlReport, NoTextOfARecordBecomesMarkup, ()) {
  expect_harmless(*any_run(any_utf8()));
}

RC_GTEST_PROP(HtmlReport, NoBytesOfARecordBreakThePage, ()) {
  expect_harmless(*any_run(any_bytes()));
}

TEST(HtmlReport, FailedScenariosComeFirstAndAreOpen) {
  const auto document = as_xml(html_report(full_run()));
  ASSERT_NE(document, nullptr);
  EXPECT_EQ(xpath(document, "count(//table[@class='scenarios']//tbody/tr)"), "20");
  EXPECT_EQ(xpath(document, "//table[@class='scenarios']//tbody/tr[1]/td[1]"),
            "drive swapped for one of the same size");
  EXPECT_EQ(xpath(document, "//table[@class='scenarios']//tbody/tr[4]/td[1]"),
            "read error in the partition table");
  EXPECT_EQ(xpath(document, "//table[@class='scenarios']//tbody/tr[20]/td[1]"), "hot unplug of a real drive");
  EXPECT_EQ(xpath(document, "count(//details[@open])"), "4");
}

TEST(HtmlReport, EveryLinkLeadsToASection) {
  const auto document = as_xml(html_report(full_run()));
  ASSERT_NE(document, nullptr);
  for (int i = 1; i <= 20; i++) {
    const std::string id = "s" + std::to_string(i);
    EXPECT_EQ(xpath(document, "count(//a[@href='#" + id + "'])"), "1");
    EXPECT_EQ(xpath(document, "count(//*[@id='" + id + "'])"), "1");
  }
}

TEST(HtmlReport, ThePageFetchesAndRunsNothing) {
  const std::string page = html_report(full_run());
  for (const char* word : {"<script", "http://", "https://", "url(", "@import", "<img", "<link", "onload"})
    EXPECT_EQ(page.find(word), std::string::npos) << word;
}

TEST(HtmlReport, TheHeadlineIsThatOfTheExitCode) {
  RunRecord run;
  EXPECT_NE(html_report(run).find("Nothing was tested."), std::string::npos);
  run.scenarios = {passed_scenario("one")};
  EXPECT_NE(html_report(run).find("All that was tested went as expected."), std::string::npos);
  run.scenarios[0].verdict = Verdict::not_measured;
  EXPECT_NE(html_report(run).find("Not everything was measured."), std::string::npos);
  run.scenarios[0].verdict = Verdict::stuck;
  EXPECT_NE(html_report(run).find(">Stuck."), std::string::npos);
  run.scenarios[0].verdict = Verdict::lost;
  EXPECT_NE(html_report(run).find(">Not as expected."), std::string::npos);
  run.scenarios[0].verdict = Verdict::harness_broken;
  EXPECT_NE(html_report(run).find("The testbed itself is at fault."), std::string::npos);
}

TEST(HtmlReport, AScenarioTellsFaultsFindingsAndHowToReplay) {
  const std::string page = html_report(full_run());
  for (const char* words :
       {"never reached", "could not run", "photos/2014/IMG_2231.jpg is missing",
        "seedbed replay suites/kill.toml@7", "drive.flush        SIM1", "83.9 MB of at most 67.1 MB"})
    EXPECT_NE(page.find(words), std::string::npos) << words;
}

TEST(HtmlReport, TwoRunsThatDifferAreShown) {
  RunRecord run;
  run.scenarios = {passed_scenario("one")};
  EXPECT_NE(html_report(run).find("twice"), std::string::npos);
  run.scenarios[0].second_hash = "feed";
  EXPECT_NE(html_report(run).find("second run: <code>feed</code>"), std::string::npos);
}

TEST(HtmlReport, AThousandScenariosKeepTheirRowsButNotAllDetails) {
  RunRecord run;
  run.scenarios.assign(1000, passed_scenario("one of many"));
  run.scenarios[999].verdict = Verdict::lost;
  const auto document = as_xml(html_report(run));
  ASSERT_NE(document, nullptr);
  EXPECT_EQ(xpath(document, "count(//table[@class='scenarios']//tbody/tr)"), "1000");
  EXPECT_EQ(xpath(document, "count(//div[@id])"), "400");
  EXPECT_EQ(xpath(document, "//div[@id='s1']//span[starts-with(@class, 'verdict')]"), "lost");
}

TEST(TimelineDrawing, PhasesEndWhereTheNextOneBeginsOrTheLaneEnds) {
  const std::string drawing = timeline_drawing({{0, "drive", "build", "phase"},
                                                {1'000'000'000, "drive", "copy", "phase"},
                                                {3'000'000'000, "drive", "done", "end"},
                                                {4'000'000'000, "operator", "told", "promise"}});
  EXPECT_NE(drawing.find("<title>build: 0.000 s to 1.000 s</title>"), std::string::npos) << drawing;
  EXPECT_NE(drawing.find("<title>copy: 1.000 s to 3.000 s</title>"), std::string::npos) << drawing;
  EXPECT_NE(drawing.find(">0.5 s</text>"), std::string::npos) << drawing;
}

TEST(TimelineDrawing, AMillionMarksAreNotAMillionShapes) {
  std::vector<TimelineEntry> timeline;
  for (uint64_t i = 0; i < 300'000; i++) timeline.push_back({i * 1000, "drive", "flush", "flush"});
  for (uint64_t i = 0; i < 300'000; i++)
    timeline.push_back({i * 1000, "drive", i % 2 == 0 ? "a" : "b", "phase"});
  EXPECT_LT(timeline_drawing(timeline).size(), 500'000u);
}

TEST(TimelineDrawing, NothingOneMomentAndTheEndOfTimeAreDrawnToo) {
  EXPECT_EQ(timeline_drawing({}), "");
  EXPECT_NE(timeline_drawing({{7, "operator", "told", "promise"}}), "");
  EXPECT_NE(timeline_drawing({{0, "a", "x", "phase"}, {UINT64_MAX, "b", "y", "end"}}), "");
}

// For a look at it: SEEDBED_REPORT_OUT=report.html bin/test_reports --gtest_filter='*AsAPersonWouldSeeIt'
TEST(HtmlReport, AsAPersonWouldSeeIt) {
  const std::string page = html_report(full_run());
  EXPECT_GT(page.size(), 10'000u);
  if (const char* path = std::getenv("SEEDBED_REPORT_OUT")) std::ofstream(path, std::ios::binary) << page;
}

}  // namespace
}  // namespace seedbed
