// The 80 bytes of an index entry, in an AIB and in a mark alike. Pure functions.
#pragma once

#include "engine/staging/aib.h"

namespace seedbed {

inline constexpr size_t kIndexEntryBytes = 80;

void put_index_entry(Bytes& out, const IndexEntry& entry);
// From bytes[at, at + 80), which are there. Nothing: a kind or a length that cannot be.
std::optional<IndexEntry> get_index_entry(ByteSpan bytes, size_t at);

}  // namespace seedbed
