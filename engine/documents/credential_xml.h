// What the two kinds of credential files have in common: their bounds, and a base64 PFX in the middle of XML.
// Pure; any thread.
#pragma once

#include <string_view>

#include "engine/documents/management_certificate.h"
#include "engine/documents/xml.h"

namespace seedbed {

XmlLimits credential_limits(uint64_t document_bytes_max);
// The certificate in this base64 text (blanks and line breaks in it do not count), or an error at the place
// the reader is at. `name` is the attribute's or element's.
Result<ManagementCertificate> certificate_here(const XmlReader& xml, std::string_view name,
                                               std::string_view base64_text);
// Editors of Windows begin a file with one.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace seedbed
