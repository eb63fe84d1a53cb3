// engine/base/checksum against the published vectors: RFC 1321 (MD5), FIPS 180 (SHA-2), the CRC catalogue's
// check value (CRC-32).
#include "engine/base/checksum.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text.h"

namespace seedbed {
namespace {

TEST(Md5Digest, VectorsOfRfc1321) {
  EXPECT_EQ(hex_lower(md5_of({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex_lower(md5_of(as_bytes("abc"))), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(hex_lower(md5_of(as_bytes("message digest"))), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hex_lower(md5_of(as_bytes(
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890"))),
            "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(Sha2Digest, VectorsOfFips180) {
  EXPECT_EQ(hex_lower(sha256_of({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_lower(sha256_of(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_lower(sha256_of(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex_lower(sha512_of(as_bytes("abc"))),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Crc32, CheckValueAndContinuation) {
  EXPECT_EQ(crc32_of(as_bytes("123456789")), 0xcbf43926u);
  EXPECT_EQ(crc32_of({}), 0u);
  EXPECT_EQ(crc32_of(as_bytes("56789"), crc32_of(as_bytes("1234"))), 0xcbf43926u);
  EXPECT_EQ(crc32_of({}, 0xcbf43926u), 0xcbf43926u);  // nothing more leaves it as it was
}

RC_GTEST_PROP(Digest, PiecesGiveTheSameAsTheWhole, (const std::vector<Bytes>& pieces)) {
  for (const DigestKind kind : {DigestKind::md5, DigestKind::sha256, DigestKind::sha512}) {
    Digest digest(kind);
    Bytes whole;
    uint32_t crc = 0;
    for (const Bytes& piece : pieces) {
      digest.update(piece);
      append(whole, piece);
      crc = crc32_of(piece, crc);
      const Bytes so_far = digest.snapshot();  // and the context goes on
      Bytes expected;
      if (kind == DigestKind::md5) append(expected, md5_of(whole));
      if (kind == DigestKind::sha256) append(expected, sha256_of(whole));
      if (kind == DigestKind::sha512) append(expected, sha512_of(whole));
      RC_ASSERT(so_far == expected);
    }
    RC_ASSERT(crc == crc32_of(whole));
  }
}

}  // namespace
}  // namespace seedbed
