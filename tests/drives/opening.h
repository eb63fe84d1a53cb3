// What the tests of opening drives share: a scratch directory, and how an opening fails.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/linux/open_drive.h"
#include "tests/drives/loop_device.h"
#include "tests/drives/subject.h"

namespace seedbed {

class Opening : public testing::Test {
 protected:
  std::string image(uint64_t size_bytes = 4 * MiB) {
    make_sparse_file(scratch_ / "a.img", size_bytes);
    return scratch_ / "a.img";
  }
  auto open(const std::string& path, bool write = true) {
    return open_drive(path, {{.write = write, .busy_wait_ms = 0}, &notes_}, entropy_);
  }
  void expect_failure(const std::string& path, ErrorCode code, const std::string& words, bool write = true) {
    const auto opened = open(path, write);
    ASSERT_FALSE(opened) << path;
    EXPECT_EQ(opened.error().code, code) << opened.error().message();
    EXPECT_THAT(opened.error().message(), testing::HasSubstr(words));
    EXPECT_FALSE(opened.error().remedy.empty()) << opened.error().message();
  }
  void put(const std::string& name, const std::string& content) { std::ofstream(scratch_ / name) << content; }

  ScratchDirectory scratch_;
  SeededEntropy entropy_{1, 0};
  std::vector<std::string> notes_;
};

}  // namespace seedbed
