#include "fakes/import_service/copy_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "fakes/store/xml_text.h"

namespace seedbed {

namespace {

bool is(const char* status, std::string_view what) {
  return what == status;
}

std::string escaped(std::string_view text) {
  return XmlText::escaped(text);
}

void add_attachment(std::string& out, const char* name, const AttachmentLog& log) {
  if (!log.there) return;
  const char* place = log.global ? "GlobalPath" : "Path";
  fmt::format_to(std::back_inserter(out),
                 "    <{} Status=\"{}\">\n      <{} Hash=\"{}\">{}</{}>\n    </{}>\n", name, log.status,
                 place, escaped(log.hash), escaped(log.path), place, name);
}

}  // namespace

bool BlobLog::good() const {
  return is(status, "Completed");
}

CopyLogText::CopyLogText(std::string drive_id, bool verbose)
    : head_(fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DriveLog Version=\"2014-11-01\">\n"
                        "  <DriveId>{}</DriveId>\n",
                        escaped(drive_id))),
      verbose_(verbose) {}

void CopyLogText::add(const reference::ManifestEntry& entry, const BlobLog& blob) {
  const bool good = blob.good();
  has_errors_ = has_errors_ || !good;
  if (good && !verbose_) return;
  std::string out;
  fmt::format_to(std::back_inserter(out),
                 "  <Blob Status=\"{}\">\n    <BlobPath>{}</BlobPath>\n    <FilePath>{}</FilePath>\n"
                 "    <Length>{}</Length>\n    <ImportDisposition Status=\"{}\">{}</ImportDisposition>\n",
                 blob.status, escaped(blob.blob_path), escaped(entry.file_path), entry.length_bytes,
                 blob.disposition_status, escaped(entry.disposition.empty() ? "rename" : entry.disposition));
  const char* list = entry.page_blob ? "PageRangeList" : "BlockList";
  const char* name = entry.page_blob ? "PageRange" : "Block";
  fmt::format_to(std::back_inserter(out), "    <{}>\n", list);
  for (size_t i = 0; i < entry.pieces.size(); i++) {
    const auto& piece = entry.pieces[i];
    fmt::format_to(std::back_inserter(out), "      <{} Offset=\"{}\" Length=\"{}\"", name, piece.offset_bytes,
                   piece.length_bytes);
    if (!piece.id.empty()) fmt::format_to(std::back_inserter(out), " Id=\"{}\"", escaped(piece.id));
    fmt::format_to(std::back_inserter(out), " Hash=\"{}\" Status=\"{}\"/>\n", escaped(piece.hash),
                   i < blob.pieces.size() ? blob.pieces[i] : "Cancelled");
  }
  fmt::format_to(std::back_inserter(out), "    </{}>\n", list);
  add_attachment(out, "Metadata", blob.metadata);
  add_attachment(out, "Properties", blob.properties);
  out += "  </Blob>\n";
  if (!good) errors_ += out;
  if (verbose_) everything_ += out;
}

std::string CopyLogText::whole(const std::string& blobs, std::string_view drive_status) const {
  return fmt::format("{}{}  <Status>{}</Status>\n</DriveLog>\n", head_, blobs, drive_status);
}

}  // namespace seedbed
