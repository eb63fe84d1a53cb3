// Programs that run beside a test: started, stopped in mid-step and let go on, ended. Killed and waited for
// when the object goes. One thread.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/command.h"

namespace seedbed::soundness {

class Running {
 public:
  // arguments[0] is the program's name; what it says goes to the file.
  Running(const std::vector<std::string>& arguments, const std::string& output) {
    const auto program = testing_support::find_program(arguments.at(0));
    if (!program) throw std::runtime_error(arguments[0] + " is not installed");
    std::vector<char*> words;
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const int failed = posix_spawn(&child_, program->c_str(), &actions, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::system_error(failed, std::generic_category(), *program);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (child_ > 0) end(SIGKILL);
  }

  // Stands still; false: it had ended.
  bool stop() {
    if (kill(child_, SIGSTOP) != 0) return false;
    int status = 0;
    if (waitpid(child_, &status, WUNTRACED) != child_) return false;
    if (WIFSTOPPED(status)) return true;
    ended(status);
    return false;
  }
  void go_on() const { kill(child_, SIGCONT); }
  int end(int with_signal) {
    kill(child_, with_signal);
    return wait();
  }
  // Its exit code, or 128 + signal.
  int wait() {
    int status = 0;
    if (child_ > 0 && waitpid(child_, &status, 0) == child_) ended(status);
    return exit_code_;
  }

 private:
  void ended(int status) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    child_ = -1;
  }
  pid_t child_ = -1;
  int exit_code_ = 0;
};

}  // namespace seedbed::soundness
