#include "scenarios/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace seedbed {

namespace {

struct Column {
  std::string_view phase, title;
};
// In the order of the work. What a phase has no column for is counted in the last one.
constexpr std::array kColumns = {
    Column{"start", "start"},   Column{"intent", "inte"},   Column{"build", "build"},
    Column{"metadata", "meta"}, Column{"data", "data"},     Column{"finalising", "final"},
    Column{"proof", "proof"},   Column{"closing", "close"}, Column{"undo", "undo"},
    Column{"backup", "backu"},  Column{"shipping", "ship"}, Column{"delivery", "deliv"},
    Column{"import", "impor"},  Column{"restore", "resto"}, Column{Coverage::kArranged, "world"},
    Column{"", "other"}};

bool has_column(std::string_view phase) noexcept {
  return std::ranges::any_of(kColumns, [&](const Column& column) { return column.phase == phase; });
}

std::string name_of(const FaultRow& row) {
  return fmt::format("{}: {}", row.where, row.fault);
}

std::string cell(uint64_t count) {
  return fmt::format(" {:>5}", count == 0 ? "." : std::to_string(count));
}

}  // namespace

bool FaultRow::does(const PlannedFault& fault) const noexcept {
  return std::ranges::find(actions, action_name(fault.action)) != actions.end() &&
         (planned == nullptr || planned(fault));
}

void Coverage::fired(const PlannedFault& fault, std::string_view phase) {
  for (size_t i = 0; i < rows_.size(); i++) {
    if (!fault_rows()[i].does(fault)) continue;
    rows_[i].fired[std::string(phase)]++;
    rows_[i].in_all++;
  }
}

void Coverage::never_fired(const PlannedFault& fault) {
  for (size_t i = 0; i < rows_.size(); i++)
    if (fault_rows()[i].does(fault)) rows_[i].never++;
}

void Coverage::played(const Scenario& scenario) {
  for (size_t i = 0; i < rows_.size(); i++) {
    const auto arranged = fault_rows()[i].arranged;
    if (arranged == nullptr || !arranged(scenario)) continue;
    rows_[i].fired[std::string(kArranged)]++;
    rows_[i].in_all++;
  }
}

std::vector<std::string> Coverage::holes() const {
  std::vector<std::string> holes;
  for (size_t i = 0; i < rows_.size(); i++)
    if (rows_[i].in_all == 0) holes.push_back(name_of(fault_rows()[i]));
  return holes;
}

std::vector<std::string> Coverage::table() const {
  std::vector<std::string> lines;
  std::string head = fmt::format("{:<50}", "fault");
  for (const Column& column : kColumns) head += fmt::format(" {:>5}", column.title);
  lines.push_back(head + "   all never");
  for (size_t i = 0; i < rows_.size(); i++) {
    std::string line = fmt::format("{:<50}", name_of(fault_rows()[i]));
    uint64_t other = 0;
    for (const auto& [phase, count] : rows_[i].fired)
      if (!has_column(phase) || phase.empty()) other += count;
    for (const Column& column : kColumns) {
      const auto at = rows_[i].fired.find(column.phase);
      line += cell(column.phase.empty() ? other : at == rows_[i].fired.end() ? 0 : at->second);
    }
    lines.push_back(line + cell(rows_[i].in_all) + cell(rows_[i].never));
  }
  return lines;
}

}  // namespace seedbed
