// What an AIB's head and a base blob's head have in common, as bytes: the seed's inputs, the salt, the key
// check. Pure functions.
#pragma once

#include "engine/staging/aib.h"

namespace seedbed {

inline constexpr size_t kHeadBytesMax = 16 * KiB;

// Appends them.
void encode_facts(Bytes& out, const AibHead& head);
// From bytes[at], which is moved behind them; within bounds, or corrupt.
Status decode_facts(ByteSpan bytes, size_t& at, AibHead& head, const std::string& where);
// Zeros to a multiple of 512 with the SHA-256 of all before as its last 32 bytes.
void close_block(Bytes& out);
// Whether the last 32 bytes are the SHA-256 of those before.
bool block_is_whole(ByteSpan block);

}  // namespace seedbed
