// This computer's name.
#pragma once

#include <string>

namespace seedbed {

std::string host_name();

}  // namespace seedbed
