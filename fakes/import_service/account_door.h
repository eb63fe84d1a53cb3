// What the import service and the loading dock need to know of storage accounts, without knowing the service
// that keeps them. Both functions take the ServiceState's lock themselves: call them without it.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "engine/base/result.h"

namespace seedbed {

struct AccountDoor {
  // key1 and key2 in base64; nothing: no such account.
  std::function<std::optional<std::array<std::string, 2>>(const std::string& account)> keys_of;
  // which: 1 or 2. Durable on return; the old key is refused from then on.
  std::function<Status(const std::string& account, int which, const std::string& key_base64)> rotate_key;
};

}  // namespace seedbed
