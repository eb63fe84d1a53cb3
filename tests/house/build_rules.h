// What cmake/ builds, read from its lists: a source that no target builds cannot exist, nor a folder of tests
// that nobody runs.
#pragma once

#include <set>

#include "tests/house/source_text.h"

namespace seedbed::house {

struct BuildLists {
  std::set<std::string> rooms;  // folders
  std::set<std::string> mains;  // …main.cc
  std::set<std::string> tests;  // names of folders of tests/
};
// From the texts of cmake/house.cmake and cmake/tests.cmake.
BuildLists build_lists(std::string_view house_cmake, std::string_view tests_cmake);

// path: of any .cc.
Breaches check_built(const std::string& path, const BuildLists& lists);

}  // namespace seedbed::house
