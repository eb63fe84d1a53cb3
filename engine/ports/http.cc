#include "engine/ports/http.h"

#include <algorithm>

namespace seedbed {

namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool same_header(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view header_of(const HttpHeaders& headers, std::string_view name) noexcept {
  for (const auto& [key, value] : headers)
    if (same_header(key, name)) return value;
  return {};
}

bool has_header(const HttpHeaders& headers, std::string_view name) noexcept {
  return std::ranges::any_of(headers, [&](const auto& header) { return same_header(header.first, name); });
}

}  // namespace seedbed
