// Damage lies apart from pristine bytes: retries do not heal it, writing anew does once it is durable.
#include "simulator/drive_damage.h"

#include <gtest/gtest.h>

#include "tests/drives/drive_world.h"

namespace seedbed {
namespace {

using Damage = DriveWorld;

Bytes read_bytes(BlockDevice& device, uint64_t offset_bytes, uint64_t length_bytes) {
  Bytes bytes(length_bytes);
  EXPECT_TRUE(read_device(device, offset_bytes, bytes));
  return bytes;
}

TEST_F(Damage, rot_changes_one_byte_of_each_sector_the_same_at_every_read) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state);
    ASSERT_TRUE(write_device(drive, 0, Bytes(4 * kPage, 7)));
    const uint64_t pristine = state.cache.visible().hash();
    state.rot({kPage, kPage});
    state.rot({kPage + 512, 512});  // twice the same place is no cure
    const Bytes rotten = read_bytes(drive, 0, 4 * kPage);
    for (size_t sector = 0; sector < 32; ++sector) {
      const auto begin = rotten.begin() + static_cast<std::ptrdiff_t>(sector * 512);
      EXPECT_EQ(std::count(begin, begin + 512, 7), sector / 8 == 1 ? 511 : 512) << sector;
    }
    EXPECT_EQ(read_bytes(drive, 0, 4 * kPage), rotten);
    EXPECT_EQ(read_bytes(drive, kPage, kPage), Bytes(rotten.begin() + kPage, rotten.begin() + 2 * kPage));
    EXPECT_EQ(state.cache.visible().hash(), pristine);
    EXPECT_EQ(state.damaged(), (std::vector<Extent>{{kPage, kPage}}));
  });
}

TEST_F(Damage, overwriting_heals_when_it_is_durable) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state);
    ASSERT_TRUE(write_device(drive, 0, Bytes(2 * kPage, 1)));
    ASSERT_TRUE(flush_device(drive, 1));
    state.rot({0, 2 * kPage});
    const Bytes rotten = read_bytes(drive, 0, 2 * kPage);
    ASSERT_TRUE(write_page(drive, 0, 2));
    EXPECT_EQ(read_bytes(drive, 0, kPage), Bytes(kPage, 2));  // from the cache
    DriveState cut = state;
    cut.power_cut(kNone);
    SimulatedDrive other(host.runtime(), cut);
    EXPECT_EQ(read_bytes(other, 0, 2 * kPage), rotten);  // the cut took the cure back
    ASSERT_TRUE(flush_device(drive, 1));
    EXPECT_EQ(state.damaged(), (std::vector<Extent>{{kPage, kPage}}));
    EXPECT_EQ(read_bytes(drive, 0, kPage), Bytes(kPage, 2));
    EXPECT_NE(read_bytes(drive, kPage, kPage), Bytes(kPage, 1));
  });
}

TEST_F(Damage, what_befalls_a_write_in_the_cache_is_not_healed_by_that_write) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state);
    ASSERT_TRUE(write_page(drive, 0, 1));
    state.rot({0, kPage});
    EXPECT_NE(read_bytes(drive, 0, kPage), Bytes(kPage, 1));
    ASSERT_TRUE(flush_device(drive, 1));
    EXPECT_NE(read_bytes(drive, 0, kPage), Bytes(kPage, 1));
    EXPECT_EQ(state.damaged().size(), 1u);
  });
}

TEST_F(Damage, what_was_replaced_is_read_until_it_is_written_anew_and_durable) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state);
    ASSERT_TRUE(write_device(drive, 0, Bytes(3 * kPage, 1)));
    ASSERT_TRUE(flush_device(drive, 1));
    const uint64_t before = state.hash();
    state.replace(kPage, Bytes(2 * kPage, 9));
    EXPECT_NE(state.hash(), before);
    EXPECT_EQ(read_bytes(drive, 0, kPage), Bytes(kPage, 1));
    EXPECT_EQ(read_bytes(drive, kPage, 2 * kPage), Bytes(2 * kPage, 9));
    ASSERT_TRUE(write_page(drive, 1, 5));
    ASSERT_TRUE(flush_device(drive, 1));
    EXPECT_EQ(read_bytes(drive, kPage, kPage), Bytes(kPage, 5));
    EXPECT_EQ(read_bytes(drive, 2 * kPage, kPage), Bytes(kPage, 9)) << "the rest stays replaced";
    EXPECT_EQ(state.damaged(), (std::vector<Extent>{{2 * kPage, kPage}}));
  });
}

TEST_F(Damage, a_sector_that_cannot_be_read_is_named_and_healed_by_writing) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state);
    ASSERT_TRUE(write_page(drive, 1, 1));
    state.make_unreadable({kPage + 600, 1});  // in its second sector
    for (int retry = 0; retry < 2; ++retry) {
      Bytes bytes(4 * kPage);
      const Status read = read_device(drive, 0, bytes);
      ASSERT_FALSE(read);
      EXPECT_EQ(read.error().code, ErrorCode::io_error);
      EXPECT_NE(read.error().where.find("byte 4608"), std::string::npos) << read.error().where;
    }
    EXPECT_EQ(read_page(drive, 0), 0);
    ASSERT_TRUE(write_page(drive, 1, 2));
    EXPECT_EQ(read_page(drive, 1), 2);
    ASSERT_TRUE(flush_device(drive, 1));
    EXPECT_TRUE(state.damaged().empty());
  });
}

TEST_F(Damage, a_place_that_refuses_writes_does_so_until_it_is_healed) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state);
    state.refuse_writes({2 * kPage, 512});
    for (int retry = 0; retry < 2; ++retry) {
      const Status written = write_device(drive, kPage, Bytes(2 * kPage, 3));
      EXPECT_EQ(code_of(written), ErrorCode::io_error);
      EXPECT_EQ(visible(state, 1), 0);  // none of it
    }
    EXPECT_TRUE(write_page(drive, 3, 3));
    EXPECT_EQ(read_page(drive, 2), 0);
    state.heal();
    EXPECT_TRUE(write_page(drive, 2, 3));
  });
}

TEST_F(Damage, a_request_in_flight_meets_the_place_that_came_to_refuse_writes) {
  run([&] {
    SimulatedDrive drive(host.runtime(), state);
    submit_page(drive, 2, 1);
    state.refuse_writes({2 * kPage, kPage});
    EXPECT_EQ(code_of(reap_all(drive).at(0).outcome), ErrorCode::io_error);
    EXPECT_TRUE(state.pending().empty());
  });
}

TEST_F(Damage, one_switch_heals_all_of_it) {
  state.rot({0, 100});
  state.make_unreadable({300, 1000});
  state.refuse_writes({10 * kPage, ~uint64_t{0} - 10 * kPage});  // to the end of the drive
  EXPECT_EQ(state.damaged(), (std::vector<Extent>{{0, 1536}, {10 * kPage, 1 * MiB - 10 * kPage}}));
  state.heal();
  EXPECT_TRUE(state.damaged().empty());
  EXPECT_EQ(state.hash(), DriveState("S2", contract()).hash());
}

TEST_F(Damage, copies_are_damaged_apart) {
  DriveState copy = state;
  copy.rot({0, kPage});
  EXPECT_TRUE(state.damaged().empty());
  EXPECT_NE(copy.hash(), state.hash());
}

}  // namespace
}  // namespace seedbed
