// Spans of time for people. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace seedbed {

// "340 µs", "12 ms", "1.235 s", "2 min 5 s", "3 h 25 min", "12 d 4 h"
std::string duration_text(uint64_t ns);
// Always in seconds, with as many decimals as `step_ns` needs: "0.25 s", "1,200 s"
std::string seconds_text(uint64_t ns, uint64_t step_ns);

}  // namespace seedbed
