// A queue of at most `capacity` items between tasks of one Runtime. push() waits while it is full, pop() while it is empty; close() ends it:
// pushes are then dropped (false), pops drain what is left and return nothing. Any task may call; close() is safe in destructors.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "engine/ports/runtime.h"

namespace seedbed {

template <typename T>
class BoundedQueue {
 public:
  BoundedQueue(Runtime& runtime, size_t capacity) : monitor_(runtime.make_monitor()), capacity_(capacity) {}

  bool push(T item) {
    Locked locked(*monitor_);
    locked.wait_until([&] { return closed_ || items_.size() < capacity_; });
    if (closed_) return false;
    items_.push_back(std::move(item));
    monitor_->notify_all();
    return true;
  }

  std::optional<T> pop() {
    Locked locked(*monitor_);
    locked.wait_until([&] { return closed_ || !items_.empty(); });
    return take();
  }

  std::optional<T> try_pop() {
    Locked locked(*monitor_);
    return take();
  }

  // Safe in a destructor: lock() would throw on a dead machine, where nobody waits any more.
  void close() noexcept {
    try {
      Locked locked(*monitor_);
      closed_ = true;
    } catch (const Killed&) {  // NOLINT: a dead machine's queue needs no closing
      closed_ = true;
    }
    monitor_->notify_all();
  }

 private:
  std::optional<T> take() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    monitor_->notify_all();
    return item;
  }

  std::unique_ptr<Monitor> monitor_;
  size_t capacity_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace seedbed
