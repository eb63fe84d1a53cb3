#include <fmt/format.h>

#include "engine/agent/agent_run.h"

namespace seedbed {

// The state of a first run; or, when the state directory was lost, what staging or the vault still know.
static Result<AgentState> begin_state(AgentPorts& ports, const Policy& policy, Cloud& cloud) {
  AgentState state;
  state.item = policy.name;
  state.job = policy.seed.job;
  state.subscription = policy.seed.subscription;
  state.resource_group = policy.seed.resource_group;
  state.account = policy.seed.account;
  state.container = policy.seed.container;

  VaultClient* vault = TRY(cloud.vault());  // not registered: refused before anything is read
  const auto item = vault->get_item(policy.name);
  if (!item && item.error().code != ErrorCode::io_error) return std::unexpected(item.error());
  if (!item)
    ports.person.notice(NoticeLevel::warning,
                        "the vault does not answer; staging needs it not: " + item.error().message());
  const auto staged = TRY(find_staging_job(ports.files, policy.staging, policy.seed.job));
  if (staged && (staged->inputs.item != policy.name || staged->inputs.account != policy.seed.account ||
                 staged->inputs.container != policy.seed.container))
    return fail(ErrorCode::refused,
                fmt::format("the staging location holds an import job {} of another backup ({})",
                            policy.seed.job, staged->inputs.item),
                policy.staging, "Choose another job name or another staging location");
  if (staged) {
    state.backup_id = staged->inputs.backup_id;
    state.kdf = staged->kdf;
    state.key_check = staged->key_check;
    ports.person.notice(NoticeLevel::warning,
                        "the agent's state is new, and the staging location holds this backup: it goes on");
  }
  if (item && *item) {
    const VaultItem& kept = **item;
    if (staged && kept.backup_id != state.backup_id)
      return fail(ErrorCode::refused,
                  fmt::format("the vault holds another backup under the name {}", policy.name), policy.path,
                  "Give this backup another name in the policy, and begin it in an empty staging location");
    if (kept.points > 0 || !staged) {
      state.backup_id = kept.backup_id;
      state.kdf = {static_cast<uint8_t>(std::min<uint32_t>(kept.kdf.log2_n, 255)),
                   static_cast<uint8_t>(std::min<uint32_t>(kept.kdf.r, 255)),
                   static_cast<uint8_t>(std::min<uint32_t>(kept.kdf.p, 255)), kept.kdf.salt};
      TRY(check_kdf(state.kdf));
      state.key_check = kept.key_check;
      state.phase = SeedPhase::waiting;
    }
    if (kept.points > 0) {
      const std::vector<VaultPoint> points = TRY(vault->points(policy.name));
      if (!points.empty()) {
        state.last_point = points.back().id;  // the last one committed: a clock may have been wrong
        state.phase = SeedPhase::seeded;
        ports.person.notice(NoticeLevel::warning,
                            "the agent's state is new, and the vault holds this backup: it goes on");
      }
    }
  } else if (!staged) {
    state.backup_id = draw_id(ports.entropy);
    state.kdf.log2_n = static_cast<uint8_t>(policy.kdf_log2_n);
    state.kdf.salt.resize(32);
    ports.entropy.fill(state.kdf.salt);
  }
  return state;
}

static Status check_same_seed(const Policy& policy, const AgentState& state, const std::string& where) {
  if (state.item != policy.name)
    return fail(ErrorCode::refused,
                fmt::format("the state directory belongs to the backup {}, the policy is of {}", state.item,
                            policy.name),
                where, "Give each policy a state directory of its own");
  if (state.phase == SeedPhase::seeded) return {};
  const std::pair<const char*, bool> same[] = {
      {"job", state.job == policy.seed.job},
      {"subscription", state.subscription == policy.seed.subscription},
      {"resource_group", state.resource_group == policy.seed.resource_group},
      {"storage_account", state.account == policy.seed.account},
      {"container", state.container == policy.seed.container}};
  for (const auto& [key, fits] : same)
    if (!fits)
      return fail(
          ErrorCode::refused,
          fmt::format("seed.{} in the policy is no longer what the seed under way was begun with", key),
          policy.path,
          fmt::format("Put it back (the job is {}, account {}, container {}), or begin anew with an "
                      "empty state directory and staging location",
                      state.job, state.account, state.container));
  return {};
}

Result<BackupOutcome> run_backup(AgentPorts& ports, const Policy& policy, const BackupOptions& options) {
  StateDirectory directory = TRY(StateDirectory::open(ports.files, policy.state));
  Cloud cloud(ports, policy);
  std::optional<AgentState> known = TRY(directory.load());
  AgentState state;
  if (known) {
    state = std::move(*known);
    TRY(check_same_seed(policy, state, directory.path()));
  } else {
    state = TRY(begin_state(ports, policy, cloud));
  }
  ChunkKeys keys = TRY(keys_from_passphrase(ports, policy, state.kdf, state.key_check, policy.name));
  if (state.key_check.empty()) state.key_check = keys.key_check;
  // That it was found does not make its name durable: what this run builds upon is written once more.
  TRY(directory.save(state));
  AgentRun run{ports, policy, options, directory, state, cloud, keys};
  ports.log.info(fmt::format("backup of {}: {}", policy.name, seed_phase_name(state.phase)));

  if (state.phase == SeedPhase::staging) return initial_backup(run);
  BackupOutcome outcome;
  outcome.kind = BackupOutcome::Kind::incremented;
  if (state.phase == SeedPhase::waiting) {
    auto ends_here = TRY(watch_import(run));
    if (ends_here) {
      ports.log.info(ends_here->status_text);
      return std::move(*ends_here);
    }
  }
  if (state.phase != SeedPhase::seeded) {
    TRY(ingest_seed(run, outcome));
    outcome.kind = BackupOutcome::Kind::ingested_and_incremented;
  }
  TRY(back_up_increment(run, outcome));
  ports.log.info(outcome.status_text);
  return outcome;
}

}  // namespace seedbed
