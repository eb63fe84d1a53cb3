// The data centre's way into one storage account: requests signed with what the drive's manifest carries (an
// account key or a container's SAS), repeated while the account is busy or out of reach. Used by one task;
// the ports outlive it.
#pragma once

#include <functional>
#include <optional>

#include "engine/base/secret.h"
#include "engine/ports/http.h"
#include "engine/ports/runtime.h"
#include "fakes/reference/byte_source.h"

namespace seedbed {

struct AccountAccess {
  std::string endpoint;  // "http://127.0.0.1:10000/account", no slash at the end
  std::string account;
  SecretBytes key;  // decoded; or
  std::string sas;  // "sv=…&sig=…"
  std::string internal_token;
  int64_t clock_shift_ns = 0;  // what the services' clock is ahead of the machine's
};

struct Patience {
  unsigned tries_max = 5;
  uint64_t wait_ns = 500'000'000;  // after the first failed try; doubles
};

// Sends until an answer comes that is none of 408, 429, 500, 502, 503, 504. io_error: none came; whether it
// was done is not known. `prepare` is called before every try.
Result<HttpResponse> send_patiently(Runtime& runtime, HttpTransport& transport, const Patience& patience,
                                    const HttpRequest& request,
                                    const std::function<void(HttpRequest&)>& prepare = {});

class AccountClient {
 public:
  AccountClient(Runtime& runtime, HttpTransport& transport, AccountAccess access, Patience patience)
      : runtime_(runtime), transport_(transport), access_(std::move(access)), patience_(patience) {}

  bool by_sas() const noexcept { return !access_.sas.empty(); }
  // Without any credential: "http://…/account/container/blob".
  std::string url_of(const std::string& container, const std::string& blob = {}) const;
  // query: "comp=page", without '?', already encoded.
  Result<HttpResponse> send(const std::string& method, const std::string& container, const std::string& blob,
                            const std::string& query, HttpHeaders headers, Bytes body = {});

  // What there is under a name.
  struct Found {
    std::string import_id, etag, type;
    uint64_t length_bytes = 0;
  };
  // The status is 200, 404 (nothing found) or what the account refused with.
  struct Look {
    int status = 0;
    std::optional<Found> found;
  };
  Result<Look> look(const std::string& container, const std::string& blob);
  // 0: it is there now; else the status the account refused with.
  Result<int> ensure_container(const std::string& container);
  // Page ranges of the part of a blob, ascending.
  Result<std::vector<Extent>> page_ranges(const std::string& container, const std::string& blob, Extent part);
  // A whole document as a block blob, unless one of that name is there (which is kept). 0, or the refusal.
  Result<int> put_document(const std::string& container, const std::string& blob,
                           reference::ByteSource& content);

 private:
  void sign(HttpRequest& request, const std::string& path, const std::string& query);
  Runtime& runtime_;
  HttpTransport& transport_;
  AccountAccess access_;
  Patience patience_;
};

// The ids of a block blob's blocks: base64 of 8 bytes of `seed`'s digest and the number.
std::string block_id(std::string_view seed, uint32_t number);
Bytes block_list_body(const std::vector<std::string>& ids);

}  // namespace seedbed
