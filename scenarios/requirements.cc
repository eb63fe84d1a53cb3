#include "scenarios/requirements.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace seedbed {

namespace {

constexpr size_t kIdCharsMax = 32;

bool is_capital(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(trimmed(text.substr(0, end)));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// "Suite.Name" in back quotes.
bool is_test_name(std::string_view text) noexcept {
  const size_t dot = text.find('.');
  return text.size() > 4 && text.front() == '`' && text.back() == '`' && dot != text.npos && dot > 1 &&
         dot + 2 < text.size() && text.find(' ') == text.npos;
}

}  // namespace

bool is_requirement_id(std::string_view id) noexcept {
  if (id.size() > kIdCharsMax || !id.starts_with("R-")) return false;
  id.remove_prefix(2);
  const size_t dash = id.find_last_of('-');
  if (dash == id.npos || dash == 0 || dash + 1 == id.size()) return false;
  const std::string_view words = id.substr(0, dash), number = id.substr(dash + 1);
  return is_capital(words.front()) && is_capital(words.back()) && words.find("--") == words.npos &&
         std::ranges::all_of(words, [](char c) { return is_capital(c) || c == '-'; }) &&
         std::ranges::all_of(number, is_digit) && number.front() != '0';
}

Result<std::vector<Requirement>> parse_requirements(std::string_view page, const std::string& path) {
  std::vector<Requirement> rows;
  uint64_t line_number = 0;
  for (const std::string& line : parts_of(page, '\n')) {
    line_number++;
    if (!line.starts_with("| R-")) continue;
    const auto wrong = [&](std::string what) {
      return fail(ErrorCode::invalid_argument, std::move(what), fmt::format("{}:{}", path, line_number),
                  "Write | R-STAGE-1 | one sentence. | | or name tests, `Suite.Name`, in the last column");
    };
    const auto cells = parts_of(line, '|');  // an empty one before the first bar and behind the last
    if (cells.size() != 5 || !cells[4].empty()) return wrong("a requirement's row has three columns");
    Requirement row{.id = cells[1], .sentence = cells[2], .tests = {}};
    if (!is_requirement_id(row.id)) return wrong("\"" + row.id + "\" is no id of a requirement");
    if (std::ranges::find(rows, row.id, &Requirement::id) != rows.end())
      return wrong(row.id + " stands twice");
    if (row.sentence.size() < 10 || !row.sentence.ends_with('.')) return wrong(row.id + " has no sentence");
    if (!cells[3].empty())
      for (const std::string& test : parts_of(cells[3], ',')) {
        if (!is_test_name(test)) return wrong("\"" + test + "\" is no name of a test");
        row.tests.push_back(test.substr(1, test.size() - 2));
      }
    rows.push_back(std::move(row));
  }
  if (rows.empty())
    return fail(ErrorCode::invalid_argument, "the page has no requirement", path,
                "Name the right page, usually docs/requirements.md");
  return rows;
}

RequirementTable table_of(std::vector<Requirement> requirements,
                          const std::vector<std::shared_ptr<const Scenario>>& suite) {
  RequirementTable table;
  std::map<std::string, size_t, std::less<>> places;
  for (Requirement& requirement : requirements) {
    places.emplace(requirement.id, table.rows.size());
    table.rows.push_back({std::move(requirement), {}});
  }
  for (const auto& scenario : suite) {
    if (scenario->requirements.empty())
      table.holes.push_back(scenario->file + " names no requirement that it shows");
    for (const std::string& id : scenario->requirements) {
      const auto place = places.find(id);
      if (place == places.end())
        table.holes.push_back(fmt::format("{} names {}, which is no requirement", scenario->file, id));
      else
        table.rows[place->second].scenarios.push_back(scenario->name);
    }
  }
  for (const RequirementTable::Row& row : table.rows)
    if (row.scenarios.empty() && row.requirement.tests.empty())
      table.holes.push_back(row.requirement.id + " is shown by no scenario and no test");
  return table;
}

}  // namespace seedbed
