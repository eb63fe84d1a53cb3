// Names and paths as NTFS and Windows both hold them. [Microsoft, "Naming Files, Paths, and Namespaces"] Pure
// functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace seedbed {

// One name: 1 to 255 UTF-16 units, no control character, none of " * / : < > ? \ |, no blank or dot at the
// end. Else invalid_argument.
Result<std::u16string> ntfs_name(std::string_view utf8);

// A path "/a/b" taken apart; "/" has no names. Text that is not absolute or has empty names is
// invalid_argument.
struct NtfsPath {
  std::vector<std::u16string> names;
  std::string text;  // as given

  bool root() const noexcept { return names.empty(); }
  NtfsPath parent() const;   // not of the root
  std::string last() const;  // UTF-8, "" of the root
};
Result<NtfsPath> ntfs_path(std::string_view utf8);

}  // namespace seedbed
