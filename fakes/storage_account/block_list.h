// The body of Put Block List: which blocks make the blob, and where each is to be looked for. A pure
// function; any task.
#pragma once

#include "fakes/storage_account/storage_error.h"

namespace seedbed {

struct ListedBlock {
  enum class Where : uint8_t { committed, uncommitted, latest };
  Where where = Where::latest;
  std::string block_id;  // base64
};

// At most 50,000 blocks; anything but such a list is refused.
Checked<std::vector<ListedBlock>> parse_block_list(ByteSpan xml);

}  // namespace seedbed
