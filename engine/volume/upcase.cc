#include "engine/volume/upcase.h"

#include <vector>

#include "engine/volume/ntfs_headers.h"

namespace seedbed {

std::u16string ntfs_fold(std::u16string_view name) {
  static const std::vector<uint16_t> table = [] {
    std::vector<uint16_t> made(65536);
    ntfs_upcase_table_build(made.data(), static_cast<u32>(made.size() * sizeof made[0]));
    return made;
  }();
  std::u16string folded(name);
  for (char16_t& unit : folded) unit = table[unit];
  return folded;
}

}  // namespace seedbed
