#include "engine/linux/thread_runtime.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace seedbed {

namespace {

[[noreturn]] void end_process(const std::string& task, const char* what) noexcept {
  std::fprintf(stderr, "seedbed: task '%s': %s\n", task.c_str(), what);
  std::fflush(stderr);
  std::abort();
}

class ThreadMonitor final : public Monitor {
 public:
  void lock() override { mutex_.lock(); }
  void unlock() noexcept override { mutex_.unlock(); }
  void wait() override {
    std::unique_lock<std::mutex> held(mutex_, std::adopt_lock);
    condition_.wait(held);
    held.release();  // the caller goes on holding it
  }
  void notify_all() noexcept override { condition_.notify_all(); }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
};

class ThreadTask final : public TaskHandle {
 public:
  ThreadTask(std::string name, std::function<void()> body) {
    try {
      thread_ = std::jthread(
          [this, name, body = std::move(body)]() mutable { killed_ = !ran_to_end(name, std::move(body)); });
    } catch (const std::system_error& error) {
      end_process(name, (std::string("cannot start a thread: ") + error.what() +
                         ". Lower the number of workers or raise the limit of processes (ulimit -u)")
                            .c_str());
    }
  }

  void join() override {
    if (thread_.joinable()) thread_.join();
    if (killed_) throw Killed{};
  }

 private:
  static bool ran_to_end(const std::string& name, std::function<void()> body) noexcept {
    constexpr size_t name_bytes_max = 15;  // what Linux keeps of a thread's name
    ::pthread_setname_np(::pthread_self(), name.substr(0, name_bytes_max).c_str());
    try {
      body();
    } catch (const Killed&) {
      return false;
    } catch (const std::exception& error) {
      end_process(name, error.what());
    } catch (...) {
      end_process(name, "an exception of unknown type leaves it");
    }
    return true;
  }

  bool killed_ = false;  // written by the thread, read after joining it
  std::jthread thread_;  // last: its destructor joins before anything else goes
};

}  // namespace

ThreadRuntime::ThreadRuntime(ThreadRuntimeOptions options)
    : workers_(options.workers != 0 ? options.workers : std::max(std::thread::hardware_concurrency(), 1u)),
      utc_clock_(std::move(options.utc_clock)) {}

uint64_t ThreadRuntime::now_ns() {
  return static_cast<uint64_t>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

int64_t ThreadRuntime::utc_ns() {
  if (utc_clock_) return utc_clock_();
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

void ThreadRuntime::sleep_ns(uint64_t duration_ns) {
  constexpr uint64_t year_ns =
      365ull * 86'400 * 1'000'000'000;  // a longer sleep would overflow the clock's type
  if (duration_ns == 0) return std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(duration_ns, year_ns)));
}

void ThreadRuntime::spend(Work, uint64_t) {}

std::unique_ptr<Monitor> ThreadRuntime::make_monitor() {
  return std::make_unique<ThreadMonitor>();
}

Task ThreadRuntime::spawn(std::string_view name, std::function<void()> body) {
  return std::make_unique<ThreadTask>(std::string(name), std::move(body));
}

}  // namespace seedbed
