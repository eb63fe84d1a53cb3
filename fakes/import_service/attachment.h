// Metadata and properties files of a drive: small XML documents of one level, read into the headers that a
// blob is made with. Pure; any task.
#pragma once

#include "engine/base/result.h"
#include "engine/ports/http.h"

namespace seedbed {

inline constexpr size_t kAttachmentBytesMax = 64 * KiB;

// <Metadata><name>value</name>…</Metadata>: x-ms-meta-name: value.
Result<HttpHeaders> metadata_headers(ByteSpan xml);
// <Properties><Content-Type>…: x-ms-blob-content-type … What an export writes beside (Etag, Last-Modified,
// Content-Length) is passed over.
Result<HttpHeaders> properties_headers(ByteSpan xml);

}  // namespace seedbed
