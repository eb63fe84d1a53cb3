#include "fakes/carrier/carrier.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "fakes/import_service/json_fields.h"
#include "fakes/store/json_answer.h"

namespace seedbed {

using nlohmann::json;

namespace {

constexpr size_t kBodyMax = 256 * KiB;
constexpr size_t kPackageDrivesMax = 32;
constexpr int64_t kAdvanceMax_s = 10LL * 366 * 86'400;
constexpr size_t kAccountKeyBytes = 64;

HttpResponse answer_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::corrupt:
      return json_error(400, "InvalidRequestContent", error.what, error.where.empty() ? "body" : error.where);
    case ErrorCode::refused:
      return json_error(409, "StateConflict", error.what, error.where);
    case ErrorCode::not_found:
      return json_error(404, "NotFound", error.what, error.where);
    default:
      return json_failure(error);
  }
}

// What is sent to the dock without a body is an empty object.
Result<json> body_of(const HttpRequest& request) {
  if (request.body.empty()) return json::object();
  return parse_json(request.body, kBodyMax);
}

json drive_json(const JobDrive& drive) {
  return {{"driveId", drive.drive_id},
          {"state", drive.state},
          {"slot", drive.slot},
          {"copyStatus", drive.copy_status},
          {"percentComplete", drive.percent_complete},
          {"bytesSucceeded", drive.bytes_succeeded},
          {"errorLogUri", drive.error_log_uri},
          {"verboseLogUri", drive.verbose_log_uri},
          {"manifestUri", drive.manifest_uri}};
}

json job_json(const Job& job) {
  json drives = json::array();
  for (const JobDrive& drive : job.drives) drives.push_back(drive_json(drive));
  return {{"row", job.row},
          {"name", job.name},
          {"subscription", job.subscription},
          {"resourceGroup", job.group},
          {"state", job.state},
          {"cancelled", job.cancelled},
          {"account", job.account},
          {"carrier", job.carrier},
          {"tracking", job.tracking},
          {"drives", std::move(drives)}};
}

// What the data centre needs, keys too.
json work_json(const Job& job) {
  const json properties = json::parse(job.properties);
  json out = job_json(job);
  out["diagnosticsPath"] = properties.value("diagnosticsPath", "waimportexport");
  out["logLevel"] = properties.value("logLevel", "Error");
  out["backupDriveManifest"] = properties.value("backupDriveManifest", false);
  json drives = json::array();
  for (const JobDrive& drive : job.drives) {
    json each = drive_json(drive);
    each["bitLockerKey"] = drive.bitlocker_key;
    each["manifestFile"] = drive.manifest_file;
    each["manifestHash"] = drive.manifest_hash;
    drives.push_back(std::move(each));
  }
  out["drives"] = std::move(drives);
  return out;
}

}  // namespace

HttpResponse Carrier::handle(const HttpRequest& request, const Url& url) {
  std::vector<std::string> path;
  std::string_view rest = std::string_view(url.path).substr(1);
  while (path.size() < 8) {
    const size_t slash = rest.find('/');
    const auto segment = percent_decode(rest.substr(0, slash));
    if (!segment || segment->size() > 260)
      return json_error(400, "InvalidRequestUri", "The path is not well formed.");
    path.push_back(*segment);
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  const auto is = [&](const char* method, std::initializer_list<std::string_view> words) {
    if (request.method != method || path.size() != words.size() + 1) return false;
    return std::equal(
        words.begin(), words.end(), path.begin() + 1,
        [](std::string_view word, const std::string& segment) { return word == "*" || word == segment; });
  };
  if (is("POST", {"deliver"})) return deliver(request);
  if (is("POST", {"return"})) return go_home(request);
  if (is("POST", {"clock"})) return move_clock(request);
  if (is("GET", {"state"})) return show();
  if (is("POST", {"accounts", "*", "rotate"})) return rotate(request, path[2]);
  if (is("POST", {"vaults", "*"})) return vault(request, path[2]);
  const bool inner = is("GET", {"work"}), told = is("POST", {"jobs", "*", "drives", "*"});
  if (!inner && !told) return json_error(404, "NotFound", "The loading dock has no such door.");
  const std::string_view token = header_of(request.headers, "x-seedbed-internal");
  if (token.empty() || sha256_of(as_bytes(token)) != sha256_of(as_bytes(state_.internal_token)))
    return json_error(403, "Forbidden", "This door is for the data centre.");
  return inner ? work() : report(request, path[2], path[4]);
}

HttpResponse Carrier::deliver(const HttpRequest& request) {
  const auto read = [&]() -> Result<HttpResponse> {
    const json body = TRY(body_of(request));
    JsonFields fields = TRY(JsonFields::of(body, ""));
    const std::string carrier = TRY(fields.needed_text("carrier", 256));
    const std::string tracking = TRY(fields.needed_text("tracking", 256));
    const json* drives = fields.any("drives");
    TRY(fields.finish());
    if (!drives || !drives->is_array() || drives->size() > kPackageDrivesMax)
      return fields.refuse("drives is a list of slots of the bay.", "drives");
    std::vector<JobBook::Arrival> arrivals;
    for (const json& drive : *drives) {
      if (!drive.is_string() || drive.get_ref<const std::string&>().size() > 4096)
        return fields.refuse("A drive is the name of a slot of the bay.", "drives");
      const std::string slot = drive.get<std::string>();
      std::string serial = bay_.serial_of(slot);
      if (serial.empty())
        return fail(ErrorCode::not_found, fmt::format("There is no drive in slot {}.", slot.substr(0, 200)),
                    "drives");
      arrivals.push_back({.slot = slot, .serial = std::move(serial)});
    }
    const JobBook::Delivery delivery = TRY(book_.deliver(carrier, tracking, arrivals));
    json out = {{"job", nullptr}, {"notes", delivery.notes}};
    if (delivery.job) out["job"] = job_json(*delivery.job);
    return json_answer(200, out);
  };
  auto answer = read();
  return answer ? std::move(*answer) : answer_of(answer.error());
}

HttpResponse Carrier::go_home(const HttpRequest& request) {
  const auto read = [&]() -> Result<HttpResponse> {
    const json body = TRY(body_of(request));
    JsonFields fields = TRY(JsonFields::of(body, ""));
    const auto carrier = TRY(fields.text("carrier", 256));
    const auto tracking = TRY(fields.text("tracking", 256));
    TRY(fields.finish());
    const std::vector<Job> jobs =
        TRY(book_.return_packages(carrier.value_or("FedEx"), tracking.value_or("RETURN")));
    json out = json::array();
    for (const Job& job : jobs) out.push_back(job_json(job));
    return json_answer(200, {{"jobs", std::move(out)}});
  };
  auto answer = read();
  return answer ? std::move(*answer) : answer_of(answer.error());
}

HttpResponse Carrier::move_clock(const HttpRequest& request) {
  const auto read = [&]() -> Result<HttpResponse> {
    const json body = TRY(body_of(request));
    JsonFields fields = TRY(JsonFields::of(body, ""));
    const auto seconds = TRY(fields.integer("advance_s", 0, kAdvanceMax_s));
    TRY(fields.finish());
    if (!seconds) return fields.refuse("advance_s is required.", "advance_s");
    Locked held(*state_.lock);
    TRY(state_.move_clock(*seconds * 1'000'000'000));
    return json_answer(200, {{"utc", iso_date(state_.utc_ns())}});
  };
  auto answer = read();
  return answer ? std::move(*answer) : answer_of(answer.error());
}

HttpResponse Carrier::show() {
  const auto read = [&]() -> Result<HttpResponse> {
    json bay = json::array();
    for (const std::string& slot : bay_.slots())
      bay.push_back({{"slot", slot}, {"serial", bay_.serial_of(slot)}});
    const JobBook::Listing listing = TRY(book_.list("", "", "", 0, 1000));
    json jobs = json::array();
    for (const Job& job : listing.jobs) jobs.push_back(job_json(job));
    const std::vector<std::string> notes = TRY(book_.notes());
    Locked held(*state_.lock);
    return json_answer(200, {{"utc", iso_date(state_.utc_ns())},
                             {"bay", std::move(bay)},
                             {"jobs", std::move(jobs)},
                             {"notes", notes}});
  };
  auto answer = read();
  return answer ? std::move(*answer) : answer_of(answer.error());
}

HttpResponse Carrier::rotate(const HttpRequest& request, const std::string& account) {
  const auto read = [&]() -> Result<HttpResponse> {
    const json body = TRY(body_of(request));
    JsonFields fields = TRY(JsonFields::of(body, ""));
    const auto name = TRY(fields.text("key", 16));
    const auto value = TRY(fields.text("value", 256));
    TRY(fields.finish());
    const int which = !name || *name == "key1" ? 1 : *name == "key2" ? 2 : 0;
    if (which == 0) return fields.refuse("key is key1 or key2.", "key");
    std::string key = value.value_or("");
    if (value && !parse_base64(*value)) return fields.refuse("value is no base64.", "value");
    if (key.empty()) {
      Bytes drawn(kAccountKeyBytes);
      state_.entropy.fill(drawn);
      key = base64(drawn);
    }
    TRY(accounts_.rotate_key(account, which, key));
    return json_answer(200, {{"keyName", fmt::format("key{}", which)}, {"value", key}});
  };
  auto answer = read();
  return answer ? std::move(*answer) : answer_of(answer.error());
}

HttpResponse Carrier::vault(const HttpRequest& request, const std::string& name) {
  const auto read = [&]() -> Result<HttpResponse> {
    const json body = TRY(body_of(request));
    JsonFields fields = TRY(JsonFields::of(body, ""));
    const std::string text = TRY(fields.needed_text("certificate", 64 * KiB));
    TRY(fields.finish());
    const auto der = parse_base64(text);
    if (!der) return fields.refuse("certificate is a DER certificate in base64.", "certificate");
    TRY(add_vault_(name, *der));
    return json_answer(201, {{"name", name}});
  };
  auto answer = read();
  return answer ? std::move(*answer) : answer_of(answer.error());
}

HttpResponse Carrier::work() {
  const auto jobs = book_.work();
  if (!jobs) return answer_of(jobs.error());
  json out = json::array();
  for (const Job& job : *jobs) {
    json each = work_json(job);
    for (size_t i = 0; i < job.drives.size(); i++) each["drives"][i]["startedNs"] = job.drives[i].started_ns;
    out.push_back(std::move(each));
  }
  int64_t now_ns = 0;
  {
    Locked held(*state_.lock);
    now_ns = state_.utc_ns();
  }
  return json_answer(200, {{"jobs", std::move(out)}, {"utcNs", now_ns}});
}

HttpResponse Carrier::report(const HttpRequest& request, const std::string& row,
                             const std::string& drive_id) {
  const auto read = [&]() -> Result<HttpResponse> {
    const json body = TRY(body_of(request));
    JsonFields fields = TRY(JsonFields::of(body, ""));
    DriveReport report;
    report.state = TRY(fields.needed_text("state", 64));
    report.copy_status = TRY(fields.text("copyStatus", 256)).value_or("");
    report.error_log_uri = TRY(fields.text("errorLogUri", 4096)).value_or("");
    report.verbose_log_uri = TRY(fields.text("verboseLogUri", 4096)).value_or("");
    report.manifest_uri = TRY(fields.text("manifestUri", 4096)).value_or("");
    report.percent_complete = TRY(fields.integer("percentComplete", 0, 100)).value_or(0);
    report.bytes_succeeded = TRY(fields.integer("bytesSucceeded", 0, INT64_MAX)).value_or(0);
    TRY(fields.finish());
    const auto number = parse_u64(row);
    if (!number || *number > static_cast<uint64_t>(INT64_MAX))
      return fail(ErrorCode::not_found, "There is no such job.");
    const Job job = TRY(book_.report(static_cast<int64_t>(*number), drive_id, report));
    const auto drive = std::find_if(job.drives.begin(), job.drives.end(),
                                    [&](const JobDrive& each) { return each.drive_id == drive_id; });
    return json_answer(200, {{"jobState", job.state}, {"startedNs", drive->started_ns}});
  };
  auto answer = read();
  return answer ? std::move(*answer) : answer_of(answer.error());
}

}  // namespace seedbed
