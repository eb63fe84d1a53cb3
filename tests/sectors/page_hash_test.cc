// MD5 lanes against OpenSSL, over every instruction set this CPU has (a missing one falls back, and is then
// compared too).
#include "engine/sectors/page_hash.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/random.h"
#include "engine/sectors/md5_lanes.h"

namespace seedbed {
namespace {

constexpr HashLanes kAllLanes[] = {HashLanes::automatic, HashLanes::avx512, HashLanes::avx2, HashLanes::none};

// Messages of the given lengths at odd addresses of one buffer.
struct Messages {
  Bytes storage;
  std::vector<ByteSpan> spans;

  explicit Messages(const std::vector<size_t>& lengths, uint64_t seed = 1) {
    size_t total = 0;
    for (size_t length : lengths) total += length + 1;
    storage.resize(total);
    Random(seed).fill(storage);
    size_t at = 0;
    for (size_t length : lengths) {
      spans.push_back(ByteSpan(storage).subspan(at, length));
      at += length + 1;
    }
  }
};

void expect_equals_openssl(const Messages& messages) {
  for (HashLanes lanes : kAllLanes) {
    std::vector<Md5> digests(messages.spans.size());
    md5_of_many(messages.spans, digests, lanes);
    for (size_t i = 0; i < digests.size(); ++i) {
      ASSERT_EQ(digests[i], md5_of(messages.spans[i]))
          << "message " << i << " of " << digests.size() << ", " << messages.spans[i].size()
          << " bytes, lanes " << int(lanes);
    }
  }
}

TEST(PageHash, EveryLengthUpTo300InOneCall) {
  std::vector<size_t> lengths(301);
  for (size_t i = 0; i < lengths.size(); ++i) lengths[i] = i;
  expect_equals_openssl(Messages(lengths));
}

TEST(PageHash, EveryCountUpTo40) {
  for (size_t count = 0; count <= 40; ++count) {
    expect_equals_openssl(Messages(std::vector<size_t>(count, 4096), count));
  }
}

TEST(PageHash, BigAndSmallTogether) {
  std::vector<size_t> lengths = {3 * 1024 * 1024 + 17, 0, 1, 65536, 63, 64, 65, 1024 * 1024};
  for (size_t i = 0; i < 30; ++i) lengths.push_back(i * 37);
  expect_equals_openssl(Messages(lengths));
}

RC_GTEST_PROP(PageHashProperty, AnyLengthsAnyCount, ()) {
  const auto count = *rc::gen::inRange<size_t>(1, 41);
  const auto length = rc::gen::oneOf(
      rc::gen::inRange<size_t>(0, 300), rc::gen::inRange<size_t>(0, 20000),
      rc::gen::map(
          rc::gen::pair(rc::gen::inRange<size_t>(1, 40), rc::gen::inRange<size_t>(0, 19)),
          [](const auto& pair) { return pair.first * 64 + pair.second - 10; }));  // round block edges
  const auto lengths = *rc::gen::container<std::vector<size_t>>(count, length);
  const Messages messages(lengths, *rc::gen::arbitrary<uint64_t>());
  for (HashLanes lanes : kAllLanes) {
    std::vector<Md5> digests(count);
    md5_of_many(messages.spans, digests, lanes);
    for (size_t i = 0; i < count; ++i) RC_ASSERT(digests[i] == md5_of(messages.spans[i]));
  }
}

TEST(PageHash, ASingleMessageThroughTheLanesToo) {  // md5_of_many would choose OpenSSL
  for (const Md5Kernel* kernel : {&kMd5Avx512, &kMd5Avx2}) {
    if (!kernel->usable()) continue;
    for (size_t length : {0, 1, 55, 56, 63, 64, 119, 120, 1000}) {
      const Messages one({length});
      Md5 digest;
      md5_in_lanes(*kernel, one.spans, {&digest, 1});
      EXPECT_EQ(digest, md5_of(one.spans[0])) << length;
    }
  }
}

TEST(PageHash, NamesTheLanes) {
  const std::string_view name = hash_lanes_name();
  EXPECT_EQ(name == "avx512", kMd5Avx512.usable());
  EXPECT_TRUE(name == "avx512" || name == "avx2" || name == "none");
}

}  // namespace
}  // namespace seedbed
