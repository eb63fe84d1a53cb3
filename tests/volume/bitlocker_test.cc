#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "engine/volume/bitlocker_volume.h"
#include "engine/volume/fve_datum.h"
#include "tests/support/temp_directory.h"
#include "tests/volume/sealed_volume.h"

using namespace seedbed;
using namespace seedbed::testing_support;

namespace {

constexpr size_t kEntriesAt = 0x70;

size_t block_bytes_of(ByteSpan area) {
  return size_t{load_le<uint16_t>(area, 8)} * 16;
}

void mend_crc(Bytes& area) {
  const size_t block_bytes = block_bytes_of(area);
  if (block_bytes > area.size() - 8) return;
  store_le(area, block_bytes + 4, crc32_of(ByteSpan(area).first(block_bytes)));
}

// The nonces of all sealed keys in `datums`, nested ones too.
void collect_nonces(const std::vector<FveDatum>& datums, std::vector<std::string>& nonces) {
  for (const FveDatum& datum : datums) {
    if (datum.type == FveType::sealed) nonces.push_back(hex_lower(datum.payload.first(12)));
    const size_t nested_at = datum.type == FveType::protector   ? 28
                             : datum.type == FveType::stretched ? 20
                                                                : 0;
    if (nested_at > 0) collect_nonces(*parse_datums(datum.payload.subspan(nested_at)), nonces);
  }
}

struct Encoded {
  BitlockerGeometry geometry;
  EncodedBitlocker bytes;
};

Encoded encode_quickly(uint32_t sector_bytes = 512, const BitlockerSecrets& secrets = test_secrets()) {
  QuickStretcher stretcher;
  const BitlockerGeometry geometry = test_geometry(sector_bytes);
  auto encoded = encode_bitlocker(geometry, secrets, kTestDescription, kTestNow_ns, &stretcher);
  EXPECT_TRUE(encoded) << encoded.error().message();
  return {geometry, *std::move(encoded)};
}

std::string recovery_text(const BitlockerSecrets& secrets) {
  return std::string(recovery_password_of(secrets.recovery_key).text());
}

TEST(BitlockerKeys, recovery_password_of_a_published_volume) {
  // The sample volume of cryptsetup's tests: 235818 / 11 = 21438 = 0x53be, 357951 / 11 = 0x7f1d, …
  const std::string_view text = "235818-357951-253979-013365-241120-245575-342914-591910";
  const auto key = parse_recovery_password(text);
  ASSERT_TRUE(key);
  EXPECT_EQ(hex_lower(key->span().first(4)), "be531d7f");
  EXPECT_EQ(recovery_password_of(*key).text(), text);
}

TEST(BitlockerKeys, what_is_no_recovery_password) {
  for (const std::string_view text : {"", "235818", "235819-357951-253979-013365-241120-245575-342914-591910",
                                      "235818 357951-253979-013365-241120-245575-342914-591910",
                                      "720896-357951-253979-013365-241120-245575-342914-591910",
                                      "-35818-357951-253979-013365-241120-245575-342914-591910",
                                      "235818-357951-253979-013365-241120-245575-342914-59191x",
                                      "235818-357951-253979-013365-241120-245575-342914-5919100"})
    EXPECT_FALSE(parse_recovery_password(text)) << text;
}

RC_GTEST_PROP(BitlockerKeys, any_recovery_key_comes_back, (std::array<uint8_t, 16> bytes)) {
  const SecretBytes key{ByteSpan(bytes)};
  const SecretBytes text = recovery_password_of(key);
  RC_ASSERT(text.size() == 55U);
  const auto parsed = parse_recovery_password(text.text());
  RC_ASSERT(parsed && std::ranges::equal(parsed->span(), key.span()));
}

// The loop written down as the format describes it, with no thought of speed.
TEST(BitlockerKeys, stretching_is_the_chain_of_digests_it_is_said_to_be) {
  const SecretBytes hashed{ByteSpan(sha256_of(as_bytes("some secret")))};
  const Salt salt = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  Bytes message(88);
  std::ranges::copy(hashed.span(), message.begin() + 32);
  std::ranges::copy(salt, message.begin() + 64);
  for (uint64_t round = 0; round < 0x100000; round++) {
    store_le(message, 80, round);
    std::ranges::copy(sha256_of(message), message.begin());
  }
  EXPECT_TRUE(std::ranges::equal(stretch_hashed_secret(hashed, salt).span(), ByteSpan(message).first(32)));
}

TEST(BitlockerKeys, passwords_are_hashed_twice_as_utf16) {
  const Bytes units = {'a', 0, 0xac, 0x20};  // "a€"
  EXPECT_TRUE(std::ranges::equal(hash_password("a\xe2\x82\xac")->span(), sha256_of(sha256_of(units))));
  EXPECT_EQ(hash_password("\xff").error().code, ErrorCode::invalid_argument);
}

TEST(BitlockerKeys, a_remembering_stretcher_computes_once) {
  RememberingStretcher stretcher;
  const SecretBytes secret(32);
  const SecretBytes first = stretcher.stretch(secret, Salt{1}), again = stretcher.stretch(secret, Salt{1});
  EXPECT_EQ(stretcher.computed(), 1U);
  EXPECT_TRUE(std::ranges::equal(first.span(), again.span()));
  EXPECT_TRUE(std::ranges::equal(first.span(), stretch_hashed_secret(secret, Salt{1}).span()));
}

TEST(BitlockerSecretsTest, are_drawn_in_the_order_of_the_fields) {
  SeededTestEntropy entropy(5), same(5);
  const BitlockerSecrets secrets = BitlockerSecrets::draw(entropy, "");
  EXPECT_EQ(entropy.drawn_bytes, (std::vector<size_t>{32, 32, 16, 16, 16, 16, 16, 16}));
  Bytes stream(32 + 32 + 16);
  for (const auto& [at, size] : {std::pair<size_t, size_t>{0, 32}, {32, 32}, {64, 16}})
    same.fill(MutableByteSpan(stream).subspan(at, size));
  EXPECT_TRUE(std::ranges::equal(secrets.volume_master_key.span(), ByteSpan(stream).first(32)));
  EXPECT_TRUE(std::ranges::equal(secrets.full_volume_key.span(), ByteSpan(stream).subspan(32, 32)));
  EXPECT_TRUE(std::ranges::equal(secrets.recovery_key.span(), ByteSpan(stream).subspan(64)));
  EXPECT_TRUE(secrets.password.empty());
}

class BitlockerSectors : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(sectors, BitlockerSectors, testing::Values(512U, 4096U),
                         [](const auto& info) { return std::to_string(info.param); });

TEST_P(BitlockerSectors, metadata_comes_back_and_unlocks) {
  const BitlockerSecrets secrets = test_secrets();
  const auto [geometry, encoded] = encode_quickly(GetParam(), secrets);
  EXPECT_EQ(encoded.volume_header.size(), GetParam());
  EXPECT_EQ(encoded.metadata_area.size(), kFveAreaBytes);

  const auto from_header = parse_bitlocker_header(encoded.volume_header, geometry.volume_bytes);
  ASSERT_TRUE(from_header) << from_header.error().message();
  const auto header = parse_bitlocker_area(encoded.metadata_area, *from_header);
  ASSERT_TRUE(header) << header.error().message();
  EXPECT_EQ(header->geometry.volume_bytes, geometry.volume_bytes);
  EXPECT_EQ(header->geometry.sector_bytes, GetParam());
  EXPECT_EQ(header->geometry.cluster_bytes, geometry.cluster_bytes);
  EXPECT_EQ(header->geometry.partition_start_sector, geometry.partition_start_sector);
  EXPECT_EQ(header->geometry.metadata_offset_bytes, geometry.metadata_offset_bytes);
  EXPECT_EQ(header->geometry.header_offset_bytes, geometry.header_offset_bytes);
  EXPECT_EQ(header->geometry.extra_offset_bytes, geometry.extra_offset_bytes);
  EXPECT_EQ(header->volume_id, secrets.volume_id);
  EXPECT_EQ(header->description, kTestDescription);
  EXPECT_EQ(header->cipher, 0x8004);
  EXPECT_TRUE(header->has_password);
  EXPECT_TRUE(header->has_recovery);

  QuickStretcher stretcher;
  const auto by_recovery =
      unlock_with_recovery_password(*header, encoded.metadata_area, recovery_text(secrets), &stretcher);
  ASSERT_TRUE(by_recovery) << by_recovery.error().message();
  EXPECT_TRUE(std::ranges::equal(by_recovery->full_volume_key.span(), secrets.full_volume_key.span()));
  const auto by_password = unlock_with_password(*header, encoded.metadata_area, kTestPassword, &stretcher);
  ASSERT_TRUE(by_password) << by_password.error().message();
  EXPECT_TRUE(std::ranges::equal(by_password->full_volume_key.span(), secrets.full_volume_key.span()));

  EXPECT_EQ(unlock_with_password(*header, encoded.metadata_area, "correct horse 8", &stretcher).error().code,
            ErrorCode::permission_denied);
  EXPECT_EQ(unlock_with_recovery_password(*header, encoded.metadata_area, recovery_text(test_secrets(9)),
                                          &stretcher)
                .error()
                .code,
            ErrorCode::permission_denied);
  EXPECT_EQ(
      unlock_with_recovery_password(*header, encoded.metadata_area, "no such thing", &stretcher).error().code,
      ErrorCode::permission_denied);
}

TEST(BitlockerMetadata, without_a_password_there_is_one_protector) {
  const BitlockerSecrets secrets = test_secrets(1, "");
  const auto [geometry, encoded] = encode_quickly(512, secrets);
  const auto header = parse_bitlocker_area(encoded.metadata_area, geometry);
  ASSERT_TRUE(header);
  EXPECT_FALSE(header->has_password);
  QuickStretcher stretcher;
  EXPECT_EQ(unlock_with_password(*header, encoded.metadata_area, "", &stretcher).error().code,
            ErrorCode::permission_denied);
  EXPECT_TRUE(
      unlock_with_recovery_password(*header, encoded.metadata_area, recovery_text(secrets), &stretcher));
}

TEST(BitlockerMetadata, no_nonce_comes_twice_and_the_next_is_recorded) {
  const auto encoded = encode_quickly().bytes;
  const ByteSpan area = encoded.metadata_area;
  const size_t block_bytes = block_bytes_of(area);
  std::vector<std::string> nonces;
  collect_nonces(*parse_datums(area.subspan(kEntriesAt, load_le<uint32_t>(area, 0x40) - 0x30)), nonces);
  collect_nonces(*parse_datums(area.subspan(block_bytes + 8)), nonces);
  EXPECT_EQ(nonces.size(),
            7U);  // two for the password, three for the recovery password, the volume key, the digest
  EXPECT_EQ(std::set<std::string>(nonces.begin(), nonces.end()).size(), nonces.size());
  for (const std::string& nonce : nonces)
    EXPECT_LT(load_le<uint32_t>(*parse_hex(nonce), 8), load_le<uint32_t>(area, 0x60));
}

// Sizes, roles and types of the entries, as Windows writes them.
TEST(BitlockerMetadata, entries_have_the_sizes_of_genuine_ones) {
  const auto encoded = encode_quickly().bytes;
  const ByteSpan area = encoded.metadata_area;
  std::string seen;
  const auto entries = parse_datums(area.subspan(kEntriesAt, load_le<uint32_t>(area, 0x40) - 0x30));
  ASSERT_TRUE(entries);
  for (const FveDatum& datum : *entries)
    seen += fmt::format("{:x}/{:x}:{:x} ", static_cast<int>(datum.role), static_cast<int>(datum.type),
                        datum.payload.size() + 8);
  EXPECT_EQ(seen, "7/2:34 2/8:e0 2/8:120 3/5:50 f/f:64 ");
  BitlockerGeometry plain = test_geometry(512);
  plain.extra_offset_bytes = 0;
  QuickStretcher stretcher;
  const auto without = encode_bitlocker(plain, test_secrets(), kTestDescription, kTestNow_ns, &stretcher);
  ASSERT_TRUE(without);
  EXPECT_EQ(parse_bitlocker_area(without->metadata_area, plain)->geometry.extra_offset_bytes, 0U);
}

// docs/formats/bitlocker.md, "Worked example"
TEST(BitlockerMetadata, is_the_worked_example_of_the_document) {
  BitlockerSecrets secrets = test_secrets(1, "");
  const auto count_from = [](MutableByteSpan bytes, uint8_t first) {
    for (uint8_t& byte : bytes) byte = first++;
  };
  count_from(secrets.volume_master_key.mutable_span(), 0x00);
  count_from(secrets.full_volume_key.mutable_span(), 0x20);
  count_from(secrets.recovery_key.mutable_span(), 0x40);
  count_from(secrets.recovery_salt, 0x50);
  count_from(secrets.volume_id.bytes, 0x60);
  count_from(secrets.recovery_protector_id.bytes, 0x70);
  const BitlockerGeometry geometry{.volume_bytes = 64 * MiB,
                                   .partition_start_sector = 2048,
                                   .metadata_offset_bytes = {24 * MiB, 40 * MiB, 56 * MiB},
                                   .header_offset_bytes = 24 * MiB + kFveAreaBytes};
  EXPECT_EQ(recovery_text(secrets), "183744-189398-195052-200706-206360-212014-217668-223322");
  EXPECT_EQ(hex_lower(stretch_recovery_key(secrets.recovery_key, secrets.recovery_salt).span()),
            "d8f334a2443f4b0920c405fc6d4c711d1447cdc31a082ae5fc176ad8b7ba3ab0");
  const auto encoded = encode_bitlocker(geometry, secrets, "HOST E: 11/2/2016", kTestNow_ns);
  ASSERT_TRUE(encoded);
  const ByteSpan area = encoded->metadata_area;
  EXPECT_EQ(hex_lower(area.subspan(0x60, 16)), "0600000004800000f001ce503635d201");
  EXPECT_EQ(hex_lower(area.subspan(0x1b0, 16)), "4cb4b63045900d8002a96fbb50000300");
  // The CRC-32 covers the block, the sealed digest ends the area: these two pin every byte before them
  EXPECT_EQ(hex_lower(area.subspan(0x230, 16)), "d0fd0200afdfd2a75000000005000100");
  EXPECT_EQ(hex_lower(area.subspan(0x240, 16)), "f001ce503635d2010500000080f67f6c");
  EXPECT_TRUE(all_zero(area.subspan(0x288)));
}

TEST(BitlockerMetadata, layouts_that_cannot_be_are_refused) {
  const auto refused = [](auto change) {
    BitlockerGeometry geometry = test_geometry(4096);
    change(geometry);
    QuickStretcher stretcher;
    return !encode_bitlocker(geometry, test_secrets(), "x", 0, &stretcher);
  };
  EXPECT_FALSE(refused([](BitlockerGeometry&) {}));
  EXPECT_TRUE(refused([](BitlockerGeometry& g) { g.sector_bytes = 1024; }));
  EXPECT_TRUE(refused([](BitlockerGeometry& g) { g.cluster_bytes = 12288; }));
  EXPECT_TRUE(refused([](BitlockerGeometry& g) { g.metadata_offset_bytes[1] += 512; }));
  EXPECT_TRUE(refused([](BitlockerGeometry& g) { g.metadata_offset_bytes[1] = 4096; }));
  EXPECT_TRUE(refused([](BitlockerGeometry& g) { g.metadata_offset_bytes[1] = g.volume_bytes - 4096; }));
  EXPECT_TRUE(refused([](BitlockerGeometry& g) { g.metadata_offset_bytes[1] = UINT64_MAX - 4095; }));
  EXPECT_TRUE(
      refused([](BitlockerGeometry& g) { g.header_offset_bytes = g.metadata_offset_bytes[2] + 0xf000; }));
  EXPECT_TRUE(refused([](BitlockerGeometry& g) { g.extra_offset_bytes = g.header_offset_bytes; }));
  EXPECT_TRUE(refused([](BitlockerGeometry& g) { g.volume_bytes += 512; }));
  QuickStretcher stretcher;
  EXPECT_FALSE(encode_bitlocker(test_geometry(512), test_secrets(), std::string(300, 'x'), 0, &stretcher));
  EXPECT_FALSE(encode_bitlocker(test_geometry(512), test_secrets(), "\xff", 0, &stretcher));
}

TEST(BitlockerMetadata, other_kinds_of_volume_are_told_apart) {
  const auto [geometry, encoded] = encode_quickly();
  const auto code_after = [&](auto change) {
    Bytes header = encoded.volume_header;
    change(header);
    const auto parsed = parse_bitlocker_header(header, geometry.volume_bytes);
    return std::string(parsed ? "parsed" : error_code_name(parsed.error().code));
  };
  EXPECT_EQ(code_after([](Bytes&) {}), "parsed");
  EXPECT_EQ(code_after([](Bytes& h) { h[1] = 0x52; }), "unsupported");  // Vista
  EXPECT_EQ(code_after([](Bytes& h) { h[160] ^= 1; }), "unsupported");  // encrypt-on-write has another GUID
  EXPECT_EQ(code_after([](Bytes& h) { h[3] = 'N'; }), "not_found");
  EXPECT_EQ(code_after([](Bytes& h) { h[12] = 1; }), "corrupt");      // sectors of 256 bytes
  EXPECT_EQ(code_after([](Bytes& h) { h[183] = 0xff; }), "corrupt");  // a metadata area far outside
  EXPECT_EQ(code_after([](Bytes& h) { std::copy_n(h.begin() + 176, 8, h.begin() + 184); }), "corrupt");
  EXPECT_EQ(
      parse_bitlocker_header(ByteSpan(encoded.volume_header).first(511), geometry.volume_bytes).error().code,
      ErrorCode::invalid_argument);
}

// With the CRC-32 made right again, so that the bounds have to stand alone.
TEST(BitlockerMetadata, sizes_are_bounded_before_they_are_believed) {
  const auto [geometry, encoded] = encode_quickly();
  const auto error_after = [&](auto change) {
    Bytes area = encoded.metadata_area;
    change(area);
    mend_crc(area);
    const auto parsed = parse_bitlocker_area(area, geometry);
    return parsed ? std::string("parsed")
                  : std::string(error_code_name(parsed.error().code)) + ": " + parsed.error().what;
  };
  using testing::HasSubstr;
  const auto room_bytes = static_cast<uint32_t>(block_bytes_of(encoded.metadata_area) - 0x40);
  EXPECT_EQ(error_after([&](Bytes& area) { store_le(area, 0x40, room_bytes); }),
            "parsed");  // the rounding is zeros
  for (const uint32_t dataset_bytes : {0U, 0x2fU, room_bytes + 1, room_bytes + 16, UINT32_MAX})
    EXPECT_THAT(error_after([&](Bytes& area) { store_le(area, 0x40, dataset_bytes); }),
                HasSubstr("corrupt: a BitLocker dataset"));
  for (const uint16_t units : {0, 6, 0x1000, 0xffff})
    EXPECT_THAT(error_after([&](Bytes& area) { store_le(area, 0x08, units); }), HasSubstr("corrupt: "));
  EXPECT_THAT(error_after([&](Bytes& area) { store_le<uint16_t>(area, kEntriesAt, 7); }),
              HasSubstr("entry says 7 bytes"));
  EXPECT_THAT(error_after([&](Bytes& area) { store_le<uint16_t>(area, kEntriesAt, 0xffff); }),
              HasSubstr("entry says 65535 bytes"));
  EXPECT_THAT(error_after([&](Bytes& area) { store_le<uint64_t>(area, 0x10, UINT64_MAX); }),
              HasSubstr("in a partition of"));
  EXPECT_THAT(error_after([&](Bytes& area) { store_le<uint64_t>(area, 0x38, UINT64_MAX - 511); }),
              HasSubstr("outside the volume"));
}

TEST(BitlockerMetadata, a_forged_block_with_a_good_crc_is_caught_by_its_digest) {
  const BitlockerSecrets secrets = test_secrets();
  auto [geometry, encoded] = encode_quickly(512, secrets);
  encoded.metadata_area[kEntriesAt + 8] = 'X';  // the description
  EXPECT_EQ(parse_bitlocker_area(encoded.metadata_area, geometry).error().code, ErrorCode::corrupt);
  mend_crc(encoded.metadata_area);
  const auto header = parse_bitlocker_area(encoded.metadata_area, geometry);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->description[0], 'X');
  QuickStretcher stretcher;
  const auto unlocked =
      unlock_with_recovery_password(*header, encoded.metadata_area, recovery_text(secrets), &stretcher);
  ASSERT_FALSE(unlocked);
  EXPECT_EQ(unlocked.error().code, ErrorCode::corrupt) << unlocked.error().message();
}

TEST(BitlockerMetadata, errors_carry_no_secret) {
  const BitlockerSecrets secrets = test_secrets();
  const auto [geometry, encoded] = encode_quickly(512, secrets);
  const auto header = parse_bitlocker_area(encoded.metadata_area, geometry);
  QuickStretcher stretcher;
  const std::string wrong = "not the password";
  EXPECT_EQ(
      unlock_with_password(*header, encoded.metadata_area, wrong, &stretcher).error().message().find(wrong),
      std::string::npos);
  const std::string digits = recovery_text(test_secrets(77));
  EXPECT_EQ(unlock_with_recovery_password(*header, encoded.metadata_area, digits, &stretcher)
                .error()
                .message()
                .find(digits.substr(0, 6)),
            std::string::npos);
}

// Changed bytes, checksum mended or not, and pure noise: errors, or a layout inside the volume; never a key,
// unless nothing was changed.
RC_GTEST_PROP(BitlockerMetadata, untrusted_areas_never_lead_outside, ()) {
  static const BitlockerSecrets secrets = test_secrets();
  static const Encoded good = encode_quickly(512, secrets);
  static const size_t block_bytes = block_bytes_of(good.bytes.metadata_area);
  Random random(*rc::gen::arbitrary<uint64_t>());
  Bytes area = good.bytes.metadata_area;
  const ByteSpan original = good.bytes.metadata_area;
  if (random.chance(1, 20)) random.fill(MutableByteSpan(area).subspan(8));
  for (uint64_t i = 1 + random.below(4); i > 0; i--) {
    // Numbers that mean sizes are worth more tries than ciphertext
    const uint64_t at = random.chance(1, 2) ? random.below(0x80) : random.below(block_bytes + 0x60);
    area[at] = static_cast<uint8_t>(random.chance(1, 3) ? 0xff * random.below(2) : random.next());
  }
  if (random.chance(3, 4)) mend_crc(area);

  const auto header = parse_bitlocker_area(area, good.geometry);
  if (!header) return;
  RC_ASSERT(check_bitlocker_geometry(header->geometry).has_value());
  RC_ASSERT(header->geometry.volume_bytes <= good.geometry.volume_bytes);
  QuickStretcher stretcher;
  const auto by_recovery = unlock_with_recovery_password(*header, area, recovery_text(secrets), &stretcher);
  const auto by_password = unlock_with_password(*header, area, kTestPassword, &stretcher);
  if (!std::ranges::equal(ByteSpan(area).first(block_bytes + 0x58), original.first(block_bytes + 0x58))) {
    RC_CLASSIFY(true, "parsed");
    const bool only_unused_changed =
        std::ranges::equal(ByteSpan(area).first(block_bytes), original.first(block_bytes));
    if (!only_unused_changed) RC_ASSERT(!by_recovery && !by_password);
  }
}

RC_GTEST_PROP(BitlockerMetadata, untrusted_headers_never_lead_outside, ()) {
  static const Encoded good = encode_quickly(4096);
  Random random(*rc::gen::arbitrary<uint64_t>());
  Bytes header = good.bytes.volume_header;
  for (uint64_t i = random.below(5); i > 0; i--)
    header[random.chance(1, 2) ? 176 + random.below(24) : random.below(200)] =
        static_cast<uint8_t>(random.next());
  const uint64_t volume_bytes = random.chance(1, 4) ? random.below(2 * MiB) : good.geometry.volume_bytes;
  const auto geometry = parse_bitlocker_header(header, volume_bytes);
  if (!geometry) return;
  for (const uint64_t offset_bytes : geometry->metadata_offset_bytes) {
    RC_ASSERT(offset_bytes >= kFveHeaderBytes);
    RC_ASSERT(offset_bytes <= volume_bytes && kFveAreaBytes <= volume_bytes - offset_bytes);
  }
}

RC_GTEST_PROP(FveDatum, any_bytes_make_datums_inside_or_an_error, (const std::vector<uint8_t>& bytes)) {
  const auto datums = parse_datums(bytes);
  if (!datums) return;
  size_t total_bytes = 0;
  for (const FveDatum& datum : *datums) {
    total_bytes += datum.payload.size() + kFveDatumHeaderBytes;
    (void)open_sealed_key(datum.payload, SecretBytes(32));
  }
  RC_ASSERT(total_bytes <= bytes.size());
}

RC_GTEST_PROP(FveDatum, a_sealed_key_opens_with_its_key_only, (std::vector<uint8_t> key, uint64_t seed)) {
  RC_PRE(!key.empty() && key.size() <= 64);
  SecretBytes with(32), other(32);
  Random(seed).fill(with.mutable_span());
  Random(seed + 1).fill(other.mutable_span());
  Bytes out;
  append_sealed_key(out, FveRole::none, with, FveNonces(seed).next(), FveKeyKind::recovery_key, key);
  RC_ASSERT(out.size() == sealed_key_bytes(key.size()));
  const auto datums = parse_datums(out);
  RC_ASSERT(datums && datums->size() == 1);
  const auto opened = open_sealed_key((*datums)[0].payload, with);
  RC_ASSERT(opened && opened->kind == FveKeyKind::recovery_key &&
            std::ranges::equal(opened->key.span(), key));
  RC_ASSERT(!open_sealed_key((*datums)[0].payload, other));
  out[*rc::gen::inRange<size_t>(8, out.size())] ^= 1;
  RC_ASSERT(!open_sealed_key((*parse_datums(out))[0].payload, with));
}

}  // namespace
