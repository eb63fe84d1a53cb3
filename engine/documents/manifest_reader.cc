#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/documents/manifest_rules.h"
#include "engine/documents/xml.h"

namespace seedbed {

namespace {

using Tag = XmlReader::Tag;

// One pass, recursive descent. Elements must come in the order of the format; what only exports have is
// unsupported.
class ManifestReader {
 public:
  ManifestReader(const XmlReader::Source& source, const ManifestHandler& handler, const std::string& where)
      : xml_(source, where), handler_(handler) {}

  Status read() {
    if (TRY(xml_.next()) != Tag::begin || xml_.name() != "DriveManifest")
      return xml_.fail_here("the document is no drive manifest");
    const auto& attributes = xml_.attributes();
    if (attributes.size() != 1 || attributes[0].first != "Version")
      return xml_.fail_here("DriveManifest has no version");
    if (attributes[0].second != kManifestVersion)
      return xml_.fail_here(fmt::format("the manifest's version is not {}", kManifestVersion),
                            ErrorCode::unsupported);
    if (TRY(xml_.next()) != Tag::begin || xml_.name() != "Drive")
      return xml_.fail_here("a Drive was expected");
    TRY(no_attributes());
    TRY(read_drive());
    if (TRY(xml_.next()) != Tag::end) return xml_.fail_here("DriveManifest holds more than one Drive");
    if (TRY(xml_.next()) != Tag::none) return xml_.fail_here("the manifest goes on after its end");
    return {};
  }

 private:
  // To the next child of the element one is in; false at its end tag.
  Result<bool> child() { return TRY(xml_.next()) == Tag::begin; }
  bool at(std::string_view name) const { return xml_.name() == name; }
  Status no_attributes() {
    if (!xml_.attributes().empty())
      return xml_.fail_here(fmt::format("{} has an unknown attribute", printable(xml_.name())));
    return {};
  }
  std::unexpected<Error> unexpected_element(std::string_view within) const {
    for (const char* legal : {"MetadataPath", "PropertiesPath", "Snapshot"})
      if (at(legal))
        return xml_.fail_here(fmt::format("{} in a manifest is not supported", legal),
                              ErrorCode::unsupported);
    return xml_.fail_here(
        fmt::format("{} holds an element that is unknown, doubled or out of order", within));
  }
  // The text of the child one is at, if it is `name`; then one is at the next child. Nothing when it is
  // another.
  Result<std::optional<std::string>> text_of(std::string_view name) {
    if (!more_ || !at(name)) return std::nullopt;
    TRY(no_attributes());
    auto text = TRY(xml_.text());
    more_ = TRY(child());
    return std::optional(std::move(text));
  }

  Status read_drive() {
    more_ = TRY(child());
    const auto drive_id = TRY(text_of("DriveId"));
    if (!drive_id || drive_id->empty()) return xml_.fail_here("Drive does not begin with a DriveId");
    const auto key = SecretBytes::of_text(TRY(text_of("StorageAccountKey")).value_or(""));
    const auto sas = SecretBytes::of_text(TRY(text_of("ContainerSas")).value_or(""));
    if (key.empty() == sas.empty())
      return xml_.fail_here("Drive needs either a StorageAccountKey or a ContainerSas");
    TRY(text_of("ClientCreator"));
    TRY(handler_.drive(*drive_id, key.text(), sas.text()));
    for (; more_; more_ = TRY(child())) {
      if (!at("BlobList")) return unexpected_element("Drive");
      std::string id;
      for (const auto& [name, value] : xml_.attributes()) {
        if (name != "Id") return xml_.fail_here("BlobList has an unknown attribute");
        id = value;
      }
      TRY(handler_.list(id));
      while (TRY(child())) {
        if (!at("Blob")) return unexpected_element("BlobList");
        TRY(no_attributes());
        TRY(read_blob());
      }
    }
    return {};
  }

  Status read_blob() {
    ManifestBlob blob;
    more_ = TRY(child());
    const auto blob_path = TRY(text_of("BlobPath"));
    const auto file_path = TRY(text_of("FilePath"));
    if (!blob_path || blob_path->empty() || !file_path || file_path->empty())
      return more_ ? unexpected_element("Blob") : xml_.fail_here("Blob has no BlobPath and FilePath");
    TRY(text_of("ClientData"));  // a comment of whoever wrote it
    const auto length = TRY(text_of("Length"));
    if (!length) return more_ ? unexpected_element("Blob") : xml_.fail_here("Blob has no Length");
    const auto length_bytes = parse_u64(*length);
    if (!length_bytes) return xml_.fail_here("Length is no number");
    blob.blob_path = *blob_path;
    blob.file_path = *file_path;
    blob.length_bytes = *length_bytes;
    blob.disposition = TRY(text_of("ImportDisposition")).value_or("rename");
    if (!is_disposition(blob.disposition))
      return xml_.fail_here("ImportDisposition is none of rename, no-overwrite and overwrite");
    if (!more_) return xml_.fail_here("Blob has neither a PageRangeList nor a BlockList");
    blob.type = at(list_element(BlobType::page_blob)) ? BlobType::page_blob : BlobType::block_blob;
    if (!at(list_element(blob.type))) return unexpected_element("Blob");
    TRY(no_attributes());
    RangeRules rules(blob.type, blob.length_bytes);
    if (const char* problem = rules.check_blob()) return xml_.fail_here(problem);
    TRY(handler_.blob(blob));
    while (TRY(child())) {
      if (!at(range_element(blob.type))) return unexpected_element(list_element(blob.type));
      const ManifestRange range = TRY(read_range(blob.type));
      if (const char* problem = rules.check(range)) return xml_.fail_here(problem);
      TRY(handler_.range(range));
    }
    if (const char* problem = rules.check_end()) return xml_.fail_here(problem);
    TRY(handler_.blob_end());
    if (TRY(child())) return unexpected_element("Blob");
    return {};
  }

  Result<ManifestRange> read_range(BlobType type) {
    ManifestRange range;
    bool has_offset = false, has_length = false, has_hash = false;
    for (const auto& [name, value] : xml_.attributes()) {
      if (name == "Offset" || name == "Length") {
        const auto number = parse_u64(value);
        if (!number) return xml_.fail_here(name + " of a range is no number");
        (name == "Offset" ? range.offset_bytes : range.length_bytes) = *number;
        (name == "Offset" ? has_offset : has_length) = true;
      } else if (name == "Hash") {
        const auto digest = parse_hex(value);
        if (!digest || digest->size() != range.hash.size() || hex_upper(*digest) != value)
          return xml_.fail_here("Hash of a range is no MD5 in upper-case hex");
        std::copy(digest->begin(), digest->end(), range.hash.begin());
        has_hash = true;
      } else if (name != "Id" || type != BlobType::block_blob || !parse_base64(value)) {
        return xml_.fail_here("a range has an unknown attribute");
      }
    }
    if (!has_offset || !has_length || !has_hash)
      return xml_.fail_here("a range lacks its Offset, Length or Hash");
    if (TRY(child())) return xml_.fail_here("a range holds an element");
    return range;
  }

  XmlReader xml_;
  const ManifestHandler& handler_;
  bool more_ = false;  // text_of(): whether one is at a child, not at the end tag
};

}  // namespace

Status read_manifest(const std::function<Result<size_t>(uint64_t offset_bytes, MutableByteSpan out)>& read,
                     const ManifestHandler& handler, const std::string& where) {
  return ManifestReader(read, handler, where).read();
}

}  // namespace seedbed
