// The Operator port: the person at the machine. Questions, notices, progress. One task talks at a time (the
// session's main task). What is told here is a promise: progress() counts as done only what a flush and a
// journal sync have made durable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace seedbed {

struct Progress {
  std::string stage;           // "build", "copy", "proof", …
  uint64_t done_bytes = 0;     // durable
  uint64_t total_bytes = 0;    // 0 with done_bytes above it: how much there is, nobody knows yet
  uint64_t elapsed_ns = 0;     // of this stage, this run
  uint64_t resumed_bytes = 0;  // part of done_bytes that an earlier run did: not counted in the rate
};

enum class NoticeLevel : uint8_t { info, warning, error };

class Operator {
 public:
  virtual ~Operator() = default;
  // True when somebody can be asked.
  virtual bool interactive() const noexcept = 0;
  // A yes or no; where nobody can be asked it is refused with the remedy.
  virtual Result<bool> confirm(std::string_view question, std::string_view remedy_when_unattended) = 0;
  virtual Result<std::string> ask(std::string_view question, std::string_view remedy_when_unattended) = 0;
  virtual void notice(NoticeLevel level, std::string_view text) = 0;
  virtual void progress(const Progress& progress) = 0;
  // A machine-readable event (a JSON line where --json is on): names and already-textual values. Never
  // secrets.
  virtual void event(std::string_view name,
                     const std::vector<std::pair<std::string, std::string>>& fields) = 0;
};

}  // namespace seedbed
