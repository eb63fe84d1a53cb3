// What code of the house may not say: clocks, threads and chance outside the adaptors, exceptions swallowed,
// unfinished work, this machine's paths. Each rule is a pure function over one file.
#pragma once

#include "tests/house/source_text.h"

namespace seedbed::house {

Breaches check_banned_names(const SourceFile& file);
Breaches check_catch_all(const SourceFile& file);
Breaches check_shape(const SourceFile& file);  // #pragma once, opening comment, length
Breaches check_unfinished(const SourceFile& file);
Breaches check_machine_paths(const SourceFile& file);
Breaches check_format_document(const SourceFile& file);  // docs/formats/*.md

}  // namespace seedbed::house
