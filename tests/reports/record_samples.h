// Records for the tests of reports/: one that shows everything, and random ones.
#pragma once

#include <rapidcheck.h>

#include "reports/run_record.h"

namespace seedbed {

ScenarioRecord passed_scenario(const std::string& name);
// A run of some twenty scenarios with every verdict, as a person would see it.
RunRecord full_run();

// Texts: words, characters that mean something to XML, HTML, JSON and shells, controls, wide characters.
rc::Gen<std::string> any_utf8();
// Any bytes at all.
rc::Gen<std::string> any_bytes();
rc::Gen<RunRecord> any_run(const rc::Gen<std::string>& texts);

}  // namespace seedbed
