#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <bit>
#include <set>

#include "engine/staging/blob_layout.h"
#include "engine/staging/chunk_set.h"
#include "tests/staging/staging_world.h"

namespace seedbed {
namespace {

using testing_support::kPassphrase;
using testing_support::test_kdf;
using testing_support::test_keys;

Bytes noise(uint64_t seed, size_t size_bytes) {
  Bytes bytes(size_bytes);
  Random(seed).fill(bytes);
  return bytes;
}

// Noise from an alphabet of 1 to 256 letters: from all equal to incompressible.
Bytes some_bytes(size_t size_max) {
  const auto size = *rc::gen::inRange<size_t>(0, size_max);
  const auto letters = *rc::gen::inRange(1, 257);
  Bytes bytes = noise(*rc::gen::arbitrary<uint64_t>(), size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(byte % letters);
  return bytes;
}

std::vector<Bytes> cut(ByteSpan bytes, const ChunkSizes& sizes) {
  std::vector<Bytes> chunks;
  while (!bytes.empty()) {
    const size_t length = next_cut(bytes.first(std::min<size_t>(bytes.size(), sizes.max_bytes)), sizes);
    chunks.emplace_back(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    bytes = bytes.subspan(length);
  }
  return chunks;
}

constexpr ChunkSizes kSmall{.min_bytes = 1 * KiB, .average_bytes = 4 * KiB, .max_bytes = 16 * KiB};

// --- chunker ---

RC_GTEST_PROP(Chunker, TheChunksAreTheContentAndKeepTheirBounds, ()) {
  const Bytes content = some_bytes(200'000);
  const auto chunks = cut(content, kSmall);
  Bytes joined;
  for (size_t i = 0; i < chunks.size(); i++) {
    RC_ASSERT(chunks[i].size() <= kSmall.max_bytes);
    RC_ASSERT(i + 1 == chunks.size() || chunks[i].size() > kSmall.min_bytes);
    append(joined, chunks[i]);
  }
  RC_ASSERT(joined == content);
}

// The cut as docs/formats/catalog.md tells it, one byte after the other.
size_t plain_cut(ByteSpan bytes, const ChunkSizes& sizes) {
  std::array<uint64_t, 256> gear{};
  uint64_t state = 0x5eed'bed0'0000'0001;
  for (uint64_t& value : gear) {
    uint64_t z = state += 0x9e37'79b9'7f4a'7c15;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    value = z ^ (z >> 31);
  }
  if (bytes.size() <= sizes.min_bytes) return bytes.size();
  const int bits = std::bit_width(sizes.average_bytes) - 1;
  uint64_t hash = 0;
  for (size_t at = sizes.min_bytes - 64; at < std::min<size_t>(bytes.size(), sizes.max_bytes); at++) {
    hash = (hash << 1) + gear[bytes[at]];
    if (at < sizes.min_bytes) continue;
    const int wanted = at < sizes.average_bytes ? bits + 1 : std::max(bits - 1, 1);
    if (hash >> (64 - wanted) == 0) return at + 1;
  }
  return std::min<size_t>(bytes.size(), sizes.max_bytes);
}

RC_GTEST_PROP(Chunker, CutsWhereTheDocumentSays, (uint64_t seed)) {
  const Bytes content = noise(seed, *rc::gen::inRange<size_t>(0, 200'000));
  const ChunkSizes sizes{.min_bytes = *rc::gen::inRange<uint32_t>(64, 3000),
                         .average_bytes = *rc::gen::element<uint32_t>(4 * KiB, 8 * KiB, 16 * KiB),
                         .max_bytes = *rc::gen::inRange<uint32_t>(17 * KiB, 60 * KiB)};
  for (ByteSpan rest = content; !rest.empty();) {
    const size_t length = next_cut(rest, sizes);
    RC_ASSERT(length == plain_cut(rest, sizes));
    rest = rest.subspan(length);
  }
}

RC_GTEST_PROP(Chunker, AnInsertionMovesOnlyTheCutsNearIt, (uint64_t seed)) {
  const Bytes content = noise(seed, 300'000);
  Bytes longer = content;
  const auto at = *rc::gen::inRange<size_t>(0, content.size());
  longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(at), {1, 2, 3, 4, 5});
  std::set<Bytes> before;
  for (const Bytes& chunk : cut(content, kSmall)) before.insert(chunk);
  size_t fresh = 0;
  for (const Bytes& chunk : cut(longer, kSmall)) fresh += before.contains(chunk) ? 0 : 1;
  RC_ASSERT(fresh <= 12u);
}

// The table is part of the format: other cuts would make every increment a full backup.
TEST(Chunker, CutsNeverMove) {
  std::vector<size_t> lengths;
  for (const Bytes& chunk : cut(noise(1, 60'000), kSmall)) lengths.push_back(chunk.size());
  EXPECT_EQ(lengths,
            (std::vector<size_t>{5768, 7005, 4405, 7713, 1457, 8440, 1241, 1585, 4253, 6021, 6998, 5114}));
  EXPECT_FALSE(check_sizes({.min_bytes = 4096, .average_bytes = 4096, .max_bytes = 8192}));
  EXPECT_FALSE(check_sizes({.min_bytes = 1024, .average_bytes = 5000, .max_bytes = 8192}));
}

// --- keys and records ---

TEST(Keys, RememberedOnesAreThoseThatWouldBeDerived) {
  RememberingPassphrases known;
  const auto same = [](const ChunkKeys& a, const ChunkKeys& b) {
    return std::ranges::equal(a.id_key.span(), b.id_key.span()) &&
           std::ranges::equal(a.seal_key.span(), b.seal_key.span()) && a.key_check == b.key_check;
  };
  KdfSpec salted = test_kdf(), slower = test_kdf();
  salted.salt[3] ^= 1;
  slower.p = 2;
  for (int twice = 0; twice < 2; twice++)
    for (const KdfSpec& kdf : {test_kdf(), salted, slower})
      for (const char* text : {kPassphrase, "x"}) {
        const SecretBytes passphrase = SecretBytes::of_text(text);
        EXPECT_TRUE(same(known.derive(passphrase, kdf).value(), derive_chunk_keys(passphrase, kdf).value()));
      }
  EXPECT_FALSE(known.derive(SecretBytes(), test_kdf()));
}

TEST(Keys, ThePassphraseAndTheSaltDecide) {
  const auto again = derive_chunk_keys(SecretBytes::of_text(kPassphrase), test_kdf());
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::ranges::equal(again->seal_key.span(), test_keys().seal_key.span()));
  EXPECT_TRUE(check_keys(*again, test_keys().key_check, "x"));
  KdfSpec salted = test_kdf();
  salted.salt[3] ^= 1;
  for (const auto& other : {derive_chunk_keys(SecretBytes::of_text("x"), test_kdf()),
                            derive_chunk_keys(SecretBytes::of_text(kPassphrase), salted)}) {
    ASSERT_TRUE(other);
    const Status wrong = check_keys(*other, test_keys().key_check, "the blob");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::permission_denied);
    EXPECT_EQ(wrong.error().where, "the blob");
  }
  EXPECT_FALSE(derive_chunk_keys(SecretBytes(), test_kdf()));
  for (const KdfSpec& bad :
       {KdfSpec{9, 8, 1, Bytes(16)}, KdfSpec{21, 8, 1, Bytes(16)}, KdfSpec{10, 0, 1, Bytes(16)},
        KdfSpec{10, 8, 5, Bytes(16)}, KdfSpec{10, 8, 1, Bytes(15)}})
    EXPECT_FALSE(derive_chunk_keys(SecretBytes::of_text("x"), bad));
}

TEST(Keys, TheIndependentReaderDerivesTheSame) {
  const auto keys = reference::derive_seal_keys(kPassphrase, {10, 8, 1, test_kdf().salt});
  ASSERT_TRUE(keys);
  EXPECT_TRUE(std::ranges::equal(keys->id.span(), test_keys().id_key.span()));
  EXPECT_TRUE(std::ranges::equal(keys->seal.span(), test_keys().seal_key.span()));
  EXPECT_EQ(keys->check, test_keys().key_check);
}

Bytes sealed(ByteSpan plain, uint64_t sequence = 1) {
  static Sealer sealer(test_keys(), 42);
  ChunkNamer namer(test_keys());
  Compressor compressor;
  return sealer.seal(RecordKind::data, 9, sequence, namer.name(plain), plain, compressor.pack(plain)).value();
}

RC_GTEST_PROP(Records, WhatWasSealedOpensForBothReaders, ()) {
  const Bytes plain = some_bytes(50'000);
  const Bytes record = sealed(plain, 3);
  RC_ASSERT(record.size() % 512 == 0);
  const auto opened = Opener(test_keys()).open(record);
  RC_ASSERT(opened);
  RC_ASSERT(opened->plain == plain);
  RC_ASSERT(opened->head.sequence == 3u);
  static const auto keys = reference::derive_seal_keys(kPassphrase, {10, 8, 1, test_kdf().salt});
  const auto judged = reference::open_sealed(*keys, record, "record");
  RC_ASSERT(judged);
  RC_ASSERT(judged->plain == plain);
}

TEST(Records, EverySingleBitCounts) {
  const Bytes plain = noise(5, 300);
  Bytes record = sealed(plain);
  Opener opener(test_keys());
  const auto keys = reference::derive_seal_keys(kPassphrase, {10, 8, 1, test_kdf().salt});
  for (size_t bit = 0; bit < record.size() * 8; bit++) {
    record[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(opener.open(record)) << bit;
    EXPECT_FALSE(reference::open_sealed(*keys, record, "record")) << bit;
    record[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
  EXPECT_TRUE(opener.open(record));
  for (size_t length = 0; length < record.size(); length += 37)
    EXPECT_FALSE(opener.open(ByteSpan(record).first(length)));
  record.resize(record.size() + 512);
  EXPECT_FALSE(opener.open(record));
}

TEST(Records, NoNonceComesTwiceAndTheSequenceIsSealedIn) {
  std::set<Bytes> nonces;
  for (int i = 0; i < 100; i++) {
    const Bytes record = sealed(Bytes(100, 7));
    EXPECT_TRUE(nonces.insert(Bytes(record.begin() + 32, record.begin() + 44)).second);
  }
  const Bytes record = sealed(noise(1, 1000));
  EXPECT_FALSE(Opener(derive_chunk_keys(SecretBytes::of_text("x"), test_kdf()).value()).open(record));
}

TEST(Codec, WhatDoesNotShrinkIsStored) {
  Compressor compressor;
  EXPECT_EQ(compressor.pack(noise(1, 100'000)).codec, Codec::stored);
  const Bytes text(100'000, 'x');
  const Packed packed = compressor.pack(text);
  EXPECT_EQ(packed.codec, Codec::zstd);
  Decompressor decompressor;
  EXPECT_EQ(decompressor.unpack(packed.codec, packed.bytes, text.size()).value(), text);
  EXPECT_FALSE(decompressor.unpack(packed.codec, packed.bytes, text.size() - 1));
  EXPECT_FALSE(decompressor.unpack(packed.codec, packed.bytes, text.size() + 1));
  EXPECT_FALSE(decompressor.unpack(Codec::stored, text, 10));
}

RC_GTEST_PROP(ChunkSets, AreSets, (std::vector<uint8_t> draws)) {
  ChunkSet set;
  std::set<uint8_t> model;
  for (const uint8_t draw : draws) {
    ChunkId id{};
    id[8] = draw;  // all in one place of the table
    RC_ASSERT(set.contains(id) == model.contains(draw));
    RC_ASSERT(set.insert(id) == model.insert(draw).second);
  }
  RC_ASSERT(set.size() == model.size());
}

// --- catalog ---

Catalog some_catalog() {
  Catalog catalog;
  Random random(*rc::gen::arbitrary<uint64_t>());
  catalog.entries.push_back({.path = "r", .kind = FileKind::directory, .mode = 0755});
  const uint64_t count = random.below(300);
  for (uint64_t i = 0; i < count; i++) {
    CatalogEntry entry{.path = "r/" + std::to_string(1000 + i)};
    entry.mode = static_cast<uint32_t>(random.below(07777));
    entry.modified_ns = static_cast<int64_t>(random.next());
    entry.owner = static_cast<uint32_t>(random.next());
    entry.inode = random.next();
    entry.kind = static_cast<FileKind>(random.below(3));
    if (entry.kind == FileKind::symlink) entry.target = "../\xff\n" + std::to_string(i);
    const uint64_t extents = entry.kind == FileKind::file ? random.below(i == 7 ? 9000 : 5) : 0;
    for (uint64_t k = 0; k < extents; k++) {
      CatalogExtent extent{.kind = random.chance(1, 4) && k % 2 == 0 ? CatalogExtent::Kind::zeros
                                                                     : CatalogExtent::Kind::data};
      extent.length_bytes = 1 + random.below(1000);
      if (extent.kind == CatalogExtent::Kind::data) {
        extent.chunk_offset_bytes = static_cast<uint32_t>(random.below(100'000));
        random.fill(extent.chunk);
      }
      entry.size_bytes += extent.length_bytes;
      entry.extents.push_back(extent);
    }
    catalog.entries.push_back(std::move(entry));
  }
  return catalog;
}

RC_GTEST_PROP(Catalogs, ComeBackAsTheyWere, ()) {
  const Catalog catalog = some_catalog();
  const auto parts = encode_catalog(catalog);
  for (const Bytes& part : parts) RC_ASSERT(part.size() <= kChunkPlainBytesMax);
  const auto back = decode_catalog(parts);
  RC_ASSERT(back);
  RC_ASSERT(*back == catalog);
  reference::SealedTree tree;
  for (const Bytes& part : parts) RC_ASSERT(tree.add_part(part, "part"));
  RC_ASSERT(tree.finished());
  RC_ASSERT(tree.entries().size() == catalog.entries.size());
}

RC_GTEST_PROP(Catalogs, DamageIsNeverBelievedBlindly, ()) {
  auto parts = encode_catalog(some_catalog());
  Bytes& part = parts[*rc::gen::inRange<size_t>(0, parts.size())];
  for (int i = *rc::gen::inRange(1, 4); i > 0; i--)
    part[*rc::gen::inRange<size_t>(0, part.size())] = *rc::gen::arbitrary<uint8_t>();
  if (*rc::gen::arbitrary<bool>()) part.resize(*rc::gen::inRange<size_t>(0, part.size()));
  reference::SealedTree tree;
  for (const Bytes& one : parts)
    if (!tree.add_part(one, "part")) break;
  const auto back = decode_catalog(parts);
  if (!back) {
    RC_ASSERT(back.error().code == ErrorCode::corrupt);
    return;
  }
  for (const CatalogEntry& entry : back->entries) RC_ASSERT(catalog_path_is_safe(entry.path));
}

TEST(Catalogs, WhatCannotBeIsRefused) {
  const auto decode = [](std::vector<CatalogItem> items, uint64_t entries) {
    Bytes part = begin_catalog_part();
    for (const CatalogItem& item : items) encode_item(part, item);
    encode_item(part, {.kind = CatalogItem::Kind::finish, .number = entries});
    return decode_catalog({part});
  };
  const CatalogItem directory{.entry = {.path = "a", .kind = FileKind::directory}};
  const CatalogItem file{.entry = {.path = "f"}};
  EXPECT_TRUE(decode({directory, file}, 2));
  EXPECT_FALSE(decode({directory, file}, 1));
  EXPECT_FALSE(decode({file, file}, 2)) << "twice";
  EXPECT_FALSE(decode({file, {.entry = {.path = "f/x"}}}, 2)) << "inside of a file";
  EXPECT_FALSE(decode({{.entry = {.path = "l", .kind = FileKind::symlink}}}, 1)) << "no target";
  EXPECT_FALSE(decode({{.entry = {.path = "h", .hard_link_of = "f"}}}, 1)) << "to nothing";
  EXPECT_FALSE(decode({{.entry = {.path = "s", .size_bytes = 5}}}, 1)) << "a size without extents";
  EXPECT_FALSE(decode({{.kind = CatalogItem::Kind::end, .number = 3}}, 0));
  EXPECT_FALSE(decode({{.kind = CatalogItem::Kind::remove, .entry = {.path = "f"}}}, 0));
  EXPECT_FALSE(decode({{.kind = CatalogItem::Kind::begin, .number = 1, .entry = {.path = "f"}}}, 0))
      << "never ended";
  for (const char* path : {"../x", "/x", "a//b", "a/..", "."})
    EXPECT_FALSE(decode({{.entry = {.path = path}}}, 1)) << path;
  EXPECT_FALSE(decode_catalog({begin_catalog_part()})) << "no end";
  EXPECT_FALSE(decode_catalog({}));
}

TEST(Globs, MatchWhatTheySay) {
  EXPECT_TRUE(path_matches("*.tmp", "a/b/x.tmp"));
  EXPECT_FALSE(path_matches("*.tmp", "a/b.tmp/x"));
  EXPECT_TRUE(path_matches("/a/*/x", "a/b/x"));
  EXPECT_FALSE(path_matches("/a/*/x", "a/b/c/x"));
  EXPECT_TRUE(path_matches("a/**/x", "a/b/c/x"));
  EXPECT_TRUE(path_matches("a/**", "a/b/c"));
  EXPECT_TRUE(path_matches("?", "a/b"));
  EXPECT_FALSE(path_matches("a/?", "a/bc"));
  EXPECT_FALSE(glob_matches(std::string(40, '*') + "b", std::string(2000, 'a')));
}

// --- AIB and base blob ---

Aib sample_aib(size_t count) {
  Aib aib;
  aib.head.inputs = {.job = "job-1",
                     .subscription = "s",
                     .resource_group = "rg",
                     .account = "acc",
                     .container = "box",
                     .location = "West US",
                     .backup_id = "00112233445566778899aabbccddeeff",
                     .item = "fileserver",
                     .source_computer = "host"};
  aib.head.kdf = test_kdf();
  aib.head.key_check = Bytes(16, 3);
  aib.head.number = 2;
  aib.head.blob = 77;
  aib.head.source_bytes = 1234;
  for (size_t i = 0; i < count; i++) {
    IndexEntry entry{.offset_bytes = aib.head.base_bytes,
                     .length_bytes = 512 * static_cast<uint32_t>(1 + i % 3),
                     .kind = static_cast<uint8_t>(i == 0 ? 0 : 1 + i % 3)};
    entry.id[5] = static_cast<uint8_t>(i);
    aib.head.base_bytes += entry.length_bytes;
    aib.entries.push_back(entry);
  }
  aib.head.entries = count;
  aib.head.closed = count != 0;
  return aib;
}

TEST(Aibs, ComeBackAsTheyWereForBothReaders) {
  for (const size_t count : {0u, 1u, 5u, 6u, 100u}) {
    const Aib aib = sample_aib(count);
    const Bytes bytes = encode_aib(aib).value();
    EXPECT_EQ(bytes.size() % 512, 0u);
    const auto back = parse_aib(bytes);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(*back, aib);
    const auto judged = reference::read_sealed_index(bytes, "aib");
    ASSERT_TRUE(judged) << judged.error().message();
    EXPECT_EQ(judged->facts.container, "box");
    EXPECT_EQ(judged->facts.number, 2u);
    EXPECT_EQ(judged->entries.size(), count);
  }
}

TEST(Aibs, EverySingleBitCounts) {
  Bytes bytes = encode_aib(sample_aib(3)).value();
  for (size_t bit = 0; bit < bytes.size() * 8; bit++) {
    bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const auto parsed = parse_aib(bytes, "x");
    EXPECT_TRUE(!parsed && parsed.error().code == ErrorCode::corrupt) << bit;
    EXPECT_FALSE(reference::read_sealed_index(bytes, "x")) << bit;
    bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
  for (size_t length = 0; length < bytes.size(); length += 61)
    EXPECT_FALSE(parse_aib(ByteSpan(bytes).first(length)));
}

TEST(Aibs, InputsThatNoJobCanHaveAreRefused) {
  const auto with = [](auto change) {
    SeedInputs inputs = sample_aib(0).head.inputs;
    change(inputs);
    return static_cast<bool>(check_inputs(inputs));
  };
  EXPECT_TRUE(with([](SeedInputs&) {}));
  for (const char* job : {"", "a", "A1", "-a", "a-", "a/b", "../x", "a.b"})
    EXPECT_FALSE(with([&](SeedInputs& inputs) { inputs.job = job; })) << job;
  EXPECT_FALSE(with([](SeedInputs& inputs) { inputs.backup_id = "00"; }));
  EXPECT_FALSE(with([](SeedInputs& inputs) { inputs.backup_id[0] = 'G'; }));
  EXPECT_FALSE(with([](SeedInputs& inputs) { inputs.item = std::string(2000, 'x'); }));
  EXPECT_FALSE(with([](SeedInputs& inputs) { inputs.location = "\xff"; }));
}

RC_GTEST_PROP(Marks, ComeBackAndDamageIsRefusedOrHarmless, ()) {
  const auto entries = sample_aib(5).entries;
  Bytes mark = encode_mark(entries, 99);
  const auto back = parse_mark(mark, "x");
  RC_ASSERT(back);
  RC_ASSERT(back->entries == entries);
  RC_ASSERT(back->source_bytes == 99u);
  mark.resize(*rc::gen::inRange<size_t>(0, mark.size()));
  RC_ASSERT(!parse_mark(mark, "x"));
}

}  // namespace
}  // namespace seedbed
