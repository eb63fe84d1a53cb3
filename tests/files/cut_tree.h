// Small words for tests of what a power cut leaves of a FileTree.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "simulator/file_tree.h"

namespace seedbed {

inline std::string read(FileTree& tree, const std::string& path) {
  const auto handle = tree.open(path, OpenMode::read, 0, 0);
  if (!handle) return std::string("<") + error_code_name(handle.error().code) + ">";
  Bytes out(tree.size(*handle).value());
  EXPECT_EQ(tree.read(*handle, 0, out), out.size());
  tree.close(*handle);
  return std::string(as_text(out));
}

// Made, written and synced; the name is not.
inline void make(FileTree& tree, const std::string& path, std::string_view text, uint64_t event = 0) {
  const auto handle = tree.open(path, OpenMode::create_new, 0600, 0, event);
  ASSERT_TRUE(handle) << handle.error().message();
  ASSERT_TRUE(tree.write(*handle, 0, as_bytes(text), 0));
  ASSERT_TRUE(tree.sync(*handle));
  tree.close(*handle);
}

inline FileTree cut(FileTree tree, const Survivors& survivors) {
  tree.power_cut(survivors);
  return tree;
}

}  // namespace seedbed
