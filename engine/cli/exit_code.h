// offseed's exit codes, from the error that ended a command. Pure.
#pragma once

#include "engine/base/result.h"

namespace seedbed {

enum class ExitCode : int {
  done = 0,
  failed = 1,  // and resumable: the message says how
  usage = 2,
  refused = 3,  // nothing was touched
  waiting_for_import = 4,
  damaged = 5,  // data found damaged
};

constexpr ExitCode exit_code_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::unsupported:
      return ExitCode::usage;
    case ErrorCode::refused:
      return ExitCode::refused;
    case ErrorCode::corrupt:
      return ExitCode::damaged;
    default:
      return ExitCode::failed;
  }
}

inline constexpr const char* kExitCodeHelp =
    "Exit codes: 0 done, 1 failed and resumable (the message says how), 2 usage, 3 refused (nothing was "
    "touched),\n"
    "4 waiting for the import, 5 data found damaged.";

}  // namespace seedbed
