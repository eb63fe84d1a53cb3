// One request to the Blob service, understood: whose account, which container and blob, and the values of the
// headers that several operations read, checked. A view of the request; it must not outlive it.
#pragma once

#include <map>
#include <optional>

#include "engine/base/checksum.h"
#include "engine/base/url.h"
#include "fakes/storage_account/storage_error.h"

namespace seedbed {

// The content headers that a blob keeps.
struct ContentHeaders {
  std::string type, encoding, language, disposition, cache_control;
  std::string md5;  // base64; "": none
};
// In order of their names; names keep their case.
using Metadata = std::map<std::string, std::string>;

struct ByteRange {
  uint64_t first_byte = 0;
  std::optional<uint64_t> last_byte;  // inclusive
};

struct BlobRequest {
  const HttpRequest& http;
  const Url& url;
  std::string account = {}, container = {}, blob = {};  // decoded; "": not there
  std::string comp = {}, restype = {};
  std::string version = {};  // of the protocol
  bool internal = false;     // another service of this house asks
  int64_t utc_ns = 0;

  // Splits the path; names that cannot be are refused. A blob without a container lies in $root.
  static Checked<BlobRequest> of(const HttpRequest& http, const Url& url, int64_t utc_ns);

  std::string_view header(std::string_view name) const { return header_of(http.headers, name); }
  std::optional<std::string> parameter(std::string_view name) const { return query_value(url, name); }
  bool reads() const { return http.method == "GET" || http.method == "HEAD"; }

  // x-ms-range before Range; nothing when neither is there.
  Checked<std::optional<ByteRange>> range() const;
  Checked<Metadata> metadata() const;
  // x-ms-blob-*; `with_plain`: Content-Type and its kin where those are missing.
  Checked<ContentHeaders> content_headers(bool with_plain) const;
  Checked<std::optional<uint64_t>> number(std::string_view header_name) const;
  // The body's MD5, held against Content-MD5 when that is given.
  Checked<Md5> body_md5() const;
};

}  // namespace seedbed
