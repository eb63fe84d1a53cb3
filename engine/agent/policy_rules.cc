// The naming rules that a policy is held against when it is read, so that a name the service would refuse is
// found before a byte is staged.
#include <fmt/format.h>

#include "engine/agent/policy.h"

namespace seedbed {

static bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string job_name_flaw(std::string_view name) {
  if (name.size() < 2 || name.size() > 64)
    return fmt::format("an import job's name has 2 to 64 characters, not {}", name.size());
  if (!is_lower(name.front())) return "an import job's name begins with a lower-case letter";
  for (const char c : name)
    if (!is_lower(c) && !is_digit(c) && c != '-')
      return "an import job's name has lower-case letters, digits and hyphens only";
  if (name.back() == '-') return "an import job's name ends with a letter or digit";
  return {};
}

std::string container_name_flaw(std::string_view name) {
  if (name.size() < 3 || name.size() > 63)
    return fmt::format("a container's name has 3 to 63 characters, not {}", name.size());
  for (const char c : name)
    if (!is_lower(c) && !is_digit(c) && c != '-')
      return "a container's name has lower-case letters, digits and hyphens only";
  if (name.front() == '-' || name.back() == '-')
    return "a container's name begins and ends with a letter or digit";
  if (name.find("--") != std::string_view::npos) return "a container's name has no two hyphens in a row";
  return {};
}

std::string account_name_flaw(std::string_view name) {
  if (name.size() < 3 || name.size() > 24)
    return fmt::format("a storage account's name has 3 to 24 characters, not {}", name.size());
  for (const char c : name)
    if (!is_lower(c) && !is_digit(c))
      return "a storage account's name has lower-case letters and digits only";
  return {};
}

}  // namespace seedbed
