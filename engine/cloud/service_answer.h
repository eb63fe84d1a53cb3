// What a service says when it says no: the code and message of its error body, made fit for an Error. Bodies
// are untrusted: bounded to 64 KiB, control characters escaped, signatures struck out. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/ports/http.h"

namespace seedbed {

struct ServiceError {
  std::string code, message;  // "" when the body has none
};
// From the XML of storage, the JSON of ARM and vault, or the header x-ms-error-code.
ServiceError service_error_of(const HttpResponse& response);

// The URL for people and logs: query parameters that could be secrets (all of a SAS) are left out.
std::string url_for_people(std::string_view url);
// Text of others, for an Error: bounded, control characters escaped, sig=… struck out.
std::string text_for_people(std::string_view text);

// The Error that this answer to this request is.
std::unexpected<Error> fail_answer(const HttpRequest& request, const HttpResponse& response);

}  // namespace seedbed
