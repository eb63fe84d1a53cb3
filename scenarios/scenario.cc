#include "scenarios/scenario.h"

#include <array>

namespace seedbed {

std::string_view sector_kind_name(SectorKind kind) noexcept {
  static constexpr std::array<std::string_view, 4> kNames = {"512n", "512e", "4Kn", "any"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace seedbed
