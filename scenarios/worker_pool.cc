#include "scenarios/worker_pool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>

namespace seedbed {

namespace {

constexpr int kTick_ms = 1000;

struct Worker {
  pid_t process = -1;
  int output = -1;
  std::string part;  // of a line
  unsigned silent_ticks = 0;
  bool too_silent = false;
};

// In the child, after fork: only what is safe there.
[[noreturn]] void become(const WorkerSpec& spec, char* const* words, char* const* environment, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody would read what it prints
  if (!spec.directory.empty() && ::chdir(spec.directory.c_str()) != 0) ::_exit(126);
  if (::dup2(output, STDOUT_FILENO) < 0) ::_exit(126);
  if (const int nowhere = spec.errors_told ? -1 : ::open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0)
    ::dup2(nowhere, STDERR_FILENO);
  ::execve("/proc/self/exe", words, environment);
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_of(const WorkerSpec& spec) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; entry++) {
    const std::string text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : spec.environment) replaced = replaced || text.starts_with(name + "=");
    if (!replaced) all.push_back(text);
  }
  for (const auto& [name, value] : spec.environment) all.push_back(name + "=" + value);
  return all;
}

Result<Worker> start(const WorkerSpec& spec) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "pipe", "worker");
  std::vector<std::string> words = {"seedbed"}, environment = environment_of(spec);
  words.insert(words.end(), spec.words.begin(), spec.words.end());
  const std::vector<char*> word_pointers = pointers(words), environment_pointers = pointers(environment);
  Worker worker;
  worker.process = ::fork();
  if (worker.process == 0) become(spec, word_pointers.data(), environment_pointers.data(), ends[1]);
  ::close(ends[1]);
  worker.output = ends[0];
  if (worker.process < 0) {
    ::close(ends[0]);
    return fail_errno(errno, "fork", "worker");
  }
  return worker;
}

WorkerEnd end_of(const Worker& worker, unsigned silent_s_max) {
  int status = 0;
  while (::waitpid(worker.process, &status, 0) < 0 && errno == EINTR) {
  }
  if (worker.too_silent) return {false, fmt::format("no line for {} s", silent_s_max)};
  if (WIFSIGNALED(status)) return {false, fmt::format("signal {}", WTERMSIG(status))};
  return {WEXITSTATUS(status) == 0, fmt::format("exit code {}", WEXITSTATUS(status))};
}

}  // namespace

Result<std::vector<WorkerEnd>> run_workers(const std::vector<WorkerSpec>& specs, unsigned silent_s_max,
                                           const std::function<void(size_t, const std::string&)>& on_line,
                                           const std::function<bool()>& stop) {
  std::vector<Worker> workers;
  std::vector<WorkerEnd> ends(specs.size());
  const auto stop_all = [&] {
    for (Worker& worker : workers)
      if (worker.output >= 0) {
        ::kill(worker.process, SIGKILL);
        (void)end_of(worker, silent_s_max);
        ::close(worker.output);
      }
  };
  for (const WorkerSpec& spec : specs) {
    auto worker = start(spec);
    if (!worker) {
      stop_all();
      return std::unexpected(std::move(worker).error());
    }
    workers.push_back(std::move(*worker));
  }
  std::vector<char> buffer(64 * 1024);
  bool told_to_stop = false;
  for (size_t running = workers.size(); running > 0;) {
    if (stop && !told_to_stop && stop()) {
      told_to_stop = true;
      for (const Worker& worker : workers)
        if (worker.output >= 0) ::kill(worker.process, SIGTERM);
    }
    std::vector<pollfd> waits;
    for (const Worker& worker : workers) waits.push_back({worker.output, POLLIN, 0});  // -1 is passed over
    const int ready = ::poll(waits.data(), waits.size(), kTick_ms);
    for (size_t i = 0; i < workers.size(); i++) {
      Worker& worker = workers[i];
      if (worker.output < 0) continue;
      if (waits[i].revents == 0) {
        if (ready == 0 && silent_s_max != 0 && ++worker.silent_ticks >= silent_s_max && !worker.too_silent) {
          worker.too_silent = true;
          ::kill(worker.process, SIGKILL);
        }
        continue;
      }
      worker.silent_ticks = 0;
      const ssize_t got = ::read(worker.output, buffer.data(), buffer.size());
      if (got > 0) {
        worker.part.append(buffer.data(), static_cast<size_t>(got));
        size_t begin = 0;
        for (size_t end = 0; (end = worker.part.find('\n', begin)) != std::string::npos; begin = end + 1)
          on_line(i, worker.part.substr(begin, end - begin));
        worker.part.erase(0, begin);
      } else if (got == 0 || errno != EINTR) {
        ::close(worker.output);
        worker.output = -1;
        ends[i] = end_of(worker, silent_s_max);
        running--;
      }
    }
  }
  return ends;
}

}  // namespace seedbed
