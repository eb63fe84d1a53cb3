// The bytes of catalog items: docs/formats/catalog.md. A reader of bytes that nobody vouches for: every
// length is held against what is there before anything is made of it.
#include "engine/staging/catalog.h"

namespace seedbed {

namespace {

constexpr std::string_view kCatalogMagic = "SBC1";
constexpr size_t kTextBytesMax = 32 * KiB;
constexpr uint8_t kChanged = 1;

void put_text(Bytes& out, std::string_view text) {
  append_le(out, static_cast<uint32_t>(text.size()));
  append(out, as_bytes(text));
}

void put_entry(Bytes& out, const CatalogEntry& entry) {
  out.push_back(static_cast<uint8_t>(entry.kind));
  out.push_back(entry.changed_while_read ? kChanged : 0);
  append_le(out, entry.mode);
  append_le(out, entry.owner);
  append_le(out, entry.group);
  append_le(out, entry.modified_ns);
  append_le(out, entry.size_bytes);
  append_le(out, entry.inode);
  put_text(out, entry.path);
  put_text(out, entry.target);
  put_text(out, entry.hard_link_of);
}

void put_extents(Bytes& out, const std::vector<CatalogExtent>& extents) {
  append_le(out, static_cast<uint32_t>(extents.size()));
  for (const CatalogExtent& extent : extents) {
    out.push_back(static_cast<uint8_t>(extent.kind));
    append_le(out, extent.length_bytes);
    if (extent.kind == CatalogExtent::Kind::zeros) continue;
    append_le(out, extent.chunk_offset_bytes);
    append(out, extent.chunk);
  }
}

class PartReader {
 public:
  PartReader(ByteSpan bytes, const std::string& where) : bytes_(bytes), where_(where) {}
  bool at_end() const noexcept { return at_ == bytes_.size(); }

  std::unexpected<Error> refuse(const char* what) const {
    return fail(ErrorCode::corrupt, std::string("a catalog part ") + what,
                where_ + (where_.empty() ? "byte " : " @ byte ") + std::to_string(at_));
  }

  template <typename T>
  Result<T> number() {
    if (bytes_.size() - at_ < sizeof(T)) return refuse("is cut off");
    const T value = load_le<T>(bytes_, at_);
    at_ += sizeof(T);
    return value;
  }

  Result<std::string> text() {
    const auto length = TRY(number<uint32_t>());
    if (length > kTextBytesMax) return refuse("holds a text that is too long");
    if (bytes_.size() - at_ < length) return refuse("is cut off");
    std::string text(as_text(bytes_.subspan(at_, length)));
    at_ += length;
    return text;
  }

  Status entry(CatalogEntry& entry) {
    const auto kind = TRY(number<uint8_t>());
    const auto flags = TRY(number<uint8_t>());
    if (kind > static_cast<uint8_t>(FileKind::symlink)) return refuse("holds an entry of no known kind");
    if (flags > kChanged) return refuse("holds unknown flags");
    entry.kind = static_cast<FileKind>(kind);
    entry.changed_while_read = flags == kChanged;
    entry.mode = TRY(number<uint32_t>());
    if (entry.mode > 07777) return refuse("holds a mode that cannot be");
    entry.owner = TRY(number<uint32_t>());
    entry.group = TRY(number<uint32_t>());
    entry.modified_ns = TRY(number<int64_t>());
    entry.size_bytes = TRY(number<uint64_t>());
    entry.inode = TRY(number<uint64_t>());
    entry.path = TRY(text());
    entry.target = TRY(text());
    entry.hard_link_of = TRY(text());
    if (entry.target.find('\0') != std::string::npos) return refuse("holds a target that cannot be");
    if (entry.size_bytes > UINT64_MAX / 2) return refuse("holds a file beyond all measure");
    return {};
  }

  Status extents(std::vector<CatalogExtent>& extents) {
    const auto count = TRY(number<uint32_t>());
    if (count > (bytes_.size() - at_) / 9) return refuse("is cut off");
    extents.reserve(count);
    uint64_t sum_bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
      CatalogExtent extent;
      const auto kind = TRY(number<uint8_t>());
      extent.length_bytes = TRY(number<uint64_t>());
      if (extent.length_bytes == 0 || extent.length_bytes > UINT64_MAX / 2 - sum_bytes)
        return refuse("holds an extent that cannot be");
      sum_bytes += extent.length_bytes;
      if (kind == static_cast<uint8_t>(CatalogExtent::Kind::data)) {
        extent.chunk_offset_bytes = TRY(number<uint32_t>());
        if (extent.chunk_offset_bytes > kChunkPlainBytesMax ||
            extent.length_bytes > kChunkPlainBytesMax - extent.chunk_offset_bytes)
          return refuse("holds an extent beyond its chunk");
        if (bytes_.size() - at_ < extent.chunk.size()) return refuse("is cut off");
        std::memcpy(extent.chunk.data(), bytes_.data() + at_, extent.chunk.size());
        at_ += extent.chunk.size();
      } else if (kind == static_cast<uint8_t>(CatalogExtent::Kind::zeros)) {
        extent.kind = CatalogExtent::Kind::zeros;
      } else {
        return refuse("holds an extent of no known kind");
      }
      extents.push_back(extent);
    }
    return {};
  }

 private:
  ByteSpan bytes_;
  const std::string& where_;
  size_t at_ = kCatalogMagic.size();
};

}  // namespace

Bytes begin_catalog_part() {
  const ByteSpan magic = as_bytes(kCatalogMagic);
  return {magic.begin(), magic.end()};
}

void encode_item(Bytes& out, const CatalogItem& item) {
  out.push_back(static_cast<uint8_t>(item.kind));
  switch (item.kind) {
    case CatalogItem::Kind::whole:
      put_entry(out, item.entry);
      put_extents(out, item.entry.extents);
      return;
    case CatalogItem::Kind::begin:
      append_le(out, item.number);
      put_entry(out, item.entry);
      return;
    case CatalogItem::Kind::extents:
      append_le(out, item.number);
      put_extents(out, item.entry.extents);
      return;
    case CatalogItem::Kind::end:
      append_le(out, item.number);
      append_le(out, item.entry.size_bytes);
      out.push_back(item.entry.changed_while_read ? kChanged : 0);
      return;
    case CatalogItem::Kind::abandon:
    case CatalogItem::Kind::finish:
      append_le(out, item.number);
      return;
    case CatalogItem::Kind::remove:
      put_text(out, item.entry.path);
      return;
  }
}

Result<std::vector<CatalogItem>> decode_catalog_part(ByteSpan plain, const std::string& where) {
  PartReader reader(plain, where);
  std::vector<CatalogItem> items;
  if (plain.size() < kCatalogMagic.size() || as_text(plain.first(kCatalogMagic.size())) != kCatalogMagic)
    return fail(ErrorCode::corrupt, "this is no catalog part", where);
  while (!reader.at_end()) {
    const auto kind = TRY(reader.number<uint8_t>());
    if (kind < 1 || kind > 7) return reader.refuse("holds a word that nobody knows");
    CatalogItem item{.kind = static_cast<CatalogItem::Kind>(kind)};
    switch (item.kind) {
      case CatalogItem::Kind::whole:
        TRY(reader.entry(item.entry));
        TRY(reader.extents(item.entry.extents));
        break;
      case CatalogItem::Kind::begin:
        item.number = TRY(reader.number<uint64_t>());
        TRY(reader.entry(item.entry));
        break;
      case CatalogItem::Kind::extents:
        item.number = TRY(reader.number<uint64_t>());
        TRY(reader.extents(item.entry.extents));
        break;
      case CatalogItem::Kind::end: {
        item.number = TRY(reader.number<uint64_t>());
        item.entry.size_bytes = TRY(reader.number<uint64_t>());
        const auto flags = TRY(reader.number<uint8_t>());
        if (flags > kChanged) return reader.refuse("holds unknown flags");
        item.entry.changed_while_read = flags == kChanged;
        break;
      }
      case CatalogItem::Kind::abandon:
      case CatalogItem::Kind::finish:
        item.number = TRY(reader.number<uint64_t>());
        break;
      case CatalogItem::Kind::remove:
        item.entry.path = TRY(reader.text());
        break;
    }
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace seedbed
