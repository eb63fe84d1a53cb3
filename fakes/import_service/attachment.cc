#include "fakes/import_service/attachment.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace seedbed {

namespace {

constexpr size_t kElementsMax = 256;
constexpr size_t kValueMax = 8 * KiB;

// Makes no port calls, so nothing can be thrown through libxml2's frames.
Result<HttpHeaders> read_flat(ByteSpan xml, std::string_view root_name) {
  const auto refuse = [](const char* what) { return fail(ErrorCode::corrupt, what); };
  if (xml.size() > kAttachmentBytesMax) return refuse("the file is too large");
  const std::string_view text = as_text(xml);
  if (text.find("<!DOCTYPE") != std::string_view::npos || text.find("<!ENTITY") != std::string_view::npos)
    return refuse("the file has a document type");
  const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
      xmlReadMemory(text.data(), static_cast<int>(text.size()), "attachment", nullptr,
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
      &xmlFreeDoc);
  const xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
  if (!root || reinterpret_cast<const char*>(root->name) != root_name)
    return refuse("the file is no such XML");
  HttpHeaders pairs;
  for (const xmlNode* node = root->children; node; node = node->next) {
    if (node->type == XML_TEXT_NODE || node->type == XML_COMMENT_NODE) continue;
    if (node->type != XML_ELEMENT_NODE || pairs.size() >= kElementsMax)
      return refuse("the file holds too much");
    for (const xmlNode* child = node->children; child; child = child->next)
      if (child->type != XML_TEXT_NODE && child->type != XML_CDATA_SECTION_NODE)
        return refuse("an element of the file holds more than text");
    const std::unique_ptr<xmlChar, decltype(xmlFree)> content(xmlNodeGetContent(node), xmlFree);
    std::string value = content ? reinterpret_cast<const char*>(content.get()) : "";
    if (value.size() > kValueMax || std::any_of(value.begin(), value.end(), [](char c) {
          return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        }))
      return refuse("a value of the file fits in no header");
    pairs.emplace_back(reinterpret_cast<const char*>(node->name), std::move(value));
  }
  return pairs;
}

bool is_identifier(std::string_view name) {
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && (name[0] < '0' || name[0] > '9') && std::all_of(name.begin(), name.end(), word);
}

}  // namespace

Result<HttpHeaders> metadata_headers(ByteSpan xml) {
  HttpHeaders headers;
  for (auto& [name, value] : TRY(read_flat(xml, "Metadata"))) {
    if (!is_identifier(name)) return fail(ErrorCode::corrupt, "a metadata name is no identifier");
    headers.emplace_back("x-ms-meta-" + name, std::move(value));
  }
  return headers;
}

Result<HttpHeaders> properties_headers(ByteSpan xml) {
  static constexpr std::string_view kKnown[][2] = {{"Content-Type", "x-ms-blob-content-type"},
                                                   {"Content-MD5", "x-ms-blob-content-md5"},
                                                   {"Content-Encoding", "x-ms-blob-content-encoding"},
                                                   {"Content-Language", "x-ms-blob-content-language"},
                                                   {"Cache-Control", "x-ms-blob-cache-control"}};
  HttpHeaders headers;
  for (auto& [name, value] : TRY(read_flat(xml, "Properties"))) {
    if (name == "Last-Modified" || name == "Etag" || name == "Content-Length") continue;
    const auto known =
        std::find_if(std::begin(kKnown), std::end(kKnown), [&](const auto& pair) { return pair[0] == name; });
    if (known == std::end(kKnown)) return fail(ErrorCode::corrupt, "the service knows no such property");
    headers.emplace_back((*known)[1], std::move(value));
  }
  return headers;
}

}  // namespace seedbed
