#include "engine/volume/ntfs_name.h"

#include "engine/base/text.h"

namespace seedbed {

static constexpr size_t kName_units_max = 255;  // the length field of $FILE_NAME is one byte

Result<std::u16string> ntfs_name(std::string_view utf8) {
  const auto refuse = [&](const char* why) {
    return fail(ErrorCode::invalid_argument, std::string("a name that NTFS cannot hold: ") + why,
                std::string(utf8));
  };
  auto name = utf16_of(utf8);
  if (!name) return refuse("it is not UTF-8");
  if (name->empty()) return refuse("it is empty");
  if (name->size() > kName_units_max) return refuse("it is longer than 255 UTF-16 units");
  for (const char16_t unit : *name)
    if (unit < 0x20 || std::u16string_view(u"\"*/:<>?\\|").contains(unit))
      return refuse("it has a forbidden character");
  if (name->back() == u' ' || name->back() == u'.') return refuse("it ends in a blank or a dot");
  return std::move(*name);
}

NtfsPath NtfsPath::parent() const {
  NtfsPath up = *this;
  up.names.pop_back();
  up.text.resize(up.text.rfind('/'));
  if (up.text.empty()) up.text = "/";
  return up;
}

std::string NtfsPath::last() const {
  return root() ? std::string() : text.substr(text.rfind('/') + 1);
}

Result<NtfsPath> ntfs_path(std::string_view utf8) {
  if (!utf8.starts_with('/'))
    return fail(ErrorCode::invalid_argument, "a path on the volume must be absolute", std::string(utf8));
  NtfsPath path{.names = {}, .text = std::string(utf8)};
  if (utf8 == "/") return path;
  for (size_t at = 1; at <= utf8.size();) {
    const size_t end = std::min(utf8.find('/', at), utf8.size());
    path.names.push_back(TRY(ntfs_name(utf8.substr(at, end - at))));
    at = end + 1;
  }
  return path;
}

}  // namespace seedbed
