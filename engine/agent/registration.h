// This computer's registration to a vault: the credentials file as it was handed out, kept in the state
// directory with mode 0600. It holds a private key.
#pragma once

#include <string>

#include "engine/documents/vault_credentials.h"
#include "engine/ports/file_store.h"

namespace seedbed {

inline constexpr const char* kRegistrationFile = "registration.VaultCredentials";

// refused when there is none, with the remedy; corrupt when it is damaged.
Result<VaultCredentials> read_registration(FileStore& files, const std::string& state_path);

}  // namespace seedbed
