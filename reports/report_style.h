// The style sheet of report.html: narrow and wide screens, print, light and dark. A constant.
#pragma once

#include <string_view>

namespace seedbed {

std::string_view report_style() noexcept;

}  // namespace seedbed
