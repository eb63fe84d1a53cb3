#include "fakes/reference/ntfs_index.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace seedbed::reference {

namespace {

constexpr size_t kEntryHeaderBytes = 16, kFileNameBytes = 66;
constexpr uint16_t kHasChild = 1, kLast = 2;
constexpr uint32_t kIsDirectory = 0x10000000;
constexpr uint8_t kDosNamespace = 2;  // an 8.3 name beside a long one

std::unexpected<Error> bad_index(std::string what) {
  return fail(ErrorCode::corrupt, std::move(what), "NTFS directory index");
}

Result<std::optional<NtfsEntry>> parse_file_name(ByteSpan key, uint64_t reference) {
  if (key.size() < kFileNameBytes) return bad_index("a file name is too short");
  const size_t units = key[64];
  if (kFileNameBytes + units * 2 > key.size() || units == 0)
    return bad_index("a file name runs out of its entry");
  if (key[65] == kDosNamespace) return std::nullopt;
  std::u16string wide;
  for (size_t i = 0; i < units; i++) wide += load_le<char16_t>(key, kFileNameBytes + i * 2);
  const auto name = utf8_of(wide);
  if (!name) return bad_index("a file name is not UTF-16");
  return NtfsEntry{.name = *name,
                   .reference = reference,
                   .directory = (load_le<uint32_t>(key, 56) & kIsDirectory) != 0,
                   .listed_bytes = load_le<uint64_t>(key, 48)};
}

}  // namespace

Result<NtfsIndexNode> parse_index_node(ByteSpan node) {
  if (node.size() < 16) return bad_index("a node is too short");
  const uint64_t first = load_le<uint32_t>(node, 0), length = load_le<uint32_t>(node, 4);
  if (first < 16 || first > length || length > node.size())
    return bad_index(fmt::format("entries {}..{} in a node of {} bytes", first, length, node.size()));
  ByteSpan rest = node.subspan(first, length - first);
  NtfsIndexNode parsed;
  for (;;) {
    if (rest.size() < kEntryHeaderBytes) return bad_index("a node has no last entry");
    const uint64_t reference = load_le<uint64_t>(rest, 0);
    const size_t entry_bytes = load_le<uint16_t>(rest, 8), key_bytes = load_le<uint16_t>(rest, 10);
    const auto flags = load_le<uint16_t>(rest, 12);
    const size_t child_bytes = flags & kHasChild ? 8 : 0;
    if (entry_bytes < kEntryHeaderBytes + child_bytes || entry_bytes > rest.size() || entry_bytes % 8 != 0)
      return bad_index(fmt::format("an entry of {} bytes where {} are left", entry_bytes, rest.size()));
    if (child_bytes) parsed.children.push_back(load_le<uint64_t>(rest, entry_bytes - 8));
    if (flags & kLast) return parsed;
    if (key_bytes > entry_bytes - kEntryHeaderBytes - child_bytes)
      return bad_index("a key runs out of its entry");
    auto entry = TRY(parse_file_name(rest.subspan(kEntryHeaderBytes, key_bytes), reference));
    if (entry) parsed.entries.push_back(std::move(*entry));
    rest = rest.subspan(entry_bytes);
  }
}

Result<NtfsIndexRoot> parse_index_root(ByteSpan value) {
  if (value.size() < 32) return bad_index("the root is too short");
  if (load_le<uint32_t>(value, 0) != kNtfsFileName) return bad_index("the index is not one of file names");
  NtfsIndexRoot root;
  root.block_bytes = load_le<uint32_t>(value, 8);
  root.node = TRY(parse_index_node(value.subspan(16)));
  return root;
}

Result<NtfsIndexNode> parse_index_block(MutableByteSpan block, uint64_t vcn) {
  TRY(apply_fixups(block, "INDX"));
  if (load_le<uint64_t>(block, 16) != vcn)
    return bad_index(fmt::format("block {} says it is {}", vcn, load_le<uint64_t>(block, 16)));
  return parse_index_node(ByteSpan(block).subspan(24));
}

}  // namespace seedbed::reference
