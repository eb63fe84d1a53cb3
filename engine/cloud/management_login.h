// How a command proves to the management service who it is: by the publish settings of a subscription or by a
// token file. Reads one file; the result is a value. The authority holds a secret.
#pragma once

#include <string>

#include "engine/cloud/authority.h"
#include "engine/ports/file_store.h"

namespace seedbed {

struct ManagementLogin {
  std::string publish_settings;  // a file; or
  std::string token_file;        // a file whose first line is a bearer token
  std::string endpoint;          // "": what the publish settings name, or Azure's own
};

struct ManagementDoor {
  Authority authority;
  std::string endpoint;  // without a slash at the end
};

// refused: the publish settings lack the subscription, or neither file is named; corrupt: a file is damaged.
Result<ManagementDoor> log_in(FileStore& files, const ManagementLogin& login,
                              const std::string& subscription);

}  // namespace seedbed
