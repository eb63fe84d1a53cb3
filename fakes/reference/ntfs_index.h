// A directory's $I30 index: the entries of one node ($INDEX_ROOT's or an INDX block's). Pure functions over
// untrusted bytes.
#pragma once

#include <optional>
#include <vector>

#include "fakes/reference/ntfs.h"

namespace seedbed::reference {

struct NtfsIndexNode {
  std::vector<NtfsEntry> entries;
  std::vector<uint64_t> children;  // VCNs of INDX blocks
};

// node: from the index header (u32 offset of the first entry, …) to the end of the value or block.
Result<NtfsIndexNode> parse_index_node(ByteSpan node);

struct NtfsIndexRoot {
  uint32_t block_bytes = 0;
  NtfsIndexNode node;
};
Result<NtfsIndexRoot> parse_index_root(ByteSpan value);
// block: fixups not yet undone.
Result<NtfsIndexNode> parse_index_block(MutableByteSpan block, uint64_t vcn);

}  // namespace seedbed::reference
