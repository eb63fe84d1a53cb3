// Planted defects at the HttpTransport port: what computers ask of the services, and what they take the
// answers for.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/cloud/shared_key.h"
#include "engine/documents/import_job.h"
#include "scenarios/defect_catalog.h"
#include "scenarios/defect_ports.h"
#include "scenarios/world_boot.h"

namespace seedbed {

namespace {

using How = DefectTrial::How;
using Json = nlohmann::ordered_json;

// What is done instead of sending; it may send as often as it likes.
using Sending = std::function<HttpResult(HttpTransport& below, const HttpRequest& request,
                                         const DefectSite& site, const PlantedDefect& defect)>;

class DefectiveTransport final : public HttpTransport {
 public:
  DefectiveTransport(HttpTransport& below, DefectSite site, const PlantedDefect& defect, Sending sending)
      : below_(below), site_(std::move(site)), defect_(defect), sending_(std::move(sending)) {}
  HttpResult send(const HttpRequest& request) override { return sending_(below_, request, site_, defect_); }

 private:
  HttpTransport& below_;
  DefectSite site_;
  const PlantedDefect& defect_;
  Sending sending_;
};

auto at_http(const char* name, const char* machine, Sending sending) {
  return [=]() -> std::shared_ptr<const PlantedDefect> {
    const auto wrap = [=](HttpTransport& below, const DefectSite& site,
                          const PlantedDefect& defect) -> std::unique_ptr<HttpTransport> {
      if (*machine != '\0' && !site.is(machine)) return nullptr;
      return std::make_unique<DefectiveTransport>(below, site, defect, sending);
    };
    return std::make_shared<HttpDefect<decltype(wrap)>>(name, wrap);
  };
}

bool has_part(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}
std::string body_text(const Bytes& body) {
  return std::string(as_text(body));
}
Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}
// Every `from` becomes `to`. Whether there was one.
bool replace_all(std::string& text, std::string_view from, std::string_view to) {
  bool found = false;
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
    found = true;
  }
  return found;
}

bool is_job(const HttpRequest& request) {
  return has_part(request.target, "/jobs/");
}

// ---- the seed ----

// The vault is sent to a blob that is not there: so nothing of the seed arrives, and all is sent.
HttpResult seed_ignored(HttpTransport& below, const HttpRequest& request, const DefectSite& site,
                        const PlantedDefect& defect) {
  HttpRequest other = request;
  std::string body = body_text(request.body);
  if (has_part(request.target, "/chunks/copy") && replace_all(body, ".BaseBlob", ".BaseBlo0")) {
    other.body = bytes_of(body);
    defect.acts(site);
  }
  return below.send(other);
}

// ---- the job ----

// To be sure, a job is made under another name, too.
HttpResult job_twice(HttpTransport& below, const HttpRequest& request, const DefectSite& site,
                     const PlantedDefect& defect) {
  HttpResult answer = below.send(request);
  if (request.method != "PUT" || !is_job(request)) return answer;
  HttpRequest again = request;
  std::string body = body_text(request.body);
  replace_all(again.target, "/jobs/seed-1", "/jobs/seed-2");
  replace_all(body, "\"seed-1\"", "\"seed-2\"");
  // No service takes a drive for two jobs: so it is that of another serial, as a sloppy retry has it.
  for (const DriveState& drive : site.world.drives)
    replace_all(body, drive.identity.serial, drive.identity.serial + "-2");
  again.body = bytes_of(body);
  (void)below.send(again);
  defect.acts(site);
  return answer;
}

// The manifest hashes of two drives are told for one another.
HttpResult hashes_swapped(HttpTransport& below, const HttpRequest& request, const DefectSite& site,
                          const PlantedDefect& defect) {
  const auto swap = [&](const Bytes& bytes) -> std::optional<Bytes> {
    auto body = Json::parse(bytes, nullptr, false);
    if (!body.is_object() || !body.contains("properties") || !body["properties"].contains("driveList"))
      return std::nullopt;
    auto& drives = body["properties"]["driveList"];
    if (!drives.is_array() || drives.size() < 2) return std::nullopt;
    std::swap(drives[0]["manifestHash"], drives[1]["manifestHash"]);
    return bytes_of(body.dump());
  };
  if (!is_job(request)) return below.send(request);
  HttpRequest told = request;
  if (request.method == "PUT")
    if (auto body = swap(request.body)) {
      told.body = std::move(*body);
      defect.acts(site);
    }
  HttpResult answer = below.send(told);
  if (answer)  // who made the mistake sees what it expects
    if (auto body = swap(answer->body)) answer->body = std::move(*body);
  return answer;
}

// Another tracking number is told than the package bears.
HttpResult tracking_lost(HttpTransport& below, const HttpRequest& request, const DefectSite& site,
                         const PlantedDefect& defect) {
  static constexpr std::string_view kOther = "000000000000";
  if (!is_job(request)) return below.send(request);
  HttpRequest told = request;
  std::string body = body_text(request.body);
  if (replace_all(body, kTracking, kOther)) {
    told.body = bytes_of(body);
    defect.acts(site);
  }
  HttpResult answer = below.send(told);
  if (answer) {
    std::string text = body_text(answer->body);
    if (replace_all(text, kOther, kTracking)) answer->body = bytes_of(text);
  }
  return answer;
}

// A job that ended with errors is taken for a good one.
HttpResult copy_log_ignored(HttpTransport& below, const HttpRequest& request, const DefectSite& site,
                            const PlantedDefect& defect) {
  HttpResult answer = below.send(request);
  if (!answer || request.method != "GET" || !is_job(request)) return answer;
  std::string text = body_text(answer->body);
  if (replace_all(text, "\"Closed\"", "\"Completed\"")) {
    replace_all(text, "CompletedMoreInfo", "Completed");
    answer->body = bytes_of(text);
    defect.acts(site);
  }
  return answer;
}

// What fails is sent again, at once and for ever.
HttpResult endless_retry(HttpTransport& below, const HttpRequest& request, const DefectSite& site,
                         const PlantedDefect& defect) {
  for (;;) {
    HttpResult answer = below.send(request);
    if (answer && answer->status < 500 && answer->status != 429) return answer;
    defect.acts(site);
  }
}

// ---- the import ----

// Azurite's well-known key, which is the account's first one in every world.
constexpr std::string_view kFirstKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

// Every blob is put under a second name as well.
HttpResult blob_twice(HttpTransport& below, const HttpRequest& request, const DefectSite& site,
                      const PlantedDefect& defect) {
  HttpResult answer = below.send(request);
  const bool pages = request.method == "PUT" && !header_of(request.headers, "x-ms-blob-type").empty() &&
                     has_part(request.target, "BaseBlob");
  if (!pages) return answer;
  HttpRequest again = request;
  again.target += "-copy";
  std::erase_if(again.headers, [](const auto& header) {
    return same_header(header.first, "Authorization") || same_header(header.first, "x-ms-date") ||
           same_header(header.first, "x-ms-version");
  });
  const auto key = decode_storage_key(SecretBytes::of_text(kFirstKey));
  const int64_t utc_ns = kFirstDay_ns + static_cast<int64_t>(site.world.elapsed_ns);
  if (key && sign_shared_key(again, kAccount, *key, utc_ns)) (void)below.send(again);
  defect.acts(site);
  return answer;
}

// An import that starts again does not know its own blobs.
HttpResult own_blobs_unknown(HttpTransport& below, const HttpRequest& request, const DefectSite& site,
                             const PlantedDefect& defect) {
  HttpResult answer = below.send(request);
  if (!answer) return answer;
  const auto gone = std::erase_if(
      answer->headers, [](const auto& header) { return same_header(header.first, "x-seedbed-import-id"); });
  if (gone > 0) defect.acts(site);
  return answer;
}

}  // namespace

std::vector<PlantedCase> service_cases() {
  const auto run = [](const char* scenario) { return DefectTrial{How::run, scenario}; };
  const DefectTrial journey = run("suites/first-journey/undisturbed.toml");
  const std::vector<DefectCatch> refused = {{Verdict::stuck, 0}, {Verdict::stuck, 9}};
  return {
      {"seed-ignored",
       "HttpTransport, source computer",
       "the imported seed is passed over, everything is sent by network",
       {journey},
       {{Verdict::broke_contract, 10}},
       1,
       true,
       at_http("seed-ignored", "source computer", seed_ignored)},
      {"job-created-twice",
       "HttpTransport, copy computer",
       "a job whose creation is repeated gets a second name",
       {run("suites/first-journey/answer-to-job-creation-lost.toml")},
       {{Verdict::lost, 2}, {Verdict::broke_contract, 7}, {Verdict::broke_contract, 5}},
       1,
       true,
       at_http("job-created-twice", "", job_twice)},
      {"manifest-hash-of-another-drive",
       "HttpTransport, copy computer",
       "the job bears the manifest hash of drive 1 for drive 2 and the other way round",
       {run("suites/first-journey/two-drives.toml")},
       refused,
       1,
       true,
       at_http("manifest-hash-of-another-drive", "", hashes_swapped)},
      {"tracking-number-lost",
       "HttpTransport, copy computer",
       "the job bears another tracking number than the package",
       {journey},
       refused,
       1,
       true,
       at_http("tracking-number-lost", "copy computer", tracking_lost)},
      {"copy-log-ignored",
       "HttpTransport, source computer",
       "a job that ended with errors is taken for a good one, and nobody is asked",
       {run("planted/damaged-and-not-accepted.toml")},
       {{Verdict::survived, 0}, {Verdict::broke_contract, 10}},
       1,
       true,
       at_http("copy-log-ignored", "source computer", copy_log_ignored)},
      {"endless-retry",
       "HttpTransport",
       "what fails is sent again for ever, and nobody is told",
       {run("planted/service-away-for-good.toml")},
       {{Verdict::stuck, 9}},
       1,
       true,
       at_http("endless-retry", "", endless_retry)},
      {"blob-put-twice",
       "HttpTransport, data centre",
       "the import puts each blob under a second name, too",
       {journey},
       {{Verdict::silently_wrong, 3}},
       1,
       true,
       at_http("blob-put-twice", "data centre", blob_twice)},
      {"import-not-idempotent",
       "HttpTransport, data centre",
       "an import that starts again takes its own blobs for somebody's and puts them anew",
       {run("planted/data-centre-dies-late.toml")},
       {{Verdict::silently_wrong, 3}, {Verdict::broke_contract, 3}},
       1,
       true,
       at_http("import-not-idempotent", "data centre", own_blobs_unknown)},
  };
}

}  // namespace seedbed
