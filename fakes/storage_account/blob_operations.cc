#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "fakes/storage_account/operations.h"
#include "fakes/storage_account/page_ranges.h"

namespace seedbed {

namespace {

constexpr uint64_t kPageBytes = 512;
constexpr uint64_t kPageBlobBytesMax = 8 * TiB;
constexpr uint64_t kPutBlobBytesMax = 256 * MiB;
constexpr uint64_t kAnswerBytesMax = 256 * MiB;
constexpr uint64_t kMd5RangeBytesMax = 4 * MiB;

// Another blob of that name goes, with its blocks; the conditions have been checked.
Checked<void> replace_blob(const BlobCall& call, BlobRow& row) {
  const ContainerRow container = TRY(find_container(call));
  const auto old = TRY(call.store.blob(container.id, call.request.blob));
  TRY(check_conditions(call.request, old ? &*old : nullptr));
  TRY(need(call, old ? "w" : "wc"));
  if (old) TRY(call.store.remove_blob(old->id));
  TRY(call.store.drop_uncommitted(container.id, call.request.blob));
  row.container = container.id;
  row.name = call.request.blob;
  return {};
}

HttpResponse created(const BlobRow& row) {
  HttpResponse response = response_with(201, row.etag, row.modified_ns);
  response.headers.emplace_back("x-ms-request-server-encrypted", "true");
  return response;
}

Answer put_page_blob(const BlobCall& call, BlobRow row) {
  if (!call.request.http.body.empty()) return refuse_header("Content-Length");
  const auto size_bytes = TRY(call.request.number("x-ms-blob-content-length"));
  if (!size_bytes) return refuse_missing_header("x-ms-blob-content-length");
  if (*size_bytes % kPageBytes != 0 || *size_bytes > kPageBlobBytesMax)
    return refuse_header("x-ms-blob-content-length");
  row.page = true;
  row.size_bytes = *size_bytes;
  row.sequence_number =
      static_cast<int64_t>(TRY(call.request.number("x-ms-blob-sequence-number")).value_or(0));
  return in_transaction(call, [&]() -> Answer {
    TRY(replace_blob(call, row));
    row.data = TRY(call.store.make_empty_data());
    TRY(call.store.save_blob(row));
    return created(row);
  });
}

Answer put_block_blob(const BlobCall& call, BlobRow row) {
  const Bytes& body = call.request.http.body;
  if (body.size() > kPutBlobBytesMax) return refuse_large_body();
  const Md5 md5 = TRY(call.request.body_md5());
  if (!row.content.md5.empty() && row.content.md5 != base64(md5))
    return refuse(
        400, "Md5Mismatch",
        "The MD5 value specified in the request did not match the MD5 value calculated by the server.");
  row.content.md5 = base64(md5);
  row.size_bytes = body.size();
  {
    Locked held(*call.state.lock);  // no need to write what will be refused
    TRY(find_container(call));
  }
  std::vector<BlockRow> pieces;
  if (!body.empty()) {
    const int64_t data = TRY(call.store.write_new_data(body));
    pieces.push_back({"", body.size(), data});
  }
  Answer answer = in_transaction(call, [&]() -> Answer {
    TRY(replace_blob(call, row));
    TRY(call.store.save_blob(row));
    TRY(call.store.set_pieces(row.id, pieces));
    HttpResponse response = created(row);
    response.headers.emplace_back("Content-MD5", row.content.md5);
    return response;
  });
  if (!answer)
    for (const BlockRow& piece : pieces) call.store.remove_unnamed(piece.data);
  return answer;
}

// Bytes of a page blob: zeros but where a range says that data was put.
Status read_pages(const BlobCall& call, const BlobRow& blob, Extent range, Bytes& out) {
  if (blob.size_bytes == 0) return {};
  const auto ranges = TRY(PageRanges(*call.state.database).list(blob.data, range, SIZE_MAX >> 1));
  if (ranges.empty()) return {};
  auto file = TRY(call.store.open_data(blob.data, OpenMode::read));
  for (const Extent& data : ranges) {
    const MutableByteSpan part =
        MutableByteSpan(out).subspan(data.offset_bytes - range.offset_bytes, data.length_bytes);
    if (TRY(file->read_at(data.offset_bytes, part)) != part.size())
      return fail(ErrorCode::corrupt, fmt::format("the file of blob {} ends too early", blob.name));
  }
  return {};
}

Status read_pieces(const BlobCall& call, const BlobRow& blob, Extent range, Bytes& out) {
  uint64_t at_bytes = 0;
  for (const BlockRow& piece : TRY(call.store.pieces(blob.id))) {
    const uint64_t from_bytes = std::max(at_bytes, range.offset_bytes);
    const uint64_t to_bytes = std::min(at_bytes + piece.size_bytes, range.end_bytes());
    if (from_bytes < to_bytes) {
      auto file = TRY(call.store.open_data(piece.data, OpenMode::read));
      const MutableByteSpan part =
          MutableByteSpan(out).subspan(from_bytes - range.offset_bytes, to_bytes - from_bytes);
      if (TRY(file->read_at(from_bytes - at_bytes, part)) != part.size())
        return fail(ErrorCode::corrupt, fmt::format("a file of blob {} ends too early", blob.name));
    }
    at_bytes += piece.size_bytes;
  }
  return {};
}

// A SAS may name what the content headers are to say.
void add_content_headers(HttpResponse& response, const BlobCall& call, const BlobRow& blob) {
  const auto add = [&](const char* name, const std::string& value, const char* sas_parameter) {
    const auto wanted = call.grant.everything ? std::nullopt : call.request.parameter(sas_parameter);
    const std::string& text = wanted ? *wanted : value;
    if (!text.empty()) response.headers.emplace_back(name, text);
  };
  add("Content-Type", blob.content.type, "rsct");
  add("Content-Encoding", blob.content.encoding, "rsce");
  add("Content-Language", blob.content.language, "rscl");
  add("Cache-Control", blob.content.cache_control, "rscc");
  add("Content-Disposition", blob.content.disposition, "rscd");
}

HttpResponse properties_of(const BlobCall& call, const BlobRow& blob) {
  HttpResponse response = response_with(200, blob.etag, blob.modified_ns);
  add_content_headers(response, call, blob);
  add_metadata(response, blob.metadata);
  response.headers.emplace_back("x-ms-creation-time", http_date(blob.created_ns));
  response.headers.emplace_back("x-ms-blob-type", blob.page ? "PageBlob" : "BlockBlob");
  if (blob.page)
    response.headers.emplace_back("x-ms-blob-sequence-number", std::to_string(blob.sequence_number));
  response.headers.emplace_back("x-ms-lease-status", "unlocked");
  response.headers.emplace_back("x-ms-lease-state", "available");
  response.headers.emplace_back("x-ms-server-encrypted", "true");
  response.headers.emplace_back("Accept-Ranges", "bytes");
  if (call.request.internal && !blob.import_id.empty())
    response.headers.emplace_back("x-seedbed-import-id", blob.import_id);
  return response;
}

}  // namespace

Answer put_blob(const BlobCall& call) {
  if (has_header(call.request.http.headers, "x-ms-copy-source"))
    return refuse(501, "NotImplemented",
                  "The requested operation is not implemented on the specified resource.");
  const std::string_view kind = call.request.header("x-ms-blob-type");
  if (kind.empty()) return refuse_missing_header("x-ms-blob-type");
  if (kind != "PageBlob" && kind != "BlockBlob") return refuse_header("x-ms-blob-type");
  BlobRow row;
  row.content = TRY(call.request.content_headers(true));
  if (row.content.type.empty()) row.content.type = "application/octet-stream";
  row.metadata = TRY(call.request.metadata());
  if (call.request.internal)
    row.import_id = call.request.header("x-seedbed-import-id").substr(0, kImportIdBytesMax);
  return kind == "PageBlob" ? put_page_blob(call, std::move(row)) : put_block_blob(call, std::move(row));
}

Answer get_blob(const BlobCall& call) {
  TRY(need(call, "r"));
  const bool head = call.request.http.method == "HEAD";
  std::optional<ByteRange> asked;
  if (!head) asked = TRY(call.request.range());
  const bool with_md5 = call.request.header("x-ms-range-get-content-md5") == "true";
  Locked held(*call.state.lock);
  const BlobRow blob = TRY(find_blob(call));
  TRY(check_conditions(call.request, &blob));
  HttpResponse response = properties_of(call, blob);
  if (head) {
    if (!blob.content.md5.empty()) response.headers.emplace_back("Content-MD5", blob.content.md5);
    response.head_length_bytes = blob.size_bytes;
    return response;
  }
  Extent range{0, blob.size_bytes};
  if (asked) {
    if (asked->first_byte >= blob.size_bytes) return refuse_range();
    const uint64_t last_byte = std::min(asked->last_byte.value_or(UINT64_MAX), blob.size_bytes - 1);
    range = {asked->first_byte, last_byte - asked->first_byte + 1};
    response.status = 206;
    response.headers.emplace_back(
        "Content-Range", fmt::format("bytes {}-{}/{}", range.offset_bytes, last_byte, blob.size_bytes));
    if (!blob.content.md5.empty()) response.headers.emplace_back("x-ms-blob-content-md5", blob.content.md5);
  } else if (!blob.content.md5.empty()) {
    response.headers.emplace_back("Content-MD5", blob.content.md5);
  }
  if (with_md5 && (!asked || range.length_bytes > kMd5RangeBytesMax))
    return refuse(400, "OutOfRangeInput", "An MD5 is given for ranges of at most 4 MiB.");
  if (range.length_bytes > kAnswerBytesMax)
    return refuse(400, "OutOfRangeInput",
                  "This service answers at most 256 MiB at once: ask for ranges (x-ms-range).");
  response.body.resize(range.length_bytes);
  TRY(blob.page ? read_pages(call, blob, range, response.body)
                : read_pieces(call, blob, range, response.body));
  if (with_md5) response.headers.emplace_back("Content-MD5", base64(md5_of(response.body)));
  return response;
}

Answer set_blob_metadata(const BlobCall& call) {
  TRY(need(call, "w"));
  const Metadata metadata = TRY(call.request.metadata());
  return in_transaction(call, [&]() -> Answer {
    BlobRow blob = TRY(find_blob(call));
    TRY(check_conditions(call.request, &blob));
    blob.metadata = metadata;
    TRY(call.store.save_blob(blob));
    return response_with(200, blob.etag, blob.modified_ns);
  });
}

Answer get_blob_metadata(const BlobCall& call) {
  TRY(need(call, "r"));
  Locked held(*call.state.lock);
  const BlobRow blob = TRY(find_blob(call));
  TRY(check_conditions(call.request, &blob));
  HttpResponse response = response_with(200, blob.etag, blob.modified_ns);
  add_metadata(response, blob.metadata);
  return response;
}

Answer set_blob_properties(const BlobCall& call) {
  TRY(need(call, "w"));
  const ContentHeaders content = TRY(call.request.content_headers(false));
  const auto size_bytes = TRY(call.request.number("x-ms-blob-content-length"));
  const auto number = TRY(call.request.number("x-ms-blob-sequence-number"));
  const std::string action(call.request.header("x-ms-sequence-number-action"));
  if (size_bytes && (*size_bytes % kPageBytes != 0 || *size_bytes > kPageBlobBytesMax))
    return refuse_header("x-ms-blob-content-length");
  if (!action.empty() && action != "max" && action != "update" && action != "increment")
    return refuse_header("x-ms-sequence-number-action");
  if (action.empty() ? number.has_value() : number.has_value() == (action == "increment"))
    return refuse_header("x-ms-blob-sequence-number");
  return in_transaction(call, [&]() -> Answer {
    BlobRow blob = TRY(find_blob(call));
    TRY(check_conditions(call.request, &blob));
    if ((size_bytes || !action.empty()) && !blob.page) return refuse_blob_kind();
    if (size_bytes && *size_bytes < blob.size_bytes)
      TRY(PageRanges(*call.state.database).clear(blob.data, {*size_bytes, blob.size_bytes - *size_bytes}));
    if (size_bytes) blob.size_bytes = *size_bytes;
    if (size_bytes && call.request.header("x-ms-blob-content-type").empty()) {
      // a resize alone leaves the headers as they are
    } else if (action.empty() || !content.type.empty()) {
      blob.content = content;
    }
    if (action == "increment") blob.sequence_number++;
    if (action == "update") blob.sequence_number = static_cast<int64_t>(*number);
    if (action == "max") blob.sequence_number = std::max(blob.sequence_number, static_cast<int64_t>(*number));
    TRY(call.store.save_blob(blob));
    HttpResponse response = response_with(200, blob.etag, blob.modified_ns);
    if (blob.page)
      response.headers.emplace_back("x-ms-blob-sequence-number", std::to_string(blob.sequence_number));
    return response;
  });
}

Answer delete_blob(const BlobCall& call) {
  TRY(need(call, "d"));
  return in_transaction(call, [&]() -> Answer {
    const BlobRow blob = TRY(find_blob(call));
    TRY(check_conditions(call.request, &blob));
    TRY(call.store.remove_blob(blob.id));
    TRY(call.store.drop_uncommitted(blob.container, blob.name));
    HttpResponse response;
    response.status = 202;
    response.headers.emplace_back("x-ms-delete-type-permanent", "true");
    return response;
  });
}

}  // namespace seedbed
