#include <fmt/format.h>

#include "engine/base/text.h"
#include "fakes/storage_account/operations.h"
#include "fakes/store/xml_text.h"

namespace seedbed {

namespace {

constexpr size_t kResultsMax = 5000;

Checked<size_t> results_max(const BlobRequest& request) {
  const auto text = request.parameter("maxresults");
  if (!text) return kResultsMax;
  const auto count = parse_u64(*text);
  if (!count || *count == 0)
    return refuse(
        400, "OutOfRangeQueryParameterValue",
        "One of the query parameters specified in the request URI is outside the permissible range.");
  return static_cast<size_t>(std::min<uint64_t>(*count, kResultsMax));
}

void write_metadata(XmlText& xml, const Metadata& metadata) {
  xml.open("Metadata");
  for (const auto& [name, value] : metadata) xml.leaf(name, value);
  xml.close();
}

std::string bare_etag(int64_t etag) {
  const std::string quoted = etag_text(etag);
  return quoted.substr(1, quoted.size() - 2);
}

void write_blob(XmlText& xml, const BlobRow& blob, bool with_metadata) {
  xml.open("Blob");
  xml.leaf("Name", blob.name);
  xml.open("Properties");
  xml.leaf("Creation-Time", http_date(blob.created_ns));
  xml.leaf("Last-Modified", http_date(blob.modified_ns));
  xml.leaf("Etag", bare_etag(blob.etag));
  xml.leaf("Content-Length", std::to_string(blob.size_bytes));
  xml.leaf("Content-Type", blob.content.type);
  xml.leaf("Content-Encoding", blob.content.encoding);
  xml.leaf("Content-Language", blob.content.language);
  xml.leaf("Content-MD5", blob.content.md5);
  xml.leaf("Cache-Control", blob.content.cache_control);
  xml.leaf("Content-Disposition", blob.content.disposition);
  if (blob.page) xml.leaf("x-ms-blob-sequence-number", std::to_string(blob.sequence_number));
  xml.leaf("BlobType", blob.page ? "PageBlob" : "BlockBlob");
  xml.leaf("LeaseStatus", "unlocked");
  xml.leaf("LeaseState", "available");
  xml.leaf("ServerEncrypted", "true");
  xml.close();
  if (with_metadata) write_metadata(xml, blob.metadata);
  xml.close();
}

// What a listing shows of a request, in the order the service shows it.
void write_question(XmlText& xml, const BlobRequest& request) {
  for (const auto& [key, element] :
       {std::pair{"prefix", "Prefix"}, std::pair{"marker", "Marker"}, std::pair{"maxresults", "MaxResults"},
        std::pair{"delimiter", "Delimiter"}})
    if (const auto value = request.parameter(key); value && !value->empty()) xml.leaf(element, *value);
}

bool includes(const BlobRequest& request, std::string_view what) {
  const std::string list = "," + request.parameter("include").value_or("") + ",";
  return list.find("," + std::string(what) + ",") != std::string::npos;
}

}  // namespace

Answer list_containers(const BlobCall& call) {
  if (!call.grant.everything) TRY(need(call, ""));
  const size_t count_max = TRY(results_max(call.request));
  const std::string prefix = call.request.parameter("prefix").value_or("");
  const std::string marker = call.request.parameter("marker").value_or("");
  XmlText xml;
  xml.open("EnumerationResults",
           fmt::format(" ServiceEndpoint=\"/{}/\"", XmlText::escaped(call.request.account)));
  write_question(xml, call.request);
  xml.open("Containers");
  std::string next;
  {
    Locked held(*call.state.lock);
    const auto rows =
        TRY(call.store.containers(call.request.account, std::max(prefix, marker), count_max + 1));
    size_t count = 0;
    for (const ContainerRow& row : rows) {
      if (!row.name.starts_with(prefix)) break;
      if (count++ == count_max) {
        next = row.name;
        break;
      }
      xml.open("Container");
      xml.leaf("Name", row.name);
      xml.open("Properties");
      xml.leaf("Last-Modified", http_date(row.modified_ns));
      xml.leaf("Etag", etag_text(row.etag));
      xml.leaf("LeaseStatus", "unlocked");
      xml.leaf("LeaseState", "available");
      xml.close();
      if (includes(call.request, "metadata")) write_metadata(xml, row.metadata);
      xml.close();
    }
  }
  xml.close();
  xml.leaf("NextMarker", next);
  xml.close();
  return xml_response(xml.bytes());
}

Answer list_blobs(const BlobCall& call) {
  if (!call.grant.container_wide) TRY(need(call, ""));
  TRY(need(call, "l"));
  const size_t count_max = TRY(results_max(call.request));
  const std::string prefix = call.request.parameter("prefix").value_or("");
  const std::string delimiter = call.request.parameter("delimiter").value_or("");
  const std::string marker = call.request.parameter("marker").value_or("");
  const bool with_metadata = includes(call.request, "metadata");
  XmlText xml;
  xml.open("EnumerationResults",
           fmt::format(" ServiceEndpoint=\"/{}/\" ContainerName=\"{}\"",
                       XmlText::escaped(call.request.account), XmlText::escaped(call.request.container)));
  write_question(xml, call.request);
  xml.open("Blobs");
  std::string next, folder;
  size_t count = 0;
  {
    Locked held(*call.state.lock);
    const ContainerRow container = TRY(find_container(call));
    TRY(call.store.blobs_from(container.id, std::max(prefix, marker), [&](const BlobRow& blob) {
      if (!blob.name.starts_with(prefix)) return false;
      if (!folder.empty() && blob.name.starts_with(folder)) return true;  // of the folder shown last
      if (count == count_max) {
        next = blob.name;
        return false;
      }
      count++;
      const size_t cut = delimiter.empty() ? std::string::npos : blob.name.find(delimiter, prefix.size());
      if (cut == std::string::npos) {
        write_blob(xml, blob, with_metadata);
        return true;
      }
      folder = blob.name.substr(0, cut + delimiter.size());
      xml.open("BlobPrefix");
      xml.leaf("Name", folder);
      xml.close();
      return true;
    }));
  }
  xml.close();
  xml.leaf("NextMarker", next);
  xml.close();
  return xml_response(xml.bytes());
}

}  // namespace seedbed
