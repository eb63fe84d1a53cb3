#include "engine/documents/credential_xml.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace seedbed {

XmlLimits credential_limits(uint64_t document_bytes_max) {
  // base64 takes four characters for three bytes; a third more for line breaks
  return {.depth_max = 8,
          .attributes_max = 16,
          .value_bytes_max = 2 * kPfxBytesMax,
          .document_bytes_max = document_bytes_max};
}

Result<ManagementCertificate> certificate_here(const XmlReader& xml, std::string_view name,
                                               std::string_view base64_text) {
  std::string packed;
  packed.reserve(base64_text.size());
  for (const char c : base64_text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') packed += c;
  auto bytes = parse_base64(packed);
  wipe({reinterpret_cast<uint8_t*>(packed.data()), packed.size()});
  if (!bytes) return xml.fail_here(fmt::format("{} is no base64", name));
  auto certificate = parse_pfx(*bytes, "");
  wipe(*bytes);
  if (certificate) return certificate;
  auto placed =
      xml.fail_here(fmt::format("{}: {}", name, certificate.error().what), certificate.error().code);
  placed.error().remedy = certificate.error().remedy;
  return placed;
}

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

}  // namespace seedbed
