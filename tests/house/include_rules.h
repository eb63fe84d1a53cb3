// Who may include whom: the floors of the house and the exceptions drawn between rooms.
//
#pragma once

#include <set>

#include "tests/house/source_text.h"

namespace seedbed::house {

// paths: every file of the tree, so that an include of a file that is not there is told.
Breaches check_includes(const SourceFile& file, const std::set<std::string>& paths);

}  // namespace seedbed::house
