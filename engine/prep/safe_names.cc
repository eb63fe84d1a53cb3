#include "engine/prep/safe_names.h"

#include <array>

#include "engine/base/text.h"
#include "engine/volume/upcase.h"

namespace seedbed {

namespace {

constexpr size_t kNameUnitsMax = 255;
constexpr std::u16string_view kForbidden = u"*\"/:<>?\\|";

bool is_device_name(std::u16string_view folded) {
  const std::u16string_view stem = folded.substr(0, folded.find(u'.'));
  for (const std::u16string_view device : {u"CON", u"PRN", u"AUX", u"NUL"})
    if (stem == device) return true;
  return stem.size() == 4 && (stem.starts_with(u"COM") || stem.starts_with(u"LPT")) && stem[3] >= u'1' &&
         stem[3] <= u'9';
}

// At most `units`, never between the halves of a surrogate pair.
std::u16string cut(std::u16string text, size_t units) {
  if (text.size() <= units) return text;
  text.resize(units);
  if (!text.empty() && text.back() >= 0xd800 && text.back() < 0xdc00) text.pop_back();
  return text;
}

std::u16string with_suffix(const std::u16string& name, const std::u16string& suffix) {
  const size_t dot = name.rfind(u'.');
  const bool has_extension = dot != std::u16string::npos && dot > 0 && name.size() - dot <= 16;
  const std::u16string extension = has_extension ? name.substr(dot) : std::u16string();
  const std::u16string stem = has_extension ? name.substr(0, dot) : name;
  return cut(stem, kNameUnitsMax - suffix.size() - extension.size()) + suffix + extension;
}

}  // namespace

std::optional<std::string> SafeNames::give(std::string_view name) {
  auto wide = utf16_of(name);
  if (!wide || wide->empty()) return std::nullopt;
  for (char16_t& unit : *wide)
    if (unit < 0x20 || unit == 0x7f || kForbidden.find(unit) != std::u16string_view::npos) unit = u'_';
  if (wide->back() == u'.' || wide->back() == u' ') wide->back() = u'_';
  if (is_device_name(ntfs_fold(*wide))) wide->insert(wide->begin(), u'_');
  if (wide->size() > kNameUnitsMax) *wide = with_suffix(*wide, u"");
  std::u16string given = *wide;
  for (int number = 2; !taken_.insert(ntfs_fold(given)).second; number++) {
    const std::string digits = "~" + std::to_string(number);
    given = with_suffix(*wide, std::u16string(digits.begin(), digits.end()));
  }
  return utf8_of(given);
}

}  // namespace seedbed
