// What of the table of faults the suites exercise: for each row, in which phases its faults fired, and how
// often one was planned and never did. The rows, and which actions, commands and settings belong to each,
// are in coverage_rows.cc. Values; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.h"

namespace seedbed {

// One thing that can be made to happen. A fault of the plan does it, or a scenario is arranged so that it
// happens (by a command, a drive, an operator); either may be absent.
struct FaultRow {
  std::string_view where, fault;
  std::vector<std::string_view> actions = {};      // as scenario files spell them
  bool (*planned)(const PlannedFault&) = nullptr;  // narrows the actions; null: each of them will do
  bool (*arranged)(const Scenario&) = nullptr;     // null: only a fault does it
  bool does(const PlannedFault& fault) const noexcept;
};
std::span<const FaultRow> fault_rows();

class Coverage {
 public:
  static constexpr std::string_view kArranged = "world";  // the phase of what was arranged
  Coverage() : rows_(fault_rows().size()) {}

  void fired(const PlannedFault& fault, std::string_view phase);
  void never_fired(const PlannedFault& fault);
  // A scenario that went as expected.
  void played(const Scenario& scenario);

  struct Row {
    std::map<std::string, uint64_t, std::less<>> fired;  // by phase
    uint64_t in_all = 0, never = 0;
  };
  const std::vector<Row>& rows() const noexcept { return rows_; }
  // Rows that nothing exercised: "drive: stale block".
  std::vector<std::string> holes() const;
  // Fixed columns, one line a row, phases across; the first line says what the columns are.
  std::vector<std::string> table() const;

 private:
  std::vector<Row> rows_;
};

}  // namespace seedbed
