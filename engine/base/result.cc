#include "engine/base/result.h"

#include <cerrno>
#include <system_error>

namespace seedbed {

std::string Error::message() const {
  std::string text = what;
  if (!where.empty()) text += " (" + where + ")";
  if (!remedy.empty()) text += ". " + remedy;
  return text;
}

const char* error_code_name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::already_exists:
      return "already_exists";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::out_of_space:
      return "out_of_space";
    case ErrorCode::io_error:
      return "io_error";
    case ErrorCode::device_gone:
      return "device_gone";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::source_changed:
      return "source_changed";
    case ErrorCode::busy:
      return "busy";
    case ErrorCode::internal:
      return "internal";
  }
  return "unknown";
}

static ErrorCode code_of_errno(int error_number) noexcept {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::not_found;
    case EEXIST:
    case ENOTEMPTY:
      return ErrorCode::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::permission_denied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::out_of_space;
    case ENODEV:
    case ENXIO:
      return ErrorCode::device_gone;
    case EINVAL:
    case EISDIR:
    case EXDEV:
    case ELOOP:
    case EILSEQ:
    case ENAMETOOLONG:
      return ErrorCode::invalid_argument;
    case ENOSYS:
    case EOPNOTSUPP:
      return ErrorCode::unsupported;
    case EBADF:
    case EFAULT:
      return ErrorCode::internal;
    case EBUSY:
    case ETXTBSY:
    case EWOULDBLOCK:
      return ErrorCode::busy;
    default:
      return ErrorCode::io_error;
  }
}

std::unexpected<Error> fail_errno(int error_number, std::string call, std::string where) {
  return fail(code_of_errno(error_number), call + ": " + std::generic_category().message(error_number),
              std::move(where));
}

}  // namespace seedbed
