// The page hash log: what the journal vouches for is there; what lies beyond is cut.
#include "engine/journal/page_hash_log.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/random.h"
#include "engine/base/text.h"
#include "engine/ports/runtime.h"
#include "tests/journal/crashing_files.h"

namespace seedbed {
namespace {

using test::CrashingFiles;

constexpr const char* kHashesPath = "drive.jrn.1.hashes";

std::vector<Md5> some_hashes(size_t count, uint64_t seed = 1) {
  Random random(seed);
  std::vector<Md5> hashes(count);
  for (auto& hash : hashes) random.fill(hash);
  return hashes;
}

ByteSpan bytes_of(const std::vector<Md5>& hashes) {
  return {hashes.empty() ? nullptr : hashes[0].data(), hashes.size() * sizeof(Md5)};
}

TEST(PageHashLog, AppendsReadsAndOpensAtALength) {
  CrashingFiles files(1);
  const auto hashes = some_hashes(100'000);  // more than the mebibyte that open() reads at a time
  std::string vouched;
  {
    PageHashLog log = PageHashLog::create(files, kHashesPath).value();
    EXPECT_EQ(log.count(), 0u);
    EXPECT_EQ(log.sha256_hex(), hex_upper(sha256_of({})));
    ASSERT_TRUE(log.append(std::span(hashes).first(90'000)));
    vouched = log.sha256_hex();
    ASSERT_TRUE(log.append(std::span(hashes).subspan(90'000)));
    EXPECT_EQ(log.count(), 100'000u);
    EXPECT_EQ(log.sha256_hex(), hex_upper(sha256_of(bytes_of(hashes))));
    EXPECT_EQ(log.read(89'999, 2).value(), (std::vector<Md5>{hashes[89'999], hashes[90'000]}));
  }
  EXPECT_EQ(files.mode(kHashesPath), 0600u);
  PageHashLog log = PageHashLog::open(files, kHashesPath, 90'000 * 16, vouched).value();
  EXPECT_EQ(log.count(), 90'000u);
  EXPECT_EQ(log.length_bytes(), 90'000u * 16);
  EXPECT_EQ(log.sha256_hex(), vouched);
  EXPECT_EQ(files.content(kHashesPath).size(), 90'000u * 16);
  EXPECT_EQ(log.read(0, 90'000).value(), std::vector<Md5>(hashes.begin(), hashes.begin() + 90'000));
  ASSERT_TRUE(log.append(std::span(hashes).subspan(90'000)));
  EXPECT_EQ(log.sha256_hex(), hex_upper(sha256_of(bytes_of(hashes))));
}

TEST(PageHashLog, ReadsOnlyWhatIsThere) {
  CrashingFiles files(1);
  PageHashLog log = PageHashLog::create(files, kHashesPath).value();
  ASSERT_TRUE(log.append(some_hashes(3)));
  EXPECT_TRUE(log.read(3, 0).value().empty());
  EXPECT_FALSE(log.read(0, 4));
  EXPECT_FALSE(log.read(4, 0));
  EXPECT_FALSE(log.read(1, UINT64_MAX));
}

TEST(PageHashLog, RefusesWhatTheJournalDidNotVouchFor) {
  CrashingFiles files(1);
  const auto hashes = some_hashes(4);
  std::string digest;
  {
    PageHashLog log = PageHashLog::create(files, kHashesPath).value();
    ASSERT_TRUE(log.append(hashes));
    digest = log.sha256_hex();
  }
  EXPECT_EQ(PageHashLog::open(files, "none", 0, digest).error().code, ErrorCode::corrupt);
  EXPECT_EQ(PageHashLog::open(files, kHashesPath, 80, digest).error().code, ErrorCode::corrupt)
      << "longer than the file";
  EXPECT_EQ(PageHashLog::open(files, kHashesPath, 63, digest).error().code, ErrorCode::corrupt)
      << "not a number of hashes";
  EXPECT_EQ(PageHashLog::open(files, kHashesPath, UINT64_MAX - 15, digest).error().code, ErrorCode::corrupt);
  EXPECT_EQ(PageHashLog::open(files, kHashesPath, 48, digest).error().code, ErrorCode::corrupt)
      << "the digest of another length";
  EXPECT_EQ(PageHashLog::open(files, kHashesPath, 64, "").error().code, ErrorCode::corrupt);
  Bytes bytes = files.content(kHashesPath);
  for (size_t at = 0; at < bytes.size(); at++) {
    bytes[at] ^= 0x10;
    files.set_content(kHashesPath, bytes);
    ASSERT_EQ(PageHashLog::open(files, kHashesPath, 64, digest).error().code, ErrorCode::corrupt);
    ASSERT_EQ(files.content(kHashesPath), bytes) << "a refused file stays as it is";
    bytes[at] ^= 0x10;
  }
  files.set_content(kHashesPath, bytes);
  EXPECT_TRUE(PageHashLog::open(files, kHashesPath, 64, digest));
}

TEST(PageHashLog, AfterAFailedSyncNothingMoreIsAppended) {
  CrashingFiles files(1);
  PageHashLog log = PageHashLog::create(files, kHashesPath).value();
  const auto hashes = some_hashes(2);
  ASSERT_TRUE(log.append(hashes));
  const std::string digest = log.sha256_hex();
  files.fail_sync_at(0);
  EXPECT_FALSE(log.append(hashes));
  const auto again = log.append(hashes);
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().remedy, "");
  EXPECT_EQ(log.count(), 2u);
  EXPECT_EQ(log.sha256_hex(), digest);
  PageHashLog reopened = PageHashLog::open(files, kHashesPath, 32, digest).value();
  EXPECT_TRUE(reopened.append(hashes));
}

// Checkpoints are taken after appends; a crash at any call, then the last checkpoint must open, and go on.
RC_GTEST_PROP(PageHashLogCrashes, TheLastCheckpointAlwaysOpens, ()) {
  CrashingFiles files(*rc::gen::arbitrary<uint64_t>());
  auto log = std::make_optional(PageHashLog::create(files, kHashesPath).value());
  std::vector<Md5> all;  // what was vouched for
  std::string vouched = log->sha256_hex();
  const int rounds = *rc::gen::inRange(1, 12);
  for (int round = 0; round < rounds; round++) {
    const auto more = some_hashes(*rc::gen::inRange<size_t>(0, 700), static_cast<uint64_t>(round));
    const int trouble = *rc::gen::inRange(0, 5);
    if (trouble == 1) files.fail_sync_at(0);
    if (trouble >= 2) files.crash_at(*rc::gen::inRange<uint64_t>(0, 3));
    bool appended = false;
    try {
      appended = log->append(more).has_value();
    } catch (const Killed&) {
    }
    if (appended) {
      all.insert(all.end(), more.begin(), more.end());
      vouched = log->sha256_hex();
    }
    if (trouble == 0) continue;
    log.reset();
    if (trouble % 2 == 0)
      files.power_cut();
    else
      files.kill();
    auto opened = PageHashLog::open(files, kHashesPath, all.size() * 16, vouched);
    RC_ASSERT(opened.has_value());
    log = std::move(*opened);
    RC_ASSERT(log->read(0, log->count()).value() == all);
  }
}

}  // namespace
}  // namespace seedbed
