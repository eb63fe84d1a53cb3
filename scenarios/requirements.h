// What is required of the chain: the rows of docs/requirements.md, and which scenarios or tests show each.
// Values and pure functions; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.h"

namespace seedbed {

// "R-STAGE-1": R, words of capital letters, a number.
bool is_requirement_id(std::string_view id) noexcept;

struct Requirement {
  std::string id, sentence;
  std::vector<std::string> tests;  // "Suite.Name": where it is shown when no scenario can; else empty
};

// The rows "| id | sentence | tests |" of the page, in its order. invalid_argument, with file and line: a row
// that is none, an id that stands twice, a page without rows.
Result<std::vector<Requirement>> parse_requirements(std::string_view page, const std::string& path);

// Requirements against scenarios, both ways.
struct RequirementTable {
  struct Row {
    Requirement requirement;
    std::vector<std::string> scenarios;  // their names
  };
  std::vector<Row> rows;
  std::vector<std::string> holes;  // one sentence each; empty: everything is shown somewhere
};
RequirementTable table_of(std::vector<Requirement> requirements,
                          const std::vector<std::shared_ptr<const Scenario>>& suite);

}  // namespace seedbed
