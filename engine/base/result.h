// The one error type of the house and the one result type that carries it.
//
// An Error says what failed, where (file, LBA, URL, line:column) and what the reader can do about it. Its
// code decides the exit code of a command. Values are owned; any thread may pass them on.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace seedbed {

enum class ErrorCode : uint8_t {
  invalid_argument,   // the caller's words are wrong: usage, bad options
  refused,            // declined before anything was touched
  not_found,          // file, drive or session absent
  already_exists,     // something stands where something new was to be made
  permission_denied,  // the system said no
  out_of_space,       // drive, staging or journal disk full
  io_error,           // a read, write or flush failed
  device_gone,        // the drive vanished, was swapped or lost power
  corrupt,            // bytes were read and are not what they must be
  unsupported,        // legal, but not something seedbed does
  source_changed,     // the source is no longer what the session recorded
  busy,               // another process holds it
  internal,           // a bug of ours
};

struct Error {
  ErrorCode code;
  std::string what;
  std::string where;
  std::string remedy;

  // One line for a person: "what (where). remedy"
  std::string message() const;
};

const char* error_code_name(ErrorCode code) noexcept;

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(ErrorCode code, std::string what, std::string where = {},
                                   std::string remedy = {}) {
  return std::unexpected(Error{code, std::move(what), std::move(where), std::move(remedy)});
}

// An errno of a failed system call, with the call's name and the path; ENOSPC, EACCES, ENOENT … map to their
// codes.
std::unexpected<Error> fail_errno(int error_number, std::string call, std::string where);

}  // namespace seedbed

// TRY(expression): the value, or return the error to the caller. The function must return a Result.
#define TRY(...)                                              \
  __extension__({                                             \
    auto&& try_result_ = (__VA_ARGS__);                       \
    if (!try_result_) [[unlikely]]                            \
      return std::unexpected(std::move(try_result_).error()); \
    *std::move(try_result_);                                  \
  })
