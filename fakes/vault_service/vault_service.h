// The vault: keeps sealed chunks, never plain ones, and the recovery points that refer to them. Chunks come
// from the backup agent, or are copied from a storage account by the vault itself (the seed). Protocol:
// docs/formats/vault-api.md.
//
// Any task may call handle(). Durability: chunks are synced in a pack file before their rows commit, and
// everything is committed before it is answered. What a chunk's row names is checked by SHA-256 at every
// read. Everything may be repeated.
#pragma once

#include "engine/base/checksum.h"
#include "engine/base/url.h"
#include "engine/ports/http.h"
#include "fakes/vault_service/assertion.h"
#include "fakes/vault_service/chunk_packs.h"

namespace seedbed {

struct VaultOptions {
  // Besides the origin a request came to (its Host header), what an assertion's audience may be.
  std::vector<std::string> origins;
  std::string scheme = "http";  // of the origin that the Host header names
};

class VaultService {
 public:
  // `inside` reads seeds from storage accounts.
  VaultService(ServiceState& state, HttpTransport& inside, VaultOptions options = {})
      : state_(state), inside_(inside), options_(std::move(options)), packs_(state) {}
  // Also clears away what a killed service left half written.
  Status create_tables();
  // Makes the vault when it is not there, and registers a certificate (DER) that may speak for it. Repeating
  // is fine. invalid_argument: no name for a vault, or no RSA certificate.
  Status add_vault(const std::string& name, ByteSpan certificate_der);
  // Everything under /vaults.
  HttpResponse handle(const HttpRequest& request, const Url& url);

 private:
  struct Call;
  HttpResponse item(const Call& call);
  HttpResponse put_item(const Call& call);
  HttpResponse query(const Call& call);
  HttpResponse put_chunk(const Call& call);
  HttpResponse get_chunk(const Call& call);
  HttpResponse copy(const Call& call);
  HttpResponse prove(const Call& call);
  HttpResponse points(const Call& call);
  HttpResponse put_point(const Call& call);
  HttpResponse uploads(const Call& call);
  HttpResponse sweep(const Call& call);
  Result<bool> upload_is_open(const Call& call);

  ServiceState& state_;
  HttpTransport& inside_;
  VaultOptions options_;
  ChunkPacks packs_;
  GoodSignatures good_signatures_;
};

}  // namespace seedbed
