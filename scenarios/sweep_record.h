// What a sweep, or one part of it, found: sweep.json. A run record with the runs that failed (so that replay
// and report take it), and the counts over all runs in a member of its own. Parts that make a whole are
// merged into what one sweep of everything would have found. Pure; any thread.
// [docs/formats/sweep-record.md]
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/run_record.h"
#include "scenarios/rig_lines.h"
#include "scenarios/shard.h"

namespace seedbed {

struct SweepRecord {
  RunRecord run;      // its scenarios: the runs that failed, by file and seed
  std::string suite;  // a digest of every scenario's name and text
  std::string tag;    // that chose among them; "": none
  SeedRange seeds;
  uint64_t scenarios = 0;
  std::vector<Shard> parts;  // that are in it, of one count
  SweepCounts counts;        // `fired` has every planned fault

  uint64_t runs_planned() const noexcept;  // of its parts
  std::vector<std::string> never_fired() const;
  bool whole() const noexcept { return parts.size() == 1 && parts[0].count == 1; }
};

std::string encode_sweep_json(const SweepRecord& sweep);
// `where` names the text in errors. corrupt: no sweep record.
Result<SweepRecord> parse_sweep_json(std::string_view text, const std::string& where);

// One whole of parts, each with the name of where it was found. refused: parts that overlap or are missing,
// or are of other versions, suites, tags, seeds or divisions.
Result<SweepRecord> merge_sweeps(std::vector<std::pair<std::string, SweepRecord>> parts);

// The last line, and what follows from it. Whether a fault ever fired is judged of a whole only.
std::string closing_line(const SweepRecord& sweep);
int exit_code_of(const SweepRecord& sweep);

}  // namespace seedbed
