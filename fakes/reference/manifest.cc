#include "fakes/reference/manifest.h"

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include <algorithm>
#include <memory>

#include "engine/base/text.h"

namespace seedbed::reference {

namespace {

constexpr size_t kChunkBytes = 64 * KiB;
constexpr size_t kTextMax = 64 * KiB;
constexpr size_t kPiecesMax = 3 * 1024 * 1024;  // 8 TB in 4 MiB pages is 2 million

// The state between SAX callbacks. Callbacks make no port calls and only collect; finished blobs are handed
// on between chunks.
struct Reading {
  ManifestHead head;
  std::vector<std::string> path;  // open elements
  std::string text;
  ManifestEntry entry;
  bool in_entry = false;
  ManifestAttachment attachment;
  std::vector<ManifestAttachment> list_attachments;
  std::vector<ManifestEntry> finished;
  std::string problem;  // the first; nothing is collected after it
  uint64_t problem_line = 0;
  xmlParserCtxtPtr context = nullptr;

  void complain(std::string what) {
    if (!problem.empty()) return;
    problem = std::move(what);
    problem_line = static_cast<uint64_t>(std::max(0, xmlSAX2GetLineNumber(context)));
    xmlStopParser(context);
  }
  uint64_t number(std::string_view text, std::string_view what) {
    const auto value = parse_u64(text);
    if (!value) complain(fmt::format("{} is no number", what));
    return value.value_or(0);
  }
};

using Attributes = std::vector<std::pair<std::string, std::string>>;

std::string take(const Attributes& attributes, std::string_view name) {
  for (const auto& [key, value] : attributes)
    if (key == name) return value;
  return {};
}

void open_piece(Reading& reading, const Attributes& attributes, bool page) {
  if (reading.entry.page_blob != page) return reading.complain("a piece of the other kind in this list");
  if (reading.entry.pieces.size() >= kPiecesMax) return reading.complain("a blob has too many pieces");
  reading.entry.pieces.push_back({.offset_bytes = reading.number(take(attributes, "Offset"), "Offset"),
                                  .length_bytes = reading.number(take(attributes, "Length"), "Length"),
                                  .hash = take(attributes, "Hash"),
                                  .id = take(attributes, "Id")});
}

void open_element(Reading& reading, const std::string& name, const Attributes& attributes) {
  std::string& parent = reading.path.back();
  const bool in_list = parent == "BlobList", in_blob = parent == "Blob";
  const auto is = [&](std::string_view element, std::string_view in) {
    return name == element && parent == in;
  };
  if (is("DriveManifest", "")) {
    reading.head.version = take(attributes, "Version");
  } else if (is("Blob", "BlobList")) {
    reading.entry = {};
    reading.entry.list_attachments = reading.list_attachments;
    reading.entry.line = static_cast<uint64_t>(std::max(0, xmlSAX2GetLineNumber(reading.context)));
    reading.in_entry = true;
  } else if (is("PageRangeList", "Blob") || is("BlockList", "Blob")) {
    if (reading.entry.has_pieces_list) return reading.complain("a second list of pieces in one blob");
    reading.entry.has_pieces_list = true;
    reading.entry.page_blob = name == "PageRangeList";
  } else if (is("PageRange", "PageRangeList") || is("Block", "BlockList")) {
    open_piece(reading, attributes, name == "PageRange");
  } else if ((name == "MetadataPath" || name == "PropertiesPath") && (in_list || in_blob)) {
    reading.attachment = {.element = name, .hash = take(attributes, "Hash"), .path = {}};
  } else {
    static constexpr std::string_view kPlain[][2] = {
        {"Drive", "DriveManifest"}, {"DriveId", "Drive"},         {"StorageAccountKey", "Drive"},
        {"ContainerSas", "Drive"},  {"ClientCreator", "Drive"},   {"BlobList", "Drive"},
        {"BlobPath", "Blob"},       {"FilePath", "Blob"},         {"ClientData", "Blob"},
        {"Length", "Blob"},         {"ImportDisposition", "Blob"}};
    if (std::none_of(std::begin(kPlain), std::end(kPlain),
                     [&](const auto& plain) { return is(plain[0], plain[1]); }))
      return reading.complain(fmt::format("unexpected element {} in {}", name.substr(0, 100),
                                          parent.empty() ? "the document" : parent));
    if (name == "BlobList") reading.list_attachments.clear();
  }
  reading.text.clear();
}

void close_element(Reading& reading, const std::string& name) {
  std::string text = std::move(reading.text);
  reading.text.clear();
  if (name == "DriveId") {
    reading.head.drive_id = text;
  } else if (name == "StorageAccountKey") {
    reading.head.has_account_key = !text.empty();
    reading.head.account_key = SecretBytes::of_text(text);
  } else if (name == "ContainerSas") {
    reading.head.has_container_sas = !text.empty();
    reading.head.container_sas = SecretBytes::of_text(text);
  } else if (name == "BlobPath") {
    reading.entry.blob_path = text;
  } else if (name == "FilePath") {
    reading.entry.file_path = text;
  } else if (name == "Length") {
    reading.entry.length_bytes = reading.number(text, "Length");
  } else if (name == "ImportDisposition") {
    reading.entry.disposition = text;
  } else if (name == "MetadataPath" || name == "PropertiesPath") {
    reading.attachment.path = text;
    (reading.in_entry ? reading.entry.attachments : reading.head.attachments).push_back(reading.attachment);
    if (!reading.in_entry) reading.list_attachments.push_back(reading.attachment);
  } else if (name == "Blob") {
    reading.in_entry = false;
    reading.finished.push_back(std::move(reading.entry));
  }
}

// libxml2's callbacks: thin, and nothing is thrown through them but for want of memory, which ends the
// process anyway.
std::string text_of(const xmlChar* text) {
  return text ? reinterpret_cast<const char*>(text) : "";
}

void on_start(void* user, const xmlChar* name, const xmlChar*, const xmlChar*, int, const xmlChar**,
              int attribute_count, int, const xmlChar** raw) {
  auto& reading = *static_cast<Reading*>(user);
  if (!reading.problem.empty()) return;
  Attributes attributes;
  for (int i = 0; i < attribute_count; i++, raw += 5)  // local name, prefix, URI, value begin, value end
    attributes.emplace_back(text_of(raw[0]), std::string(reinterpret_cast<const char*>(raw[3]),
                                                         reinterpret_cast<const char*>(raw[4])));
  open_element(reading, text_of(name), attributes);
  reading.path.push_back(text_of(name));
}

void on_end(void* user, const xmlChar* name, const xmlChar*, const xmlChar*) {
  auto& reading = *static_cast<Reading*>(user);
  if (!reading.problem.empty()) return;
  close_element(reading, text_of(name));
  reading.path.pop_back();
}

void on_text(void* user, const xmlChar* text, int length) {
  auto& reading = *static_cast<Reading*>(user);
  if (!reading.problem.empty()) return;
  if (reading.text.size() + static_cast<size_t>(length) > kTextMax)
    return reading.complain("a text is too long");
  reading.text.append(reinterpret_cast<const char*>(text), static_cast<size_t>(length));
}

void on_doctype(void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
  static_cast<Reading*>(user)->complain("a manifest has no document type");
}

void on_reference(void* user, const xmlChar*) {
  static_cast<Reading*>(user)->complain("a manifest has no entities");
}

void silent(void*, const char*, ...) {}

void silent_structured(void*, xmlErrorPtr) {}

}  // namespace

Result<ManifestHead> read_manifest(ByteSource& file, const std::function<Status(ManifestEntry&&)>& blob) {
  xmlSAXHandler handler = {};
  handler.initialized = XML_SAX2_MAGIC;
  handler.startElementNs = on_start;
  handler.endElementNs = on_end;
  handler.characters = handler.cdataBlock = on_text;
  handler.internalSubset = handler.externalSubset = on_doctype;
  handler.reference = on_reference;
  handler.error = handler.fatalError = handler.warning = silent;
  handler.serror = silent_structured;
  Reading reading;
  reading.path.push_back("");
  const std::unique_ptr<xmlParserCtxt, decltype(&xmlFreeParserCtxt)> context(
      xmlCreatePushParserCtxt(&handler, &reading, nullptr, 0, nullptr), &xmlFreeParserCtxt);
  if (!context) return fail(ErrorCode::internal, "libxml2 gave no parser", file.name());
  reading.context = context.get();
  xmlCtxtUseOptions(context.get(), XML_PARSE_NONET);

  Bytes chunk(kChunkBytes);
  const uint64_t size_bytes = file.size_bytes();
  for (uint64_t offset_bytes = 0;; offset_bytes += kChunkBytes) {
    const uint64_t length_bytes =
        offset_bytes < size_bytes ? std::min<uint64_t>(kChunkBytes, size_bytes - offset_bytes) : 0;
    TRY(file.read(offset_bytes < size_bytes ? offset_bytes : 0, MutableByteSpan(chunk).first(length_bytes)));
    const int error = xmlParseChunk(context.get(), reinterpret_cast<const char*>(chunk.data()),
                                    static_cast<int>(length_bytes), length_bytes == 0);
    const std::string where = fmt::format(
        "{}:{}", file.name(),
        reading.problem.empty() ? std::max(0, xmlSAX2GetLineNumber(context.get())) : reading.problem_line);
    if (!reading.problem.empty()) return fail(ErrorCode::corrupt, reading.problem, where);
    if (error != XML_ERR_OK) {
      const xmlErrorPtr last = xmlCtxtGetLastError(context.get());
      std::string what = last && last->message ? last->message : "not well-formed";
      while (!what.empty() && what.back() == '\n') what.pop_back();
      return fail(ErrorCode::corrupt, "not well-formed XML: " + what, where);
    }
    for (auto& entry : reading.finished) TRY(blob(std::move(entry)));
    reading.finished.clear();
    if (length_bytes == 0) return std::move(reading.head);
  }
}

}  // namespace seedbed::reference
