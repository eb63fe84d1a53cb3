#include <algorithm>

#include "engine/base/text.h"
#include "fakes/storage_account/operations.h"
#include "fakes/storage_account/page_ranges.h"
#include "fakes/store/xml_text.h"

namespace seedbed {

namespace {

constexpr uint64_t kPageBytes = 512;
constexpr uint64_t kPutPageBytesMax = 4 * MiB;
constexpr size_t kRangesMax = 10'000;
constexpr int kTriesMax = 3;

Checked<Extent> page_range(const BlobRequest& request) {
  const auto range = TRY(request.range());
  if (!range) return refuse_missing_header("x-ms-range");
  if (!range->last_byte) return refuse_header("x-ms-range");
  const uint64_t end_bytes = *range->last_byte + 1;
  if (range->first_byte % kPageBytes != 0 || end_bytes % kPageBytes != 0)
    return refuse(416, "InvalidPageRange", "The page range specified is invalid.");
  return Extent{range->first_byte, end_bytes - range->first_byte};
}

Checked<BlobRow> blob_for_pages(const BlobCall& call, Extent range) {
  BlobRow blob = TRY(find_blob(call));
  if (!blob.page) return refuse_blob_kind();
  TRY(check_conditions(call.request, &blob));
  if (range.end_bytes() > blob.size_bytes) return refuse_range();
  return blob;
}

HttpResponse pages_put(const BlobRow& blob) {
  HttpResponse response = response_with(201, blob.etag, blob.modified_ns);
  response.headers.emplace_back("x-ms-blob-sequence-number", std::to_string(blob.sequence_number));
  response.headers.emplace_back("x-ms-request-server-encrypted", "true");
  return response;
}

Answer clear_pages(const BlobCall& call, Extent range) {
  if (!call.request.http.body.empty()) return refuse_header("Content-Length");
  return in_transaction(call, [&]() -> Answer {
    BlobRow blob = TRY(blob_for_pages(call, range));
    TRY(PageRanges(*call.state.database).clear(blob.data, range));
    TRY(call.store.save_blob(blob));
    return pages_put(blob);
  });
}

Status write_pages(File& file, Extent range, ByteSpan bytes) {
  TRY(file.write_at(range.offset_bytes, bytes));
  return file.sync();
}

// Nothing: the blob is another one meanwhile, so what was written is nowhere.
Checked<std::optional<HttpResponse>> name_pages(const BlobCall& call, Extent range, int64_t data,
                                                const Md5& md5) {
  bool moved = false;
  Answer answer = in_transaction(call, [&]() -> Answer {
    BlobRow blob = TRY(blob_for_pages(call, range));
    if (blob.data != data) {
      moved = true;
      return refuse_no_blob();
    }
    TRY(PageRanges(*call.state.database).add(blob.data, range));
    TRY(call.store.save_blob(blob));
    HttpResponse response = pages_put(blob);
    response.headers.emplace_back("Content-MD5", base64(md5));
    return response;
  });
  if (moved) return std::nullopt;
  return TRY(std::move(answer));
}

// With conditions the bytes may not be touched unless they hold: checked, written and named in one.
Answer update_under_conditions(const BlobCall& call, Extent range, const Md5& md5) {
  return in_transaction(call, [&]() -> Answer {
    BlobRow blob = TRY(blob_for_pages(call, range));
    auto file = TRY(call.store.open_data(blob.data, OpenMode::read_write));
    TRY(write_pages(*file, range, call.request.http.body));
    TRY(PageRanges(*call.state.database).add(blob.data, range));
    TRY(call.store.save_blob(blob));
    HttpResponse response = pages_put(blob);
    response.headers.emplace_back("Content-MD5", base64(md5));
    return response;
  });
}

// The bytes are written without the lock, so that others are served meanwhile.
Answer update_pages(const BlobCall& call, Extent range) {
  if (call.request.http.body.size() > kPutPageBytesMax || range.length_bytes > kPutPageBytesMax)
    return refuse_large_body();
  if (call.request.http.body.size() != range.length_bytes) return refuse_header("Content-Length");
  const Md5 md5 = TRY(call.request.body_md5());
  if (has_conditions(call.request)) return update_under_conditions(call, range, md5);
  for (int attempt = 0; attempt < kTriesMax; attempt++) {
    std::unique_ptr<File> file;
    int64_t data = 0;
    {
      Locked held(*call.state.lock);
      const BlobRow blob = TRY(blob_for_pages(call, range));
      data = blob.data;
      file = TRY(call.store.open_data(data, OpenMode::read_write));
    }
    TRY(write_pages(*file, range, call.request.http.body));
    auto named = TRY(name_pages(call, range, data, md5));
    if (named) return std::move(*named);
  }
  return refuse(503, "ServerBusy",
                "The server is currently unable to receive requests. Please retry your request.");
}

}  // namespace

Answer put_page(const BlobCall& call) {
  TRY(need(call, "w"));
  const std::string_view kind = call.request.header("x-ms-page-write");
  if (kind.empty()) return refuse_missing_header("x-ms-page-write");
  if (kind != "update" && kind != "clear") return refuse_header("x-ms-page-write");
  const Extent range = TRY(page_range(call.request));
  return kind == "clear" ? clear_pages(call, range) : update_pages(call, range);
}

Answer get_page_ranges(const BlobCall& call) {
  TRY(need(call, "r"));
  if (call.request.parameter("prevsnapshot")) return refuse_parameter("prevsnapshot");
  const auto asked = TRY(call.request.range());
  size_t count_max = kRangesMax;
  if (const auto text = call.request.parameter("maxresults")) {
    const auto count = parse_u64(*text);
    if (!count || *count == 0) return refuse_parameter("maxresults");
    count_max = static_cast<size_t>(std::min<uint64_t>(*count, kRangesMax));
  }
  const auto marker = parse_u64(call.request.parameter("marker").value_or(""));
  Locked held(*call.state.lock);
  const BlobRow blob = TRY(find_blob(call));
  if (!blob.page) return refuse_blob_kind();
  TRY(check_conditions(call.request, &blob));
  uint64_t from_bytes = 0, to_bytes = blob.size_bytes;
  if (asked) {
    if (asked->first_byte >= blob.size_bytes) return refuse_range();
    from_bytes = round_down(asked->first_byte, kPageBytes);
    to_bytes = std::min(blob.size_bytes,
                        asked->last_byte ? round_up(*asked->last_byte + 1, kPageBytes) : UINT64_MAX);
  }
  if (marker) from_bytes = std::clamp(*marker, from_bytes, to_bytes);
  const auto ranges = TRY(
      PageRanges(*call.state.database).list(blob.data, {from_bytes, to_bytes - from_bytes}, count_max + 1));
  XmlText xml;
  xml.open("PageList");
  for (size_t i = 0; i < std::min(ranges.size(), count_max); i++) {
    xml.open("PageRange");
    xml.leaf("Start", std::to_string(ranges[i].offset_bytes));
    xml.leaf("End", std::to_string(ranges[i].end_bytes() - 1));
    xml.close();
  }
  if (ranges.size() > count_max) xml.leaf("NextMarker", std::to_string(ranges[count_max].offset_bytes));
  xml.close();
  HttpResponse response = response_with(200, blob.etag, blob.modified_ns);
  response.headers.emplace_back("x-ms-blob-content-length", std::to_string(blob.size_bytes));
  response.headers.emplace_back("Content-Type", "application/xml");
  response.body = xml.bytes();
  return response;
}

}  // namespace seedbed
