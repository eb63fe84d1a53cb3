#include "engine/documents/copy_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/documents/xml.h"

namespace seedbed {

namespace {

using Tag = XmlReader::Tag;

// One pass, recursive descent. Elements of a blob may come in any order; unknown ones are passed over, for
// newer services tell more.
class CopyLogReader {
 public:
  CopyLogReader(std::string_view text, const std::string& where, CopyLogLimits limits)
      : xml_(xml_source_of(text), where, {.depth_max = 8, .document_bytes_max = limits.document_bytes_max}),
        limits_(limits) {}

  Result<CopyLog> read() {
    if (TRY(xml_.next()) != Tag::begin || xml_.name() != "DriveLog")
      return xml_.fail_here("the document is no copy log");
    if (attribute("Version") != "2014-11-01")
      return xml_.fail_here("the copy log's version is not 2014-11-01", ErrorCode::unsupported);
    CopyLog log;
    while (TRY(xml_.next()) == Tag::begin) {
      if (xml_.name() == "DriveId") {
        log.drive_id = TRY(xml_.text());
      } else if (xml_.name() == "Status") {
        log.status = TRY(xml_.text());
      } else if (xml_.name() == "Blob") {
        if (log.blobs.size() == limits_.blobs_max)
          return xml_.fail_here(fmt::format("the copy log has more than {} blobs", limits_.blobs_max));
        log.blobs.push_back(TRY(read_blob()));
      } else {
        TRY(xml_.skip());
      }
    }
    if (log.drive_id.empty() || log.status.empty())
      return xml_.fail_here("the copy log has no DriveId or no Status");
    if (TRY(xml_.next()) != Tag::none) return xml_.fail_here("the copy log goes on after its end");
    return log;
  }

 private:
  std::string attribute(std::string_view name) const {
    for (const auto& [key, value] : xml_.attributes())
      if (key == name) return value;
    return {};
  }

  Result<CopyLogBlob> read_blob() {
    CopyLogBlob blob;
    blob.status = attribute("Status");
    if (blob.status.empty()) return xml_.fail_here("a blob has no status");
    while (TRY(xml_.next()) == Tag::begin) {
      const std::string name(xml_.name());
      if (name == "BlobPath") {
        blob.blob_path = TRY(xml_.text());
      } else if (name == "FilePath") {
        blob.file_path = TRY(xml_.text());
      } else if (name == "Length") {
        blob.length_bytes = TRY(number_of(TRY(xml_.text())));
      } else if (name == "ImportDisposition") {
        blob.disposition_status = attribute("Status");
        blob.disposition = TRY(xml_.text());
      } else if (name == "PageRangeList" || name == "BlockList") {
        TRY(read_ranges(name == "PageRangeList" ? "PageRange" : "Block", blob));
      } else if (name == "Metadata" || name == "Properties") {
        (name == "Metadata" ? blob.metadata_status : blob.properties_status) = attribute("Status");
        TRY(xml_.skip());
      } else {
        TRY(xml_.skip());
      }
    }
    if (blob.blob_path.empty()) return xml_.fail_here("a blob has no path");
    return blob;
  }

  Status read_ranges(std::string_view element, CopyLogBlob& blob) {
    while (TRY(xml_.next()) == Tag::begin) {
      if (xml_.name() != element) return xml_.fail_here(fmt::format("a {} was expected", element));
      if (ranges_++ == limits_.ranges_max)
        return xml_.fail_here(fmt::format("the copy log has more than {} ranges", limits_.ranges_max));
      CopyLogRange range;
      range.offset_bytes = TRY(number_of(attribute("Offset")));
      range.length_bytes = TRY(number_of(attribute("Length")));
      range.status = attribute("Status");
      if (range.status.empty()) return xml_.fail_here("a range has no status");
      blob.ranges.push_back(std::move(range));
      TRY(xml_.skip());
    }
    return {};
  }

  Result<uint64_t> number_of(const std::string& text) const {
    const auto number = parse_u64(text);
    if (!number) return xml_.fail_here("an offset or length is no number");
    return *number;
  }

  XmlReader xml_;
  CopyLogLimits limits_;
  size_t ranges_ = 0;
};

bool good_range(const CopyLogRange& range) {
  return range.status == "Completed" || range.status == "Committed";
}

}  // namespace

Result<CopyLog> parse_copy_log(std::string_view text, const std::string& where, CopyLogLimits limits) {
  return CopyLogReader(text, where, limits).read();
}

std::vector<std::string> failures_of(const CopyLog& log) {
  std::vector<std::string> out;
  for (const auto& blob : log.blobs) {
    if (blob.completed()) continue;
    std::string line = printable(blob.blob_path) + ": " + printable(blob.status);
    const auto first = std::ranges::find_if_not(blob.ranges, good_range);
    if (first != blob.ranges.end()) {
      const auto count = std::ranges::count_if(
          blob.ranges, [&](const CopyLogRange& range) { return range.status == first->status; });
      line += fmt::format(" ({} range{} {}, first at {})", count, count == 1 ? "" : "s",
                          printable(first->status), first->offset_bytes);
    }
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace seedbed
