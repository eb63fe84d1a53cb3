#include "engine/linux/drive_use.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/text.h"
#include "engine/linux/small_file.h"

namespace seedbed {

static constexpr uint64_t kProcBoundBytes = 16 * MiB;

// The next field up to a blank; `rest` goes on behind it.
static std::string_view next_field(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  const std::string_view field = rest.substr(0, rest.find_first_of(" \t"));
  rest.remove_prefix(field.size());
  return field;
}

static std::string_view next_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

// The kernel writes blanks, tabs, newlines and backslashes of paths as \ooo.
static std::string unescape(std::string_view field) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string text;
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && is_octal(field[i + 1]) && is_octal(field[i + 2]) &&
        is_octal(field[i + 3])) {
      text += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
      i += 3;
    } else {
      text += field[i];
    }
  }
  return text;
}

// "8:1" as st_dev.
static std::optional<uint64_t> parse_device_number(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto major = parse_u64(text.substr(0, colon));
  const auto minor = parse_u64(text.substr(colon + 1));
  if (!major || !minor || *major > 0xfff || *minor > 0xfffff)
    return std::nullopt;  // 12 and 20 bits in the kernel
  return makedev(static_cast<unsigned>(*major), static_cast<unsigned>(*minor));
}

// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
std::vector<MountEntry> parse_mountinfo(std::string_view text) {
  std::vector<MountEntry> entries;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    next_field(line);
    next_field(line);
    const auto device_number = parse_device_number(next_field(line));
    next_field(line);
    const std::string_view mount_point = next_field(line);
    if (!device_number || mount_point.empty()) continue;
    std::string_view field;
    do field = next_field(line);  // options and any number of optional fields, ended by a dash
    while (!field.empty() && field != "-");
    next_field(line);
    entries.push_back({*device_number, unescape(mount_point), unescape(next_field(line))});
  }
  return entries;
}

std::vector<std::string> parse_swaps(std::string_view text) {
  std::vector<std::string> paths;
  next_line(text);  // the heading
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const std::string_view path = next_field(line);
    if (path.starts_with('/')) paths.push_back(unescape(path));
  }
  return paths;
}

// Kernel names write the slash of a node's path as '!'.
static std::string node_path(std::string name) {
  std::ranges::replace(name, '!', '/');
  return "/dev/" + name;
}

std::optional<BlockNode> find_block_node(uint64_t device_number, const SystemTrees& trees) {
  const std::string link = trees.sys + "/dev/block/" + std::to_string(major(device_number)) + ":" +
                           std::to_string(minor(device_number));
  const std::string directory = resolved_path(link);
  if (read_attribute(directory + "/dev").empty()) return std::nullopt;
  const bool partition = !read_attribute(directory + "/partition").empty();
  return BlockNode{directory.substr(directory.rfind('/') + 1), directory, partition};
}

static bool same_file(const std::string& left, const std::string& right) {
  struct stat a{}, b{};
  return left == right || (::stat(left.c_str(), &a) == 0 && ::stat(right.c_str(), &b) == 0 &&
                           a.st_ino == b.st_ino && a.st_dev == b.st_dev);
}

std::vector<std::string> loops_over(const std::string& real_path, const SystemTrees& trees) {
  std::vector<std::string> loops;
  for (const std::string& name : list_names(trees.sys + "/block")) {
    if (!name.starts_with("loop")) continue;
    const std::string backing = read_attribute(trees.sys + "/block/" + name + "/loop/backing_file");
    if (!backing.empty() && same_file(backing, real_path)) loops.push_back(node_path(name));
  }
  return loops;
}

namespace {

// One walk over a drive, its partitions and everything stacked on them.
class UseWalk {
 public:
  UseWalk(const SystemTrees& trees, std::vector<MountEntry> mounts, std::vector<std::string> swaps)
      : trees_(trees), mounts_(std::move(mounts)), swaps_(std::move(swaps)) {}

  void visit(const std::string& directory) {
    const std::string name = directory.substr(directory.rfind('/') + 1);
    if (std::ranges::find(seen_, name) != seen_.end()) return;
    seen_.push_back(name);
    const std::string path = node_path(name);
    const auto number = parse_device_number(read_attribute(directory + "/dev"));
    if (number) use_.device_numbers.push_back(*number);
    for (const MountEntry& mount : mounts_)  // btrfs mounts have a number of their own, but name the device
      if ((number && mount.device_number == *number) || mount.source == path)
        use_.in_use.push_back(path + " is mounted at " + mount.mount_point);
    for (const std::string& swap : swaps_)
      if (is_node(swap, path, number)) use_.in_use.push_back(path + " holds swap");
    for (const std::string& loop : loops_over(path, trees_))
      use_.in_use.push_back(path + " is attached to " + loop);
    for (const std::string& holder : list_names(directory + "/holders")) {
      use_.in_use.push_back(path + " is part of " + node_path(holder));
      const std::string link = trees_.sys + "/class/block/" + holder;
      visit(resolved_path(link));
    }
    for (const std::string& child : list_names(directory))
      if (!read_attribute(directory + "/" + child + "/partition").empty()) visit(directory + "/" + child);
  }

  DriveUse take() { return std::move(use_); }

 private:
  static bool is_node(const std::string& candidate, const std::string& path, std::optional<uint64_t> number) {
    struct stat status{};
    return candidate == path || (number && ::stat(candidate.c_str(), &status) == 0 &&
                                 S_ISBLK(status.st_mode) && status.st_rdev == *number);
  }

  const SystemTrees& trees_;
  std::vector<MountEntry> mounts_;
  std::vector<std::string> swaps_;
  std::vector<std::string> seen_;
  DriveUse use_;
};

}  // namespace

Result<DriveUse> use_of_drive(const BlockNode& node, const SystemTrees& trees) {
  // Without these nobody can say that the drive is free.
  const std::string mountinfo = TRY(read_small_file(trees.proc + "/self/mountinfo", kProcBoundBytes));
  std::string swaps;
  if (auto text = read_small_file(trees.proc + "/swaps", kProcBoundBytes))
    swaps = std::move(*text);
  else if (text.error().code != ErrorCode::not_found)
    return std::unexpected(text.error());  // a kernel without swap has no such file
  UseWalk walk(trees, parse_mountinfo(mountinfo), parse_swaps(swaps));
  walk.visit(node.directory);
  return walk.take();
}

}  // namespace seedbed
