// What the Blob service answers when it does not do what was asked: an HTTP status, Azure's code and message.
// Values; any task.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/result.h"
#include "engine/ports/http.h"

namespace seedbed {

struct StorageError {
  StorageError(int http_status, std::string_view error_code, std::string_view text, std::string more = {})
      : status(http_status), code(error_code), message(text), detail(std::move(more)) {}
  // Of the service's own files and database: 500 InternalError, 507 when the disk is full. Implicit, for TRY.
  StorageError(const Error& error);

  int status;
  std::string code, message;
  std::string detail;  // AuthenticationErrorDetail; "": none
};

using Answer = std::expected<HttpResponse, StorageError>;
template <typename T>
using Checked = std::expected<T, StorageError>;

inline std::unexpected<StorageError> refuse(int status, std::string_view code, std::string_view message,
                                            std::string detail = {}) {
  return std::unexpected(StorageError(status, code, message, std::move(detail)));
}

// The refusals that several operations share.
std::unexpected<StorageError> refuse_header(std::string_view name);
std::unexpected<StorageError> refuse_missing_header(std::string_view name);
std::unexpected<StorageError> refuse_parameter(std::string_view name);
std::unexpected<StorageError> refuse_range();
std::unexpected<StorageError> refuse_no_container();
std::unexpected<StorageError> refuse_no_blob();
std::unexpected<StorageError> refuse_blob_kind();
std::unexpected<StorageError> refuse_condition();
std::unexpected<StorageError> refuse_large_body();

// The XML body and x-ms-error-code.
HttpResponse error_response(const StorageError& error, const std::string& request_id, int64_t utc_ns);

}  // namespace seedbed
