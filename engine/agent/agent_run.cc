#include "engine/agent/agent_run.h"

#include <fmt/format.h>

#include <bit>

namespace seedbed {

Result<SecretBytes> read_passphrase(FileStore& files, const std::string& path) {
  constexpr uint64_t kPassphraseBytesMax = 4096;
  auto content = read_file(files, path, kPassphraseBytesMax);
  if (!content)
    return fail(content.error().code == ErrorCode::not_found ? ErrorCode::refused : content.error().code,
                "the passphrase cannot be read: " + content.error().what, path,
                "Write the passphrase into the first line of that file, readable by this user only");
  size_t length = 0;
  while (length < content->size() && (*content)[length] != '\n' && (*content)[length] != '\r') length++;
  SecretBytes passphrase(ByteSpan(*content).first(length));
  wipe(*content);
  if (passphrase.empty())
    return fail(ErrorCode::refused, "the first line of the passphrase file is empty", path,
                "Write the passphrase into it");
  return passphrase;
}

Result<ChunkKeys> keys_from_passphrase(AgentPorts& ports, const Policy& policy, const KdfSpec& kdf,
                                       ByteSpan key_check, const std::string& where) {
  const SecretBytes passphrase = TRY(read_passphrase(ports.files, policy.passphrase_file));
  ChunkKeys keys = TRY(ports.stretcher != nullptr ? ports.stretcher->derive(passphrase, kdf)
                                                  : derive_chunk_keys(passphrase, kdf));
  ports.runtime.spend(Work::stretch_key, stretch_rounds(kdf));
  if (!key_check.empty() && !check_keys(keys, key_check, where))
    return fail(ErrorCode::refused,
                fmt::format("the passphrase is not the one that {} was begun with", policy.name),
                policy.passphrase_file,
                "Put the right passphrase into that file: without it nothing that was backed up can be read");
  return keys;
}

Status put_item(AgentRun& run, VaultClient& vault) {
  VaultItem item;
  item.server = run.ports.computer;
  item.backup_id = run.state.backup_id;
  item.kdf.log2_n = run.state.kdf.log2_n;
  item.kdf.r = run.state.kdf.r;
  item.kdf.p = run.state.kdf.p;
  item.kdf.salt = run.state.kdf.salt;
  item.key_check = run.state.key_check;
  const auto put = vault.put_item(run.policy.name, item);
  if (put) return {};
  if (put.error().code == ErrorCode::already_exists)
    return fail(
        ErrorCode::refused,
        fmt::format("the vault {} holds another backup under the name {}", run.policy.vault, run.policy.name),
        run.policy.path, "Give this backup another name in the policy");
  return std::unexpected(put.error());
}

Status begin_upload(AgentRun& run) {
  if (!run.state.upload.empty()) return {};
  run.state.upload = draw_id(run.ports.entropy);
  run.state.point = draw_id(run.ports.entropy);
  run.state.point_utc_ns = run.ports.runtime.utc_ns();
  return run.save();
}

Status end_upload(AgentRun& run, VaultClient& vault) {
  run.state.last_point = run.state.point;
  TRY(run.save());
  TRY(vault.close_upload(run.state.upload));
  run.state.upload.clear();
  run.state.point.clear();
  run.state.point_utc_ns = 0;
  return run.save();
}

SourceSelection selection_of(const Policy& policy) {
  SourceSelection selection;
  selection.paths = policy.sources;
  selection.excludes = policy.excludes;
  selection.hidden = {policy.staging, policy.state};
  return selection;
}

StreamOptions stream_options_of(const Policy& policy) {
  StreamOptions options;
  if (policy.chunk_bytes != 0) {
    const auto average = static_cast<uint32_t>(std::bit_floor(policy.chunk_bytes));
    options.chunks = {.min_bytes = average / 4, .average_bytes = average, .max_bytes = average * 4};
    options.chunks.max_bytes = std::min<uint32_t>(options.chunks.max_bytes, 4 * MiB);
  }
  return options;
}

}  // namespace seedbed
