// A run as JUnit XML, for build servers: a test case per scenario. Unexpected verdicts are failures; stuck,
// not measured and harness-broken are errors (nothing was judged); not applicable is skipped. Well-formed
// whatever the texts hold. A pure function; any thread.
#pragma once

#include <string>

#include "reports/run_record.h"

namespace seedbed {

std::string junit_report(const RunRecord& run);

}  // namespace seedbed
