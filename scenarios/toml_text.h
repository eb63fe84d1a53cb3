// A TOML value as text again, so that a scenario which was changed by the rig can be kept and read by people.
// What parse_toml() reads from it is the same value, places apart. Pure; any thread.
#pragma once

#include <string>

#include "scenarios/toml_reader.h"

namespace seedbed {

// A whole document: keys first, then [tables] and [[lists of tables]]. `table` holds no dates.
std::string toml_text(const TomlValue& table);

}  // namespace seedbed
