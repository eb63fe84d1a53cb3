// Sizes as scenario files write them. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace seedbed {

// "64KiB": decimal digits and at once one of B KiB MiB GiB TiB KB MB GB TB; below 2^63. Anything else is
// nothing.
std::optional<uint64_t> parse_size(std::string_view text);

// The shortest text of powers of 1024 that parse_size() turns back into it: "64KiB", "1025B".
std::string size_text(uint64_t bytes);

}  // namespace seedbed
