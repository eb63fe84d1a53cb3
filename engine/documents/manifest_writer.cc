#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/documents/manifest_rules.h"
#include "engine/documents/xml.h"

namespace seedbed {

const char* blob_type_name(BlobType type) noexcept {
  return type == BlobType::page_blob ? "PageBlob" : "BlockBlob";
}

struct ManifestWriter::State {
  enum class Place : uint8_t { start, drive, list, blob, finished };

  explicit State(Sink sink) : xml(std::move(sink)) {}
  XmlWriter xml;
  Place place = Place::start;
  ManifestBlob blob;
  RangeRules rules;

  Status expect(Place wanted) const {
    if (place != wanted) return fail(ErrorCode::internal, "the manifest is written out of order");
    return {};
  }
  std::unexpected<Error> refuse(const char* problem) const {
    return fail(ErrorCode::invalid_argument, problem, printable(blob.blob_path));
  }
};

ManifestWriter::ManifestWriter(Sink sink) : state_(std::make_unique<State>(std::move(sink))) {}
ManifestWriter::~ManifestWriter() = default;

Status ManifestWriter::begin(std::string_view drive_id, std::string_view storage_account_key,
                             std::string_view container_sas) {
  TRY(state_->expect(State::Place::start));
  if (drive_id.empty())
    return fail(ErrorCode::invalid_argument, "a manifest needs the drive's serial number");
  if (storage_account_key.empty() == container_sas.empty())
    return fail(ErrorCode::invalid_argument,
                "a manifest needs either the storage account's key or a container's SAS", printable(drive_id),
                "Give one of /sk: and /csas:.");
  XmlWriter& xml = state_->xml;
  TRY(xml.declaration());
  TRY(xml.begin("DriveManifest", {{"Version", kManifestVersion}}));
  TRY(xml.begin("Drive"));
  TRY(xml.text("DriveId", drive_id));
  TRY(storage_account_key.empty() ? xml.text("ContainerSas", container_sas)
                                  : xml.text("StorageAccountKey", storage_account_key));
  TRY(xml.text("ClientCreator", "seedbed"));
  state_->place = State::Place::drive;
  return {};
}

Status ManifestWriter::begin_list(std::string_view id) {
  TRY(state_->expect(State::Place::drive));
  TRY(state_->xml.begin("BlobList", {{"Id", id}}));
  state_->place = State::Place::list;
  return {};
}

Status ManifestWriter::begin_blob(const ManifestBlob& blob) {
  TRY(state_->expect(State::Place::list));
  state_->blob = blob;
  for (const std::string* path : {&blob.blob_path, &blob.file_path})
    if (path->empty() || !is_xml_text(*path))
      return fail(ErrorCode::invalid_argument, "a path is empty or has characters that no manifest can hold",
                  printable(*path), "Rename the file or leave it out.");
  if (!is_disposition(blob.disposition))
    return state_->refuse("the disposition is none of rename, no-overwrite and overwrite");
  state_->rules = RangeRules(blob.type, blob.length_bytes);
  if (const char* problem = state_->rules.check_blob()) return state_->refuse(problem);
  XmlWriter& xml = state_->xml;
  TRY(xml.begin("Blob"));
  TRY(xml.text("BlobPath", blob.blob_path));
  TRY(xml.text("FilePath", blob.file_path));
  TRY(xml.text("Length", fmt::format_int(blob.length_bytes).c_str()));
  TRY(xml.text("ImportDisposition", blob.disposition));
  TRY(xml.begin(list_element(blob.type)));
  state_->place = State::Place::blob;
  return {};
}

Status ManifestWriter::range(const ManifestRange& range) {
  TRY(state_->expect(State::Place::blob));
  if (const char* problem = state_->rules.check(range)) return state_->refuse(problem);
  return state_->xml.empty(range_element(state_->blob.type),
                           {{"Offset", fmt::format_int(range.offset_bytes).c_str()},
                            {"Length", fmt::format_int(range.length_bytes).c_str()},
                            {"Hash", hex_upper(range.hash)}});
}

Status ManifestWriter::end_blob() {
  TRY(state_->expect(State::Place::blob));
  if (const char* problem = state_->rules.check_end()) return state_->refuse(problem);
  TRY(state_->xml.end(list_element(state_->blob.type)));
  TRY(state_->xml.end("Blob"));
  state_->place = State::Place::list;
  return {};
}

Status ManifestWriter::end_list() {
  TRY(state_->expect(State::Place::list));
  TRY(state_->xml.end("BlobList"));
  state_->place = State::Place::drive;
  return {};
}

Status ManifestWriter::finish() {
  TRY(state_->expect(State::Place::drive));
  TRY(state_->xml.end("Drive"));
  TRY(state_->xml.end("DriveManifest"));
  TRY(state_->xml.finish());
  state_->place = State::Place::finished;
  return {};
}

}  // namespace seedbed
