#include <algorithm>

#include "fakes/storage_account/operations.h"

namespace seedbed {

namespace {

constexpr int64_t kSecond_ns = 1'000'000'000;

bool names_etag(std::string_view list, const BlobRow& blob) {
  if (list == "*") return true;
  const std::string quoted = etag_text(blob.etag);
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one == quoted || one == std::string_view(quoted).substr(1, quoted.size() - 2)) return true;
  }
  return false;
}

}  // namespace

bool has_conditions(const BlobRequest& request) {
  return std::ranges::any_of(request.http.headers, [](const auto& header) {
    for (const char* name :
         {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
          "x-ms-if-sequence-number-le", "x-ms-if-sequence-number-lt", "x-ms-if-sequence-number-eq"})
      if (same_header(header.first, name)) return true;
    return false;
  });
}

Checked<void> check_conditions(const BlobRequest& request, const BlobRow* blob) {
  if (has_header(request.http.headers, "x-ms-lease-id"))
    return refuse(412, "LeaseNotPresentWithBlobOperation", "There is currently no lease on the blob.");
  const auto time_of = [&](std::string_view name) -> Checked<std::optional<int64_t>> {
    if (!has_header(request.http.headers, name)) return std::nullopt;
    const auto time_ns = parse_http_date(request.header(name));
    if (!time_ns) return refuse_header(name);
    return time_ns;
  };
  const auto modified_since = TRY(time_of("If-Modified-Since"));
  const auto unmodified_since = TRY(time_of("If-Unmodified-Since"));
  const std::string_view match = request.header("If-Match"), none_match = request.header("If-None-Match");
  if (!match.empty() && (blob == nullptr || !names_etag(match, *blob))) return refuse_condition();
  if (blob == nullptr) return {};
  const int64_t modified_ns = blob->modified_ns / kSecond_ns * kSecond_ns;  // as Last-Modified tells it
  if (unmodified_since && modified_ns > *unmodified_since) return refuse_condition();
  const bool same = !none_match.empty() && names_etag(none_match, *blob);
  const bool old = modified_since && modified_ns <= *modified_since;
  if (!none_match.empty() ? same : old) {
    if (request.reads()) return refuse(304, "ConditionNotMet", "The condition is not met.");
    if (none_match == "*") return refuse(409, "BlobAlreadyExists", "The specified blob already exists.");
    return refuse_condition();
  }
  const auto sequence = [&](std::string_view name, auto holds) -> Checked<void> {
    const auto number = TRY(request.number(name));
    if (number && !holds(blob->sequence_number, static_cast<int64_t>(*number)))
      return refuse(412, "SequenceNumberConditionNotMet",
                    "The sequence number condition specified was not met.");
    return {};
  };
  TRY(sequence("x-ms-if-sequence-number-le", [](int64_t a, int64_t b) { return a <= b; }));
  TRY(sequence("x-ms-if-sequence-number-lt", [](int64_t a, int64_t b) { return a < b; }));
  return sequence("x-ms-if-sequence-number-eq", [](int64_t a, int64_t b) { return a == b; });
}

Checked<void> need(const BlobCall& call, std::string_view permissions) {
  if (std::ranges::any_of(permissions, [&](char permission) { return call.grant.allows(permission); }))
    return {};
  return refuse(403, "AuthorizationPermissionMismatch",
                "This request is not authorized to perform this operation using this permission.");
}

Checked<ContainerRow> find_container(const BlobCall& call) {
  auto found = TRY(call.store.container(call.request.account, call.request.container));
  if (!found) return refuse_no_container();
  return std::move(*found);
}

Checked<BlobRow> find_blob(const BlobCall& call) {
  const ContainerRow container = TRY(find_container(call));
  auto found = TRY(call.store.blob(container.id, call.request.blob));
  if (!found) return refuse_no_blob();
  return std::move(*found);
}

HttpResponse response_with(int status, int64_t etag, int64_t modified_ns) {
  HttpResponse response;
  response.status = status;
  response.headers.emplace_back("ETag", etag_text(etag));
  response.headers.emplace_back("Last-Modified", http_date(modified_ns));
  return response;
}

HttpResponse xml_response(Bytes body) {
  HttpResponse response;
  response.headers.emplace_back("Content-Type", "application/xml");
  response.body = std::move(body);
  return response;
}

void add_metadata(HttpResponse& response, const Metadata& metadata) {
  for (const auto& [name, value] : metadata) response.headers.emplace_back("x-ms-meta-" + name, value);
}

}  // namespace seedbed
