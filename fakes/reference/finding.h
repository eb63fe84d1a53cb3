// One thing that is wrong with a drive, and where. A reader that can go on in spite of it reports a Finding;
// one that cannot, an Error.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace seedbed::reference {

struct Finding {
  std::string place;  // "GPT backup header", "blob c/a.bin, range at 4194304", "\\dir\\file"
  std::string what;
  std::string line() const { return place + ": " + what; }
};

using Findings = std::vector<Finding>;

inline Finding finding_of(std::string place, const Error& error) {
  return {std::move(place), error.message()};
}

}  // namespace seedbed::reference
