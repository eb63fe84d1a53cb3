// Records as JSON: run.json for files, one line per scenario for a worker process that hands its record to
// its parent. The layout is docs/formats/run-record.md. The same record makes the same bytes; texts that are
// no UTF-8 come back with U+FFFD in them. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "reports/run_record.h"

namespace seedbed {

inline constexpr size_t kRunJsonMaxBytes = 256 * MiB;
inline constexpr size_t kScenarioLineMaxBytes = 32 * MiB;

std::string encode_run_json(const RunRecord& run);
// `where` names the text in errors. What is no JSON, or no record, is `corrupt` and says the line, column and
// byte, or the key; unknown keys are passed over.
Result<RunRecord> parse_run_json(std::string_view text, const std::string& where);

// {"event":"scenario","name":…}, without a line break.
std::string encode_scenario_line_json(const ScenarioRecord& scenario);
Result<ScenarioRecord> parse_scenario_line_json(std::string_view line, const std::string& where);

}  // namespace seedbed
