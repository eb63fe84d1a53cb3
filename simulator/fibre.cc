#include "simulator/fibre.h"

#include <cxxabi.h>

#include <boost/context/detail/fcontext.hpp>
#include <cerrno>
#include <utility>

#include "simulator/die.h"
#include "simulator/sanitizers.h"

#if defined(SEEDBED_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(SEEDBED_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace seedbed {

namespace context = boost::context::detail;

// The only thread_local of the simulator: which fibre this OS thread runs. Its address also tells threads
// apart.
static constinit thread_local Fibre* current_fibre = nullptr;

// The switch's announcements. `leave` goes right before a jump, `arrive` right after it, on the other stack.
namespace {

void asan_leave([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* stack,
                [[maybe_unused]] size_t stack_bytes) {
#if defined(SEEDBED_ASAN)
  __sanitizer_start_switch_fiber(fake_stack, stack, stack_bytes);
#endif
}

void asan_arrive([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** from,
                 [[maybe_unused]] size_t* from_bytes) {
#if defined(SEEDBED_ASAN)
  __sanitizer_finish_switch_fiber(fake_stack, from, from_bytes);
#endif
}

}  // namespace

// __cxa_eh_globals of the Itanium C++ ABI, 2.2.2: the stack of caught exceptions and the count of uncaught
// ones.
struct ExceptionGlobals {
  void* caught_exceptions;
  unsigned uncaught_exceptions;
};

void Fibre::ThreadState::save() noexcept {
  error_number = errno;
  const auto* globals = reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals());
  caught_exceptions = globals->caught_exceptions;
  uncaught_exceptions = globals->uncaught_exceptions;
}

void Fibre::ThreadState::restore() const noexcept {
  errno = error_number;
  auto* globals = reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals());
  globals->caught_exceptions = caught_exceptions;
  globals->uncaught_exceptions = uncaught_exceptions;
}

struct FibreEntry {
  // The first frame of a fibre: never returns, and lets no exception out.
  static void run(context::transfer_t from) noexcept {
    auto& fibre = *static_cast<Fibre*>(from.data);
    asan_arrive(nullptr, &fibre.return_stack_, &fibre.return_stack_bytes_);
    fibre.return_context_ = from.fctx;
    fibre.body_();
    fibre.body_ = nullptr;
    fibre.state_ = Fibre::State::ended;
    asan_leave(nullptr, fibre.return_stack_,
               fibre.return_stack_bytes_);  // nullptr: this stack's fake frames may go
#if defined(SEEDBED_TSAN)
    __tsan_switch_to_fiber(fibre.tsan_return_, 0);
#endif
    context::jump_fcontext(fibre.return_context_, nullptr);
    __builtin_unreachable();
  }
};

Fibre::Fibre(StackPool& stacks, std::function<void()> body)
    : stacks_(stacks), body_(std::move(body)), stack_(stacks.acquire()) {
  context_ = context::make_fcontext(static_cast<char*>(stack_) + StackPool::stack_bytes,
                                    StackPool::stack_bytes, &FibreEntry::run);
#if defined(SEEDBED_TSAN)
  tsan_fibre_ = __tsan_create_fiber(0);
#endif
}

Fibre::~Fibre() {
  if (state_ == State::running || state_ == State::suspended)
    die("a fibre is destroyed while its frames still stand: kill its machine and run the scheduler first");
#if defined(SEEDBED_TSAN)
  __tsan_destroy_fiber(tsan_fibre_);
#endif
  stacks_.release(stack_);
}

Fibre* Fibre::current() noexcept {
  return current_fibre;
}

void Fibre::resume() {
  const void* thread = &current_fibre;
  if (state_ == State::fresh) thread_ = thread;
  if (thread_ != thread) die("a fibre is resumed on another OS thread than the one it started on");
  if (state_ == State::running || state_ == State::ended) die("a fibre is resumed that runs or has ended");
  state_ = State::running;
  resumer_ = std::exchange(current_fibre, this);

  ThreadState ours;
  ours.save();
  saved_.restore();
  void* our_fake_stack = nullptr;
  asan_leave(&our_fake_stack, stack_, StackPool::stack_bytes);
#if defined(SEEDBED_TSAN)
  tsan_return_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_fibre_, 0);
#endif
  const context::transfer_t back = context::jump_fcontext(context_, this);
  asan_arrive(our_fake_stack, nullptr, nullptr);
  context_ = back.fctx;
  saved_.save();
  ours.restore();
  current_fibre = resumer_;
}

void Fibre::suspend() {
  Fibre* fibre = current_fibre;
  if (fibre == nullptr) die("a port call parks outside every fibre");
  if (fibre->static_initialisers_ != 0)
    die("a fibre parks inside the initialiser of a function-local static: make the value before the first "
        "spawn");
  fibre->state_ = State::suspended;
  asan_leave(&fibre->fake_stack_, fibre->return_stack_, fibre->return_stack_bytes_);
#if defined(SEEDBED_TSAN)
  __tsan_switch_to_fiber(fibre->tsan_return_, 0);
#endif
  const context::transfer_t back = context::jump_fcontext(fibre->return_context_, nullptr);
  asan_arrive(fibre->fake_stack_, &fibre->return_stack_, &fibre->return_stack_bytes_);
  fibre->return_context_ = back.fctx;
}

// Linked with --wrap=__cxa_guard_* (cmake/house.cmake): the compiler's calls round the initialiser of a
// function-local static come here.
struct StaticInitialiserCheck {
  static void entered() noexcept {
    if (current_fibre != nullptr) ++current_fibre->static_initialisers_;
  }
  static void left() noexcept {
    if (current_fibre != nullptr) --current_fibre->static_initialisers_;
  }
};

}  // namespace seedbed

extern "C" {
int __real___cxa_guard_acquire(uint64_t* guard);
void __real___cxa_guard_release(uint64_t* guard);
void __real___cxa_guard_abort(uint64_t* guard);

int __wrap___cxa_guard_acquire(uint64_t* guard) {
  const int ours = __real___cxa_guard_acquire(guard);
  if (ours != 0) seedbed::StaticInitialiserCheck::entered();
  return ours;
}
void __wrap___cxa_guard_release(uint64_t* guard) {
  seedbed::StaticInitialiserCheck::left();
  __real___cxa_guard_release(guard);
}
void __wrap___cxa_guard_abort(uint64_t* guard) {
  seedbed::StaticInitialiserCheck::left();
  __real___cxa_guard_abort(guard);
}
}
