// The way back: a recovery point out of the vault into a directory.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/agent/agent_run.h"
#include "engine/agent/catalog_cache.h"

namespace seedbed {

namespace {

constexpr const char* kMarker = ".offseed-restore";

Result<std::string> chosen_point(VaultClient& vault, const Policy& policy, const std::string& wanted) {
  const std::vector<VaultPoint> points = TRY(vault.points(policy.name));  // as they were committed
  if (points.empty())
    return fail(ErrorCode::not_found, fmt::format("the vault has no recovery point of {}", policy.name),
                policy.vault, "Run offseed backup first");
  if (wanted == "latest") return points.back().id;
  std::vector<std::string> found;
  for (const VaultPoint& point : points)
    if (point.id == wanted || (wanted.size() >= 4 && point.id.starts_with(wanted))) found.push_back(point.id);
  if (found.size() == 1) return found.front();
  return fail(ErrorCode::invalid_argument,
              found.empty() ? fmt::format("there is no recovery point {}", wanted)
                            : fmt::format("{} recovery points begin with {}", found.size(), wanted),
              policy.vault, "offseed points lists them; \"latest\" is the newest");
}

std::string marker_text(const Policy& policy, const std::string& point, const RestoreRequest& request) {
  std::string text =
      fmt::format("offseed restore\nvault: {}\nitem: {}\npoint: {}\n", policy.vault, policy.name, point);
  for (const std::string& include : request.includes) text += "include: " + include + '\n';
  text += "strip: " + request.strip_prefix + '\n';
  return text;
}

// Makes the target's own name and attributes durable, whichever try made it. A parent that may not be read or
// has nothing to sync (what an automounter shows) is none that a restore made the target in.
Status sync_where_it_stands(FileStore& files, std::string to) {
  while (to.size() > 1 && to.ends_with('/')) to.pop_back();
  Status synced = files.sync_directory(parent_of(to));
  if (synced) return {};
  switch (synced.error().code) {
    case ErrorCode::permission_denied:
    case ErrorCode::invalid_argument:
    case ErrorCode::unsupported:
      return {};
    default:
      return synced;
  }
}

// The target is empty, or holds an earlier try of the same: then it carries the marker, durably; or all that
// is to be restored stands there (`stands`): a restore whose end was never told.
Status take_target(FileStore& files, const std::string& to, const std::string& text,
                   const std::function<Result<bool>()>& stands) {
  const auto stat = files.stat(to);
  if (!stat && stat.error().code != ErrorCode::not_found) return std::unexpected(stat.error());
  if (!stat) {
    TRY(make_durable_directory(files, to, 0755));
  } else if (stat->kind != FileKind::directory) {
    return fail(ErrorCode::refused, "the target of a restore must be a directory", to,
                "Name a directory that is empty or not there yet");
  }
  const std::string marker = join_path(to, kMarker);
  const auto there = read_file(files, marker, 64 * KiB);
  if (there && as_text(*there) == text) return {};
  if (there)
    return fail(ErrorCode::refused, "the target holds an unfinished restore of something else", to,
                "Finish that one, or name another directory");
  if (there.error().code != ErrorCode::not_found) return std::unexpected(there.error());
  std::vector<DirectoryEntry> entries = TRY(files.list(to));
  std::erase_if(entries, [](const DirectoryEntry& entry) { return entry.name.starts_with(kMarker); });
  if (!entries.empty() && TRY(stands())) return {};
  if (!entries.empty())
    return fail(ErrorCode::refused,
                fmt::format("the target is not empty: it holds {}{}", entries.front().name,
                            entries.size() == 1 ? "" : fmt::format(" and {} more", entries.size() - 1)),
                to, "Name a directory that is empty or not there yet");
  return replace_file(files, marker, as_bytes(text));
}

}  // namespace

Result<RestoreOutcome> run_restore(AgentPorts& ports, const Policy& policy, const RestoreRequest& request) {
  if (request.to.empty())
    return fail(ErrorCode::invalid_argument, "a restore needs a directory to restore to", {},
                "Give --to DIR");
  Cloud cloud(ports, policy);
  VaultClient* vault = TRY(cloud.vault());
  const auto item = TRY(vault->get_item(policy.name));
  if (!item)
    return fail(ErrorCode::not_found, fmt::format("the vault holds no backup {}", policy.name), policy.vault,
                "Check the policy's name and vault");
  const bool bounded = item->kdf.log2_n <= 255 && item->kdf.r <= 255 && item->kdf.p <= 255;
  const KdfSpec kdf{static_cast<uint8_t>(bounded ? item->kdf.log2_n : 0), static_cast<uint8_t>(item->kdf.r),
                    static_cast<uint8_t>(item->kdf.p), item->kdf.salt};
  TRY(check_kdf(kdf));
  const ChunkKeys keys = TRY(keys_from_passphrase(ports, policy, kdf, item->key_check, policy.name));
  const std::string point = TRY(chosen_point(*vault, policy, request.point));
  const Catalog catalog = TRY(fetch_catalog(*vault, policy.name, keys, point));
  RestoreOptions options;
  options.to = request.to;
  options.includes = request.includes;
  options.strip_prefix = request.strip_prefix;
  options.owner = request.owner;
  TRY(take_target(ports.files, request.to, marker_text(policy, point, request),
                  [&] { return tree_stands(ports.runtime, ports.files, catalog, keys, options); }));

  RestoreOutcome outcome;
  outcome.point = point;
  const FetchRecord fetch = [&](const ChunkId& id) {
    outcome.fetched_chunks++;
    return vault->get_chunk(policy.name, id);
  };
  outcome.report =
      TRY(restore_tree(ports.runtime, ports.files, catalog, keys, fetch, options, &ports.person));
  // The target may itself be a directory of the source: removing the marker must not show in its time.
  const FileStat target = TRY(ports.files.stat(request.to));
  const Status removed = ports.files.remove(join_path(request.to, kMarker));
  if (!removed && removed.error().code != ErrorCode::not_found) return std::unexpected(removed.error());
  if (const Status same = ports.files.set_attributes(
          request.to, {.mode = {}, .modified_ns = target.modified_ns, .owner_and_group = {}});
      !same && same.error().code != ErrorCode::unsupported)
    return std::unexpected(same.error());
  TRY(ports.files.sync_directory(request.to));
  TRY(sync_where_it_stands(ports.files, request.to));
  return outcome;
}

Result<std::vector<VaultPoint>> list_points(AgentPorts& ports, const Policy& policy) {
  Cloud cloud(ports, policy);
  VaultClient* vault = TRY(cloud.vault());
  if (!TRY(vault->get_item(policy.name))) return std::vector<VaultPoint>();  // nothing has been backed up yet
  return vault->points(policy.name);
}

}  // namespace seedbed
