// The rig as a process, and small scenario files for it. SEEDBED_BIN is the folder of the built binaries.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/command.h"
#include "tests/support/temp_directory.h"

namespace seedbed::testing_support {

class Rig : public testing::Test {
 protected:
  static CommandResult seedbed(std::vector<std::string> words) {
    words.insert(words.begin(), std::string(SEEDBED_BIN) + "/seedbed");
    return run_command(words);
  }
  // With the reports in a folder of this test.
  CommandResult run(std::vector<std::string> words) const {
    words.insert(words.begin(), "run");
    words.insert(words.end(), {"--out", out()});
    return seedbed(words);
  }
  std::string out() const { return directory_.file("out"); }
  std::string file(const std::string& name) const { return directory_.file(name); }

  std::string put(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = file(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }
  // A scenario of one small file and one small drive, and what else the text says.
  std::string put_scenario(const std::string& name, const std::string& rest = "",
                           const std::string& top = "") const {
    return put(name + ".toml",
               "name = \"the " + name + "\"\nproves = \"one file reaches a drive\"\n" + top +
                   "\n[source]\nusual = false\nfiles = [ { path = \"a.bin\", size = 70000 } ]\n"
                   "[[drive]]\ncapacity = \"16MiB\"\n" +
                   rest);
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  static void expect(const CommandResult& result, int exit_code, const std::string& says = "") {
    EXPECT_EQ(result.exit_code, exit_code) << result.text();
    EXPECT_NE(result.text().find(says), std::string::npos)
        << "expected \"" << says << "\" in: " << result.text();
  }

  static inline const std::string kSurvives = "";
  static inline const std::string kUnexpected = "[expect]\nverdict = \"refused\"\n";
  static inline const std::string kStuck =
      "[operator]\nboots_max = 3\n[[fault]]\nwhat = \"kill\"\nwhen = { event = \"drive.write\" }\ntimes = "
      "\"always\"\n";
  static inline const std::string kNeverReached =
      "[[fault]]\nwhat = \"kill\"\nwhen = { event = \"drive.write\", nth = 1000000 }\n";
  static inline const std::string kKilled =
      "[[fault]]\nwhat = \"kill\"\nwhen = { phase = \"data\", nth = 5 }\n";
  // The sync that makes the new journal's name durable lies: shown by a power cut only, until the next one.
  static inline const std::string kJournalLies =
      "[[fault]]\nwhat = \"sync-lie\"\nwhen = { event = \"directory.sync\", place = \"/desk\", phase = "
      "\"start\" }\n";

 private:
  TempDirectory directory_;
};

}  // namespace seedbed::testing_support
