#include "engine/cloud/service_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "engine/base/url.h"
#include "engine/documents/json_reader.h"
#include "engine/documents/xml.h"

namespace seedbed {

namespace {

constexpr size_t kErrorBodyBytesMax = 64 * KiB;
constexpr size_t kPeopleBytesMax = 512;

// Query parameters that say what was asked for and can hold no secret.
constexpr std::array<std::string_view, 14> kShown = {
    "api-version", "comp", "restype", "prefix", "marker",  "maxresults", "delimiter",
    "blockid",     "$top", "$filter", "upload", "include", "snapshot",   "timeout"};

ServiceError from_xml(std::string_view body) {
  XmlReader xml(xml_source_of(body), "", {.depth_max = 4, .document_bytes_max = kErrorBodyBytesMax});
  ServiceError error;
  const auto root = xml.next();
  if (!root || *root != XmlReader::Tag::begin || xml.name() != "Error") return error;
  for (;;) {
    const auto tag = xml.next();
    if (!tag || *tag != XmlReader::Tag::begin) return error;
    const std::string name(xml.name());
    if (name != "Code" && name != "Message") {
      if (!xml.skip()) return error;
      continue;
    }
    auto text = xml.text();
    if (!text) return error;
    (name == "Code" ? error.code : error.message) = std::move(*text);
  }
}

ServiceError from_json(std::string_view body) {
  ServiceError error;
  const std::string where;
  const auto document = parse_json(body, where, {.bytes_max = kErrorBodyBytesMax});
  if (!document) return error;
  const JsonPlace root(*document, where);
  const auto nested = root.find("error");
  const JsonPlace place = nested && *nested ? **nested : root;  // {"error":{…}}, or as it is
  if (auto code = place.text_of("code")) error.code = std::move(*code);
  if (auto message = place.text_of("message")) error.message = std::move(*message);
  return error;
}

// Strikes out what follows "sig=" (or its encoded form) up to the next delimiter.
std::string without_signatures(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t length = 0;
    for (const std::string_view mark : {std::string_view("sig="), std::string_view("sig%3D")})
      if (text.substr(at).starts_with(mark)) length = mark.size();
    if (length == 0) {
      out += text[at++];
      continue;
    }
    out += text.substr(at, length);
    out += "***";
    at = std::min(text.find_first_of("& \"'<>\r\n", at + length), text.size());
  }
  return out;
}

}  // namespace

std::string text_for_people(std::string_view text) {
  const bool cut = text.size() > kPeopleBytesMax;
  std::string out = without_signatures(text.substr(0, kPeopleBytesMax));
  out = printable(out);
  if (cut) out += "…";
  return out;
}

std::string url_for_people(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) {
    const size_t question = text.find('?');
    return text_for_people(text.substr(0, question));
  }
  std::string out = (url->scheme.empty() ? std::string() : url->origin()) + url->path;
  char mark = '?';
  for (const auto& [name, value] : url->parameters()) {
    if (std::ranges::find(kShown, name) == kShown.end()) continue;
    out += mark + percent_encode(name, "$") + (value.empty() ? "" : "=" + percent_encode(value, ":/ '"));
    mark = '&';
  }
  return text_for_people(out);
}

ServiceError service_error_of(const HttpResponse& response) {
  ServiceError error;
  const std::string_view body = as_text(response.body);
  const size_t first = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (first != std::string_view::npos && body.size() <= kErrorBodyBytesMax) {
    if (body[first] == '<') error = from_xml(body.substr(first));
    if (body[first] == '{') error = from_json(body.substr(first));
  }
  if (error.code.empty()) error.code = header_of(response.headers, "x-ms-error-code");
  // storage puts RequestId and Time on lines of their own behind the message
  const size_t line_end = error.message.find('\n');
  if (line_end != std::string::npos) error.message.resize(line_end);
  return {.code = text_for_people(error.code), .message = text_for_people(error.message)};
}

std::unexpected<Error> fail_answer(const HttpRequest& request, const HttpResponse& response) {
  const ServiceError error = service_error_of(response);
  std::string what = fmt::format("{} was answered with status {}", request.method, response.status);
  if (!error.code.empty()) what += " " + error.code;
  if (!error.message.empty()) what += ": " + error.message;
  const std::string where = url_for_people(request.target);
  if (response.status == 401 || response.status == 403)
    return fail(
        ErrorCode::permission_denied, std::move(what), where,
        "Check the key, token or certificate, this computer's clock, and what they allow; then run the "
        "same command again.");
  if (response.status == 404)
    return fail(ErrorCode::not_found, std::move(what), where, "Check the name and the address.");
  if (response.status == 409)
    return fail(
        ErrorCode::already_exists, std::move(what), where,
        "Something else has what was asked for: correct one of the two, then run the same command again.");
  if (response.status >= 500)
    return fail(ErrorCode::io_error, std::move(what), where, "Run the same command again to go on.");
  return fail(ErrorCode::refused, std::move(what), where,
              "The service will not do this: correct what it names, then run the same command again.");
}

}  // namespace seedbed
