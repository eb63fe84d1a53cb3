#include "reports/shown_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>

namespace seedbed {

namespace {

struct Character {
  char32_t code = 0;
  size_t length_bytes = 1;
  bool valid = false;
};

// Well-formed UTF-8 (shortest form, no surrogates, at most U+10FFFF); else one invalid byte.
Character character_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return {first, 1, true};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() - at < length) return {};
  char32_t code = first & (0xff >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  static constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, length, true};
}

// Controls, what XML cannot hold, and what turns the reading direction around.
bool prints(char32_t code) {
  return code >= 0x20 && !(code >= 0x7f && code < 0xa0) && code != 0x2028 && code != 0x2029 &&
         !(code >= 0x202a && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069) &&
         (code & 0xfffe) != 0xfffe;
}

template <typename Special>
std::string shown(std::string_view text, Special special) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (!special(character.code, character.valid, out)) {
      if (!character.valid || character.code < 0x20)
        fmt::format_to(std::back_inserter(out), "\\x{:02X}", static_cast<uint8_t>(text[at]));
      else if (!prints(character.code))
        fmt::format_to(std::back_inserter(out), "\\u{{{:X}}}", static_cast<uint32_t>(character.code));
      else
        out.append(text.substr(at, character.length_bytes));
    }
    at += character.length_bytes;
  }
  return out;
}

bool append_entity(char32_t code, std::string& out) {
  switch (code) {
    case '&':
      out += "&amp;";
      return true;
    case '<':
      out += "&lt;";
      return true;
    case '>':
      out += "&gt;";
      return true;
    case '"':
      out += "&quot;";
      return true;
    case '\'':
      out += "&#39;";
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string one_line(std::string_view text) {
  return shown(text, [](char32_t, bool, std::string&) { return false; });
}

std::string markup_text(std::string_view text) {
  return shown(text, [](char32_t code, bool valid, std::string& out) {
    if (valid && code == '\n') {
      out += '\n';
      return true;
    }
    return valid && append_entity(code, out);
  });
}

std::string markup_attribute(std::string_view text) {
  return shown(text, [](char32_t code, bool valid, std::string& out) {
    if (valid && code == '\n') {
      out += "&#10;";
      return true;
    }
    return valid && append_entity(code, out);
  });
}

std::string shell_word(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-./:=,+@%").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

}  // namespace seedbed
