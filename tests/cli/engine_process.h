// The real engine as a process: started, killed at a moment, waited for. SEEDBED_BIN is the folder of the
// built binaries.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include <filesystem>
#include <fstream>

#include "engine/base/random.h"
#include "tests/support/command.h"
#include "tests/support/temp_directory.h"

namespace seedbed::testing_support {

inline std::string binary(const std::string& name) {
  return std::string(SEEDBED_BIN) + "/" + name;
}

inline CommandResult run_binary(const std::string& name, std::vector<std::string> arguments,
                                std::string_view input = {}) {
  arguments.insert(arguments.begin(), binary(name));
  return run_command(arguments, input);
}

// Runs until it ends or `after_us` have passed, then SIGKILL. True when it was killed.
inline bool run_and_kill(const std::string& name, const std::vector<std::string>& arguments, int after_us,
                         int& exit_code) {
  const std::string path = binary(name);
  std::vector<char*> words{const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  MemoryFile out("output");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out.descriptor(), 1);
  posix_spawn_file_actions_adddup2(&actions, out.descriptor(), 2);
  pid_t child = 0;
  if (posix_spawn(&child, path.c_str(), &actions, nullptr, words.data(), environ) != 0)
    throw std::runtime_error("cannot start " + path);
  posix_spawn_file_actions_destroy(&actions);
  pollfd ended{.fd = static_cast<int>(syscall(SYS_pidfd_open, child, 0)), .events = POLLIN, .revents = 0};
  const timespec limit{.tv_sec = after_us / 1'000'000, .tv_nsec = after_us % 1'000'000 * 1000};
  const bool in_time = ppoll(&ended, 1, &limit, nullptr) > 0;
  close(ended.fd);
  if (!in_time) kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (exit_code != 0 && exit_code != 137)
    throw std::runtime_error("the engine ended with " + std::to_string(exit_code) + ": " + out.read());
  return exit_code == 137;
}

// A source tree on the real file system: seeded content, a few directories, some small files.
inline void make_tree(const std::string& root, uint64_t seed, size_t files, size_t bytes_max) {
  Random random(seed);
  for (size_t i = 0; i < files; i++) {
    const std::string directory = root + "/d" + std::to_string(i % 7);
    std::filesystem::create_directories(directory);
    Bytes content(random.below(bytes_max));
    random.fill(content);
    std::ofstream(directory + "/f" + std::to_string(i), std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  }
}

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The drive's recovery password out of its journal, into a file of its own.
inline void write_key(const std::string& journal, const std::string& key_file) {
  const std::string text = read_text(journal);
  const size_t at = text.rfind("BitLockerKey: ");
  std::ofstream(key_file) << (at == std::string::npos ? "" : text.substr(at + 14, 55));
}

}  // namespace seedbed::testing_support
