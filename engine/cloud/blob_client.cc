#include "engine/cloud/blob_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/base/url.h"
#include "engine/cloud/blob_listing.h"
#include "engine/cloud/service_answer.h"
#include "engine/cloud/shared_key.h"

namespace seedbed {

namespace {

constexpr uint64_t kReadBytesMax = 16 * MiB;  // of one GET
constexpr unsigned kListingPagesMax = 10'000;
constexpr int64_t kSasSkew_ns = 300'000'000'000;

std::string range_text(uint64_t offset_bytes, uint64_t length_bytes) {
  return fmt::format("bytes={}-{}", offset_bytes, offset_bytes + length_bytes - 1);
}

std::string md5_text(ByteSpan bytes) {
  return base64(md5_of(bytes));
}

Status check_name(const std::string& container, const std::string& blob) {
  if (container.empty() || blob.empty())
    return fail(ErrorCode::invalid_argument, "a blob needs a container and a name");
  return {};
}

}  // namespace

BlobClient::BlobClient(HttpCaller& caller, Runtime& runtime, std::string endpoint, std::string account,
                       SecretBytes key)
    : caller_(caller),
      runtime_(runtime),
      endpoint_(std::move(endpoint)),
      account_(std::move(account)),
      key_(std::move(key)) {
  while (endpoint_.ends_with('/')) endpoint_.pop_back();
}

std::string BlobClient::url_of(const std::string& container, const std::string& blob) const {
  std::string url = endpoint_ + "/" + percent_encode(container, "$");
  if (!blob.empty()) url += "/" + percent_encode(blob, "/");
  return url;
}

HttpRequest BlobClient::request(const char* method, const std::string& url) const {
  HttpRequest request;
  request.method = method;
  request.target = url;
  return request;
}

Result<CallOutcome> BlobClient::attempt(HttpRequest request) {
  return caller_.attempt(std::move(request), true, [this](HttpRequest& each) {
    return sign_shared_key(each, account_, key_, runtime_.utc_ns());
  });
}

Result<HttpResponse> BlobClient::call(const HttpRequest& request) {
  CallOutcome outcome = TRY(attempt(request));
  if (!is_success(*outcome.response)) return fail_answer(request, *outcome.response);
  return std::move(*outcome.response);
}

Status BlobClient::create_container(const std::string& container) {
  const HttpRequest create = request("PUT", url_of(container, "") + "?restype=container");
  const CallOutcome outcome = TRY(attempt(create));
  if (is_success(*outcome.response)) return {};
  if (outcome.response->status == 409 && service_error_of(*outcome.response).code == "ContainerAlreadyExists")
    return {};
  return fail_answer(create, *outcome.response);
}

Result<bool> BlobClient::container_exists(const std::string& container) {
  const auto answer = call(request("HEAD", url_of(container, "") + "?restype=container"));
  if (answer) return true;
  if (answer.error().code == ErrorCode::not_found) return false;
  return std::unexpected(answer.error());
}

Status BlobClient::create_page_blob(const std::string& container, const std::string& blob,
                                    uint64_t length_bytes) {
  TRY(check_name(container, blob));
  if (length_bytes % 512 != 0)
    return fail(ErrorCode::invalid_argument, "a page blob's length is a multiple of 512",
                url_for_people(url_of(container, blob)));
  HttpRequest create = request("PUT", url_of(container, blob));
  create.headers = {{"x-ms-blob-type", "PageBlob"},
                    {"x-ms-blob-content-length", std::to_string(length_bytes)},
                    {"If-None-Match", "*"}};
  const CallOutcome outcome = TRY(attempt(create));
  if (is_success(*outcome.response)) return {};
  const int status = outcome.response->status;
  if ((status == 409 || status == 412) && outcome.perhaps_done_before) {
    const auto found = TRY(properties(container, blob));  // most likely what an earlier try of ours has made
    if (found && found->type == "PageBlob" && found->length_bytes == length_bytes) return {};
  }
  if (status == 409 || status == 412)
    return fail(ErrorCode::already_exists, "a blob of that name is there already",
                url_for_people(create.target));
  return fail_answer(create, *outcome.response);
}

Status BlobClient::put_page(const std::string& container, const std::string& blob, uint64_t offset_bytes,
                            ByteSpan data) {
  TRY(check_name(container, blob));
  if (data.empty() || data.size() > kPutPageBytesMax || data.size() % 512 != 0 || offset_bytes % 512 != 0)
    return fail(ErrorCode::invalid_argument,
                "pages are put at multiples of 512, in multiples of 512, at most 4 MiB at once",
                url_for_people(url_of(container, blob)));
  HttpRequest put = request("PUT", url_of(container, blob) + "?comp=page");
  put.headers = {{"x-ms-page-write", "update"},
                 {"x-ms-range", range_text(offset_bytes, data.size())},
                 {"Content-MD5", md5_text(data)},
                 {"Content-Type", "application/octet-stream"}};
  put.body.assign(data.begin(), data.end());
  TRY(call(put));
  return {};
}

Result<std::vector<Extent>> BlobClient::page_ranges(const std::string& container, const std::string& blob) {
  TRY(check_name(container, blob));
  std::vector<Extent> ranges;
  std::string marker;
  for (unsigned pages = 0; pages < kListingPagesMax; pages++) {
    std::string url = url_of(container, blob) + "?comp=pagelist";
    if (!marker.empty()) url += "&marker=" + percent_encode(marker);
    const HttpResponse answer = TRY(call(request("GET", url)));
    PageListing page = TRY(parse_page_listing(as_text(answer.body), url_for_people(url)));
    for (const Extent& range : page.ranges) {
      if (!ranges.empty() && range.offset_bytes < ranges.back().end_bytes())
        return fail(ErrorCode::corrupt, "the page ranges of a blob are not in order", url_for_people(url));
      if (!ranges.empty() && range.offset_bytes == ranges.back().end_bytes())
        ranges.back().length_bytes += range.length_bytes;
      else
        ranges.push_back(range);
    }
    marker = std::move(page.next_marker);
    if (marker.empty()) return ranges;
  }
  return fail(ErrorCode::corrupt, "the list of page ranges has no end",
              url_for_people(url_of(container, blob)));
}

Status BlobClient::put_block_blob(const std::string& container, const std::string& blob, ByteSpan content) {
  TRY(check_name(container, blob));
  if (content.size() > kPutBlobBytesMax)
    return fail(ErrorCode::invalid_argument, "a block blob is put whole up to 64 MiB",
                url_for_people(url_of(container, blob)));
  HttpRequest put = request("PUT", url_of(container, blob));
  put.headers = {{"x-ms-blob-type", "BlockBlob"},
                 {"Content-MD5", md5_text(content)},
                 {"Content-Type", "application/octet-stream"}};
  put.body.assign(content.begin(), content.end());
  TRY(call(put));
  return {};
}

Result<std::optional<BlobProperties>> BlobClient::properties(const std::string& container,
                                                             const std::string& blob) {
  TRY(check_name(container, blob));
  const HttpRequest head = request("HEAD", url_of(container, blob));
  const auto answer = call(head);
  if (!answer && answer.error().code == ErrorCode::not_found) return std::optional<BlobProperties>();
  if (!answer) return std::unexpected(answer.error());
  BlobProperties out;
  const auto told = parse_u64(header_of(answer->headers, "Content-Length"));
  const auto told_too = parse_u64(header_of(answer->headers, "x-ms-blob-content-length"));
  out.length_bytes = told ? *told : told_too ? *told_too : answer->head_length_bytes;
  out.type = header_of(answer->headers, "x-ms-blob-type");
  out.etag = header_of(answer->headers, "ETag");
  if (const auto md5 = parse_base64(header_of(answer->headers, "Content-MD5")); md5 && md5->size() == 16) {
    out.content_md5.emplace();
    std::ranges::copy(*md5, out.content_md5->begin());
  }
  static constexpr std::string_view kMetadata = "x-ms-meta-";
  for (const auto& [name, value] : answer->headers) {
    if (name.size() <= kMetadata.size() || !same_header(name.substr(0, kMetadata.size()), kMetadata))
      continue;
    std::string key = name.substr(kMetadata.size());
    for (char& c : key)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    out.metadata[key] = value;
  }
  return std::optional(std::move(out));
}

Result<Bytes> BlobClient::read(const std::string& container, const std::string& blob, uint64_t offset_bytes,
                               uint64_t length_bytes) {
  TRY(check_name(container, blob));
  Bytes out;
  while (out.size() < length_bytes) {
    const uint64_t want_bytes = std::min<uint64_t>(kReadBytesMax, length_bytes - out.size());
    HttpRequest get = request("GET", url_of(container, blob));
    get.headers = {{"x-ms-range", range_text(offset_bytes + out.size(), want_bytes)}};
    const HttpResponse answer = TRY(call(get));
    // 200 with the whole blob is legal when the range covers it
    if (answer.body.size() != want_bytes || (answer.status == 200 && offset_bytes + out.size() != 0))
      return fail(ErrorCode::corrupt,
                  fmt::format("{} bytes at {} were asked for, {} came", want_bytes, offset_bytes + out.size(),
                              answer.body.size()),
                  url_for_people(get.target));
    append(out, answer.body);
  }
  return out;
}

Result<Bytes> BlobClient::read_all(const std::string& container, const std::string& blob,
                                   uint64_t bound_bytes) {
  const auto found = TRY(properties(container, blob));
  if (!found)
    return fail(ErrorCode::not_found, "there is no such blob", url_for_people(url_of(container, blob)));
  if (found->length_bytes > bound_bytes)
    return fail(ErrorCode::corrupt,
                fmt::format("the blob has {} bytes, more than {}", found->length_bytes, bound_bytes),
                url_for_people(url_of(container, blob)));
  return read(container, blob, 0, found->length_bytes);
}

Result<std::vector<ListedBlob>> BlobClient::list(const std::string& container, const std::string& prefix) {
  std::vector<ListedBlob> blobs;
  std::string marker;
  for (unsigned pages = 0; pages < kListingPagesMax; pages++) {
    std::string url = url_of(container, "") + "?restype=container&comp=list";
    if (!prefix.empty()) url += "&prefix=" + percent_encode(prefix);
    if (!marker.empty()) url += "&marker=" + percent_encode(marker);
    const HttpResponse answer = TRY(call(request("GET", url)));
    BlobListing page = TRY(parse_blob_listing(as_text(answer.body), url_for_people(url)));
    std::ranges::move(page.blobs, std::back_inserter(blobs));
    marker = std::move(page.next_marker);
    if (marker.empty()) return blobs;
  }
  return fail(ErrorCode::corrupt, "the list of blobs has no end", url_for_people(url_of(container, "")));
}

Status BlobClient::delete_blob(const std::string& container, const std::string& blob) {
  TRY(check_name(container, blob));
  const auto answer = call(request("DELETE", url_of(container, blob)));
  if (!answer && answer.error().code != ErrorCode::not_found) return std::unexpected(answer.error());
  return {};
}

std::string BlobClient::sas_url(const std::string& container, const std::string& blob, int64_t expiry_ns) {
  return url_of(container, blob) + "?" +
         service_sas(account_, key_, container, blob, "r", runtime_.utc_ns() - kSasSkew_ns, expiry_ns);
}

}  // namespace seedbed
