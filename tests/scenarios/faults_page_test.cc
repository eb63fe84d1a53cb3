// docs/faults.md: each example on the page is run as it stands and ends as the page says, and no action and
// no trigger that the reader knows is missing there.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "scenarios/scenario_file.h"
#include "scenarios/scenario_run.h"
#include "scenarios/scenario_shape.h"

namespace seedbed {
namespace {

struct PageExample {
  std::string chapter, name, toml, verdict;
  size_t line = 0;
  bool of_the_chain() const {
    return chapter == "Network and services" || chapter == "Shipment and data centre";
  }
};

void PrintTo(const PageExample& example, std::ostream* out) {
  *out << "docs/faults.md:" << example.line << " " << example.name;
}

std::vector<PageExample> read_page() {
  std::ifstream page(SEEDBED_SOURCE_DIR "/docs/faults.md");
  std::vector<PageExample> examples;
  std::string chapter, text;
  bool inside = false;
  for (size_t number = 1; std::getline(page, text); number++) {
    static const std::string kArrow = "→ ";
    if (inside) {
      inside = text != "```";
      if (inside) examples.back().toml += text + '\n';
    } else if (text.starts_with("## ")) {
      chapter = text.substr(3);
    } else if (text.starts_with("### `")) {
      examples.push_back({.chapter = chapter, .name = text.substr(5, text.size() - 6), .line = number});
    } else if (text == "```toml" && !examples.empty()) {
      inside = true;
    } else if (const size_t arrow = text.find(kArrow); arrow != text.npos && !examples.empty()) {
      examples.back().verdict = text.substr(arrow + kArrow.size());
    }
  }
  return examples;
}

// The example in the world of its chapter.
std::string whole_text(const PageExample& example) {
  std::string head = "name = \"an example of " + example.name + "\"\nproves = \"the page says what is so\"\n";
  std::string body = example.toml;
  if (body.starts_with("virtual_s_max")) {  // keys of the file itself come first
    const size_t end = body.find('\n') + 1;
    head += body.substr(0, end);
    body.erase(0, end);
  }
  const bool chain = example.of_the_chain() || body.starts_with("[chain]");
  head += "[source]\nusual = false\n";
  head +=
      chain ? "files = [ { path = \"a.bin\", size = \"60KiB\" }, { path = \"b.bin\", size = \"9KiB\" }, "
              "{ path = \"c.bin\", size = 77 } ]\n"
            : "files = [ { path = \"a.bin\", size = \"300KiB\" }, { path = \"b.bin\", size = \"70KiB\" } ]\n";
  if (example.of_the_chain()) head += "[chain]\n";
  return head + body + "[expect]\nverdict = \"" + example.verdict + "\"\n";
}

class FaultsPage : public testing::TestWithParam<PageExample> {};

TEST_P(FaultsPage, does_what_it_says) {
  const auto scenario = parse_scenario(whole_text(GetParam()), "example.toml");
  ASSERT_TRUE(scenario) << scenario.error().message();
  const bool is_about = GetParam().chapter == "Triggers" ||
                        std::ranges::any_of(scenario->faults, [](const PlannedFault& fault) {
                          return action_name(fault.action) == GetParam().name;
                        });
  EXPECT_TRUE(is_about) << "the example is of another fault";
  const auto run = run_scenario(std::make_shared<const Scenario>(*scenario), 1, {});
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_TRUE(run->record.as_expected) << verdict_name(run->record.verdict) << ": " << run->record.why;
}

INSTANTIATE_TEST_SUITE_P(Example, FaultsPage, testing::ValuesIn(read_page()), [](const auto& tested) {
  std::string name = tested.param.chapter == "Triggers" ? "trigger_" : "";
  for (const char c : tested.param.name) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

TEST(FaultsPageText, no_action_and_no_trigger_is_missing) {
  std::set<std::string, std::less<>> faults, triggers;
  for (const PageExample& example : read_page())
    EXPECT_TRUE((example.chapter == "Triggers" ? triggers : faults).insert(example.name).second)
        << example.name << " stands twice";
  for (const std::string_view action : fault_shape().find("what")->words)
    EXPECT_TRUE(faults.contains(action)) << action << " is not on the page";
  EXPECT_EQ(faults.size(), fault_shape().find("what")->words.size());
  for (const std::string_view key : trigger_shape().key_names())
    EXPECT_TRUE(triggers.contains(key)) << key << " is not on the page";
  EXPECT_EQ(triggers.size(), trigger_shape().keys.size());
}

TEST(FaultsPageText, says_of_each_fault_whether_it_is_legal) {
  std::ifstream page(SEEDBED_SOURCE_DIR "/docs/faults.md");
  std::string text, name;
  while (std::getline(page, text)) {
    if (text.starts_with("## Triggers")) break;
    if (text.starts_with("### `")) {
      name = text.substr(5, text.size() - 6);
    } else if (!name.empty() && !text.empty() && text.front() != '#') {
      const auto action = action_named(name);
      ASSERT_TRUE(action) << name;
      EXPECT_EQ(text.starts_with("**illegal** "), !legal(*action)) << name;
      name.clear();
    }
  }
}

}  // namespace
}  // namespace seedbed
