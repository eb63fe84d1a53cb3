// Every prerequisite of a backup, looked at by itself, each with what to do when it is not met.
#include <fmt/format.h>

#include "engine/agent/agent_run.h"
#include "engine/base/text.h"

namespace seedbed {

namespace {

class Check {
 public:
  Check(AgentPorts& ports, const Policy& policy) : ports_(ports), policy_(policy), cloud_(ports, policy) {}

  std::vector<Prerequisite> all() {
    source();
    staging();
    const std::optional<AgentState> state = state_directory();
    passphrase(state);
    vault();
    if (authority()) {
      location();
      job();
      account();
    }
    return std::move(found_);
  }

 private:
  void good(std::string name, std::string detail) {
    found_.push_back({.name = std::move(name), .detail = std::move(detail), .ok = true, .remedy = {}});
  }
  void bad(std::string name, const Error& error, std::string remedy = {}) {
    std::string detail = error.where.empty() ? error.what : fmt::format("{} ({})", error.what, error.where);
    found_.push_back({.name = std::move(name),
                      .detail = std::move(detail),
                      .ok = false,
                      .remedy = remedy.empty() ? error.remedy : std::move(remedy)});
  }

  void source() {
    for (const std::string& path : policy_.sources) {
      const auto real = ports_.files.real_path(path);
      const auto stat = real ? ports_.files.stat(*real) : Result<FileStat>(std::unexpected(real.error()));
      Status readable;
      if (stat && stat->kind == FileKind::directory) {
        if (const auto list = ports_.files.list(*real); !list) readable = std::unexpected(list.error());
      } else if (stat) {
        if (const auto file = ports_.files.open(*real, OpenMode::read); !file)
          readable = std::unexpected(file.error());
      } else {
        readable = std::unexpected(stat.error());
      }
      if (readable)
        good("source", path + " is there and readable");
      else
        bad("source", readable.error(), "Correct source.paths, or let this user read it");
    }
  }

  void staging() {
    const auto stat = ports_.files.stat(policy_.staging);
    if (!stat || stat->kind != FileKind::directory) {
      bad("staging", {ErrorCode::refused, "the staging location is no directory", policy_.staging, ""},
          "Make it, mount it, or correct staging.path");
      return;
    }
    const auto free = ports_.files.free_bytes(policy_.staging);
    if (!free) {
      bad("staging", free.error());
      return;
    }
    const auto staged = find_staging_job(ports_.files, policy_.staging, policy_.seed.job);
    if (!staged) {
      bad("staging", staged.error());
      return;
    }
    const auto totals = measure_source(ports_.files, selection_of(policy_));
    if (!totals || *staged) {  // an unreadable source has its own line; what is staged already has its room
      good("staging", fmt::format("{} has {} free", policy_.staging, human_bytes(*free)));
      return;
    }
    const double ratio = policy_.assume_ratio == 0 ? 1 : policy_.assume_ratio;
    const auto needed = static_cast<uint64_t>(static_cast<double>(totals->bytes) * ratio);
    if (*free < needed)
      bad("staging",
          {ErrorCode::out_of_space,
           fmt::format("{} has {} free, the source needs up to {}", policy_.staging, human_bytes(*free),
                       human_bytes(needed)),
           "", ""},
          "Use a larger staging location, or say how well the data compresses by staging.assume_ratio");
    else
      good("staging", fmt::format("{} has {} free for {} of source", policy_.staging, human_bytes(*free),
                                  human_bytes(totals->bytes)));
  }

  std::optional<AgentState> state_directory() {
    auto directory = StateDirectory::open(ports_.files, policy_.state);
    if (!directory) {
      bad("state", directory.error());
      return std::nullopt;
    }
    auto state = directory->load();
    if (!state) {
      bad("state", state.error());
      return std::nullopt;
    }
    good("state", *state ? fmt::format("{}: {}", policy_.state, seed_phase_name((*state)->phase))
                         : policy_.state + ": no run yet");
    return std::move(*state);
  }

  void passphrase(const std::optional<AgentState>& state) {
    const auto text = read_passphrase(ports_.files, policy_.passphrase_file);
    if (!text) {
      bad("passphrase", text.error());
      return;
    }
    if (state) {
      const auto keys = keys_from_passphrase(ports_, policy_, state->kdf, state->key_check, policy_.name);
      if (!keys) {
        bad("passphrase", keys.error());
        return;
      }
    }
    if (const auto stat = ports_.files.stat(policy_.passphrase_file); stat && (stat->mode & 077) != 0)
      bad("passphrase",
          {ErrorCode::refused, "other users may read the passphrase file", policy_.passphrase_file, ""},
          "chmod 600 " + policy_.passphrase_file);
    else
      good("passphrase", "it is there" + std::string(state ? " and fits" : ""));
  }

  void vault() {
    auto client = cloud_.vault();
    if (!client) {
      bad("vault", client.error());
      return;
    }
    const auto item = (*client)->get_item(policy_.name);
    if (!item)
      bad("vault", item.error(),
          item.error().code == ErrorCode::permission_denied ? "Register anew with fresh vault credentials"
                                                            : "");
    else
      good("vault", *item ? fmt::format("{} answers and holds {} recovery points of {}", policy_.vault,
                                        (*item)->points, policy_.name)
                          : policy_.vault + " answers");
  }

  bool authority() {
    const auto client = cloud_.jobs();
    if (!client) bad("management", client.error());
    return client.has_value();
  }

  void location() {
    const auto location = (*cloud_.jobs())->location(policy_.seed.location);
    if (!location)
      bad("location", location.error(),
          location.error().code == ErrorCode::not_found ? "Correct seed.location" + known_locations() : "");
    else
      good("location", location->name + " takes drives");
  }

  std::string known_locations() {
    const auto locations = (*cloud_.jobs())->locations();
    if (!locations || locations->empty()) return {};
    std::string names;
    for (const ImportLocation& one : *locations) names += (names.empty() ? ": " : ", ") + one.name;
    return names;
  }

  void job() {
    const auto job = (*cloud_.jobs())->get(policy_.seed.job);
    if (job)
      good("import job", fmt::format("{} is {}", job->name, job->state));
    else if (job.error().code == ErrorCode::not_found)
      good("import job", policy_.seed.job + " is a name that is free");
    else
      bad("import job", job.error());
  }

  void account() {
    const auto blobs = cloud_.blobs();
    if (!blobs) {
      bad("storage account", blobs.error());
      return;
    }
    const auto there = (*blobs)->container_exists(policy_.seed.container);
    if (!there) {
      bad("storage account", there.error());
      return;
    }
    good("storage account", policy_.seed.account + " answers and takes its key");
    if (*there)
      good("container", policy_.seed.container + " is there");
    else
      good("container", policy_.seed.container + " is not there yet: the import makes it");
  }

  AgentPorts& ports_;
  const Policy& policy_;
  Cloud cloud_;
  std::vector<Prerequisite> found_;
};

}  // namespace

Result<std::vector<Prerequisite>> check_policy(AgentPorts& ports, const Policy& policy) {
  return Check(ports, policy).all();
}

}  // namespace seedbed
