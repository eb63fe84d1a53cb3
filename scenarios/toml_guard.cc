#include "scenarios/toml_guard.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"

namespace seedbed {

static constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

static bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r') || c == 0x7f;
}
static bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}
// A place in a line that toml++ may not see, and why.
struct Stray {
  size_t at = 0;
  const char *what, *remedy;
};
// Whether "ä" is white space is undefined in toml++, and it asks that outside of texts and comments, in texts
// of several lines, and behind a quote within what began as a number.
static std::optional<Stray> find_stray(std::string_view line) {
  char quote = 0;  // of the text that is open; if it is at the end of the line still, toml++ says so
  for (size_t i = 0; i < line.size(); i++) {
    const char c = line[i];
    if (quote != 0) {
      if (quote == '"' && c == '\\')
        i++;
      else if (c == quote)
        quote = 0;
    } else if (c == '#') {
      break;
    } else if (c == '"' || c == '\'') {
      if (line.substr(i).starts_with(c == '"' ? R"(""")" : "'''"))
        return Stray{i, "a text of several lines: allowed are \"…\" and '…'", "Write it in one line"};
      if (i > 0 && std::string_view(" \t=[{,").find(line[i - 1]) == std::string_view::npos)
        return Stray{i, "a quote in the middle: a text begins behind a blank or one of = [ { ,",
                     "Quote all of it"};
      quote = c;
    } else if (!is_ascii(c)) {
      return Stray{i, "this is no TOML: only texts and comments hold more than ASCII", "Put it in quotes"};
    }
  }
  return std::nullopt;
}

// The bytes of a line that are UTF-8.
static size_t well_formed(std::string_view line) {
  if (utf16_of(line)) return line.size();
  size_t good = 0;
  for (size_t length = 1; length < line.size(); length++)
    if (utf16_of(line.substr(0, length))) good = length;
  return good;
}

std::optional<TomlFlaw> find_toml_flaw(std::string_view text) {
  if (text.size() > kTomlBytesMax)
    return TomlFlaw{
        {}, fmt::format("the file has {} bytes, allowed are {}", text.size(), kTomlBytesMax), "Split it"};
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  uint32_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    number++;
    const auto flaw = [&](size_t at, std::string what, std::string remedy) {
      const auto before =
          std::ranges::count_if(line.substr(0, at), [](char c) { return (c & 0xc0) != 0x80; });
      return TomlFlaw{{number, static_cast<uint32_t>(before) + 1}, std::move(what), std::move(remedy)};
    };
    if (line.size() > kTomlLineBytesMax)
      return flaw(0, fmt::format("the line has {} bytes, allowed are {}", line.size(), kTomlLineBytesMax),
                  "Break the line");
    if (const size_t good = well_formed(line); good < line.size())
      return flaw(good, "the text is not UTF-8", "Save the file as UTF-8");
    if (const auto* control = std::ranges::find_if(line, is_control); control != line.end())
      return flaw(static_cast<size_t>(control - line.begin()), "this is no TOML: a control character",
                  "Remove it");
    if (const auto stray = find_stray(line)) return flaw(stray->at, stray->what, stray->remedy);
  }
  return std::nullopt;
}

}  // namespace seedbed
