// Records told apart by a number, and the numbers of those a journal holds.
#pragma once

#include <string>
#include <vector>

#include "engine/journal/journal.h"

namespace seedbed::test {

inline Record numbered(uint64_t id, const std::string& text = "x") {
  return {.utc_ns = 0,
          .type = "ActivityRecord",
          .fields = {{"ActivityId", "Test"}, {"Id", std::to_string(id)}, {"Text", text}}};
}

inline std::vector<uint64_t> ids_of(const Journal& journal) {
  std::vector<uint64_t> ids;
  for (size_t i = 1; i < journal.records().size(); i++) ids.push_back(journal.records()[i].number("Id"));
  return ids;
}

}  // namespace seedbed::test
