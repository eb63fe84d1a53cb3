#include <gtest/gtest.h>

#include "tests/support/session_world.h"

namespace seedbed {
namespace {

using testing_support::CommandEnd;
using testing_support::Cut;
using testing_support::SessionWorld;

std::string joined(const std::vector<std::string>& findings) {
  std::string text;
  for (const std::string& finding : findings) text += finding + '\n';
  return text;
}

const std::vector<std::string> kResume =
    SessionWorld::with({"/j:/desk/d.jrn", "/id:session-1", "/ResumeSession"});
const std::vector<std::string> kAbort =
    SessionWorld::with({"/j:/desk/d.jrn", "/id:session-1", "/AbortSession"});
const std::vector<std::string> kSecond =
    SessionWorld::with({"/j:/desk/d.jrn", "/id:session-2", "/srcdir:/more", "/dstdir:box/more/"});

ErrorCode code_of(const CommandEnd& end) {
  return end.outcome && !*end.outcome ? end.outcome->error().code : ErrorCode::internal;
}

void plant_second_source(SessionWorld& world) {
  static_cast<void>(world.tree->make_directory("/more", 0755, 0));
  ASSERT_TRUE(world.tree->plant_file("/more/x.bin", Bytes(100'000, 7)));
}

uint64_t port_calls_of_first_session(const SessionWorld& fresh) {
  SessionWorld world(fresh);
  return world.command(SessionWorld::first_words()).port_calls;
}

TEST(Session, PreparesADriveThatAnIndependentJudgeFindsRight) {
  for (const uint32_t sector_bytes : {512u, 4096u}) {
    SessionWorld world(7, 48 * MiB, sector_bytes);
    world.put_usual_tree();
    const CommandEnd end = world.command(SessionWorld::first_words());
    ASSERT_TRUE(end.done()) << end.text();
    EXPECT_EQ((*end.outcome)->report.renamed.size(), 2u);
    EXPECT_EQ(joined(world.judge()), "");
  }
}

TEST(Session, TheSameCommandAgainSaysItIsComplete) {
  SessionWorld world(8);
  world.put_usual_tree();
  ASSERT_TRUE(world.command(SessionWorld::first_words()).done());
  const uint64_t before = world.drive.cache.visible().hash();
  const CommandEnd again = world.command(SessionWorld::first_words());
  ASSERT_TRUE(again.done()) << again.text();
  EXPECT_EQ((*again.outcome)->kind, PrepOutcome::Kind::already_complete);
  EXPECT_EQ(world.drive.cache.visible().hash(), before);
}

TEST(Session, PageBlobsAreListedByPageRanges) {
  SessionWorld world(10);
  world.put("a.vhd", 128 * 512);
  world.put("b.vhd", 300 * 512);
  world.tree->settle();
  auto words = SessionWorld::first_words();
  words.push_back("/BlobType:PageBlob");
  const CommandEnd end = world.command(words);
  ASSERT_TRUE(end.done()) << end.text();
  EXPECT_EQ(joined(world.judge()), "");
}

TEST(Session, AFileThatVanishedOrShrankIsNamed) {
  SessionWorld world(22);
  world.put_usual_tree();
  const uint64_t port_calls = port_calls_of_first_session(world);
  ASSERT_FALSE(world.command(SessionWorld::first_words(), port_calls / 2).outcome);
  ASSERT_TRUE(world.tree->remove("/source/z.bin", 0));
  const CommandEnd gone = world.command(kResume);
  EXPECT_EQ(code_of(gone), ErrorCode::source_changed) << gone.text();
  world.put("z.bin", 200'000);  // the same bytes and time again: the session goes on
  world.tree->settle();
  const CommandEnd back = world.command(kResume);
  EXPECT_TRUE(back.done()) << back.text();
}

TEST(Session, ASecondSessionKeepsTheFirst) {
  SessionWorld world(9);
  world.put_usual_tree();
  ASSERT_TRUE(world.command(SessionWorld::first_words()).done());
  plant_second_source(world);
  const CommandEnd end = world.command(kSecond);
  ASSERT_TRUE(end.done()) << end.text();
  EXPECT_EQ(joined(world.judge({{"/source", "box/tree/"}, {"/more", "box/more/"}})), "");
}

// Killed at port calls all over the session, the first session included, then resumed: always the right
// drive.
void kill_everywhere(Cut cut, uint64_t step, bool short_form) {
  SessionWorld fresh(11);
  fresh.put_usual_tree();
  const uint64_t port_calls = port_calls_of_first_session(fresh);
  ASSERT_GT(port_calls, 200u);
  uint64_t killed = 0;
  for (uint64_t at = 1; at < port_calls; at += step) {
    SessionWorld world(fresh);
    const CommandEnd first = world.command(SessionWorld::first_words(), at, cut);
    ASSERT_TRUE(first.stuck.empty()) << "killed at " << at << ": " << first.stuck;
    if (first.outcome) continue;
    killed++;
    CommandEnd second = world.command(short_form ? kResume : SessionWorld::first_words());
    if (short_form && code_of(second) == ErrorCode::not_found)
      second = world.command(SessionWorld::first_words());  // nothing had been recorded yet
    ASSERT_TRUE(second.done()) << "killed at " << at << " of " << port_calls << ": " << second.text();
    if (killed % 16 == 1) {
      EXPECT_EQ(joined(world.judge()), "") << "killed at " << at;
    }
  }
  EXPECT_GT(killed, 10u);
}

TEST(Session, ResumesAfterAKillAnywhere) {
  kill_everywhere(Cut::kill, 11, true);
}
TEST(Session, ResumesAfterAPowerCutAnywhere) {
  kill_everywhere(Cut::host_power, 11, false);
}

TEST(Session, AbortAnywhereLeavesADriveForAnotherSession) {
  SessionWorld fresh(12);
  fresh.put_usual_tree();
  const uint64_t port_calls = port_calls_of_first_session(fresh);
  uint64_t aborted = 0;
  for (uint64_t at = 40; at < port_calls; at += 37) {
    SessionWorld world(fresh);
    if (world.command(SessionWorld::first_words(), at, Cut::host_power).outcome) continue;
    const CommandEnd abort = world.command(kAbort);
    if (code_of(abort) == ErrorCode::not_found) continue;  // nothing was begun
    if (code_of(abort) == ErrorCode::refused) {            // it was complete already
      EXPECT_TRUE(world.command(SessionWorld::first_words()).done());
      continue;
    }
    ASSERT_TRUE(abort.done()) << "killed at " << at << ": " << abort.text();
    aborted++;
    const CommandEnd next = world.command(
        SessionWorld::with({"/j:/desk/d.jrn", "/id:session-2", "/srcdir:/source", "/dstdir:box/tree/"}));
    ASSERT_TRUE(next.done()) << "killed at " << at << ": " << next.text();
    if (aborted % 8 == 1) {
      EXPECT_EQ(joined(world.judge()), "") << "killed at " << at;
    }
  }
  EXPECT_GT(aborted, 5u);
}

TEST(Session, AnInterruptedAbortCanOnlyBeFinished) {
  SessionWorld fresh(13);
  fresh.put_usual_tree();
  SessionWorld half(fresh);
  ASSERT_FALSE(half.command(SessionWorld::first_words(), port_calls_of_first_session(fresh) * 4 / 5).outcome);
  SessionWorld probe(half);
  const CommandEnd probed = probe.command(kAbort);
  ASSERT_TRUE(probed.done()) << probed.text();
  uint64_t refused = 0;
  for (uint64_t at = 1; at < probed.port_calls; at += 7) {
    SessionWorld world(half);
    if (world.command(kAbort, at, Cut::host_power).outcome) continue;
    SessionWorld other(world);
    const CommandEnd resume = other.command(kResume);
    if (!resume.done()) {
      refused++;
      EXPECT_TRUE(code_of(resume) == ErrorCode::refused || code_of(resume) == ErrorCode::not_found)
          << resume.text();
    }
    const CommandEnd abort = world.command(kAbort);
    EXPECT_TRUE(abort.done() || code_of(abort) == ErrorCode::refused)
        << abort.text();  // refused: the abort was complete before the kill
  }
  EXPECT_GT(refused, 0u);
}

TEST(Session, AnotherDriveInTheSlotIsRefusedBeforeAByteIsWritten) {
  SessionWorld world(14);
  world.put_usual_tree();
  ASSERT_FALSE(
      world.command(SessionWorld::first_words(), port_calls_of_first_session(world) * 3 / 4).outcome);
  world.drive.identity.serial = "OTHER1";
  const uint64_t before = world.drive.cache.visible().hash();
  const CommandEnd end = world.command(kResume);
  EXPECT_EQ(code_of(end), ErrorCode::refused) << end.text();
  EXPECT_EQ(world.drive.cache.visible().hash(), before);
}

TEST(Session, ADriveInUseOrHoldingSourceAndJournalIsRefusedWithTheFact) {
  SessionWorld mounted(23);
  mounted.put_usual_tree();
  mounted.drive.identity.in_use = {"/dev/sim1 is mounted at /mnt"};
  const CommandEnd in_use = mounted.command(SessionWorld::first_words());
  EXPECT_EQ(code_of(in_use), ErrorCode::refused) << in_use.text();
  EXPECT_NE(in_use.text().find("mounted at /mnt"), std::string::npos) << in_use.text();
  EXPECT_EQ(mounted.drive.cache.completed(), 0u);

  SessionWorld own(24);
  own.put_usual_tree();
  own.drive.identity.device_numbers = {FileTreeOptions{}.device};
  const CommandEnd holds = own.command(SessionWorld::first_words());
  EXPECT_EQ(code_of(holds), ErrorCode::refused) << holds.text();
  EXPECT_NE(holds.text().find("lies on the target drive"), std::string::npos) << holds.text();
  EXPECT_EQ(own.drive.cache.completed(), 0u);
}

TEST(Session, AnOldCopyOfTheDriveIsRefused) {
  SessionWorld world(15);
  world.put_usual_tree();
  ASSERT_TRUE(world.command(SessionWorld::first_words()).done());
  const DriveState old_drive = world.drive;
  plant_second_source(world);
  ASSERT_TRUE(world.command(kSecond).done());
  world.drive = old_drive;
  const CommandEnd end = world.command(
      SessionWorld::with({"/j:/desk/d.jrn", "/id:session-3", "/srcdir:/more", "/dstdir:box/third/"}));
  EXPECT_EQ(code_of(end), ErrorCode::refused) << end.text();
}

TEST(Session, AnotherJournalsUnfinishedSessionIsRefusedEvenSilently) {
  SessionWorld world(16);
  world.put_usual_tree();
  ASSERT_FALSE(
      world.command(SessionWorld::first_words(), port_calls_of_first_session(world) * 3 / 4).outcome);
  auto words = SessionWorld::first_words();
  words[0] = "/j:/desk/other.jrn";
  const CommandEnd end = world.command(words);
  EXPECT_EQ(code_of(end), ErrorCode::refused) << end.text();
}

TEST(Session, AChangedSourceIsNoticed) {
  SessionWorld world(17);
  world.put_usual_tree();
  ASSERT_FALSE(
      world.command(SessionWorld::first_words(), port_calls_of_first_session(world) * 3 / 4).outcome);
  world.put("late.bin", 10);
  const CommandEnd end = world.command(kResume);
  EXPECT_EQ(code_of(end), ErrorCode::source_changed) << end.text();
}

TEST(Session, ADriveThatHoldsAVolumeIsNotFormattedUnasked) {
  SessionWorld world(18);
  world.put_usual_tree();
  ASSERT_TRUE(world.command(SessionWorld::first_words()).done());
  auto words = SessionWorld::first_words();
  words[0] = "/j:/desk/new.jrn";
  std::erase(words, "/silentmode");
  const uint64_t before = world.drive.cache.visible().hash();
  const CommandEnd unattended = world.command(words);
  EXPECT_EQ(code_of(unattended), ErrorCode::refused) << unattended.text();
  world.person.answer("no");
  const CommandEnd declined = world.command(words);
  EXPECT_EQ(code_of(declined), ErrorCode::refused) << declined.text();
  EXPECT_EQ(world.drive.cache.visible().hash(), before);
  world.person.answer("yes");
  const CommandEnd agreed = world.command(words);
  EXPECT_TRUE(agreed.done()) << agreed.text();
}

TEST(Session, TooSmallADriveIsRefusedBeforeItIsTouched) {
  SessionWorld world(19);
  world.put("big.bin", 60 * MiB);
  world.tree->settle();
  const CommandEnd end = world.command(SessionWorld::first_words());
  EXPECT_EQ(code_of(end), ErrorCode::refused) << end.text();
  EXPECT_EQ(world.drive.cache.completed(), 0u);
}

TEST(Session, APlanTouchesNothing) {
  SessionWorld world(20);
  world.put_usual_tree();
  const CommandEnd end = world.command(SessionWorld::first_words(), 0, Cut::none, true);
  ASSERT_TRUE(end.done()) << end.text();
  EXPECT_EQ((*end.outcome)->plan->source.files.size(), 7u);
  EXPECT_EQ(world.drive.cache.completed(), 0u);
  EXPECT_FALSE(world.tree->stat("/desk/d.jrn"));
}

// The drive as it was before any data, under a journal that has checkpoints: what a lying flush leaves.
TEST(Session, ACheckpointThatTheDriveDoesNotHoldIsRefused) {
  SessionWorld fresh(21);
  fresh.put_usual_tree();
  const uint64_t port_calls = port_calls_of_first_session(fresh);
  std::optional<DriveState> without_data;
  uint64_t refused = 0;
  for (uint64_t at = port_calls / 3; at < port_calls; at += 9) {
    SessionWorld world(fresh);
    if (world.command(SessionWorld::first_words(), at, Cut::host_power).outcome) continue;
    const auto history = world.history();
    if (!history || history->sessions.empty() || history->sessions[0].files_set.state != SetState::applied)
      continue;
    const SessionHistory& session = history->sessions[0];
    if (!session.checkpoint) {
      if (!without_data)
        without_data = world.drive;  // the earliest: nothing flushed that a checkpoint will speak of
    } else if (without_data && !session.data_done) {
      world.drive = *without_data;
      const CommandEnd end = world.command(kResume);
      EXPECT_EQ(code_of(end), ErrorCode::refused) << end.text();
      refused++;
    }
  }
  EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace seedbed
