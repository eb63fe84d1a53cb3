// The JSON Schema (draft 2020-12) of scenario files, for editors: made from the shape that the reader takes
// its bounds from (scenario_shape.h). What it accepts the reader may still refuse: what keys mean together is
// the reader's alone. `seedbed schema` prints it.
#pragma once

#include <string>

#include "scenarios/console.h"
#include "scenarios/table_shape.h"

namespace seedbed {

std::string schema_of(const TableShape& shape);
int schema_command(const RigContext& rig);

}  // namespace seedbed
