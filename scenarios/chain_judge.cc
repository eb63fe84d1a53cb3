#include "scenarios/chain_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/base/text.h"
#include "engine/cloud/blob_client.h"
#include "engine/cloud/job_client.h"
#include "engine/cloud/vault_client.h"
#include "scenarios/chain_certificate.h"
#include "scenarios/tree_compare.h"
#include "scenarios/world_judge_services.h"

namespace seedbed {

using Findings = std::vector<std::string>;

Findings judge_job(const World& world, std::string& state) {
  Findings findings;
  state.clear();
  look_at_services(world, findings, [&](JudgeClients& clients) -> Status {
    const auto jobs = TRY(clients.jobs.list());
    for (const ImportJob& job : jobs) {
      if (job.name != kJob) findings.push_back("a job that nobody asked for: " + job.name);
      if (!state.empty()) findings.push_back("the job is there twice");
      state = job.state;
    }
    return {};
  });
  return findings;
}

// Page for page what lies in staging, or nothing at all: what the data centre could not vouch for is not put.
Findings judge_account(const World& world) {
  Findings findings;
  const FileTree& staged = world.chain->staged_files ? *world.chain->staged_files : world.files;
  look_at_services(world, findings, [&](JudgeClients& clients) -> Status {
    std::string state;
    if (!TRY(clients.blobs.container_exists(kContainer))) return {};
    const auto blobs = TRY(clients.blobs.list(kContainer, ""));
    for (const ListedBlob& blob : blobs) {
      if (blob.name.starts_with("waimportexport/")) continue;
      const std::string name = blob.name.substr(blob.name.find_last_of('/') + 1);
      FileTree copy = staged;
      const auto handle = copy.open("/staging/" + name, OpenMode::read, 0, 0);
      if (!handle) {
        findings.push_back(blob.name + ": it is in the account and was never staged");
        continue;
      }
      Bytes want(TRY(copy.size(*handle)));
      want.resize(TRY(copy.read(*handle, 0, want)));
      const Bytes have = TRY(clients.blobs.read_all(kContainer, blob.name, 1 * GiB));
      if (have.size() != want.size()) findings.push_back(blob.name + ": it has another length than was staged");
      for (size_t at = 0; at + 512 <= std::min(have.size(), want.size()); at += 512) {
        const ByteSpan page = ByteSpan(have).subspan(at, 512);
        if (all_zero(page) || std::ranges::equal(page, ByteSpan(want).subspan(at, 512))) continue;
        findings.push_back(fmt::format("{}: the page at {} is not what was staged", blob.name, at));
        break;
      }
    }
    return {};
  });
  return findings;
}

Findings judge_restored(const World& world) {
  if (!world.chain->backed_up) return {"something was restored that was never backed up"};
  return compare_trees(*world.chain->backed_up, "/source", world.files, "/restored");
}

Findings judge_job_states(const std::vector<std::string>& states) {
  // The documented machine; a state may be left out when it was not looked at in time.
  static constexpr const char* kOrder[] = {"Creating",  "Shipping",  "Received", "Transferring",
                                           "Packaging", "Completed", "Closed"};
  Findings findings;
  size_t at = 0;
  for (const std::string& state : states) {
    const auto found = std::ranges::find(kOrder, state);
    if (found == std::end(kOrder))
      findings.push_back("the job was in a state that there is not: " + state);
    else if (const auto now = static_cast<size_t>(found - std::begin(kOrder)); now < at)
      findings.push_back(fmt::format("the job went from {} back to {}", kOrder[at], state));
    else
      at = now;
  }
  return findings;
}

}  // namespace seedbed
namespace seedbed {
std::vector<std::string> judge_staging(const World&) { return {}; }
std::vector<std::string> judge_point(const World&, const std::string&) { return {}; }
std::vector<std::string> judge_travel(const World&) { return {}; }
std::vector<std::string> judge_nonces(const World&) { return {}; }
}
