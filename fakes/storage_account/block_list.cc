#include "fakes/storage_account/block_list.h"

#include <libxml/xmlreader.h>

#include <memory>
#include <optional>

#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr size_t kBlocksMax = 50'000;
constexpr size_t kBytesMax = 16 * MiB;

struct FreeReader {
  void operator()(xmlTextReader* reader) const noexcept { xmlFreeTextReader(reader); }
};

std::unexpected<StorageError> refuse_xml() {
  return refuse(400, "InvalidXmlDocument", "XML specified is not syntactically valid.");
}

std::string_view text_of(const xmlChar* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

std::optional<ListedBlock::Where> where_named(std::string_view element) {
  if (element == "Latest") return ListedBlock::Where::latest;
  if (element == "Committed") return ListedBlock::Where::committed;
  if (element == "Uncommitted") return ListedBlock::Where::uncommitted;
  return std::nullopt;
}

}  // namespace

Checked<std::vector<ListedBlock>> parse_block_list(ByteSpan xml) {
  if (xml.size() > kBytesMax) return refuse_large_body();
  const std::unique_ptr<xmlTextReader, FreeReader> reader(
      xmlReaderForMemory(reinterpret_cast<const char*>(xml.data()), static_cast<int>(xml.size()), nullptr,
                         nullptr, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
  if (!reader) return refuse_xml();
  std::vector<ListedBlock> blocks;
  ListedBlock::Where where{};
  bool inside = false;
  std::string text;
  int more = 1;
  while ((more = xmlTextReaderRead(reader.get())) == 1) {
    const int depth = xmlTextReaderDepth(reader.get());
    const std::string_view name = text_of(xmlTextReaderConstLocalName(reader.get()));
    switch (xmlTextReaderNodeType(reader.get())) {
      case XML_READER_TYPE_ELEMENT:
        if (depth == 0 ? name != "BlockList" : depth != 1 || !where_named(name)) return refuse_xml();
        if (depth == 1) {
          inside = true;
          where = *where_named(name);
        }
        text.clear();
        if (depth == 1 && xmlTextReaderIsEmptyElement(reader.get()) == 1) return refuse_xml();
        break;
      case XML_READER_TYPE_TEXT:
      case XML_READER_TYPE_CDATA:
        if (!inside) return refuse_xml();
        text += text_of(xmlTextReaderConstValue(reader.get()));
        break;
      case XML_READER_TYPE_END_ELEMENT:
        if (!inside) break;
        if (blocks.size() == kBlocksMax)
          return refuse(400, "BlockListTooLong", "The block list may not contain more than 50,000 blocks.");
        blocks.push_back({where, text});
        inside = false;
        break;
      case XML_READER_TYPE_DOCUMENT_TYPE:
      case XML_READER_TYPE_ENTITY_REFERENCE:
        return refuse_xml();
      default:
        break;  // white space, comments
    }
  }
  if (more != 0) return refuse_xml();
  return blocks;
}

}  // namespace seedbed
