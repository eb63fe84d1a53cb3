#include "tests/house/source_text.h"

#include <algorithm>
#include <cctype>

namespace seedbed::house {

namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

}  // namespace

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  size_t line = 1;
  const auto skip = [&](size_t from, size_t to) {  // counts the lines that are passed over
    line += static_cast<size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(from),
                                           text.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
    return to;
  };
  const auto end_of = [&](std::string_view mark, size_t from) {
    const size_t at = text.find(mark, from);
    return at == std::string_view::npos ? text.size() : at + mark.size();
  };
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      at = skip(at, at + 1);
    } else if (text.substr(at, 2) == "//") {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      at = skip(at, end_of("*/", at + 2));
    } else if (text.substr(at, 2) == "R\"") {
      const size_t open = std::min(text.find('(', at), text.size());
      tokens.push_back({"\"\"", line});
      at = skip(at, end_of(")" + std::string(text.substr(at + 2, open - at - 2)) + "\"", open));
    } else if (c == '"' || c == '\'') {
      size_t end = at + 1;
      while (end < text.size() && text[end] != c) end += text[end] == '\\' ? 2 : 1;
      tokens.push_back({"\"\"", line});
      at = skip(at, std::min(end + 1, text.size()));
    } else if (is_word(c)) {
      size_t end = at;
      // a digit separator belongs to its number
      while (end < text.size() &&
             (is_word(text[end]) || (text[end] == '\'' && std::isdigit(static_cast<unsigned char>(c)) != 0)))
        end++;
      tokens.push_back({std::string(text.substr(at, end - at)), line});
      at = end;
    } else {
      size_t length = 1;
      if (text.substr(at, 3) == "...")
        length = 3;
      else if (text.substr(at, 2) == "::" || text.substr(at, 2) == "->")
        length = 2;
      tokens.push_back({std::string(text.substr(at, length)), line});
      at += length;
    }
  }
  return tokens;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> includes;
  const auto lines = lines_of(text);
  for (size_t i = 0; i < lines.size(); i++) {
    std::string_view line = lines[i];
    const auto eat_blanks = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
    eat_blanks();
    if (!line.starts_with('#')) continue;
    line.remove_prefix(1);
    eat_blanks();
    if (!line.starts_with("include")) continue;
    line.remove_prefix(7);
    eat_blanks();
    if (line.empty() || (line[0] != '"' && line[0] != '<')) continue;
    const bool quoted = line[0] == '"';
    const size_t end = line.find(quoted ? '"' : '>', 1);
    if (end != std::string_view::npos)
      includes.push_back({std::string(line.substr(1, end - 1)), quoted, i + 1});
  }
  return includes;
}

std::string place_of(const SourceFile& file, size_t line) {
  return file.path + ":" + std::to_string(line);
}
bool is_header(std::string_view path) {
  return path.ends_with(".h");
}
bool is_source(std::string_view path) {
  return path.ends_with(".cc");
}
bool is_main(std::string_view path) {
  return path.ends_with("main.cc");
}

std::string room_of(std::string_view path) {
  const size_t first = path.find('/');
  if (first == std::string_view::npos) return "";
  const std::string_view top = path.substr(0, first);
  if (top != "engine" && top != "fakes" && top != "tests") return std::string(top);
  const size_t second = path.find('/', first + 1);
  return std::string(path.substr(0, second == std::string_view::npos ? first : second));
}

}  // namespace seedbed::house
