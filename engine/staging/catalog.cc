#include "engine/staging/catalog.h"

#include <algorithm>

namespace seedbed {

bool catalog_path_is_safe(std::string_view path) {
  if (path.empty() || path.size() > 32 * KiB || path.find('\0') != std::string_view::npos) return false;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

const CatalogEntry* Catalog::find(std::string_view path) const {
  const auto at = std::ranges::lower_bound(entries, path, {}, &CatalogEntry::path);
  return at != entries.end() && at->path == path ? &*at : nullptr;
}

std::vector<ChunkId> Catalog::chunk_ids() const {
  std::set<ChunkId> seen;
  std::vector<ChunkId> ids;
  for (const CatalogEntry& entry : entries)
    for (const CatalogExtent& extent : entry.extents)
      if (extent.kind == CatalogExtent::Kind::data && seen.insert(extent.chunk).second)
        ids.push_back(extent.chunk);
  return ids;
}

static std::unexpected<Error> impossible(std::string what, const std::string& where) {
  return fail(ErrorCode::corrupt, "the catalog says what cannot be: " + std::move(what), where,
              "The backup's catalog is damaged: take another recovery point");
}

// What an entry may be, whoever wrote it.
static Status check_entry(const CatalogEntry& entry, const std::string& where) {
  if (!catalog_path_is_safe(entry.path)) return impossible("a path that leads out of the tree", where);
  const bool link = !entry.hard_link_of.empty();
  if (entry.kind != FileKind::file && (link || !entry.extents.empty() || entry.size_bytes != 0))
    return impossible("content of what is no file, " + entry.path, where);
  if ((entry.kind == FileKind::symlink) == entry.target.empty())
    return impossible("a symbolic link without a target, " + entry.path, where);
  if (link && (!entry.extents.empty() || entry.hard_link_of == entry.path))
    return impossible("a hard link with content, " + entry.path, where);
  return {};
}

static Status check_size(const CatalogEntry& entry, const std::string& where) {
  uint64_t sum = 0;
  for (const CatalogExtent& extent : entry.extents) sum += extent.length_bytes;
  if (entry.hard_link_of.empty() && entry.kind == FileKind::file && sum != entry.size_bytes)
    return impossible("extents that do not add up to the size of " + entry.path, where);
  return {};
}

Status CatalogLog::apply_part(ByteSpan plain, const std::string& where) {
  std::vector<CatalogItem> items = TRY(decode_catalog_part(plain, where));
  for (CatalogItem& item : items) TRY(apply(std::move(item), where));
  return {};
}

Status CatalogLog::apply(CatalogItem item, const std::string& where) {
  if (finished_) return impossible("something after its end", where);
  const auto opened = open_.find(item.number);
  switch (item.kind) {
    case CatalogItem::Kind::whole:
      TRY(check_entry(item.entry, where));
      TRY(check_size(item.entry, where));
      if (entries_.contains(item.entry.path)) return impossible("two times " + item.entry.path, where);
      entries_.emplace(item.entry.path, std::move(item.entry));
      return {};
    case CatalogItem::Kind::begin:
      TRY(check_entry(item.entry, where));
      if (item.number < next_number_ || item.number == UINT64_MAX || item.entry.kind != FileKind::file)
        return impossible("an entry begun out of turn", where);
      next_number_ = item.number + 1;
      if (!item.entry.extents.empty()) return impossible("an entry begun with content", where);
      {
        const uint64_t whole_bytes = std::exchange(item.entry.size_bytes, 0);
        open_.emplace(item.number, Open{std::move(item.entry), whole_bytes});
      }
      return {};
    case CatalogItem::Kind::extents: {
      if (opened == open_.end()) return impossible("extents of nothing", where);
      CatalogEntry& entry = opened->second.entry;
      for (const CatalogExtent& extent : item.entry.extents) {
        if (extent.length_bytes > UINT64_MAX / 2 - entry.size_bytes)
          return impossible("a file beyond all measure", where);
        entry.size_bytes += extent.length_bytes;
        const bool more_zeros = extent.kind == CatalogExtent::Kind::zeros && !entry.extents.empty() &&
                                entry.extents.back().kind == CatalogExtent::Kind::zeros;
        if (more_zeros) {
          entry.extents.back().length_bytes += extent.length_bytes;
        } else {
          entry.extents.push_back(extent);
        }
      }
      return {};
    }
    case CatalogItem::Kind::end: {
      if (opened == open_.end()) return impossible("the end of nothing", where);
      CatalogEntry entry = std::move(opened->second.entry);
      open_.erase(opened);
      entry.changed_while_read = item.entry.changed_while_read;
      if (item.entry.size_bytes != entry.size_bytes)
        return impossible("extents that do not add up to the size of " + entry.path, where);
      if (entries_.contains(entry.path)) return impossible("two times " + entry.path, where);
      entries_.emplace(entry.path, std::move(entry));
      return {};
    }
    case CatalogItem::Kind::abandon:
      if (opened == open_.end()) return impossible("nothing taken back", where);
      open_.erase(opened);
      return {};
    case CatalogItem::Kind::remove:
      if (entries_.erase(item.entry.path) == 0)
        return impossible("something removed that is not there", where);
      return {};
    case CatalogItem::Kind::finish:
      if (!open_.empty() || item.number != entries_.size())
        return impossible("an end before everything was there", where);
      finished_ = true;
      return {};
  }
  return impossible("a word that nobody knows", where);
}

Result<Catalog> CatalogLog::take() && {
  if (!finished_)
    return fail(ErrorCode::corrupt, "the catalog has no end", {},
                "A part of it is missing: run the backup again, or take another recovery point");
  for (const auto& [path, entry] : entries_) {
    if (!entry.hard_link_of.empty()) {
      const auto first = entries_.find(entry.hard_link_of);
      if (first == entries_.end() || first->second.kind != FileKind::file ||
          !first->second.hard_link_of.empty())
        return impossible("a hard link to nothing, " + path, {});
    }
    // The nearest entry above must be a directory; what lies above the chosen paths has no entry.
    for (size_t cut = path.rfind('/'); cut != std::string::npos && cut > 0; cut = path.rfind('/', cut - 1)) {
      const auto parent = entries_.find(path.substr(0, cut));
      if (parent == entries_.end()) continue;
      if (parent->second.kind != FileKind::directory)
        return impossible("something inside of what is no directory, " + path, {});
      break;
    }
  }
  Catalog catalog;
  catalog.entries.reserve(entries_.size());
  while (!entries_.empty()) catalog.entries.push_back(std::move(entries_.extract(entries_.begin()).mapped()));
  return catalog;
}

std::vector<Bytes> encode_catalog(const Catalog& catalog) {
  constexpr size_t kPartBytesMax = 1 * MiB, kPartBytesMin = 16 * KiB;
  constexpr size_t kExtentsInOne = 4096;
  std::vector<Bytes> parts;
  Bytes part = begin_catalog_part();
  uint64_t number = 1;
  const auto flush = [&] {
    parts.push_back(std::move(part));
    part = begin_catalog_part();
  };
  for (const CatalogEntry& entry : catalog.entries) {
    // Where a part may end is decided by the path alone, so that a change moves no other cut.
    const uint32_t draw = crc32_of(as_bytes(entry.path));
    if ((part.size() >= kPartBytesMin && draw % 1024 == 0) || part.size() >= kPartBytesMax) flush();
    if (entry.extents.size() <= kExtentsInOne) {
      encode_item(part, {.kind = CatalogItem::Kind::whole, .entry = entry});
      continue;
    }
    CatalogItem begin{.kind = CatalogItem::Kind::begin, .number = number, .entry = entry};
    begin.entry.extents.clear();
    encode_item(part, begin);
    for (size_t at = 0; at < entry.extents.size(); at += kExtentsInOne) {
      CatalogItem more{.kind = CatalogItem::Kind::extents, .number = number};
      const size_t end = std::min(at + kExtentsInOne, entry.extents.size());
      more.entry.extents.assign(entry.extents.begin() + static_cast<std::ptrdiff_t>(at),
                                entry.extents.begin() + static_cast<std::ptrdiff_t>(end));
      encode_item(part, more);
      if (part.size() >= kPartBytesMax) flush();
    }
    CatalogItem end{.kind = CatalogItem::Kind::end, .number = number++};
    end.entry.size_bytes = entry.size_bytes;
    end.entry.changed_while_read = entry.changed_while_read;
    encode_item(part, end);
  }
  encode_item(part, {.kind = CatalogItem::Kind::finish, .number = catalog.entries.size()});
  parts.push_back(std::move(part));
  return parts;
}

Result<Catalog> decode_catalog(const std::vector<Bytes>& parts) {
  CatalogLog log;
  for (const Bytes& part : parts) TRY(log.apply_part(part));
  return std::move(log).take();
}

}  // namespace seedbed
