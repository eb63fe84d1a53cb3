// What must not reach toml++ 3.3: texts that are too long or no UTF-8, and characters at which it asks a
// question without an answer (undefined behaviour). Everything else is left to it. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scenarios/toml_reader.h"

namespace seedbed {

struct TomlFlaw {
  TomlPlace place;
  std::string what, remedy;
};

// The first flaw. Stricter than TOML in two things: a text ends on its line, so that """ and ''' are flaws,
// and no part of a key behind a dot is in quotes.
std::optional<TomlFlaw> find_toml_flaw(std::string_view text);

}  // namespace seedbed
