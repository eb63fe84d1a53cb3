#include "fakes/import_service/datacenter.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/url.h"
#include "fakes/import_service/account_client.h"
#include "fakes/import_service/drive_import.h"
#include "fakes/store/json_answer.h"

namespace seedbed {

using nlohmann::json;

namespace {

constexpr size_t kWorkBytesMax = 64 * MiB;

int64_t number_member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}
bool flag_member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

// The loading dock's inner door.
class Dock {
 public:
  Dock(Runtime& runtime, HttpTransport& inside, const DatacenterOptions& options)
      : runtime_(runtime), inside_(inside), options_(options) {}

  Result<std::vector<BayWork>> work() {
    const json answer = TRY(ask("GET", "/_dock/work", json()));
    std::vector<BayWork> work;
    const int64_t shift_ns = number_member(answer, "utcNs") - runtime_.utc_ns();
    for (const json& job : answer.value("jobs", json::array())) {
      for (const json& drive : job.value("drives", json::array())) {
        const std::string state = text_member(drive, "state");
        if (state != "Received" && state != "Transferring") continue;
        BayWork each;
        each.job_row = number_member(job, "row");
        each.job_name = text_member(job, "name");
        each.account = text_member(job, "account");
        each.diagnostics_path = text_member(job, "diagnosticsPath", "waimportexport");
        each.verbose = text_member(job, "logLevel") == "Verbose";
        each.backup_manifest = flag_member(job, "backupDriveManifest");
        each.drive_id = text_member(drive, "driveId");
        each.slot = text_member(drive, "slot");
        each.manifest_file = text_member(drive, "manifestFile");
        each.manifest_hash = text_member(drive, "manifestHash");
        each.bitlocker_key = SecretBytes::of_text(text_member(drive, "bitLockerKey"));
        each.clock_shift_ns = shift_ns;
        work.push_back(std::move(each));
      }
    }
    return work;
  }

  // Gives when the drive's transfer was first reported.
  Result<int64_t> report(const BayWork& work, const char* state, const DriveOutcome& outcome) {
    const bool good = std::string_view(state) == "Completed";
    const uint64_t percent =
        good ? 100
        : outcome.bytes_total == 0
            ? 0
            : std::min<uint64_t>(99, outcome.bytes_done / std::max<uint64_t>(1, outcome.bytes_total / 100));
    const json body = {{"state", state},
                       {"copyStatus", outcome.copy_status.empty() ? "Transferring" : outcome.copy_status},
                       {"percentComplete", percent},
                       {"bytesSucceeded", outcome.bytes_good},
                       {"errorLogUri", outcome.error_log_uri},
                       {"verboseLogUri", outcome.verbose_log_uri},
                       {"manifestUri", outcome.manifest_uri}};
    const json answer = TRY(ask(
        "POST", fmt::format("/_dock/jobs/{}/drives/{}", work.job_row, percent_encode(work.drive_id)), body));
    return number_member(answer, "startedNs");
  }

 private:
  Result<json> ask(const char* method, const std::string& path, const json& body) {
    HttpRequest request;
    request.method = method;
    request.target = options_.origin + path;
    request.headers = {{"x-seedbed-internal", options_.internal_token}};
    if (!body.is_null()) {
      const std::string text = body.dump();
      request.body.assign(text.begin(), text.end());
      request.headers.emplace_back("Content-Type", "application/json");
    }
    const HttpResponse answer = TRY(send_patiently(
        runtime_, inside_, {.tries_max = options_.tries_max, .wait_ns = options_.wait_ns}, request));
    if (answer.status != 200)
      return fail(
          ErrorCode::refused,
          fmt::format("the job book answered {}: {}", answer.status, as_text(answer.body).substr(0, 300)),
          request.target);
    return parse_json(answer.body, kWorkBytesMax);
  }

  Runtime& runtime_;
  HttpTransport& inside_;
  const DatacenterOptions& options_;
};

}  // namespace

Result<Datacenter::Round> Datacenter::run_round() {
  Dock dock(runtime_, inside_, options_);
  Round round;
  const std::vector<std::string> slots = bay_.slots();
  for (BayWork& work : TRY(dock.work())) {
    if (std::find(slots.begin(), slots.end(), work.slot) == slots.end() && bay_.serial_of(work.slot).empty())
      continue;  // it is not in the bay now
    const auto import = [&]() -> Result<DriveOutcome> {
      work.started_ns = TRY(dock.report(work, "Transferring", {}));
      auto source = bay_.open(work.slot);
      DriveOutcome outcome;
      if (source) {
        outcome = TRY(import_drive(runtime_, inside_, options_, **source, work,
                                   [&](const DriveOutcome& so_far) -> Status {
                                     TRY(dock.report(work, "Transferring", so_far));
                                     return {};
                                   }));
      } else {
        outcome.copy_status = "DiskNotFound";
      }
      const bool good = outcome.copy_status == "Completed";
      TRY(dock.report(work, good ? "Completed" : "CompletedMoreInfo", outcome));
      return outcome;
    };
    const auto outcome = import();
    if (outcome) {
      round.drives_finished++;
      round.bytes_put += outcome->bytes_put;
      round.bytes_found += outcome->bytes_found;
      round.lines.push_back(
          fmt::format("drive {} of job {}: {}", work.drive_id, work.job_name, outcome->copy_status));
    } else {
      round.drives_interrupted++;
      round.lines.push_back(fmt::format("drive {} of job {}: interrupted: {}", work.drive_id, work.job_name,
                                        outcome.error().message()));
    }
  }
  return round;
}

}  // namespace seedbed
