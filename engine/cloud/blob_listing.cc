#include "engine/cloud/blob_listing.h"

#include "engine/base/text.h"
#include "engine/documents/xml.h"

namespace seedbed {

namespace {

using Tag = XmlReader::Tag;

constexpr uint64_t kListingBytesMax = 64 * MiB;

std::string_view without_mark(std::string_view xml) {
  if (xml.starts_with("\xef\xbb\xbf")) xml.remove_prefix(3);
  return xml;
}

Result<Extent> read_page_range(XmlReader& xml) {
  std::optional<uint64_t> start, end;
  while (TRY(xml.next()) == Tag::begin) {
    const bool is_start = xml.name() == "Start";
    if (!is_start && xml.name() != "End") return xml.fail_here("a page range has a Start and an End");
    const std::string text = TRY(xml.text());
    (is_start ? start : end) = parse_u64(text);
  }
  if (!start || !end || *end < *start || *end == UINT64_MAX)
    return xml.fail_here("Start and End of a page range are no range");
  return Extent{.offset_bytes = *start, .length_bytes = *end - *start + 1};
}

Result<ListedBlob> read_blob(XmlReader& xml) {
  ListedBlob blob;
  while (TRY(xml.next()) == Tag::begin) {
    if (xml.name() == "Name") {
      blob.name = TRY(xml.text());
    } else if (xml.name() == "Properties") {
      while (TRY(xml.next()) == Tag::begin) {
        const bool is_length = xml.name() == "Content-Length", is_type = xml.name() == "BlobType";
        if (!is_length && !is_type) {
          TRY(xml.skip());
          continue;
        }
        std::string text = TRY(xml.text());
        if (is_type) {
          blob.type = std::move(text);
          continue;
        }
        const auto length_bytes = parse_u64(text);
        if (!length_bytes) return xml.fail_here("Content-Length is no number");
        blob.length_bytes = *length_bytes;
      }
    } else {
      TRY(xml.skip());
    }
  }
  if (blob.name.empty()) return xml.fail_here("a blob has no name");
  return blob;
}

}  // namespace

Result<PageListing> parse_page_listing(std::string_view text, const std::string& where) {
  XmlReader xml(xml_source_of(without_mark(text)), where,
                {.depth_max = 4, .document_bytes_max = kListingBytesMax});
  if (TRY(xml.next()) != Tag::begin || xml.name() != "PageList")
    return xml.fail_here("the answer is no list of page ranges");
  PageListing out;
  while (TRY(xml.next()) == Tag::begin) {
    if (xml.name() == "PageRange") {
      out.ranges.push_back(TRY(read_page_range(xml)));
    } else if (xml.name() == "NextMarker") {
      out.next_marker = TRY(xml.text());
    } else {
      TRY(xml.skip());
    }
  }
  return out;
}

Result<BlobListing> parse_blob_listing(std::string_view text, const std::string& where) {
  XmlReader xml(xml_source_of(without_mark(text)), where,
                {.depth_max = 6, .document_bytes_max = kListingBytesMax});
  if (TRY(xml.next()) != Tag::begin || xml.name() != "EnumerationResults")
    return xml.fail_here("the answer is no list of blobs");
  BlobListing out;
  while (TRY(xml.next()) == Tag::begin) {
    if (xml.name() == "Blobs") {
      while (TRY(xml.next()) == Tag::begin) {
        if (xml.name() == "Blob")
          out.blobs.push_back(TRY(read_blob(xml)));
        else
          TRY(xml.skip());  // BlobPrefix
      }
    } else if (xml.name() == "NextMarker") {
      out.next_marker = TRY(xml.text());
    } else {
      TRY(xml.skip());
    }
  }
  return out;
}

}  // namespace seedbed
