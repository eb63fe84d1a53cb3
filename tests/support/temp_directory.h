// A directory of its own for one test, removed with all that is in it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace seedbed::testing_support {

class TempDirectory {
 public:
  TempDirectory() : path_(testing::TempDir() + "seedbed-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr)
      throw std::runtime_error("no temporary directory can be made in " + testing::TempDir());
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const noexcept { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace seedbed::testing_support
