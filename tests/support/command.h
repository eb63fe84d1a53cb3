// Runs a program and waits for it: arguments as they are (no shell), a text as its input, output and exit
// code caught. For tests that let independent tools look at what the engine wrote. Any thread.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace seedbed::testing_support {

struct CommandResult {
  int exit_code = 0;  // 128 + signal when one ended it
  std::string output, errors;
  bool ok() const noexcept { return exit_code == 0; }
  // Everything, for the message of a failed expectation
  std::string text() const { return "exit code " + std::to_string(exit_code) + "\n" + output + errors; }
};

// The full path of an installed program (a name with a slash is one already); /sbin and /usr/sbin are looked at even where PATH leaves them out.
inline std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  const char* const path = std::getenv("PATH");
  std::istringstream folders((path != nullptr ? std::string(path) : std::string()) +
                             ":/usr/sbin:/sbin:/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = folder + "/" + name;
    if (!folder.empty() && access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

// "" when the program is there, else what to do. Use: ASSERT_EQ(missing_program("mkntfs", "ntfs-3g"), "");
inline std::string missing_program(const std::string& name, std::string_view debian_package) {
  if (find_program(name)) return "";
  return "the program " + name + " is not installed: apt-get install " + std::string(debian_package);
}

// An unnamed file in memory: a pipe would block where a program writes much before it reads.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name) : descriptor_(memfd_create(name, MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(descriptor_); }
  int descriptor() const noexcept { return descriptor_; }

  void write(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      const ssize_t wrote = pwrite(descriptor_, text.data() + at, text.size() - at, static_cast<off_t>(at));
      if (wrote < 0) throw std::system_error(errno, std::generic_category(), "pwrite");
      at += static_cast<size_t>(wrote);
    }
  }
  std::string read() const {
    std::string text;
    char buffer[65536];
    for (ssize_t got = 0;
         (got = pread(descriptor_, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;)
      text.append(buffer, static_cast<size_t>(got));
    return text;
  }

 private:
  int descriptor_;
};

// arguments[0] is the program's name. The environment is the test's own, with messages in English and times
// in UTC.
inline CommandResult run_command(const std::vector<std::string>& arguments, std::string_view input = {}) {
  const auto program = find_program(arguments.at(0));
  if (!program) return {.exit_code = 127, .output = "", .errors = arguments[0] + " is not installed"};
  MemoryFile in("input"), out("output"), errors("errors");
  in.write(input);

  std::vector<std::string> environment = {"LC_ALL=C", "TZ=UTC"};
  for (char** entry = environ; *entry != nullptr; entry++) {
    const std::string_view variable = *entry;
    if (!variable.starts_with("LC_ALL=") && !variable.starts_with("TZ=")) environment.emplace_back(variable);
  }
  const auto pointers = [](const std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
  };

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.descriptor(), 0);
  posix_spawn_file_actions_adddup2(&actions, out.descriptor(), 1);
  posix_spawn_file_actions_adddup2(&actions, errors.descriptor(), 2);
  pid_t child = 0;
  const int failed = posix_spawn(&child, program->c_str(), &actions, nullptr, pointers(arguments).data(),
                                 pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::system_error(failed, std::generic_category(), *program);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "waitpid");
  return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .output = out.read(),
          .errors = errors.read()};
}

}  // namespace seedbed::testing_support
