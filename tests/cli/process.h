// A program that runs beside the test: what it says is read line by line, and it can be killed at a line. It
// is killed and waited for when the object goes.
#pragma once

#include <poll.h>
#include <signal.h>

#include "tests/cli/engine_process.h"

namespace seedbed::testing_support {

class Process {
 public:
  Process(const std::string& name, const std::vector<std::string>& arguments) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    const std::string path = binary(name);
    std::vector<char*> words{const_cast<char*>(path.c_str())};
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    const int failed = posix_spawn(&child_, path.c_str(), &actions, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    said_ = ends[0];
    if (failed != 0) throw std::system_error(failed, std::generic_category(), path);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (child_ > 0) kill_now();
    close(said_);
  }

  // Reads until a line holds `text`; that line. Nothing: it ended, or was silent for a minute.
  std::optional<std::string> line_with(std::string_view text) {
    while (true) {
      for (size_t end = 0; (end = buffer_.find('\n')) != std::string::npos;) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        if (line.find(text) != std::string::npos) return line;
      }
      pollfd ready{.fd = said_, .events = POLLIN, .revents = 0};
      if (poll(&ready, 1, 60'000) <= 0) return std::nullopt;
      char more[4096];
      const ssize_t got = read(said_, more, sizeof more);
      if (got <= 0) return std::nullopt;
      buffer_.append(more, static_cast<size_t>(got));
    }
  }

  int kill_now() {
    kill(child_, SIGKILL);
    return wait_for();
  }
  int wait_for() {
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t child_ = -1;
  int said_ = -1;
  std::string buffer_;
};

}  // namespace seedbed::testing_support
