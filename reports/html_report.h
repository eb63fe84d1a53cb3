// A run as one page of HTML for people: self-contained, without scripts, for screens of any width and for
// paper. Failed scenarios come first. Its size is bounded: every scenario has its row, the first few hundred
// their details; run.json has all. A pure function; any thread.
#pragma once

#include <string>

#include "reports/run_record.h"

namespace seedbed {

std::string html_report(const RunRecord& run);

}  // namespace seedbed
