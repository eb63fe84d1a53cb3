// Text from outside (file names, messages of services) made safe for a terminal: control characters, which
// could move the cursor or hide what is said, and bytes that are no UTF-8 become \xNN. What is printable
// stays as it is. A pure function.
#pragma once

#include <string>
#include <string_view>

namespace seedbed {

std::string printable_text(std::string_view text);

}  // namespace seedbed
