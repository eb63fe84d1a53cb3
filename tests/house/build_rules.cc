#include "tests/house/build_rules.h"

#include <sstream>

namespace seedbed::house {

namespace {

// The words of every "name(…)" call, comments left out.
std::vector<std::vector<std::string>> calls(std::string_view cmake, const std::string& name) {
  std::string text;
  for (const auto& line : lines_of(cmake)) text += line.substr(0, line.find('#')) + "\n";
  std::vector<std::vector<std::string>> found;
  for (size_t at = text.find(name + "("); at != std::string::npos; at = text.find(name + "(", at + 1)) {
    if (at > 0 && text[at - 1] != '\n' && text[at - 1] != ' ') continue;
    const size_t begin = at + name.size() + 1;
    std::istringstream words(text.substr(begin, text.find(')', begin) - begin));
    found.emplace_back();
    for (std::string word; words >> word;) found.back().push_back(word);
  }
  return found;
}

}  // namespace

BuildLists build_lists(std::string_view house_cmake, std::string_view tests_cmake) {
  BuildLists lists;
  for (const auto& words : calls(house_cmake, "seedbed_room"))
    if (words.size() >= 2) lists.rooms.insert(words[1]);
  for (const auto& words : calls(house_cmake, "seedbed_program"))
    if (words.size() >= 2) lists.mains.insert(words[1]);
  for (const auto& words : calls(tests_cmake, "seedbed_tests"))
    if (!words.empty()) lists.tests.insert(words[0]);
  return lists;
}

Breaches check_built(const std::string& path, const BuildLists& lists) {
  if (!is_source(path)) return {};
  const std::string folder = path.substr(0, path.find_last_of('/'));
  if (path.starts_with("tests/")) {
    // globs take a folder's own files, not those of folders within
    if (folder == "tests/support" || (folder.size() > 6 && lists.tests.contains(folder.substr(6)))) return {};
    return {{path, "its folder is not in cmake/tests.cmake"}};
  }
  if (path.starts_with("bench/")) {
    if ((folder == "bench" && path.ends_with("_bench.cc")) || lists.mains.contains(path)) return {};
    return {{path, "only bench/*_bench.cc and the programs of cmake/house.cmake are built"}};
  }
  if (is_main(path)) {
    if (lists.mains.contains(path)) return {};
    return {{path, "no program in cmake/house.cmake has this main"}};
  }
  if (lists.rooms.contains(folder)) return {};
  return {{path, "its folder is no room of cmake/house.cmake"}};
}

}  // namespace seedbed::house
