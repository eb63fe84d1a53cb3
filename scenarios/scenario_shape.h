// The shape of a scenario file: every table, every key, every word. [docs/formats/scenario.md] The one list
// of them; lists of words stand in the order in which scenario.h counts. Any thread.
#pragma once

#include "scenarios/table_shape.h"

namespace seedbed {

const TableShape& scenario_shape();
const TableShape& fault_shape();
const TableShape& moment_shape();   // of a trigger, and of a part of a combination
const TableShape& trigger_shape();  // a moment, or a combination

inline constexpr std::string_view kJournalCommit = "journal.commit";  // a file.sync of a journal

}  // namespace seedbed
