// The end of the process for bugs that no caller can handle: a broken fibre rule, a port misused. Prints and
// aborts, so that a core has the stack of the culprit.
#pragma once

#include <string_view>

namespace seedbed {

[[noreturn]] void die(std::string_view what) noexcept;

}  // namespace seedbed
