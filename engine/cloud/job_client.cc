#include "engine/cloud/job_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/url.h"
#include "engine/cloud/service_answer.h"
#include "engine/documents/xml.h"

namespace seedbed {

namespace {

constexpr unsigned kPagesMax = 1000;
constexpr const char* kImportExport = "/providers/Microsoft.ImportExport";

bool same_package(const DeliveryPackage& wanted, const DeliveryPackage& found) {
  return same_header(wanted.carrier_name, found.carrier_name) &&
         same_header(wanted.tracking_number, found.tracking_number);
}

std::string job_text(const ImportJob& job) {
  return fmt::format("import job {}", printable(job.name));
}

}  // namespace

JobClient::JobClient(HttpCaller& caller, Runtime& runtime, std::string endpoint, std::string subscription,
                     std::string resource_group, Authority authority)
    : caller_(caller),
      runtime_(runtime),
      endpoint_(std::move(endpoint)),
      subscription_(std::move(subscription)),
      resource_group_(std::move(resource_group)),
      authority_(std::move(authority)) {
  while (endpoint_.ends_with('/')) endpoint_.pop_back();
}

HttpRequest JobClient::request(const char* method, const std::string& path, const char* api_version) const {
  HttpRequest request;
  request.method = method;
  request.target = endpoint_ + path + "?api-version=" + api_version;
  request.headers = {{"Accept", "application/json"}};
  return request;
}

HttpRequest JobClient::job_request(const char* method, const std::string& name, const char* action) const {
  return request(method,
                 fmt::format("/subscriptions/{}/resourceGroups/{}{}/jobs/{}{}", percent_encode(subscription_),
                             percent_encode(resource_group_), kImportExport, percent_encode(name), action),
                 kImportExportVersion);
}

Result<CallOutcome> JobClient::send(const HttpRequest& request, bool idempotent) {
  return caller_.attempt(request, idempotent, [this](HttpRequest& each) -> Status {
    const int64_t now_ns = runtime_.utc_ns();
    const std::string token = TRY(authority_(now_ns));
    std::erase_if(each.headers,
                  [](const auto& header) { return same_header(header.first, "Authorization"); });
    each.headers.emplace_back("Authorization", "Bearer " + token);
    return {};
  });
}

Result<HttpResponse> JobClient::ask(const HttpRequest& request) {
  CallOutcome outcome = TRY(send(request, true));
  if (!is_success(*outcome.response)) return fail_answer(request, *outcome.response);
  return std::move(*outcome.response);
}

void JobClient::wait_before_looking(unsigned round) {
  uint64_t wait_ns = caller_.policy().first_wait_ns;
  for (unsigned i = 0; i < round && wait_ns < caller_.policy().wait_max_ns; i++) wait_ns *= 2;
  runtime_.sleep_ns(std::min(wait_ns, caller_.policy().wait_max_ns));
}

Result<std::optional<ImportJob>> JobClient::find(const std::string& name) {
  auto found = get(name);
  if (found) return std::optional(std::move(*found));
  if (found.error().code == ErrorCode::not_found) return std::optional<ImportJob>();
  return std::unexpected(std::move(found).error());
}

Result<std::optional<ImportJob>> JobClient::change(const std::string& name, const std::string& body) {
  HttpRequest patch = job_request("PATCH", name);
  patch.headers.emplace_back("Content-Type", "application/json");
  patch.body.assign(body.begin(), body.end());
  const CallOutcome outcome = TRY(send(patch, false));
  if (!outcome.response) return std::optional<ImportJob>();
  if (!is_success(*outcome.response)) return fail_answer(patch, *outcome.response);
  auto job = TRY(parse_import_job(as_text(outcome.response->body), url_for_people(patch.target)));
  return std::optional(std::move(job));
}

static std::unexpected<Error> fail_other_job(const ImportJob& job, const ImportJob& found,
                                             const std::string& difference, const std::string& where) {
  return fail(ErrorCode::already_exists,
              fmt::format("{} is there already, in state {}, and is another one: {}", job_text(job),
                          printable(found.state), difference),
              where, "Choose another job name, or delete that job if nobody needs it.");
}

Result<ImportJob> JobClient::create(const ImportJob& job) {
  const SecretBytes body = TRY(encode_import_job(job));
  HttpRequest put = job_request("PUT", job.name);
  put.headers.emplace_back("Content-Type", "application/json");
  const std::string where = url_for_people(put.target);
  std::string last;
  const unsigned rounds_max = std::max(caller_.policy().tries_max, 1u);
  // One round more of looking than of doing. A PUT on a job that is being created would replace it: look
  // first.
  for (unsigned round = 0;; round++) {
    auto found = TRY(find(job.name));
    if (found) {
      const std::string difference = import_job_difference(job, *found);
      if (!difference.empty()) return fail_other_job(job, *found, difference, where);
      return std::move(*found);
    }
    if (round == rounds_max) break;
    put.body.assign(body.span().begin(), body.span().end());
    auto sent = send(put, false);
    wipe(put.body);
    const CallOutcome outcome = TRY(std::move(sent));
    if (outcome.response && is_success(*outcome.response)) {
      auto made = TRY(parse_import_job(as_text(outcome.response->body), where));
      const std::string difference = import_job_difference(job, made);
      if (!difference.empty()) return fail_other_job(job, made, difference, where);
      return made;
    }
    if (outcome.response && outcome.response->status != 409 && outcome.response->status != 412)
      return fail_answer(put, *outcome.response);
    if (outcome.response) {  // somebody may have made one of that name meanwhile
      auto now = TRY(find(job.name));
      if (!now) return fail_answer(put, *outcome.response);
      const std::string difference = import_job_difference(job, *now);
      if (!difference.empty()) return fail_other_job(job, *now, difference, where);
      return std::move(*now);
    }
    last = outcome.doubt;
    wait_before_looking(round);
  }
  return fail(ErrorCode::io_error,
              fmt::format("{} could not be created in {} tries: {}", job_text(job), rounds_max, last), where,
              "The service could not be reached; run the same command again to go on.");
}

Result<ImportJob> JobClient::get(const std::string& name) {
  if (name.empty()) return fail(ErrorCode::invalid_argument, "an import job has a name");
  const HttpRequest look = job_request("GET", name);
  const HttpResponse answer = TRY(ask(look));
  return parse_import_job(as_text(answer.body), url_for_people(look.target));
}

Result<std::vector<ImportJob>> JobClient::list() {
  std::vector<ImportJob> jobs;
  HttpRequest look =
      request("GET",
              fmt::format("/subscriptions/{}/resourceGroups/{}{}/jobs", percent_encode(subscription_),
                          percent_encode(resource_group_), kImportExport),
              kImportExportVersion);
  const auto own = parse_url(endpoint_);
  for (unsigned pages = 0; pages < kPagesMax; pages++) {
    const HttpResponse answer = TRY(ask(look));
    auto page = TRY(parse_import_job_page(as_text(answer.body), url_for_people(look.target)));
    std::ranges::move(page.jobs, std::back_inserter(jobs));
    if (page.next_link.empty()) return jobs;
    // the token goes to our service only
    const auto next = parse_url(page.next_link);
    if (!own || !next || next->origin() != own->origin())
      return fail(ErrorCode::corrupt, "the next page of the jobs is said to lie at another service",
                  url_for_people(look.target));
    look.target = page.next_link;
  }
  return fail(ErrorCode::corrupt, "the list of jobs has no end", url_for_people(look.target));
}

Result<ImportJob> JobClient::update_shipping(const std::string& name, const DeliveryPackage& package) {
  if (package.carrier_name.empty() || package.tracking_number.empty())
    return fail(ErrorCode::invalid_argument, "a package has a carrier and a tracking number");
  const std::string where = url_for_people(job_request("GET", name).target);
  const unsigned rounds_max = std::max(caller_.policy().tries_max, 1u);
  for (unsigned round = 0;; round++) {
    ImportJob job = TRY(get(name));
    const bool creating = same_header(job.state, "Creating");
    if (!creating && job.delivery_package && same_package(package, *job.delivery_package)) return job;
    if (!creating && !same_header(job.state, "Shipping"))
      return fail(ErrorCode::refused,
                  fmt::format("{} is in state {}: its package can no longer be changed", job_text(job),
                              printable(job.state)),
                  where);
    if (round == rounds_max) break;
    auto changed = TRY(change(name, encode_shipping_update(package, creating)));
    if (changed) return std::move(*changed);
    wait_before_looking(round);
  }
  return fail(ErrorCode::io_error, "the package could not be told to the service", where,
              "The service could not be reached; run the same command again to go on.");
}

Result<ImportJob> JobClient::cancel(const std::string& name) {
  const unsigned rounds_max = std::max(caller_.policy().tries_max, 1u);
  for (unsigned round = 0;; round++) {
    ImportJob job = TRY(get(name));
    if (job.cancel_requested) return job;
    if (round == rounds_max) break;
    auto changed = TRY(change(name, encode_cancel_request()));
    if (changed) return std::move(*changed);
    wait_before_looking(round);
  }
  return fail(ErrorCode::io_error, "the job could not be cancelled",
              url_for_people(job_request("GET", name).target),
              "The service could not be reached; run the same command again to go on.");
}

Status JobClient::remove(const std::string& name) {
  if (name.empty()) return fail(ErrorCode::invalid_argument, "an import job has a name");
  const HttpRequest away = job_request("DELETE", name);
  const CallOutcome outcome = TRY(send(away, true));
  if (is_success(*outcome.response)) return {};
  if (outcome.response->status == 404 && outcome.perhaps_done_before) return {};
  if (outcome.response->status == 409) {
    const ServiceError error = service_error_of(*outcome.response);
    return fail(ErrorCode::refused,
                fmt::format("the job cannot be deleted: {} {}", error.code, error.message),
                url_for_people(away.target), "Only jobs being created or completed can be deleted.");
  }
  return fail_answer(away, *outcome.response);
}

Result<std::vector<DriveKey>> JobClient::keys(const std::string& name) {
  const HttpRequest look = job_request("POST", name, "/listBitLockerKeys");
  HttpResponse answer = TRY(ask(look));
  const WipedBody wiped{answer.body};
  return parse_drive_keys(as_text(answer.body), url_for_people(look.target));
}

Result<std::vector<ImportLocation>> JobClient::locations() {
  const HttpRequest look = request("GET", std::string(kImportExport) + "/locations", kImportExportVersion);
  const HttpResponse answer = TRY(ask(look));
  return parse_import_locations(as_text(answer.body), url_for_people(look.target));
}

Result<ImportLocation> JobClient::location(const std::string& name) {
  const HttpRequest look =
      request("GET", std::string(kImportExport) + "/locations/" + percent_encode(name), kImportExportVersion);
  const HttpResponse answer = TRY(ask(look));
  return parse_import_location(as_text(answer.body), url_for_people(look.target));
}

Result<std::vector<StorageKey>> JobClient::storage_keys(const std::string& account) {
  const HttpRequest look =
      request("POST",
              storage_account_id(percent_encode(subscription_), percent_encode(resource_group_),
                                 percent_encode(account)) +
                  "/listKeys",
              kStorageProviderVersion);
  HttpResponse answer = TRY(ask(look));
  const WipedBody wiped{answer.body};
  return parse_storage_keys(as_text(answer.body), url_for_people(look.target));
}

}  // namespace seedbed
