// The verbose log: spdlog behind one function, stamped by a clock that the caller gives (so that simulated
// runs log virtual time). One Logger per process or simulated machine; any thread may write. A log never
// carries keys: pass identities, not secrets. Control characters in a text are written as \x0a, so a line is
// one line. A sink must not park: it is called under a lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace seedbed {

enum class LogLevel : uint8_t { debug, info, warning, error };

class Logger {
 public:
  using Clock = std::function<int64_t()>;  // UTC, nanoseconds since 1970
  using Sink = std::function<void(std::string_view line)>;

  Logger();  // drops everything
  // Lines "2016/11/02 18:24:14.735 I text" handed to `sink`.
  Logger(Clock clock, Sink sink, LogLevel least = LogLevel::info);
  // Appended to a file, which is made mode 0600; a symlink is refused.
  static Result<Logger> to_file(const std::string& path, Clock clock, LogLevel least = LogLevel::info);

  void write(LogLevel level, std::string_view text) const;
  void info(std::string_view text) const { write(LogLevel::info, text); }
  void warning(std::string_view text) const { write(LogLevel::warning, text); }

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace seedbed
