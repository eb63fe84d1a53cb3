// A fibre: a stack of its own that runs until it suspends, and goes on when it is resumed. This file owns the
// switch; nothing else in the house may jump between stacks.
//
// A switch is a raw fcontext jump (boost::context::fiber leaves instrumented frames behind that TSan trips
// over). It swaps errno and the C++ exception globals, without which a fibre that parks inside a catch block
// or in a destructor during unwinding corrupts the others, and it is announced to ASan and TSan.
//
// One OS thread: a fibre is resumed by the thread that resumed it first, checked. A fibre may not suspend
// inside the initialiser of a function-local static, checked: the next fibre to enter would meet a recursive
// initialisation, under some seeds only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "simulator/stack_pool.h"

namespace seedbed {

class Fibre {
 public:
  // Runs nothing yet. `body` must not throw.
  Fibre(StackPool& stacks, std::function<void()> body);
  Fibre(const Fibre&) = delete;
  Fibre& operator=(const Fibre&) = delete;
  ~Fibre();  // it has ended, or never started

  // Runs the fibre until it suspends or ends.
  void resume();
  bool ended() const noexcept { return state_ == State::ended; }

  // The fibre this code runs on, or nullptr.
  static Fibre* current() noexcept;
  // Back to whoever resumed the current fibre.
  static void suspend();

 private:
  friend struct FibreEntry;
  friend struct StaticInitialiserCheck;
  enum class State : uint8_t { fresh, running, suspended, ended };
  struct ThreadState {  // what the C and C++ libraries keep per thread
    int error_number = 0;
    void* caught_exceptions = nullptr;
    unsigned uncaught_exceptions = 0;
    void save() noexcept;
    void restore() const noexcept;
  };

  StackPool& stacks_;
  std::function<void()> body_;
  void* stack_ = nullptr;
  void* context_ = nullptr;         // where to jump to resume it
  void* return_context_ = nullptr;  // where to jump to suspend it
  Fibre* resumer_ = nullptr;        // the fibre that resumed this one, if one did
  const void* thread_ = nullptr;
  ThreadState saved_;
  State state_ = State::fresh;
  unsigned static_initialisers_ = 0;  // function-local statics being initialised on this fibre

  // What ASan and TSan want to know; unused without them.
  void* fake_stack_ = nullptr;
  const void* return_stack_ = nullptr;
  size_t return_stack_bytes_ = 0;
  void* tsan_fibre_ = nullptr;
  void* tsan_return_ = nullptr;
};

}  // namespace seedbed
