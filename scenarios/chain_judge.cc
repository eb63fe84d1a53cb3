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

}  // namespace seedbed
