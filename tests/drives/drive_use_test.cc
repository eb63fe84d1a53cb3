// What uses a drive, on made-up kernel trees.
#include "engine/linux/drive_use.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

#include "tests/drives/loop_device.h"
#include "tests/drives/subject.h"

namespace seedbed {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(Mountinfo, reads_numbers_points_and_sources) {
  const auto entries = parse_mountinfo(
      "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
      "40 35 8:17 / /media/my\\040disk\\134x rw shared:5 unbindable - ntfs3 /dev/sdb1 rw\n"
      "41 35 0:45 /sub /data rw - btrfs /dev/sdc2 rw,subvol=/sub\n");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].device_number, makedev(98, 0));
  EXPECT_EQ(entries[0].mount_point, "/mnt2");
  EXPECT_EQ(entries[0].source, "/dev/root");
  EXPECT_EQ(entries[1].device_number, makedev(8, 17));
  EXPECT_EQ(entries[1].mount_point, "/media/my disk\\x");
  EXPECT_EQ(entries[1].source, "/dev/sdb1");
  EXPECT_EQ(entries[2].source, "/dev/sdc2");
}

TEST(Mountinfo, passes_over_what_is_no_entry) {
  EXPECT_THAT(parse_mountinfo(""), IsEmpty());
  EXPECT_THAT(
      parse_mountinfo("\n\n36 35\n36 35 x:0 / / rw - a b c\n1 2 9999999999:1 / /m rw - a b\n1 2 8:1 /\n"),
      IsEmpty());
}

TEST(Swaps, gives_the_paths) {
  EXPECT_THAT(parse_swaps("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/sda2      "
                          "partition\t100\t0\t-2\n/swap\\040file   file\t1\t0\t-3\n"),
              ElementsAre("/dev/sda2", "/swap file"));
  EXPECT_THAT(parse_swaps("Filename Type\n"), IsEmpty());
  EXPECT_THAT(parse_swaps(""), IsEmpty());
}

RC_GTEST_PROP(MountinfoProperty, any_text_is_survived, (const std::string& text)) {
  parse_mountinfo(text);
  parse_swaps(text);
}

RC_GTEST_PROP(MountinfoProperty, any_path_comes_through_the_kernels_escapes, ()) {
  const auto path =
      "/" + *rc::gen::container<std::string>(rc::gen::distinctFrom(rc::gen::arbitrary<char>(), '\0'));
  std::string escaped;
  for (const char c : path)
    escaped +=
        c == ' ' || c == '\t' || c == '\n' || c == '\\' ? fmt::format("\\{:03o}", c) : std::string(1, c);
  const auto entries = parse_mountinfo("1 2 8:1 / " + escaped + " rw - ext4 /dev/sda1 rw\n");
  RC_ASSERT(entries.size() == 1u);
  RC_ASSERT(entries[0].mount_point == path);
}

RC_GTEST_PROP(MountinfoProperty, mutated_lines_are_survived, ()) {
  std::string text =
      "40 35 8:17 / /media/my\\040disk rw shared:5 - ntfs3 /dev/sdb1 rw\n36 35 98:0 /a /b rw - ext3 "
      "/dev/root rw\n";
  for (int i = *rc::gen::inRange(1, 8); i > 0; --i)
    text[*rc::gen::inRange<size_t>(0, text.size())] =
        *rc::gen::element(' ', '\n', '\\', ':', '-', '9', '\0', 'x');
  for (const MountEntry& entry : parse_mountinfo(text)) RC_ASSERT(!entry.mount_point.empty());
}

// A machine with sda (sda1, sda2, sda2 under dm-0) and a free sdb.
class FakeTrees : public testing::Test {
 protected:
  FakeTrees() {
    block("sda", "8:0");
    block("sda/sda1", "8:1");
    put("sys/devices/block/sda/sda1/partition", "1");
    block("sda/sda2", "8:2");
    put("sys/devices/block/sda/sda2/partition", "2");
    block("sdb", "8:16");
    block("dm-0", "253:0");
    put("proc/self/mountinfo", "1 2 0:22 / /proc rw - proc proc rw\n");
    put("proc/swaps", "Filename Type Size Used Priority\n");
  }

  void put(const std::string& path, const std::string& content) {
    fs::create_directories(fs::path(scratch_ / path).parent_path());
    std::ofstream(scratch_ / path) << content << "\n";
  }
  void block(const std::string& below, const std::string& number) {
    const std::string directory = "sys/devices/block/" + below;
    put(directory + "/dev", number);
    const std::string name = fs::path(below).filename();
    for (const std::string& link :
         {"sys/dev/block/" + number, "sys/class/block/" + name, "sys/block/" + name}) {
      fs::create_directories(fs::path(scratch_ / link).parent_path());
      fs::create_symlink(scratch_ / directory, scratch_ / link);
    }
  }
  DriveUse use_of(unsigned minor) {
    const auto node = find_block_node(makedev(8, minor), trees_);
    EXPECT_TRUE(node);
    auto use = use_of_drive(node.value(), trees_);
    EXPECT_TRUE(use) << why(use);
    return use.value();
  }

  ScratchDirectory scratch_;
  SystemTrees trees_{.proc = scratch_ / "proc", .sys = scratch_ / "sys"};
};

TEST_F(FakeTrees, nodes_are_found_by_number) {
  const auto disk = find_block_node(makedev(8, 0), trees_);
  ASSERT_TRUE(disk);
  EXPECT_EQ(disk->name, "sda");
  EXPECT_FALSE(disk->partition);
  EXPECT_TRUE(find_block_node(makedev(8, 1), trees_)->partition);
  EXPECT_FALSE(find_block_node(makedev(9, 9), trees_));
}

TEST_F(FakeTrees, a_free_drive_is_free_and_partitions_are_its_own) {
  EXPECT_THAT(use_of(16).in_use, IsEmpty());
  EXPECT_THAT(use_of(16).device_numbers, ElementsAre(makedev(8, 16)));
  EXPECT_THAT(use_of(0).in_use, IsEmpty());
  EXPECT_THAT(use_of(0).device_numbers, UnorderedElementsAre(makedev(8, 0), makedev(8, 1), makedev(8, 2)));
}

TEST_F(FakeTrees, mounts_of_partitions_count) {
  put("proc/self/mountinfo",
      "1 2 8:1 / /mnt/a\\040b rw - ext4 /dev/root rw\n1 2 8:2 / /c rw - ext4 /dev/sda2 rw");
  EXPECT_THAT(use_of(0).in_use,
              ElementsAre("/dev/sda1 is mounted at /mnt/a b", "/dev/sda2 is mounted at /c"));
  EXPECT_THAT(use_of(16).in_use, IsEmpty());
}

TEST_F(FakeTrees, a_mount_is_known_by_its_source_where_its_number_is_its_own) {
  put("proc/self/mountinfo", "1 2 0:45 / /data rw - btrfs /dev/sdb rw");
  EXPECT_THAT(use_of(16).in_use, ElementsAre("/dev/sdb is mounted at /data"));
}

TEST_F(FakeTrees, swap_counts) {
  put("proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2");
  EXPECT_THAT(use_of(0).in_use, ElementsAre("/dev/sda2 holds swap"));
}

TEST_F(FakeTrees, holders_count_with_what_is_on_them) {
  put("sys/devices/block/sda/sda2/holders/dm-0", "");
  put("sys/devices/block/dm-0/holders/dm-0", "");  // a loop in the tree ends the walk, not the process
  put("proc/self/mountinfo", "1 2 253:0 / /vault rw - ext4 /dev/mapper/vault rw");
  const DriveUse use = use_of(0);
  EXPECT_THAT(use.in_use,
              testing::IsSupersetOf({"/dev/sda2 is part of /dev/dm-0", "/dev/dm-0 is mounted at /vault"}));
  EXPECT_THAT(use.device_numbers, testing::Contains(makedev(253, 0)));
}

TEST_F(FakeTrees, loop_devices_over_a_drive_or_an_image_count) {
  put("sys/block/loop7/loop/backing_file", "/dev/sdb");
  put("sys/block/loop8/loop/backing_file", scratch_ / "image");
  put("image", "");
  EXPECT_THAT(use_of(16).in_use, ElementsAre("/dev/sdb is attached to /dev/loop7"));
  EXPECT_THAT(loops_over(scratch_ / "image", trees_), ElementsAre("/dev/loop8"));
  fs::create_hard_link(scratch_ / "image", scratch_ / "other name");
  EXPECT_THAT(loops_over(scratch_ / "other name", trees_), ElementsAre("/dev/loop8"));
  EXPECT_THAT(loops_over(scratch_ / "no such", trees_), IsEmpty());
}

TEST_F(FakeTrees, without_a_mount_table_nobody_calls_a_drive_free) {
  fs::remove(scratch_ / "proc/self/mountinfo");
  EXPECT_FALSE(use_of_drive(*find_block_node(makedev(8, 0), trees_), trees_));
}

}  // namespace
}  // namespace seedbed
