// Rot at rest in what building and earlier sessions wrote: the proof of the session that is under way finds
// it wherever it is, and so does that of the next.
#include <gtest/gtest.h>

#include "tests/support/session_world.h"

namespace seedbed {
namespace {

using testing_support::CommandEnd;
using testing_support::Cut;
using testing_support::SessionWorld;

const std::vector<std::string> kResumeWords =
    SessionWorld::with({"/j:/desk/d.jrn", "/id:session-1", "/ResumeSession"});
const std::vector<std::string> kSecondWords =
    SessionWorld::with({"/j:/desk/d.jrn", "/id:session-2", "/srcdir:/more", "/dstdir:box/more/"});
constexpr uint64_t kSectorBytes = 512;

struct Place {
  std::string name;
  Extent sector;  // of the drive
};

// One sector, or the first and the last, of each kind of structure that building makes.
std::vector<Place> built_places(SessionWorld& world) {
  std::vector<Place> places;
  const auto known = world.history();
  if (!known) return places;
  Scheduler scheduler({.seed = 1, .start_ns = 1'000'000'000, .trace = {}});
  VirtualRuntime machine(scheduler, {.name = "map", .workers = 1, .utc_ns = 0, .costs = {}});
  Task task = machine.spawn("map", [&] {
    SimulatedDrive device(machine, world.drive);
    reference::DeviceSource whole(device);
    reference::DriveSecret secret;
    secret.kind = reference::DriveSecret::Kind::recovery_password;
    secret.text = SecretBytes::of_text(known->drive.recovery_password.text());
    auto opened = reference::Drive::open(whole, secret);
    if (!opened) return;
    reference::Drive& drive = **opened;
    const uint64_t capacity_bytes = world.drive.contract.capacity_bytes;
    const Extent partition = drive.partition().place;
    const auto add = [&](std::string name, uint64_t offset_bytes) {
      places.push_back({std::move(name), {round_down(offset_bytes, kSectorBytes), kSectorBytes}});
    };
    add("protective MBR", 0);
    add("unused GPT entries", 33 * kSectorBytes);
    add("GPT backup entries", capacity_bytes - 33 * kSectorBytes);
    add("GPT backup header", capacity_bytes - kSectorBytes);
    add("BitLocker header", partition.offset_bytes + 5 * kSectorBytes);
    for (int copy = 0; copy < 3; copy++)
      for (const uint64_t at_bytes : {uint64_t{0}, 64 * KiB - kSectorBytes})
        add(fmt::format("BitLocker metadata {} + {}", copy, at_bytes),
            partition.offset_bytes + drive.bitlocker().metadata_offset_bytes()[static_cast<size_t>(copy)] +
                at_bytes);
    add("relocated header's end",
        partition.offset_bytes + drive.bitlocker().relocated_header().end_bytes() - kSectorBytes);
    reference::NtfsVolume& ntfs = drive.ntfs();
    add("NTFS backup boot sector",
        partition.offset_bytes + ntfs.geometry().sectors * ntfs.geometry().sector_bytes);
    const auto stream = [&](const std::string& name, uint64_t record, uint32_t type, std::u16string_view of) {
      auto base = ntfs.read_record(record);
      if (!base) return;
      auto content = ntfs.gather(*base, type, of);
      if (!content || content->resident) return;
      const uint64_t cluster_bytes = ntfs.geometry().cluster_bytes;
      add(name, partition.offset_bytes + content->runs.front().lcn * cluster_bytes);
      const uint64_t end_bytes = content->initialized_bytes - 1;  // what is beyond is never read
      for (const auto& run : content->runs)
        if (end_bytes / cluster_bytes >= run.first_vcn &&
            end_bytes / cluster_bytes < run.first_vcn + run.clusters)
          add(name + "'s end",
              partition.offset_bytes + (run.lcn - run.first_vcn) * cluster_bytes + end_bytes);
    };
    constexpr uint32_t kData = 0x80, kIndex = 0xa0, kBitmap = 0xb0;
    stream("$MFT", 0, kData, u"");
    stream("$MFT's bitmap", 0, kBitmap, u"");
    stream("$MFTMirr", 1, kData, u"");
    stream("$LogFile", 2, kData, u"");
    stream("$AttrDef", 4, kData, u"");
    stream("root's index", 5, kIndex, u"$I30");
    stream("$Bitmap", 6, kData, u"");
    stream("$Secure", 9, kData, u"$SDS");
    stream("$UpCase", 10, kData, u"");
  });
  static_cast<void>(scheduler.run());
  task.reset();
  return places;
}

bool corrupt(const CommandEnd& end) {
  return end.outcome && !*end.outcome && end.outcome->error().code == ErrorCode::corrupt;
}
// The first page of $LogFile is looked at whenever the file system is opened.
bool not_clean(const CommandEnd& end) {
  return end.outcome && !*end.outcome && end.outcome->error().code == ErrorCode::refused &&
         end.text().find("not cleanly unmounted") != std::string::npos;
}
bool refused_by_the_proof(const CommandEnd& end) {
  return corrupt(end) && end.outcome->error().what == "the proof read back another volume than was built";
}

// A first session that was cut while it copied, its files laid out.
std::optional<SessionWorld> cut_in_data(const SessionWorld& fresh) {
  SessionWorld probe(fresh);
  const uint64_t port_calls = probe.command(SessionWorld::first_words()).port_calls;
  for (uint64_t at = port_calls / 4; at < port_calls; at += 5) {
    SessionWorld world(fresh);
    if (world.command(SessionWorld::first_words(), at).outcome) continue;
    const auto history = world.history();
    if (history && !history->sessions.empty() && history->sessions[0].checkpoint &&
        !history->sessions[0].data_done)
      return world;
  }
  return std::nullopt;
}

void plant_more_source(SessionWorld& world) {
  static_cast<void>(world.tree->make_directory("/more", 0755, 0));
  ASSERT_TRUE(world.tree->plant_file("/more/x.bin", Bytes(100'000, 7)));
  world.tree->settle();
}

Bytes file_of(const SessionWorld& world, const std::string& path) {
  const auto handle = world.tree->open(path, OpenMode::read, 0, 0);
  if (!handle) return {};
  Bytes bytes(1 * MiB);
  bytes.resize(world.tree->read(*handle, 0, bytes).value_or(0));
  world.tree->close(*handle);
  return bytes;
}

// The journal as a version without volume hashes would have written it.
void forget_volume_hashes(SessionWorld& world) {
  auto parsed = parse_records(as_text(file_of(world, "/desk/d.jrn")));
  ASSERT_TRUE(parsed);
  std::string text;
  uint32_t checksum = 0;
  for (size_t i = 0; i < parsed->records.size(); i++) {
    std::erase_if(parsed->records[i].fields,
                  [](const auto& field) { return field.first.starts_with("VolumeHash"); });
    checksum = encode_record(parsed->records[i], i + 1, checksum, text);
  }
  for (const char* path : {"/desk/d.jrn", "/desk/d.jrn.0.volume", "/desk/d.jrn.1.volume"})
    static_cast<void>(world.tree->remove(path, 0));
  ASSERT_TRUE(world.tree->plant_file("/desk/d.jrn", as_bytes(text), 0600));
  world.tree->settle();
}

TEST(RottenVolume, RotInWhatBuildingWroteIsRefusedByTheFirstSessionsProof) {
  SessionWorld fresh(31);
  fresh.put_usual_tree();
  const auto cut = cut_in_data(fresh);
  ASSERT_TRUE(cut);
  SessionWorld sound(*cut);
  ASSERT_TRUE(sound.command(kResumeWords).done());
  auto places = built_places(sound);
  ASSERT_GE(places.size(), 25u);
  uint64_t by_proof = 0;
  places.push_back({"the marker beyond its checksum", {kMarkerOffset_bytes + 3584, kSectorBytes}});
  for (const Place& place : places) {
    SessionWorld world(*cut);
    world.drive.rot(place.sector);
    const CommandEnd end = world.command(kResumeWords);
    EXPECT_TRUE(corrupt(end) || not_clean(end)) << place.name << ": " << end.text();
    if (refused_by_the_proof(end)) by_proof++;
  }
  EXPECT_GE(by_proof, 12u);  // the rest is noticed before: where opening looks, or a set would build on it
}

TEST(RottenVolume, RotBetweenTwoSessionsIsRefusedByTheSecond) {
  SessionWorld first(32);
  first.put_usual_tree();
  ASSERT_TRUE(first.command(SessionWorld::first_words()).done());
  plant_more_source(first);
  SessionWorld sound(first);
  ASSERT_TRUE(sound.command(kSecondWords).done());
  const auto places = built_places(first);
  ASSERT_GE(places.size(), 25u);
  uint64_t by_proof = 0;
  for (const Place& place : places) {
    SessionWorld world(first);
    world.drive.rot(place.sector);
    const CommandEnd end = world.command(kSecondWords);
    EXPECT_TRUE(corrupt(end) || not_clean(end)) << place.name << ": " << end.text();
    if (refused_by_the_proof(end)) by_proof++;
  }
  EXPECT_GE(by_proof, 12u);
}

// A set replaces 4096 bytes for the sake of one changed sector: rot beside it must not become part of the
// volume.
TEST(RottenVolume, NoSetIsBuiltOnRot) {
  SessionWorld first(33);
  first.put_usual_tree();
  ASSERT_TRUE(first.command(SessionWorld::first_words()).done());
  plant_more_source(first);
  SessionWorld done(first);
  ASSERT_TRUE(done.command(kSecondWords).done());
  uint64_t built_on = 0;
  const uint64_t capacity_bytes = first.drive.contract.capacity_bytes;
  Bytes before(4096), after(4096);
  for (uint64_t unit = 1 * MiB; unit < capacity_bytes; unit += 4096) {
    first.drive.cache.read(unit, before);
    done.drive.cache.read(unit, after);
    if (before == after || all_zero(before)) continue;
    for (uint64_t at = 0; at < 4096; at += kSectorBytes) {
      if (!std::equal(before.begin() + static_cast<ptrdiff_t>(at),
                      before.begin() + static_cast<ptrdiff_t>(at + kSectorBytes),
                      after.begin() + static_cast<ptrdiff_t>(at)))
        continue;
      SessionWorld world(first);
      world.drive.rot({unit + at, kSectorBytes});
      const CommandEnd end = world.command(kSecondWords);
      EXPECT_TRUE(corrupt(end)) << unit + at << ": " << end.text();
      built_on++;
    }
  }
  EXPECT_GT(built_on, 0u);
}

TEST(RottenVolume, AnAbortedSessionLeavesTheHashesOfBefore) {
  SessionWorld world(34);
  world.put_usual_tree();
  ASSERT_TRUE(world.command(SessionWorld::first_words()).done());
  plant_more_source(world);
  SessionWorld probe(world);
  const uint64_t port_calls = probe.command(kSecondWords).port_calls;
  uint64_t aborted = 0;
  for (uint64_t at = port_calls / 3; at < port_calls; at += port_calls / 12) {
    SessionWorld half(world);
    if (half.command(kSecondWords, at, Cut::host_power).outcome) continue;
    const CommandEnd abort =
        half.command(SessionWorld::with({"/j:/desk/d.jrn", "/id:session-2", "/AbortSession"}));
    if (!abort.done()) continue;  // complete already, or never begun
    aborted++;
    const CommandEnd third = half.command(
        SessionWorld::with({"/j:/desk/d.jrn", "/id:session-3", "/srcdir:/more", "/dstdir:box/more/"}));
    EXPECT_TRUE(third.done()) << at << ": " << third.text();
    EXPECT_TRUE(file_of(half, "/desk/d.jrn.1.volume").empty());
    EXPECT_TRUE(file_of(half, "/desk/d.jrn.2.volume").empty());
    EXPECT_FALSE(file_of(half, "/desk/d.jrn.3.volume").empty());
  }
  EXPECT_GT(aborted, 3u);
}

TEST(RottenVolume, AnotherHashFileOrNoneIsRefusedBeforeTheDriveIsWritten) {
  SessionWorld first(35);
  first.put_usual_tree();
  ASSERT_TRUE(first.command(SessionWorld::first_words()).done());
  plant_more_source(first);
  const std::string path = "/desk/d.jrn.1.volume";
  const Bytes good = file_of(first, path);
  ASSERT_FALSE(good.empty());
  for (const bool gone : {false, true}) {
    SessionWorld world(first);
    ASSERT_TRUE(world.tree->remove(path, 0));
    Bytes bad = good;
    bad[40] ^= 1;
    if (!gone) {
      ASSERT_TRUE(world.tree->plant_file(path, bad, 0600));
    }
    const uint64_t before = world.drive.cache.visible().hash();
    EXPECT_TRUE(corrupt(world.command(kSecondWords)));
    EXPECT_EQ(world.drive.cache.visible().hash(), before);
    if (gone) {
      ASSERT_TRUE(world.tree->plant_file(path, good, 0600));
      const CommandEnd again = world.command(kSecondWords);  // restored: the session goes on
      EXPECT_TRUE(again.done()) << again.text();
    }
  }
}

TEST(RottenVolume, AJournalFromBeforeThereWereHashesGoesOn) {
  SessionWorld fresh(36);
  fresh.put_usual_tree();
  const auto cut = cut_in_data(fresh);
  ASSERT_TRUE(cut);
  SessionWorld world(*cut);
  forget_volume_hashes(world);
  const CommandEnd resumed = world.command(kResumeWords);
  ASSERT_TRUE(resumed.done()) << resumed.text();
  EXPECT_EQ(world.history()->volume_hashes(), nullptr);
  plant_more_source(world);
  SessionWorld later(fresh);  // and one that was complete already
  ASSERT_TRUE(later.command(SessionWorld::first_words()).done());
  forget_volume_hashes(later);
  plant_more_source(later);
  for (SessionWorld* each : {&world, &later}) {
    const CommandEnd second = each->command(kSecondWords);
    EXPECT_TRUE(second.done()) << second.text();
    EXPECT_TRUE(each->judge({{"/source", "box/tree/"}, {"/more", "box/more/"}}).empty());
  }
}

TEST(RottenVolume, WithoutAProofTheHashesAreKeptAllTheSame) {
  SessionWorld world(37);
  world.put_usual_tree();
  world.session.proof = false;
  ASSERT_TRUE(world.command(SessionWorld::first_words()).done());
  world.session.proof = true;
  plant_more_source(world);
  const CommandEnd second = world.command(kSecondWords);
  EXPECT_TRUE(second.done()) << second.text();
}

}  // namespace
}  // namespace seedbed
