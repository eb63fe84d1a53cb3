// engine/base/log: the form of a line, levels, and a file that only its owner reads.
#include "engine/base/log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace seedbed {
namespace {

constexpr int64_t kInstant_ns = 1'478'111'054'735'000'000;

std::string content_of(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

TEST(Log, StampsLinesByTheGivenClock) {
  std::vector<std::string> lines;
  Logger logger([] { return kInstant_ns; }, [&](std::string_view line) { lines.emplace_back(line); });
  logger.info("drive 1: 50% {} %s");
  logger.warning("slow");
  logger.write(LogLevel::error, "broken");
  logger.write(LogLevel::debug, "not asked for");
  EXPECT_EQ(lines,
            (std::vector<std::string>{"2016/11/02 18:24:14.735 I drive 1: 50% {} %s",
                                      "2016/11/02 18:24:14.735 W slow", "2016/11/02 18:24:14.735 E broken"}));
}

TEST(Log, ATextIsOneLine) {
  std::vector<std::string> lines;
  Logger logger([] { return kInstant_ns; }, [&](std::string_view line) { lines.emplace_back(line); },
                LogLevel::debug);
  logger.write(LogLevel::debug, "name \"a\n2016/11/02 forged\x1b[2J\"");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "2016/11/02 18:24:14.735 D name \"a\\x0a2016/11/02 forged\\x1b[2J\"");
}

TEST(Log, DropsEverythingByDefault) {
  Logger().info("nowhere");
}

TEST(Log, FileIsAppendedToAndPrivate) {
  std::string folder = testing::TempDir() + "logXXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/verbose.log";
  std::ofstream(path) << "earlier\n";
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  const mode_t umask_before = ::umask(0);
  {
    auto logger = Logger::to_file(path, [] { return kInstant_ns; });
    ASSERT_TRUE(logger) << logger.error().message();
    logger->info("now");
    EXPECT_EQ(content_of(path), "earlier\n2016/11/02 18:24:14.735 I now\n");  // at once, not when it closes
  }
  ::umask(umask_before);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);

  ASSERT_EQ(::symlink(path.c_str(), (folder + "/link").c_str()), 0);
  EXPECT_FALSE(Logger::to_file(folder + "/link", [] { return kInstant_ns; }));
  const auto missing = Logger::to_file(folder + "/none/verbose.log", [] { return kInstant_ns; });
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace seedbed
