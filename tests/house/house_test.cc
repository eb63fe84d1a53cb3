// The house keeps its doors shut: every rule over every file of the tree.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/house/allowances.h"
#include "tests/house/build_rules.h"
#include "tests/house/code_rules.h"
#include "tests/house/definition_rules.h"
#include "tests/house/include_rules.h"

namespace seedbed::house {
namespace {

constexpr const char* kCodeTops[] = {"engine",  "simulator", "fakes", "scenarios",
                                     "reports", "bench",     "tests"};
// Made, not written: build trees, reports, caches, version control. The same as .gitignore.
constexpr const char* kMade[] = {"build", ".git", ".cache", "reports/out"};

const std::vector<SourceFile>& tree() {
  static const std::vector<SourceFile> files = [] {
    const std::filesystem::path top = SEEDBED_SOURCE_DIR;
    std::vector<SourceFile> found;
    for (auto entry = std::filesystem::recursive_directory_iterator(top);
         entry != std::filesystem::recursive_directory_iterator(); ++entry) {
      const std::string path = entry->path().lexically_relative(top).generic_string();
      if (std::find(std::begin(kMade), std::end(kMade), path) != std::end(kMade)) {
        if (entry->is_directory()) entry.disable_recursion_pending();
        continue;
      }
      if (!entry->is_regular_file()) continue;
      std::ifstream in(entry->path(), std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(in), {}};
      if (text.find('\0') == std::string::npos)
        found.push_back({path, std::move(text)});  // binary samples have no lines
    }
    std::sort(found.begin(), found.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    return found;
  }();
  return files;
}

bool is_code(const SourceFile& file) {
  return std::any_of(std::begin(kCodeTops), std::end(kCodeTops),
                     [&](const std::string& top) { return file.path.starts_with(top + "/"); });
}

void expect_none(const Breaches& breaches) {
  for (const auto& breach : breaches) ADD_FAILURE() << breach.line();
}

std::string text_of(const std::string& path) {
  const auto found =
      std::find_if(tree().begin(), tree().end(), [&](const SourceFile& file) { return file.path == path; });
  EXPECT_NE(found, tree().end()) << path;
  return found == tree().end() ? "" : found->text;
}

TEST(House, TheTreeWasRead) {
  EXPECT_GT(std::count_if(tree().begin(), tree().end(), is_code), 100);
  EXPECT_NE(text_of("engine/base/bytes.h"), "");
}

TEST(House, RoomsIncludeOnlyFromBelow) {
  std::set<std::string> paths;
  for (const auto& file : tree()) paths.insert(file.path);
  for (const auto& file : tree())
    if (is_code(file) && (is_header(file.path) || is_source(file.path)))
      expect_none(check_includes(file, paths));
}

TEST(House, EverySourceIsBuiltAndEveryTestRuns) {
  const BuildLists lists = build_lists(text_of("cmake/house.cmake"), text_of("cmake/tests.cmake"));
  for (const auto& file : tree())
    if (is_code(file)) expect_none(check_built(file.path, lists));
}

// Several types and functions of one name lived in two rooms and linked without a word.
TEST(House, EveryNameHasOneDefinition) {
  size_t types = 0, functions = 0;
  for (const auto& file : tree())
    if (is_code(file) && is_header(file.path))
      for (const auto& definition : definitions_of(file))
        (definition.kind == Definition::Kind::type ? types : functions)++;
  EXPECT_GT(types, 300u);  // the reader still finds its way
  EXPECT_GT(functions, 300u);
  std::vector<SourceFile> code;
  std::copy_if(tree().begin(), tree().end(), std::back_inserter(code), is_code);
  expect_none(check_one_definition(code));
}

TEST(House, ClocksThreadsAndChanceStayWithTheAdaptors) {
  for (const auto& file : tree())
    if (is_code(file)) expect_none(check_banned_names(file));
}

TEST(House, CatchAllLetsKilledPass) {
  for (const auto& file : tree())
    if (is_code(file)) expect_none(check_catch_all(file));
}

// An allowance stands for a file that is there and does what it is excused for.
TEST(House, NoAllowanceIsStale) {
  for (const auto& allowance : allowances()) {
    const auto found = std::find_if(tree().begin(), tree().end(),
                                    [&](const SourceFile& file) { return file.path == allowance.path; });
    ASSERT_NE(found, tree().end()) << allowance.path << " is gone";
    // the same text under a path that has no allowance
    const SourceFile elsewhere{"engine/nowhere/file" + allowance.path.substr(allowance.path.rfind('.')),
                               found->text};
    const Breaches breaches = allowance.rule == Rule::banned_name ? check_banned_names(elsewhere)
                              : allowance.rule == Rule::long_file ? check_shape(elsewhere)
                                                                  : check_catch_all(elsewhere);
    EXPECT_TRUE(std::any_of(
        breaches.begin(), breaches.end(),
        [&](const Breach& breach) { return breach.what.find(allowance.detail) != std::string::npos; }))
        << allowance.path << " needs no allowance for " << allowance.detail;
    EXPECT_GT(allowance.reason.size(), 10u) << allowance.path;
  }
}

TEST(House, FilesHaveTheirShape) {
  for (const auto& file : tree())
    if (is_code(file)) expect_none(check_shape(file));
}

TEST(House, NothingIsLeftUnfinished) {
  for (const auto& file : tree()) expect_none(check_unfinished(file));
}

TEST(House, NoPathOfOneMachine) {
  for (const auto& file : tree()) expect_none(check_machine_paths(file));
}

TEST(House, FormatDocumentsAreWhole) {
  size_t documents = 0;
  for (const auto& file : tree()) {
    if (!file.path.starts_with("docs/formats/")) continue;
    documents++;
    expect_none(check_format_document(file));
  }
  EXPECT_GT(documents, 0u);
}

}  // namespace
}  // namespace seedbed::house
