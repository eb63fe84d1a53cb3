#include "engine/cli/policy_fit.h"

#include <fmt/format.h>

#include "engine/cloud/blob_client.h"
#include "engine/documents/import_job.h"
#include "engine/prep/staging_source.h"
#include "engine/staging/staging_area.h"

namespace seedbed {

namespace {

Status check_key(CommandContext& context, const Policy& policy, const SecretBytes& base64) {
  HttpCaller caller(context.runtime, context.http, {.tries_max = policy.tries});
  BlobClient account(caller, context.runtime, policy.blob_endpoint, policy.seed.account,
                     TRY(decode_storage_key(base64)));
  const auto answered = account.container_exists(policy.seed.container);
  if (answered) return {};  // made by the import where it is not there yet
  if (answered.error().code != ErrorCode::permission_denied) return std::unexpected(answered.error());
  return fail(ErrorCode::refused, fmt::format("/sk is no key of the storage account {}", policy.seed.account),
              policy.blob_endpoint, "Give one of its two keys, or use offseed diskprep, which fetches one");
}

}  // namespace

Status check_policy_fit(CommandContext& context, const Policy& policy, const PrepImportOptions& options) {
  if (options.source_directory.empty() || !TRY(is_staging_location(context.files, options.source_directory)))
    return {};
  const std::string where = TRY(context.files.real_path(options.source_directory));
  const SeedPolicy& wanted = policy.seed;
  for (const StagingJob& job : TRY(find_staging_jobs(context.files, where))) {
    if (job.inputs.job != wanted.job) continue;
    if (job.inputs.account != wanted.account || job.inputs.container != wanted.container)
      return fail(
          ErrorCode::refused,
          fmt::format(
              "the backup in {} was made for the container {} of the account {}, the policy says {} of {}",
              options.source_directory, job.inputs.container, job.inputs.account, wanted.container,
              wanted.account),
          policy.path, "Give the policy that the backup was made by");
    return options.storage_account_key.empty() ? Status()
                                               : check_key(context, policy, options.storage_account_key);
  }
  return fail(ErrorCode::refused,
              fmt::format("the staging location holds no backup of the import job {}", wanted.job),
              options.source_directory, "Give the policy that the backup was made by");
}

}  // namespace seedbed
