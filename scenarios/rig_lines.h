// What workers tell their parents, and `--json` tells programs, beside scenario records: one JSON line each.
// Pure; JSON's heavy header stays in one source.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "scenarios/coverage.h"
#include "scenarios/explorer.h"
#include "scenarios/requirements.h"

namespace seedbed {

struct SweepCounts {
  uint64_t runs = 0, failed = 0, twice = 0, events = 0;
  std::map<std::string, uint64_t> fired;  // "scenario: fault" → runs in which it did
};

// {"event":"counts",…} and back; nothing when the line is another.
std::string counts_line(const SweepCounts& counts);
std::optional<SweepCounts> parse_counts_line(std::string_view line);

// {"event":"totals",…} and back. `scenario`: whose; "": of the whole command, or a worker's.
std::string totals_line(const ExploreTotals& totals, const std::string& scenario);
std::optional<ExploreTotals> parse_totals_line(std::string_view line);

// {"event":"judged",…} and back.
std::string judged_line(const std::vector<JudgedState>& states);
std::optional<std::vector<JudgedState>> parse_judged_line(std::string_view line);

// {"event":"coverage",…} of `seedbed coverage`, {"event":"requirement",…} of `seedbed list --requirements`.
std::string coverage_line(const FaultRow& row, const Coverage::Row& counts);
std::string requirement_line(const RequirementTable::Row& row);

// {"event":"scenario",…} of `seedbed list`.
std::string listing_line(const Scenario& scenario);

}  // namespace seedbed
