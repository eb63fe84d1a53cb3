// URLs and the dates of HTTP as text. Pure functions; any thread. [RFC 3986; RFC 9110, 5.6.7]
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seedbed {

// Everything but letters, digits, '-', '.', '_', '~' and what `also_kept` names becomes %XX (upper case).
std::string percent_encode(std::string_view text, std::string_view also_kept = {});
// Nothing when a '%' is not followed by two hex digits. '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view text);

// "scheme://host[:port]/path?query", or the origin form "/path?query".
struct Url {
  std::string scheme, host;    // "" in origin form; lower case
  uint16_t port = 0;           // 0 in origin form; else the scheme's own when none is given
  std::string path = "/";      // as it stands: percent-encoded
  std::string query;           // without '?', as it stands
  std::string origin() const;  // "http://127.0.0.1:10000"
  std::string target() const;  // path and query
  // Query keys and values, decoded, in the order given. A key without '=' has the value "".
  std::vector<std::pair<std::string, std::string>> parameters() const;
};
// Nothing for other schemes than http and https, user info, fragments, white space, control characters, or
// ill-formed escapes.
std::optional<Url> parse_url(std::string_view text);
// The value of one query parameter; nothing when it is not there.
std::optional<std::string> query_value(const Url& url, std::string_view key);

// "Wed, 02 Nov 2016 18:24:14 GMT" and back (seconds; this form only).
std::string http_date(int64_t unix_ns);
std::optional<int64_t> parse_http_date(std::string_view text);
// "2016-11-02T18:24:14.7350000Z", as Azure writes (milliseconds and four zeros); and back, with any number of
// digits after the point up to seven, or none.
std::string iso_date(int64_t unix_ns);
std::optional<int64_t> parse_iso_date(std::string_view text);

}  // namespace seedbed
