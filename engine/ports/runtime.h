// The Runtime port: time, sleeping, tasks, waiting. The engine is plain blocking code; concurrency comes from here and nowhere else.
//
// Two runtimes: OS threads (engine/linux/thread_runtime) and fibres on one thread with a virtual clock and a seeded scheduler
// (simulator/virtual_runtime). A machine owns its Runtime; every object made by it must be gone before it. Any task of the runtime may
// call any function, but a Task handle and a locked Monitor belong to one task.
//
// Killing: on a simulated machine that has died every call below except the noexcept ones throws Killed. Killed is no std::exception:
// let it pass (`catch (...)` must rethrow). noexcept calls go inert. Only a Task's destructor still parks, until its child has ended.
//
// Durability: nothing here makes anything durable.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace seedbed {

// The machine this code runs on is dead. Unwind; touch nothing.
struct Killed {};

// CPU work that costs virtual time in the simulator (by a cost table there) and nothing but itself on threads.
enum class Work : uint8_t { hash_md5, hash_sha256, encrypt, compress, decompress, stretch_key, scan };

// A mutex with one condition. Not recursive. unlock() and notify_all() are inert on a dead machine.
class Monitor {
 public:
  virtual ~Monitor() = default;
  virtual void lock() = 0;
  virtual void unlock() noexcept = 0;
  virtual void wait() = 0;  // locked on entry and on return; may wake for no reason. On Killed it is unlocked.
  virtual void notify_all() noexcept = 0;
};

// Holds a Monitor locked for a scope.
class Locked {
 public:
  explicit Locked(Monitor& monitor) : monitor_(monitor) { monitor_.lock(); }
  ~Locked() {
    if (held_) monitor_.unlock();
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  // Waits until `ready()` holds.
  template <typename Ready>
  void wait_until(Ready ready) {
    while (!ready()) {
      held_ = false;
      monitor_.wait();
      held_ = true;
    }
  }

 private:
  Monitor& monitor_;
  bool held_ = true;
};

// A child task. join() returns when the body has returned, and throws Killed if the body ended so. The destructor joins too and swallows:
// a child never outlives the frames it refers to, so close queues before handles go (order of members matters).
class TaskHandle {
 public:
  virtual ~TaskHandle() = default;
  virtual void join() = 0;
};
using Task = std::unique_ptr<TaskHandle>;

class Runtime {
 public:
  virtual ~Runtime() = default;

  virtual uint64_t now_ns() = 0;           // monotonic, from an arbitrary start
  virtual int64_t utc_ns() = 0;            // wall clock, since 1970
  virtual void sleep_ns(uint64_t duration_ns) = 0;
  virtual unsigned workers() const noexcept = 0;          // how many CPU-bound tasks run side by side usefully; at least 1
  virtual void spend(Work work, uint64_t bytes) = 0;      // accounts for CPU work of `bytes` just done
  virtual std::unique_ptr<Monitor> make_monitor() = 0;
  // Starts `body` in a task of its own. `name` shows in traces. An exception other than Killed out of the body ends the process.
  virtual Task spawn(std::string_view name, std::function<void()> body) = 0;
};

}  // namespace seedbed
