#include <algorithm>
#include <map>

#include "engine/base/text.h"
#include "fakes/storage_account/block_list.h"
#include "fakes/storage_account/operations.h"
#include "fakes/store/xml_text.h"

namespace seedbed {

namespace {

constexpr uint64_t kBlockBytesMax = 256 * MiB;
constexpr size_t kBlockIdBytesMax = 64;
constexpr size_t kUncommittedMax = 100'000;

using Blocks = std::map<std::string, BlockRow>;

Blocks by_id(const std::vector<BlockRow>& rows) {
  Blocks out;
  for (const BlockRow& row : rows) out.emplace(row.block_id, row);
  return out;
}

Checked<std::vector<BlockRow>> chosen_blocks(const std::vector<ListedBlock>& list, const Blocks& committed,
                                             const Blocks& uncommitted) {
  std::vector<BlockRow> out;
  for (const ListedBlock& wanted : list) {
    const auto in = [&](const Blocks& blocks) {
      const auto found = blocks.find(wanted.block_id);
      return found == blocks.end() ? nullptr : &found->second;
    };
    const BlockRow* block = wanted.where == ListedBlock::Where::committed ? nullptr : in(uncommitted);
    if (block == nullptr && wanted.where != ListedBlock::Where::uncommitted) block = in(committed);
    if (block == nullptr)
      return refuse(400, "InvalidBlockList", "The specified block list is invalid.", wanted.block_id);
    out.push_back(*block);
  }
  return out;
}

void write_blocks(XmlText& xml, const char* element, const std::vector<BlockRow>& blocks) {
  xml.open(element);
  for (const BlockRow& block : blocks) {
    if (block.block_id.empty()) continue;  // of a Put Blob
    xml.open("Block");
    xml.leaf("Name", block.block_id);
    xml.leaf("Size", std::to_string(block.size_bytes));
    xml.close();
  }
  xml.close();
}

}  // namespace

Answer put_block(const BlobCall& call) {
  TRY(need(call, "w"));
  const std::string block_id = call.request.parameter("blockid").value_or("");
  const auto decoded = parse_base64(block_id);
  if (!decoded || decoded->empty() || decoded->size() > kBlockIdBytesMax) return refuse_parameter("blockid");
  const Bytes& body = call.request.http.body;
  if (body.empty()) return refuse_header("Content-Length");
  if (body.size() > kBlockBytesMax) return refuse_large_body();
  const Md5 md5 = TRY(call.request.body_md5());
  {
    Locked held(*call.state.lock);  // no need to write what will be refused
    TRY(find_container(call));
  }
  const int64_t data = TRY(call.store.write_new_data(body));
  Answer answer = in_transaction(call, [&]() -> Answer {
    const ContainerRow container = TRY(find_container(call));
    const auto blob = TRY(call.store.blob(container.id, call.request.blob));
    if (blob && blob->page) return refuse_blob_kind();
    const auto others = TRY(call.store.uncommitted(container.id, call.request.blob));
    if (!others.empty() && parse_base64(others[0].block_id)->size() != decoded->size())
      return refuse(400, "InvalidBlobOrBlock", "The specified blob or block content is invalid.");
    if (others.size() >= kUncommittedMax)
      return refuse(409, "BlockCountExceedsLimit",
                    "The uncommitted block count cannot exceed the maximum limit of 100,000 blocks.");
    TRY(call.store.put_uncommitted(container.id, call.request.blob, {block_id, body.size(), data}));
    HttpResponse response;
    response.status = 201;
    response.headers.emplace_back("Content-MD5", base64(md5));
    response.headers.emplace_back("x-ms-request-server-encrypted", "true");
    return response;
  });
  if (!answer) call.store.remove_unnamed(data);
  return answer;
}

Answer put_block_list(const BlobCall& call) {
  const Md5 md5 = TRY(call.request.body_md5());
  const auto list = TRY(parse_block_list(call.request.http.body));
  const ContentHeaders content = TRY(call.request.content_headers(false));
  const Metadata metadata = TRY(call.request.metadata());
  return in_transaction(call, [&]() -> Answer {
    const ContainerRow container = TRY(find_container(call));
    auto old = TRY(call.store.blob(container.id, call.request.blob));
    TRY(check_conditions(call.request, old ? &*old : nullptr));
    TRY(need(call, old ? "w" : "wc"));
    if (old && old->page) return refuse_blob_kind();
    const auto committed = old ? TRY(call.store.pieces(old->id)) : std::vector<BlockRow>();
    const auto uncommitted = TRY(call.store.uncommitted(container.id, call.request.blob));
    const auto blocks = TRY(chosen_blocks(list, by_id(committed), by_id(uncommitted)));
    BlobRow row;
    if (old) {
      row.id = old->id;
      row.created_ns = old->created_ns;
    }
    row.container = container.id;
    row.name = call.request.blob;
    row.content = content;
    if (row.content.type.empty()) row.content.type = "application/octet-stream";
    row.metadata = metadata;
    for (const BlockRow& block : blocks) row.size_bytes += block.size_bytes;
    if (call.request.internal)
      row.import_id = call.request.header("x-seedbed-import-id").substr(0, kImportIdBytesMax);
    TRY(call.store.save_blob(row));
    TRY(call.store.drop_uncommitted(container.id, call.request.blob));
    TRY(call.store.set_pieces(row.id, blocks));  // keeps the files that it names
    HttpResponse response = response_with(201, row.etag, row.modified_ns);
    response.headers.emplace_back("Content-MD5", base64(md5));
    response.headers.emplace_back("x-ms-request-server-encrypted", "true");
    return response;
  });
}

Answer get_block_list(const BlobCall& call) {
  TRY(need(call, "r"));
  const std::string which = call.request.parameter("blocklisttype").value_or("committed");
  if (which != "committed" && which != "uncommitted" && which != "all")
    return refuse_parameter("blocklisttype");
  Locked held(*call.state.lock);
  const ContainerRow container = TRY(find_container(call));
  const auto blob = TRY(call.store.blob(container.id, call.request.blob));
  const auto uncommitted = TRY(call.store.uncommitted(container.id, call.request.blob));
  if (!blob && uncommitted.empty()) return refuse_no_blob();
  if (blob && blob->page) return refuse_blob_kind();
  const auto committed = blob ? TRY(call.store.pieces(blob->id)) : std::vector<BlockRow>();
  XmlText xml;
  xml.open("BlockList");
  if (which != "uncommitted") write_blocks(xml, "CommittedBlocks", committed);
  if (which != "committed") write_blocks(xml, "UncommittedBlocks", uncommitted);
  xml.close();
  HttpResponse response = blob ? response_with(200, blob->etag, blob->modified_ns) : HttpResponse();
  response.headers.emplace_back("x-ms-blob-content-length", std::to_string(blob ? blob->size_bytes : 0));
  response.headers.emplace_back("Content-Type", "application/xml");
  response.body = xml.bytes();
  return response;
}

}  // namespace seedbed
