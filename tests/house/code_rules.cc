#include "tests/house/code_rules.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "tests/house/allowances.h"

namespace seedbed::house {

namespace {

constexpr size_t kLinesMax = 500;

// Adaptors, mains, tests and benchmarks live in the world of clocks and threads.
bool worldly(const std::string& path) {
  return path.starts_with("engine/linux/") || path.starts_with("tests/") || path.starts_with("bench/") ||
         is_main(path);
}

// The banned name that starts at tokens[i], if one does.
std::optional<std::string> banned_at(const std::vector<Token>& tokens, size_t i) {
  const std::string& word = tokens[i].text;
  const auto text_at = [&](size_t at) -> std::string_view {
    return at < tokens.size() ? std::string_view(tokens[at].text) : std::string_view();
  };
  static constexpr std::string_view kStd[] = {"thread",
                                              "jthread",
                                              "mutex",
                                              "recursive_mutex",
                                              "shared_mutex",
                                              "timed_mutex",
                                              "condition_variable",
                                              "condition_variable_any",
                                              "regex",
                                              "random_device",
                                              "mt19937",
                                              "mt19937_64",
                                              "this_thread",
                                              "call_once",
                                              "async"};
  if (word == "std" && text_at(i + 1) == "::") {
    const std::string_view name = text_at(i + 2);
    if (std::find(std::begin(kStd), std::end(kStd), name) != std::end(kStd) || name.starts_with("unordered_"))
      return "std::" + std::string(name);
  }
  static constexpr std::string_view kWords[] = {"system_clock", "steady_clock", "high_resolution_clock",
                                                "thread_local", "gettimeofday", "clock_gettime",
                                                "usleep",       "nanosleep",    "pthread_create"};
  if (std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords)) return word;
  static constexpr std::string_view kCalls[] = {"time", "rand", "srand", "random", "clock"};
  if (std::find(std::begin(kCalls), std::end(kCalls), word) == std::end(kCalls) || text_at(i + 1) != "(")
    return std::nullopt;
  if (i == 0) return word + "(";
  const std::string_view before = text_at(i - 1);
  if (before == "." || before == "->" || before == "&" || before == "*" || before == ">")
    return std::nullopt;  // a member, a declaration
  if (before == "::") {
    const bool qualified = i >= 2 && (std::isalnum(static_cast<unsigned char>(text_at(i - 2).back())) != 0);
    return !qualified || text_at(i - 2) == "std" ? std::optional(word + "(") : std::nullopt;
  }
  const bool declared = (std::isalpha(static_cast<unsigned char>(before[0])) != 0 || before[0] == '_') &&
                        before != "return" && before != "co_return";
  return declared ? std::nullopt : std::optional(word + "(");
}

size_t find_word(std::string_view line, std::string_view word) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !is_word(line[at - 1])) && (end == line.size() || !is_word(line[end]))) return at;
  }
  return std::string_view::npos;
}

}  // namespace

Breaches check_banned_names(const SourceFile& file) {
  Breaches breaches;
  if (worldly(file.path) || (!is_header(file.path) && !is_source(file.path))) return breaches;
  const auto tokens = tokens_of(file.text);
  for (size_t i = 0; i < tokens.size(); i++) {
    const auto name = banned_at(tokens, i);
    if (name && !allowed(Rule::banned_name, file.path, *name))
      breaches.push_back({place_of(file, tokens[i].line),
                          *name + " is for adaptors only; the ports give time, tasks and chance"});
  }
  return breaches;
}

Breaches check_catch_all(const SourceFile& file) {
  Breaches breaches;
  if (!is_header(file.path) && !is_source(file.path)) return breaches;
  if (allowed(Rule::catch_ends, file.path)) return breaches;
  const bool may_keep = allowed(Rule::catch_keeps, file.path);
  const auto tokens = tokens_of(file.text);
  for (size_t i = 0; i + 4 < tokens.size(); i++) {
    if (tokens[i].text != "catch" || tokens[i + 1].text != "(" || tokens[i + 2].text != "..." ||
        tokens[i + 3].text != ")" || tokens[i + 4].text != "{")
      continue;
    bool passes = false;
    int depth = 0;
    for (size_t k = i + 4; k < tokens.size(); k++) {
      if (tokens[k].text == "{") depth++;
      if (tokens[k].text == "}" && --depth == 0) break;
      if (tokens[k].text == "throw" && k + 1 < tokens.size() && tokens[k + 1].text == ";") passes = true;
      if (may_keep && tokens[k].text == "current_exception") passes = true;
    }
    if (!passes)
      breaches.push_back({place_of(file, tokens[i].line), "catch (...) without throw; would hold up Killed"});
  }
  return breaches;
}

Breaches check_shape(const SourceFile& file) {
  Breaches breaches;
  if (!is_header(file.path) && !is_source(file.path)) return breaches;
  const auto lines = lines_of(file.text);
  if (is_header(file.path)) {
    if (lines.empty() || !lines[0].starts_with("//"))
      breaches.push_back({place_of(file, 1), "a header opens with a comment that says what it is"});
    if (std::find(lines.begin(), lines.end(), "#pragma once") == lines.end())
      breaches.push_back({place_of(file, 1), "a header has #pragma once"});
  }
  if (lines.size() > kLinesMax && !allowed(Rule::long_file, file.path))
    breaches.push_back({file.path, std::to_string(lines.size()) + " lines: look for the second noun"});
  return breaches;
}

Breaches check_unfinished(const SourceFile& file) {
  Breaches breaches;
  static const std::string kMarks[] = {std::string("TO") + "DO", std::string("FIX") + "ME",
                                       std::string("GTEST_") + "SKIP"};
  const auto lines = lines_of(file.text);
  for (size_t i = 0; i < lines.size(); i++)
    for (const auto& mark : kMarks)
      if (find_word(lines[i], mark) != std::string_view::npos)
        breaches.push_back({place_of(file, i + 1), mark + " in the tree: an issue is the place for it"});
  return breaches;
}

Breaches check_machine_paths(const SourceFile& file) {
  Breaches breaches;
  const bool code = is_header(file.path) || is_source(file.path) || file.path.ends_with(".cmake") ||
                    file.path.ends_with("CMakeLists.txt");
  static const std::string kPaths[] = {std::string("/wo") + "rk", std::string("/ro") + "ot",
                                       std::string("/fa") + "rm", std::string("/ho") + "me"};
  static const std::string kTemporary = std::string("/t") + "mp";
  const auto lines = lines_of(file.text);
  for (size_t i = 0; i < lines.size(); i++) {
    const std::string_view line = lines[i];
    const auto names = [&](const std::string& path, bool only_with_more) {
      for (size_t at = line.find(path); at != std::string_view::npos; at = line.find(path, at + 1)) {
        const char before = at == 0 ? ' ' : line[at - 1],
                   after = at + path.size() < line.size() ? line[at + path.size()] : ' ';
        const bool starts = std::isalnum(static_cast<unsigned char>(before)) == 0 &&
                            std::string_view("_.}/)-").find(before) == std::string_view::npos;
        if (starts && (after == '/' || (!only_with_more && (after == '"' || after == '\'')))) return true;
      }
      return false;
    };
    for (const auto& path : kPaths)
      if (names(path, !code)) breaches.push_back({place_of(file, i + 1), "a path of one machine: " + path});
    if (code && names(kTemporary, false))
      breaches.push_back(
          {place_of(file, i + 1), "temporary files go where TMPDIR or testing::TempDir() says"});
  }
  return breaches;
}

Breaches check_format_document(const SourceFile& file) {
  Breaches breaches;
  std::string lower = file.text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto has = [&](const char* word) { return lower.find(word) != std::string::npos; };
  if (!has("grammar") && !has("layout"))
    breaches.push_back({file.path, "a format's document gives its grammar or layout"});
  if (!has("example")) breaches.push_back({file.path, "a format's document has a worked example"});
  if (!has("downsides")) breaches.push_back({file.path, "a format's document tells its downsides"});
  return breaches;
}

}  // namespace seedbed::house
