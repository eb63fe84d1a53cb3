// A scenario that is nearly the one of a file: the few places where it differs, in one word, so that a run
// which was made smaller is still named by one line.
//
//   ~source.random_files=0      that key has that value (a list of tables is counted from 0: fault.1.times)
//   ~fault.1                    that key, or that element of a list, is not there
//
// Places are those of the file, whatever the order: elements that go do not move the others. An index one
// behind the last makes a new element. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/toml_reader.h"

namespace seedbed {

struct ScenarioEdit {
  std::string path;                  // "fault.1.when.nth"
  std::optional<std::string> value;  // 17, true, [1,6], "but:417,431" as bare words; nothing: it goes
  friend bool operator==(const ScenarioEdit&, const ScenarioEdit&) = default;
};

// One edit without its "~", both ways. invalid_argument: no path, or a character that a token cannot carry.
std::string edit_text(const ScenarioEdit& edit);
Result<ScenarioEdit> parse_edit(std::string_view text);

// The document with the edits made. invalid_argument: a place that is not there.
Result<TomlValue> edited(TomlValue document, const std::vector<ScenarioEdit>& edits);

}  // namespace seedbed
