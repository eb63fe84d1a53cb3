// A finished session as a table for people, and as one JSON event. Pure formatting.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/prep/prep_import.h"

namespace seedbed {

std::string session_table(const PrepOutcome& outcome);
std::string plan_table(const PrepPlan& plan);
std::vector<std::pair<std::string, std::string>> session_event(const PrepOutcome& outcome);

}  // namespace seedbed
