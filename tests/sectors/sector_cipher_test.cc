#include "engine/sectors/sector_cipher.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <rapidcheck/gtest.h>

#include "engine/base/random.h"
#include "engine/base/text.h"
#include "engine/sectors/xts_vaes.h"

using namespace seedbed;

namespace {

// IEEE 1619-2018, annex B, vectors 4 and 5: 512-byte data units 0 and 1; the plain text of 5 is the cipher
// text of 4.
constexpr std::string_view kIeeeKey = "2718281828459045235360287471352631415926535897932384626433832795";
constexpr std::string_view kIeeeUnit0 =
    "27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89cc78cf7f5e543445f8333d8fa7f560000"
    "05279fa5d8b5e4ad40e736ddb4d35412328063fd2aab53e5ea1e0a9f332500a5df9487d07a5c92cc512c8866c7e860ce"
    "93fdf166a24912b422976146ae20ce846bb7dc9ba94a767aaef20c0d61ad02655ea92dc4c4e41a8952c651d33174be51"
    "a10c421110e6d81588ede82103a252d8a750e8768defffed9122810aaeb99f9172af82b604dc4b8e51bcb08235a6f434"
    "1332e4ca60482a4ba1a03b3e65008fc5da76b70bf1690db4eae29c5f1badd03c5ccf2a55d705ddcd86d449511ceb7ec3"
    "0bf12b1fa35b913f9f747a8afd1b130e94bff94effd01a91735ca1726acd0b197c4e5b03393697e126826fb6bbde8ecc"
    "1e08298516e2c9ed03ff3c1b7860f6de76d4cecd94c8119855ef5297ca67e9f3e7ff72b1e99785ca0a7e7720c5b36dc6"
    "d72cac9574c8cbbc2f801e23e56fd344b07f22154beba0f08ce8891e643ed995c94d9a69c9f1b5f499027a78572aeebd"
    "74d20cc39881c213ee770b1010e4bea718846977ae119f7a023ab58cca0ad752afe656bb3c17256a9f6e9bf19fdd5a38"
    "fc82bbe872c5539edb609ef4f79c203ebb140f2e583cb2ad15b4aa5b655016a8449277dbd477ef2c8d6c017db738b18d"
    "eb4a427d1923ce3ff262735779a418f20a282df920147beabe421ee5319d0568";
constexpr std::string_view kIeeeUnit1 =
    "264d3ca8512194fec312c8c9891f279fefdd608d0c027b60483a3fa811d65ee59d52d9e40ec5672d81532b38b6b089ce"
    "951f0f9c35590b8b978d175213f329bb1c2fd30f2f7f30492a61a532a79f51d36f5e31a7c9a12c286082ff7d2394d18f"
    "783e1a8e72c722caaaa52d8f065657d2631fd25bfd8e5baad6e527d763517501c68c5edc3cdd55435c532d7125c8614d"
    "eed9adaa3acade5888b87bef641c4c994c8091b5bcd387f3963fb5bc37aa922fbfe3df4e5b915e6eb514717bdd2a7407"
    "9a5073f5c4bfd46adf7d282e7a393a52579d11a028da4d9cd9c77124f9648ee383b1ac763930e7162a8d37f350b2f74b"
    "8472cf09902063c6b32e8c2d9290cefbd7346d1c779a0df50edcde4531da07b099c638e83a755944df2aef1aa31752fd"
    "323dcb710fb4bfbb9d22b925bc3577e1b8949e729a90bbafeacf7f7879e7b1147e28ba0bae940db795a61b15ecf4df8d"
    "b07b824bb062802cc98a9545bb2aaeed77cb3fc6db15dcd7d80d7d5bc406c4970a3478ada8899b329198eb61c193fb62"
    "75aa8ca340344a75a862aebe92eee1ce032fd950b47d7704a3876923b4ad62844bf4a09c4dbe8b4397184b7471360c95"
    "64880aedddb9baa4af2e75394b08cd32ff479c57a07d3eab5d54de5f9738b8d27f27a9f0ab11799d7b7ffefb2704c95c"
    "6ad12c39f1e867a4b7b1d7818a4b753dfd2a89ccb45e001a03a867b187f225dd";

SecretBytes key_of(std::string_view hex) {
  return SecretBytes(ByteSpan(*parse_hex(hex)));
}

SecretBytes random_key(uint64_t seed) {
  SecretBytes key(32);
  Random(seed).fill(key.mutable_span());
  return key;
}

Bytes random_bytes(uint64_t seed, size_t size_bytes) {
  Bytes out(size_bytes);
  Random(seed).fill(out);
  return out;
}

Bytes counting_bytes(size_t size_bytes) {
  Bytes out(size_bytes);
  for (size_t i = 0; i < size_bytes; i++) out[i] = static_cast<uint8_t>(i);
  return out;
}

// One data unit by OpenSSL in the plainest way, as a witness apart from the code under test.
Bytes openssl_unit(const SecretBytes& key, uint64_t sector, ByteSpan plain) {
  uint8_t tweak[16] = {};
  store_le(tweak, 0, sector);
  Bytes out(plain.size());
  int done_bytes = 0;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  EXPECT_EQ(EVP_EncryptInit(context, EVP_aes_128_xts(), key.span().data(), tweak), 1);
  EXPECT_EQ(EVP_EncryptUpdate(context, out.data(), &done_bytes, plain.data(), static_cast<int>(plain.size())),
            1);
  EVP_CIPHER_CTX_free(context);
  return out;
}

class SectorCipherPaths : public testing::TestWithParam<CipherPath> {};

TEST_P(SectorCipherPaths, gives_the_published_vectors) {
  auto cipher = SectorCipher::make(key_of(kIeeeKey), 512, GetParam());
  ASSERT_TRUE(cipher) << cipher.error().message();
  Bytes unit = counting_bytes(512);
  cipher->encrypt(0, unit);
  EXPECT_EQ(hex_lower(unit), kIeeeUnit0);
  cipher->encrypt(512, unit);
  EXPECT_EQ(hex_lower(unit), kIeeeUnit1);
  cipher->decrypt(512, unit);
  EXPECT_EQ(hex_lower(unit), kIeeeUnit0);
  cipher->decrypt(0, unit);
  EXPECT_EQ(unit, counting_bytes(512));
}

TEST_P(SectorCipherPaths, numbers_sectors_from_the_start_of_the_partition) {
  const SecretBytes key = random_key(7);
  for (const uint32_t sector_bytes : {512U, 4096U}) {
    auto cipher = SectorCipher::make(key, sector_bytes, GetParam());
    ASSERT_TRUE(cipher);
    // Sector numbers around 2^32 catch a truncated tweak
    const uint64_t first_sector = (uint64_t{1} << 32) - 2;
    const Bytes plain = random_bytes(8, size_t{5} * sector_bytes);
    Bytes data = plain;
    cipher->encrypt(first_sector * sector_bytes, data);
    for (uint64_t i = 0; i < 5; i++) {
      const ByteSpan unit = ByteSpan(plain).subspan(i * sector_bytes, sector_bytes);
      EXPECT_EQ(Bytes(data.begin() + static_cast<long>(i * sector_bytes),
                      data.begin() + static_cast<long>((i + 1) * sector_bytes)),
                openssl_unit(key, first_sector + i, unit));
    }
  }
}

TEST_P(SectorCipherPaths, a_clone_does_the_same_and_outlives_its_original) {
  auto original = SectorCipher::make(random_key(3), 4096, GetParam());
  ASSERT_TRUE(original);
  Bytes one = random_bytes(4, 8192), two = one;
  SectorCipher copy = original->clone();
  EXPECT_EQ(copy.path_name(), original->path_name());
  EXPECT_EQ(copy.sector_bytes(), 4096U);
  original->encrypt(4096, one);
  *original = copy.clone();
  copy.encrypt(4096, two);
  EXPECT_EQ(one, two);
  original->decrypt(4096, two);
  EXPECT_EQ(two, random_bytes(4, 8192));
}

TEST_P(SectorCipherPaths, refuses_what_is_no_key) {
  SecretBytes equal_halves(32);
  auto refused = SectorCipher::make(equal_halves, 512, GetParam());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(refused.error().what.find("equal"), std::string::npos) << refused.error().message();
  EXPECT_FALSE(SectorCipher::make(SecretBytes(64), 512, GetParam()));
  EXPECT_FALSE(SectorCipher::make(SecretBytes(), 512, GetParam()));
  EXPECT_FALSE(SectorCipher::make(random_key(1), 520, GetParam()));
  EXPECT_FALSE(SectorCipher::make(random_key(1), 0, GetParam()));
}

TEST_P(SectorCipherPaths, part_of_a_sector_is_a_bug_and_not_ciphered) {
  auto cipher = SectorCipher::make(random_key(1), 4096, GetParam());
  ASSERT_TRUE(cipher);
  Bytes data(4096);
  EXPECT_THROW(cipher->encrypt(512, data), std::logic_error);
  EXPECT_THROW(cipher->decrypt(0, MutableByteSpan(data).first(512)), std::logic_error);
  EXPECT_TRUE(all_zero(data));
}

INSTANTIATE_TEST_SUITE_P(sector_cipher, SectorCipherPaths,
                         testing::Values(CipherPath::openssl, CipherPath::vaes), [](const auto& info) {
                           return info.param == CipherPath::openssl ? "openssl" : "vaes";
                         });

TEST(SectorCipher, takes_vaes_wherever_the_cpu_has_it) {
  auto cipher = SectorCipher::make(random_key(1), 512);
  ASSERT_TRUE(cipher);
  EXPECT_EQ(cipher->path_name(), xts_vaes_supported() ? "vaes" : "openssl");
  std::cout << "sector cipher on this machine: " << cipher->path_name() << "\n";
}

// Unaligned memory, any count of sectors around the batches of sixteen, any sector number.
RC_GTEST_PROP(SectorCipher, both_paths_agree_and_decryption_undoes_encryption, ()) {
  const uint32_t sector_bytes = *rc::gen::element(512U, 4096U);
  const size_t sectors = *rc::gen::inRange<size_t>(0, 50);
  const size_t shift_bytes = *rc::gen::inRange<size_t>(0, 64);
  const uint64_t first_sector = *rc::gen::arbitrary<uint64_t>() % (UINT64_MAX / sector_bytes - sectors);
  const uint64_t seed = *rc::gen::arbitrary<uint64_t>();
  auto evp = SectorCipher::make(random_key(seed), sector_bytes, CipherPath::openssl);
  auto own = SectorCipher::make(random_key(seed), sector_bytes, CipherPath::vaes);
  RC_ASSERT(evp && own);
  const Bytes plain = random_bytes(seed + 1, shift_bytes + sectors * sector_bytes + 64);
  Bytes by_evp = plain, by_own = plain;
  const auto part = [&](Bytes& bytes) {
    return MutableByteSpan(bytes).subspan(shift_bytes, sectors * sector_bytes);
  };
  evp->encrypt(first_sector * sector_bytes, part(by_evp));
  own->encrypt(first_sector * sector_bytes, part(by_own));
  RC_ASSERT(by_evp == by_own);
  if (sectors > 0) RC_ASSERT(by_own != plain);
  evp->decrypt(first_sector * sector_bytes, part(by_own));
  RC_ASSERT(by_own == plain);
  own->decrypt(first_sector * sector_bytes, part(by_evp));
  RC_ASSERT(by_evp == plain);
}

}  // namespace
