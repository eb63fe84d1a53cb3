// One scenario of report.html: its row in the table of all, and its folded section with everything known
// about it. Whatever the record holds is escaped here. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "reports/run_record.h"

namespace seedbed {

// "data is missing", in words that need no manual.
std::string_view verdict_meaning(Verdict verdict) noexcept;
// The style's class: "good", "bad", "open" (not measured), "none" (not applicable).
std::string_view outcome_class(Outcome outcome) noexcept;

// `number` names the section, so that the row can point at it; a row without a section points nowhere.
std::string scenario_row(const ScenarioRecord& scenario, size_t number, bool has_section);
std::string scenario_section(const ScenarioRecord& scenario, size_t number);

}  // namespace seedbed
