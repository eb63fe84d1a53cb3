// Storage accounts as a service: the Blob REST of Azure, path style (/account/container/blob), with Shared
// Key and service SAS. Stricter than some: a wrong Content-MD5, a page range beyond the end, a body that is
// too large, a stale or wrong signature are refused as the real service refuses them.
//
// State: tables blob_* of the ServiceState and files <directory>/blobs/<number>. Any task may call handle()
// and the other functions; each takes the state's lock itself: call them without it.
//
// Durability: an answer of success means that what it says is durable. A page's bytes are synced before the
// row that names their range commits; what was written without such a row reads as zeros. A Put Page over
// pages that were there, cut before its answer, may leave some of the old and some of the new bytes.
#pragma once

#include <optional>
#include <string>

#include "engine/base/url.h"
#include "engine/ports/http.h"
#include "fakes/storage_account/blob_store.h"
#include "fakes/store/service_state.h"

namespace seedbed {

struct AccountKeys {
  std::string key1, key2;  // base64
};

class StorageAccounts {
 public:
  explicit StorageAccounts(ServiceState& state);

  // Also removes what a killed service left in the directory of blobs. Before anything else.
  Status create_tables();

  // 3-24 lower-case letters and digits; key1 as given (base64), key2 drawn. already_exists when the account
  // is there with another key1; the same again is fine.
  Status add_account(const std::string& name, const std::string& key_base64);
  // `which` is "key1" or "key2".
  Status rotate_key(const std::string& name, const std::string& which, const std::string& new_key_base64);
  // Nothing when there is no such account (or the database cannot be read).
  std::optional<AccountKeys> keys_of(const std::string& name);

  HttpResponse handle(const HttpRequest& request, const Url& url);

 private:
  ServiceState& state_;
  BlobStore store_;
};

}  // namespace seedbed
