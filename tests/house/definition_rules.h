// One name, one definition. Two rooms that define the same struct or free function in the same namespace link
// without a word, and whichever the linker met first serves both: wrong sizes, wrong code, no message.
//
// Read from tokens alone: what stands at namespace scope outside anonymous namespaces. Not seen: members,
// macros, what a template's specialisation adds.
#pragma once

#include "tests/house/source_text.h"

namespace seedbed::house {

struct Definition {
  enum class Kind : uint8_t { type, function, variable };
  Kind kind = Kind::type;
  std::string name;   // with its namespaces; a function's with the types of its parameters
  bool body = false;  // not a declaration only
  size_t line = 1;
};

// Types with a body, functions declared or defined with external linkage, inline and extern variables.
std::vector<Definition> definitions_of(const SourceFile& file);

// The names that two rooms share, types with two bodies, functions with two. Headers and sources only; tests/
// and bench/ stand outside.
Breaches check_one_definition(const std::vector<SourceFile>& files);

}  // namespace seedbed::house
