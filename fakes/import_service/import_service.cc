#include "fakes/import_service/import_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "fakes/import_service/arm_job.h"
#include "fakes/import_service/locations.h"
#include "fakes/store/json_answer.h"

namespace seedbed {

using nlohmann::json;

namespace {

constexpr size_t kBodyMax = 1 * MiB;
constexpr int64_t kListMax = 100;
constexpr std::string_view kOldVersion = "2016-11-01";
constexpr std::string_view kVersions[] = {kOldVersion, "2020-08-01", "2021-01-01"};

HttpResponse not_found(std::string_view what) {
  return json_error(404, "ResourceNotFound", what);
}

HttpResponse wrong_method() {
  HttpResponse answer = json_error(405, "MethodNotAllowed", "The method is not one of this resource's.");
  return answer;
}

HttpResponse answer_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::corrupt:
      return json_error(400, "InvalidRequestContent", error.what, error.where.empty() ? "body" : error.where);
    case ErrorCode::refused:
      return json_error(409, "JobStateConflict", error.what, error.where);
    case ErrorCode::already_exists:
      return json_error(409, "Conflict", error.what, error.where);
    case ErrorCode::not_found:
      return not_found(error.what);
    default:
      return json_failure(error);
  }
}

bool is_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' && parse_u64(text.substr(0, 4)) &&
         parse_u64(text.substr(5, 2)) && parse_u64(text.substr(8, 2));
}

json operations() {
  json value = json::array();
  const auto add = [&](const char* name, const char* resource, const char* operation) {
    value.push_back({{"name", name},
                     {"display",
                      {{"provider", "Microsoft Import/Export"},
                       {"resource", resource},
                       {"operation", operation},
                       {"description", operation}}}});
  };
  add("Microsoft.ImportExport/jobs/read", "Import/Export Job", "Get Import/Export Job");
  add("Microsoft.ImportExport/jobs/write", "Import/Export Job", "Create or Update Import/Export Job");
  add("Microsoft.ImportExport/jobs/delete", "Import/Export Job", "Delete Import/Export Job");
  add("Microsoft.ImportExport/jobs/listBitLockerKeys/action", "Import/Export Job", "Get Bitlocker Keys");
  add("Microsoft.ImportExport/locations/read", "Location", "Get Import/Export Location");
  return {{"value", std::move(value)}};
}

}  // namespace

struct ImportService::Call {
  const HttpRequest& request;
  const Url& url;
  std::vector<std::string> path;  // decoded segments
  std::vector<std::string> key;   // the same in lower case
  std::string version;
  bool old_version() const { return version == kOldVersion; }
  const std::string& subscription() const { return path[1]; }
  bool is(const char* method) const { return request.method == method; }
};

HttpResponse ImportService::handle(const HttpRequest& request, const Url& url) {
  const std::string_view authorization = header_of(request.headers, "Authorization");
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view token =
      authorization.size() > kScheme.size() && lower_case(authorization.substr(0, kScheme.size())) == kScheme
          ? authorization.substr(kScheme.size())
          : std::string_view();
  if (token.empty())
    return json_error(
        401, "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing or holds no bearer token.");
  if (!options_.only_token.empty() && sha256_of(as_bytes(token)) != sha256_of(as_bytes(options_.only_token)))
    return json_error(401, "InvalidAuthenticationToken",
                      "The access token is not the one this service takes.");
  Call call{.request = request, .url = url, .path = {}, .key = {}, .version = {}};
  std::string_view rest = std::string_view(url.path).substr(1);
  while (call.path.size() <= 12) {
    const size_t slash = rest.find('/');
    const auto segment = percent_decode(rest.substr(0, slash));
    if (!segment || segment->empty() || segment->size() > 260)
      return json_error(400, "InvalidRequestUri", "The path is not well formed.");
    call.path.push_back(*segment);
    call.key.push_back(lower_case(*segment));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  const auto version = query_value(url, "api-version");
  if (!version || version->empty())
    return json_error(400, "MissingApiVersionParameter",
                      "The api-version query parameter (?api-version=) is required for all requests.");
  call.version = *version;
  return route(call);
}

HttpResponse ImportService::route(const Call& call) {
  const auto& key = call.key;
  const bool account = key.size() == 9 && key[0] == "subscriptions" && key[2] == "resourcegroups" &&
                       key[4] == "providers" && key[5] == "microsoft.storage" &&
                       key[6] == "storageaccounts" && key[8] == "listkeys";
  const bool known =
      std::find(std::begin(kVersions), std::end(kVersions), call.version) != std::end(kVersions);
  if (account ? !is_date(call.version) : !known)
    return json_error(400, "InvalidApiVersionParameter",
                      fmt::format("The api-version '{}' is invalid. The supported versions are '2016-11-01', "
                                  "'2020-08-01', '2021-01-01'.",
                                  call.version.substr(0, 40)));
  if (account) return account_keys(call);
  if (key.size() >= 3 && key[0] == "providers" && key[1] == "microsoft.importexport") return locations(call);
  if (key[0] == "subscriptions" && key.size() >= 5) {
    if (key.size() == 5 && key[2] == "providers" && key[3] == "microsoft.importexport" && key[4] == "jobs")
      return call.is("GET") ? list_jobs(call) : wrong_method();
    if (key.size() >= 7 && key[2] == "resourcegroups" && key[4] == "providers" &&
        key[5] == "microsoft.importexport") {
      if (key[6] == "jobs" && key.size() == 7) return call.is("GET") ? list_jobs(call) : wrong_method();
      if (key[6] == "jobs") return jobs(call);
      if (key[6] == "moveresources" && key.size() == 7)
        return json_error(501, "NotImplemented", "Jobs cannot be moved between resource groups here.");
    }
  }
  return json_error(404, "InvalidResourceType", "The resource type could not be found in this service.");
}

HttpResponse ImportService::locations(const Call& call) {
  if (!call.is("GET")) return wrong_method();
  const auto& key = call.key;
  if (key.size() == 3 && key[2] == "operations") return json_answer(200, operations());
  if (key[2] != "locations" || key.size() > 4) return not_found("There is no such resource.");
  if (key.size() == 4) {
    const LocationEntry* place = find_location(call.path[3]);
    return place ? json_answer(200, location_json(*place))
                 : not_found(fmt::format("The location {} does not exist.", call.path[3]));
  }
  json value = json::array();
  for (const LocationEntry& place : import_locations()) value.push_back(location_json(place));
  return json_answer(200, {{"value", std::move(value)}});
}

HttpResponse ImportService::account_keys(const Call& call) {
  if (!call.is("POST")) return wrong_method();
  const auto keys = accounts_.keys_of(call.key[7]);
  if (!keys) return not_found(fmt::format("The storage account {} was not found.", call.path[7]));
  json value = json::array();
  for (size_t i = 0; i < keys->size(); i++)
    value.push_back(
        {{"keyName", fmt::format("key{}", i + 1)}, {"value", (*keys)[i]}, {"permissions", "FULL"}});
  return json_answer(200, {{"keys", std::move(value)}});
}

HttpResponse ImportService::jobs(const Call& call) {
  const std::string &group = call.path[3], &name = call.path[7];
  const auto found = [&]() -> Result<Job> {
    auto job = TRY(book_.find(call.subscription(), group, name));
    if (!job) return fail(ErrorCode::not_found, fmt::format("The job {} was not found.", name));
    return std::move(*job);
  };
  if (call.path.size() == 9) {
    if (call.key[8] != "listbitlockerkeys") return not_found("There is no such resource.");
    if (!call.is("POST") && !call.is("GET")) return wrong_method();  // GET: the client of 2016
    const auto job = found();
    return job ? json_answer(200, bitlocker_keys_json(*job)) : answer_of(job.error());
  }
  if (call.path.size() != 8) return not_found("There is no such resource.");
  if (call.is("PUT")) return put_job(call);
  if (call.is("PATCH")) return patch_job(call);
  if (call.is("GET")) {
    const auto job = found();
    return job ? json_answer(200, job_json(*job, call.old_version())) : answer_of(job.error());
  }
  if (call.is("DELETE")) {
    const Status removed = book_.remove(call.subscription(), group, name);
    if (!removed) return answer_of(removed.error());
    HttpResponse done;
    return done;
  }
  return wrong_method();
}

HttpResponse ImportService::put_job(const Call& call) {
  if (!is_job_name(call.path[7]))
    return json_error(
        400, "InvalidResourceName",
        "A job's name is a letter followed by letters, digits, '-' and '_'; at most 64 characters.",
        "jobName");
  const auto body = parse_json(call.request.body, kBodyMax);
  if (!body) return answer_of(body.error());
  // The account is looked up before the book is locked; nothing deletes accounts.
  Job draft;
  draft.name = call.path[7];
  if (const Status read = read_put_body(*body, call.old_version(), 0, draft); !read)
    return answer_of(read.error());
  if (!accounts_.keys_of(draft.account))
    return json_error(400, "InvalidRequestContent",
                      fmt::format("The storage account {} does not exist.", draft.account),
                      "properties.storageAccountId");
  bool made = false;
  const auto job = book_.change(call.subscription(), call.path[3], call.path[7], [&](Job& current) -> Status {
    made = current.row == 0;
    if (!made && current.state != "Creating")
      return fail(ErrorCode::refused,
                  fmt::format("The job exists and is in state {}; only a job in Creating can be replaced.",
                              current.state),
                  "jobName");
    return read_put_body(*body, call.old_version(), state_.utc_ns(), current);
  });
  return job ? json_answer(made ? 201 : 200, job_json(*job, call.old_version())) : answer_of(job.error());
}

HttpResponse ImportService::patch_job(const Call& call) {
  const auto body = parse_json(call.request.body, kBodyMax);
  if (!body) return answer_of(body.error());
  const auto job = book_.change(call.subscription(), call.path[3], call.path[7], [&](Job& current) -> Status {
    if (current.row == 0)
      return fail(ErrorCode::not_found, fmt::format("The job {} was not found.", call.path[7]));
    return apply_patch_body(*body, call.old_version(), state_.utc_ns(), current);
  });
  return job ? json_answer(200, job_json(*job, call.old_version())) : answer_of(job.error());
}

namespace {

// "state eq 'Creating'": all that the service filters by. Nothing: something else.
std::optional<std::string> state_of_filter(std::string_view filter) {
  const std::string lower = lower_case(filter);
  constexpr std::string_view kHead = "state eq '";
  if (!lower.starts_with(kHead) || lower.size() < kHead.size() + 2 || lower.back() != '\'')
    return std::nullopt;
  std::string state = lower.substr(kHead.size(), lower.size() - kHead.size() - 1);
  if (state.find('\'') != std::string::npos) return std::nullopt;
  return state;
}

}  // namespace

HttpResponse ImportService::list_jobs(const Call& call) {
  const auto bad = [](const char* what, const char* target) {
    return json_error(400, "InvalidQueryParameterValue", what, target);
  };
  int64_t top = kListMax, after = 0;
  if (const auto text = query_value(call.url, "$top")) {
    const auto value = parse_u64(*text);
    if (!value || *value < 1 || *value > static_cast<uint64_t>(kListMax))
      return bad("$top is a number from 1 to 100.", "$top");
    top = static_cast<int64_t>(*value);
  }
  if (const auto text = query_value(call.url, "$skiptoken")) {
    const auto value = parse_u64(*text);
    if (!value || *value > static_cast<uint64_t>(INT64_MAX))
      return bad("$skiptoken is none of this service's.", "$skiptoken");
    after = static_cast<int64_t>(*value);
  }
  std::string state;
  const auto filter = query_value(call.url, "$filter");
  if (filter && !filter->empty()) {
    const auto wanted = state_of_filter(*filter);
    if (!wanted || wanted->empty()) return bad("$filter takes the form: state eq 'Creating'.", "$filter");
    state = *wanted;
  }
  const auto listing = book_.list(call.subscription(), call.path.size() > 5 ? call.path[3] : "", state, after,
                                  static_cast<size_t>(top));
  if (!listing) return answer_of(listing.error());
  json value = json::array();
  for (const Job& job : listing->jobs) value.push_back(job_json(job, call.old_version()));
  json body = {{"value", std::move(value)}};
  if (listing->next_after_row != 0) {
    const std::string_view host = header_of(call.request.headers, "Host");
    const std::string origin = host.empty() ? "" : fmt::format("{}://{}", options_.scheme, host);
    body["nextLink"] = fmt::format(
        "{}{}?api-version={}&%24top={}{}&%24skiptoken={}", origin, call.url.path, call.version, top,
        filter && !filter->empty() ? "&%24filter=" + percent_encode(*filter) : "", listing->next_after_row);
  }
  return json_answer(200, body);
}

}  // namespace seedbed
