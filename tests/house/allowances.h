// The exceptions from the rules, each one file with its reason. An allowance that nothing needs any more is
// stale and fails too.
#pragma once

#include <cstdint>

#include "tests/house/source_text.h"

namespace seedbed::house {

enum class Rule : uint8_t {
  banned_name,  // `detail` is the name
  catch_keeps,  // a catch (...) that keeps the exception to be thrown on where no C frame is in the way
  catch_ends,   // a catch (...) that ends the exception, or the process
  long_file,
};

struct Allowance {
  Rule rule;
  std::string path;
  std::string detail;
  std::string reason;
};
const std::vector<Allowance>& allowances();

bool allowed(Rule rule, const std::string& path, const std::string& detail = {});

}  // namespace seedbed::house
