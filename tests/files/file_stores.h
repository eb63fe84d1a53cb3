// The fixture of the conformance suite of FileStore: every backend, one set of tests.
#pragma once

#include <gtest/gtest.h>

#include "engine/ports/file_store.h"
#include "tests/files/file_world.h"

namespace seedbed {

using MakeWorld = std::unique_ptr<FileWorld> (*)();

class FileStores : public testing::TestWithParam<std::pair<const char*, MakeWorld>> {
 protected:
  std::string at(const std::string& name) { return join_path(world_->root(), name); }
  FileStore& files() { return world_->files(); }
  void run(const std::function<void()>& body) { world_->run(body); }

  void write(const std::string& name, std::string_view content, uint32_t mode = 0600) {
    auto file = files().open(at(name), OpenMode::create, mode);
    ASSERT_TRUE(file) << file.error().message();
    ASSERT_TRUE((*file)->truncate(0));
    ASSERT_TRUE((*file)->write_at(0, as_bytes(content)));
  }
  std::string read(const std::string& name) {
    const auto content = read_file(files(), at(name), 1 * MiB);
    return content ? std::string(as_text(*content)) : "<" + content.error().message() + ">";
  }
  std::vector<std::string> names(const std::string& path) {
    std::vector<std::string> out;
    const auto entries = files().list(path);
    EXPECT_TRUE(entries) << entries.error().message();
    if (entries)
      for (const DirectoryEntry& entry : *entries) out.push_back(entry.name);
    return out;
  }

  std::unique_ptr<FileWorld> world_ = GetParam().second();
};

template <typename T>
testing::AssertionResult fails_with(const Result<T>& result, ErrorCode code) {
  if (result) return testing::AssertionFailure() << "it succeeded";
  if (result.error().code != code)
    return testing::AssertionFailure()
           << error_code_name(result.error().code) << ": " << result.error().message();
  if (result.error().where.empty())
    return testing::AssertionFailure() << "it does not say where: " << result.error().message();
  return testing::AssertionSuccess();
}

}  // namespace seedbed
