// Whether the words of a PrepImport fit the policy of the backup that lies in its source: account, container,
// and that the key given by /sk is one of that account's, which only the account can tell. Asks it once;
// before a drive is touched.
#pragma once

#include "engine/agent/policy.h"
#include "engine/cli/command_context.h"
#include "engine/prep/prep_options.h"

namespace seedbed {

// refused: another account or container than the policy's, a key that is not the account's. io_error: nobody
// answers there. A source that is no staging location fits as it is.
Status check_policy_fit(CommandContext& context, const Policy& policy, const PrepImportOptions& options);

}  // namespace seedbed
