// Who asks, and may they? Shared Key signatures and service SAS, checked against an account's two keys. The
// strings to sign are put together here, by the service's own reading of the documentation. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "fakes/storage_account/blob_request.h"

namespace seedbed {

// What a request may do: everything, or what a SAS grants.
struct Grant {
  bool everything = false;
  std::string permissions;  // "racwdl…"
  bool container_wide = false;
  bool allows(char permission) const {
    return everything || permissions.find(permission) != std::string::npos;
  }
};

// 403 AuthenticationFailed, with the string to sign in its detail; 401 when nobody signed.
Checked<Grant> authenticate(const BlobRequest& request, const std::vector<std::string>& keys_base64);

std::string shared_key_string_to_sign(const BlobRequest& request);
std::string sas_string_to_sign(const BlobRequest& request);
// base64(HMAC-SHA-256(key, text))
std::string signature_of(const std::string& key_base64, std::string_view text);

}  // namespace seedbed
