#include "fakes/storage_account/blob_request.h"

#include <algorithm>

#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr size_t kBlobNameMax = 1024;  // characters
constexpr size_t kSegmentsMax = 254;
constexpr size_t kMetadataBytesMax = 8 * KiB;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Checked<void> check_container_name(std::string_view name) {
  if (name == "$root" || name == "$web" || name == "$logs") return {};
  if (name.size() < 3 || name.size() > 63)
    return refuse(400, "OutOfRangeInput",
                  "The specified resource name length is not within the permissible limits.");
  const bool good = is_lower_or_digit(name.front()) && is_lower_or_digit(name.back()) &&
                    name.find("--") == std::string_view::npos &&
                    std::ranges::all_of(name, [](char c) { return is_lower_or_digit(c) || c == '-'; });
  if (!good)
    return refuse(400, "InvalidResourceName", "The specified resource name contains invalid characters.");
  return {};
}

Checked<void> check_blob_name(std::string_view name) {
  const auto characters = utf16_of(name);
  const bool good = characters && std::ranges::none_of(*characters, [](char16_t c) {
                      return c < 0x20 || c == 0x81 || c >= 0xfffe || c == 0xe000;
                    });
  if (!good)
    return refuse(400, "InvalidResourceName", "The specified resource name contains invalid characters.");
  if (characters->size() > kBlobNameMax ||
      static_cast<size_t>(std::ranges::count(name, '/')) + 1 > kSegmentsMax)
    return refuse(400, "OutOfRangeInput",
                  "The specified resource name length is not within the permissible limits.");
  return {};
}

}  // namespace

Checked<BlobRequest> BlobRequest::of(const HttpRequest& http, const Url& url, int64_t utc_ns) {
  BlobRequest request{.http = http, .url = url, .utc_ns = utc_ns};
  std::string_view rest = std::string_view(url.path).substr(1);
  const auto next = [&rest] {
    const size_t slash = rest.find('/');
    const std::string part = percent_decode(rest.substr(0, slash)).value_or("");
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    return part;
  };
  request.account = next();
  request.container = next();
  request.blob = percent_decode(rest).value_or("");
  request.comp = request.parameter("comp").value_or("");
  request.restype = request.parameter("restype").value_or("");
  if (request.blob.empty() && !request.container.empty() && request.restype != "container") {
    request.blob = std::move(request.container);
    request.container = "$root";
  }
  request.version = request.header("x-ms-version");
  if (request.version.empty()) request.version = request.parameter("sv").value_or("2009-09-19");
  const bool dated = request.version.size() == 10 && parse_iso_date(request.version + "T00:00:00Z");
  if (!dated || request.version < "2009-09-19") return refuse_header("x-ms-version");
  if (!request.container.empty()) TRY(check_container_name(request.container));
  if (!request.blob.empty()) TRY(check_blob_name(request.blob));
  return request;
}

Checked<std::optional<ByteRange>> BlobRequest::range() const {
  const std::string_view name = has_header(http.headers, "x-ms-range") ? "x-ms-range" : "Range";
  std::string_view text = header(name);
  if (text.empty()) return std::nullopt;
  if (!text.starts_with("bytes=")) return refuse_header(name);
  text.remove_prefix(6);
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return refuse_header(name);
  const auto first = parse_u64(text.substr(0, dash));
  if (!first) return refuse_header(name);
  ByteRange range{*first, std::nullopt};
  if (dash + 1 == text.size()) return range;
  range.last_byte = parse_u64(text.substr(dash + 1));
  if (!range.last_byte || *range.last_byte < *first || *range.last_byte == UINT64_MAX)
    return refuse_header(name);
  return range;
}

Checked<Metadata> BlobRequest::metadata() const {
  constexpr std::string_view prefix = "x-ms-meta-";
  Metadata out;
  size_t total_bytes = 0;
  for (const auto& [name, value] : http.headers) {
    if (name.size() < prefix.size() || !same_header(name.substr(0, prefix.size()), prefix)) continue;
    const std::string key = name.substr(prefix.size());
    if (key.empty())
      return refuse(400, "EmptyMetadataKey", "The key for one of the metadata key-value pairs is empty.");
    const bool good = (is_letter(key[0]) || key[0] == '_') && std::ranges::all_of(key, [](char c) {
                        return is_letter(c) || c == '_' || (c >= '0' && c <= '9');
                      });
    const bool twice =
        std::ranges::any_of(out, [&](const auto& other) { return same_header(other.first, key); });
    if (!good || twice || !utf16_of(value))
      return refuse(400, "InvalidMetadata",
                    "The metadata specified is invalid. It has characters that are not permitted.");
    total_bytes += key.size() + value.size();
    out[key] = value;
  }
  if (total_bytes > kMetadataBytesMax)
    return refuse(400, "MetadataTooLarge",
                  "The size of the specified metadata exceeds the maximum size permitted.");
  return out;
}

Checked<ContentHeaders> BlobRequest::content_headers(bool with_plain) const {
  const auto value = [&](std::string_view special, std::string_view plain) {
    if (has_header(http.headers, special)) return std::string(header(special));
    return with_plain ? std::string(header(plain)) : std::string();
  };
  ContentHeaders out;
  out.type = value("x-ms-blob-content-type", "Content-Type");
  out.encoding = value("x-ms-blob-content-encoding", "Content-Encoding");
  out.language = value("x-ms-blob-content-language", "Content-Language");
  out.cache_control = value("x-ms-blob-cache-control", "Cache-Control");
  out.disposition = header("x-ms-blob-content-disposition");
  out.md5 = header("x-ms-blob-content-md5");
  for (const std::string* text :
       {&out.type, &out.encoding, &out.language, &out.cache_control, &out.disposition})
    if (!utf16_of(*text)) return refuse_header("x-ms-blob-content-type");
  if (!out.md5.empty()) {
    const auto digest = parse_base64(out.md5);
    if (!digest || digest->size() != 16)
      return refuse(400, "InvalidMd5", "The MD5 value specified in the request is invalid.");
  }
  return out;
}

Checked<std::optional<uint64_t>> BlobRequest::number(std::string_view header_name) const {
  if (!has_header(http.headers, header_name)) return std::nullopt;
  const auto value = parse_u64(header(header_name));
  if (!value || *value > INT64_MAX) return refuse_header(header_name);
  return value;
}

Checked<Md5> BlobRequest::body_md5() const {
  if (has_header(http.headers, "x-ms-content-crc64"))
    return refuse(400, "UnsupportedHeader",
                  "One of the HTTP headers specified in the request is not supported.", "x-ms-content-crc64");
  const Md5 actual = md5_of(http.body);
  if (has_header(http.headers, "Content-MD5")) {
    const auto given = parse_base64(header("Content-MD5"));
    if (!given || given->size() != actual.size())
      return refuse(400, "InvalidMd5", "The MD5 value specified in the request is invalid.");
    if (!std::ranges::equal(*given, actual))
      return refuse(400, "Md5Mismatch",
                    "The MD5 value specified in the request did not match the MD5 value calculated by the "
                    "server.");
  }
  return actual;
}

}  // namespace seedbed
