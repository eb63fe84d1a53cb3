// Names for the drive: what a source entry is called inside NTFS when its own name cannot stand there. The
// blob keeps the name the source gave; only the manifest's FilePath changes. Deterministic: the same
// directory listing gives the same names. Pure; any thread.
//
// A name is changed when Windows or NTFS could not hold it: control characters and * " / : < > ? \ | become
// "_", a trailing dot or blank becomes
// "_", device names (CON, NUL, COM1 …) get a leading "_", names over 255 UTF-16 units are cut, and of names
// that differ in case only all but the first get "~2", "~3" … before the extension. [Naming Files, Paths, and
// Namespaces, Win32]
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace seedbed {

// One directory's worth of names already given out.
class SafeNames {
 public:
  // The drive's name for `name`; nothing when the name is not UTF-8.
  std::optional<std::string> give(std::string_view name);

 private:
  std::set<std::u16string> taken_;  // folded
};

}  // namespace seedbed
