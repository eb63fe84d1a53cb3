#include "fakes/storage_account/storage_error.h"

#include <fmt/format.h>

#include "engine/base/url.h"
#include "fakes/store/xml_text.h"

namespace seedbed {

StorageError::StorageError(const Error& error)
    : status(error.code == ErrorCode::out_of_space ? 507 : 500),
      code("InternalError"),
      message(fmt::format("The server encountered an internal error. Please retry the request. ({})",
                          error.message())) {}

std::unexpected<StorageError> refuse_header(std::string_view name) {
  return refuse(400, "InvalidHeaderValue",
                "The value for one of the HTTP headers is not in the correct format.", std::string(name));
}
std::unexpected<StorageError> refuse_missing_header(std::string_view name) {
  return refuse(400, "MissingRequiredHeader",
                "An HTTP header that's mandatory for this request is not specified.", std::string(name));
}
std::unexpected<StorageError> refuse_parameter(std::string_view name) {
  return refuse(400, "InvalidQueryParameterValue",
                "Value for one of the query parameters specified in the request URI is invalid.",
                std::string(name));
}
std::unexpected<StorageError> refuse_range() {
  return refuse(416, "InvalidRange", "The range specified is invalid for the current size of the resource.");
}
std::unexpected<StorageError> refuse_no_container() {
  return refuse(404, "ContainerNotFound", "The specified container does not exist.");
}
std::unexpected<StorageError> refuse_no_blob() {
  return refuse(404, "BlobNotFound", "The specified blob does not exist.");
}
std::unexpected<StorageError> refuse_blob_kind() {
  return refuse(409, "InvalidBlobType", "The blob type is invalid for this operation.");
}
std::unexpected<StorageError> refuse_condition() {
  return refuse(412, "ConditionNotMet",
                "The condition specified using HTTP conditional header(s) is not met.");
}
std::unexpected<StorageError> refuse_large_body() {
  return refuse(413, "RequestBodyTooLarge",
                "The request body is too large and exceeds the maximum permissible limit.");
}

HttpResponse error_response(const StorageError& error, const std::string& request_id, int64_t utc_ns) {
  HttpResponse response;
  response.status = error.status;
  response.headers.emplace_back("x-ms-error-code", error.code);
  if (error.status == 304) return response;
  XmlText xml;
  xml.open("Error");
  xml.leaf("Code", error.code);
  xml.leaf("Message", fmt::format("{}\nRequestId:{}\nTime:{}", error.message, request_id, iso_date(utc_ns)));
  if (!error.detail.empty())
    xml.leaf(error.status == 403 ? "AuthenticationErrorDetail" : "HeaderName", error.detail);
  xml.close();
  response.headers.emplace_back("Content-Type", "application/xml");
  response.body = xml.bytes();
  return response;
}

}  // namespace seedbed
