#include "engine/agent/registration.h"

#include <fmt/format.h>

#include "engine/agent/agent.h"
#include "engine/agent/agent_state.h"
#include "engine/agent/cloud.h"

namespace seedbed {

Result<VaultCredentials> read_registration(FileStore& files, const std::string& state_path) {
  const std::string path = join_path(state_path, kRegistrationFile);
  auto text = read_file(files, path, kVaultCredentialsBytesMax);
  if (!text && text.error().code == ErrorCode::not_found)
    return fail(ErrorCode::refused, "this computer is not registered to a vault", state_path,
                "Download the vault's credentials and run offseed register --vault-credentials FILE "
                "--policy FILE");
  if (!text) return std::unexpected(std::move(text).error());
  auto credentials = parse_vault_credentials(as_text(*text), path);
  wipe(*text);
  return credentials;
}

Status register_computer(AgentPorts& ports, const std::string& credentials_path,
                         const std::string& state_path, const Policy* policy) {
  Bytes text = TRY(read_file(ports.files, credentials_path, kVaultCredentialsBytesMax));
  const auto credentials = parse_vault_credentials(as_text(text), credentials_path);
  if (!credentials) {
    wipe(text);
    return std::unexpected(credentials.error());
  }
  if (policy != nullptr && credentials->resource_name != policy->vault) {
    wipe(text);
    return fail(ErrorCode::refused,
                fmt::format("these are credentials of the vault {}, the policy names {}",
                            credentials->resource_name, policy->vault),
                credentials_path, "Download the credentials of that vault, or correct vault.name");
  }
  if (ports.runtime.utc_ns() > credentials->certificate.not_after_ns) {
    wipe(text);
    return fail(ErrorCode::refused, "the vault credentials have expired", credentials_path,
                "Download new ones");
  }
  const StateDirectory state = TRY(StateDirectory::open(ports.files, state_path));
  const Status kept = replace_file(ports.files, state.file(kRegistrationFile), text, 0600);
  wipe(text);
  TRY(Status(kept));
  if (policy == nullptr) return {};
  // A vault that does not answer may do so later: the registration stands. One that says no is told.
  Cloud cloud(ports, *policy);
  VaultClient* vault = TRY(cloud.vault());
  const auto item = vault->get_item(policy->name);
  if (item) return {};
  if (item.error().code == ErrorCode::io_error) {
    ports.person.notice(NoticeLevel::warning,
                        "the registration is kept, but the vault did not answer: " + item.error().message());
    return {};
  }
  return fail(item.error().code, "the vault does not take these credentials: " + item.error().what,
              item.error().where, "Download new credentials of the vault and register again");
}

}  // namespace seedbed
