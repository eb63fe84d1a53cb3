#include "engine/cli/host_name.h"

#include <unistd.h>

namespace seedbed {

std::string host_name() {
  char name[65] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "SEEDBED";
  return name;
}

}  // namespace seedbed
