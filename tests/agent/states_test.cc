// What agent and disk preparation keep between runs: read back as written, and believed whole or not at all.
// And the plan of which file goes on which drive.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/agent/agent_state.h"
#include "engine/prep/disk_prep_state.h"
#include "engine/prep/drive_plan.h"

namespace seedbed {
namespace {

AgentState sample_agent_state() {
  AgentState state;
  state.phase = SeedPhase::ingesting;
  state.item = "fileserver";
  state.backup_id = "00112233445566778899aabbccddeeff";
  state.kdf.salt = Bytes(32, 7);
  state.key_check = Bytes(16, 9);
  state.job = "job1";
  state.subscription = "sub";
  state.resource_group = "rg";
  state.account = "account1";
  state.container = "seed";
  state.job_seen = true;
  state.upload = "ffeeddccbbaa99887766554433221100";
  state.point = "0123456789abcdef0123456789abcdef";
  state.point_utc_ns = 1'478'044'800'000'000'000;
  state.proven_chunks = 77;
  state.increments = 3;
  return state;
}

DiskPrepState sample_prep_state() {
  DiskPrepState state;
  state.job = "job1";
  state.account = "account1";
  state.staging = "/staging with: blanks";
  state.staging_checked = true;
  state.drives = {
      {.target = "/dev/sdb",
       .serial = "S1",
       .journal = "job1-S1.jrn",
       .files = {{"job1_001.BaseBlob", 512}, {"job1_001.AIBBlob", 1024}},
       .complete = true},
      {.target = "disk.img", .serial = "S2", .journal = "job1-S2.jrn", .files = {}, .complete = false}};
  return state;
}

TEST(States, AreReadBackAsWritten) {
  const auto agent = parse_agent_state(encode_agent_state(sample_agent_state()), "f");
  ASSERT_TRUE(agent) << agent.error().message();
  EXPECT_EQ(*agent, sample_agent_state());
  const auto prep = parse_disk_prep_state(encode_disk_prep_state(sample_prep_state()), "f");
  ASSERT_TRUE(prep) << prep.error().message();
  EXPECT_EQ(*prep, sample_prep_state());
}

RC_GTEST_PROP(States, AnyDamageIsNoticed, ()) {
  for (std::string text :
       {encode_agent_state(sample_agent_state()), encode_disk_prep_state(sample_prep_state())}) {
    const bool agent = text.starts_with("seedbed-agent");
    const auto at = *rc::gen::inRange<size_t>(0, text.size());
    if (*rc::gen::inRange(0, 2) == 0)
      text[at] = static_cast<char>(text[at] ^ *rc::gen::inRange(1, 256));
    else
      text.resize(at);
    if (agent)
      RC_ASSERT(parse_agent_state(text, "f").error().code == ErrorCode::corrupt);
    else
      RC_ASSERT(parse_disk_prep_state(text, "f").error().code == ErrorCode::corrupt);
  }
}

RC_GTEST_PROP(DrivePlanOfFiles, PutsEveryFileOnceAndNoDriveOverItsRoom, ()) {
  const auto sizes = *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange<uint32_t>(0, 1000));
  const auto rooms = *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange<uint32_t>(0, 2000));
  std::vector<StagedFile> files;
  for (size_t i = 0; i < sizes.size(); i++) files.push_back({"f" + std::to_string(i), sizes[i]});
  const auto sum = [](const std::vector<StagedFile>& some) {
    uint64_t bytes = 0;
    for (const StagedFile& file : some) bytes += file.size_bytes;
    return bytes;
  };
  const auto plan = plan_drives(files, rooms.size(), [&](size_t drive, const std::vector<StagedFile>& some) {
    return Result<bool>(sum(some) <= rooms[drive]);
  });
  RC_ASSERT(plan.has_value());
  std::vector<StagedFile> all = plan->left;
  for (size_t i = 0; i < rooms.size(); i++) {
    RC_ASSERT(sum(plan->drives[i]) <= rooms[i]);
    all.insert(all.end(), plan->drives[i].begin(), plan->drives[i].end());
    for (const StagedFile& file : plan->left) RC_ASSERT(sum(plan->drives[i]) + file.size_bytes > rooms[i]);
  }
  std::ranges::sort(all, {}, &StagedFile::name);
  std::ranges::sort(files, {}, &StagedFile::name);
  RC_ASSERT(all == files);
}

}  // namespace
}  // namespace seedbed
