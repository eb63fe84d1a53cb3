// The tree of a backup: entries (path, kind, times, mode, …) with the extents that say which bytes of which
// chunk are a file's content. docs/formats/catalog.md has the bytes.
//
// On its way it is a log of items, cut into parts, each sealed as a record of kind `catalog`. A seed's log
// grows while staging goes on and may take back what it said; an increment's catalog is written in one go,
// cut where paths say so, so that what has not changed makes the same parts with the same ids again.
//
// Paths are those of the source without the leading slash ("srv/data/x"), bytes, never ".", ".." or empty
// parts. Values; any task may hold them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/ports/file_store.h"
#include "engine/staging/sealed_chunk.h"

namespace seedbed {

struct CatalogExtent {
  // pending: of the chunk that travels beside the item (chunk_stream.h); never written.
  enum class Kind : uint8_t { data = 1, zeros = 2, pending = 3 };
  Kind kind = Kind::data;
  uint32_t chunk_offset_bytes = 0;
  uint64_t length_bytes = 0;
  ChunkId chunk{};  // of data
  friend bool operator==(const CatalogExtent&, const CatalogExtent&) = default;
};

struct CatalogEntry {
  std::string path;
  FileKind kind = FileKind::file;  // file, directory or symlink
  uint32_t mode = 0;
  int64_t modified_ns = 0;
  uint32_t owner = 0, group = 0;
  uint64_t size_bytes = 0;        // of a file: the sum of its extents
  uint64_t inode = 0;             // to see whether it is still the same file
  std::string target = {};        // of a symlink
  std::string hard_link_of = {};  // of a file that is another name of that path: it has no extents of its own
  bool changed_while_read = false;
  std::vector<CatalogExtent> extents = {};
  friend bool operator==(const CatalogEntry&, const CatalogEntry&) = default;
};

struct Catalog {
  std::vector<CatalogEntry> entries;  // sorted by path: parents come first
  const CatalogEntry* find(std::string_view path) const;
  std::vector<ChunkId> chunk_ids() const;  // of all extents, each once, in order of first use
  friend bool operator==(const Catalog&, const Catalog&) = default;
};

// One statement of the log.
struct CatalogItem {
  enum class Kind : uint8_t {
    whole = 1,    // an entry with all its extents
    begin = 2,    // an entry whose extents follow, under `number`
    extents = 3,  // more of it
    end = 4,      // that was all; entry.changed_while_read is told here
    abandon = 5,  // `number` was read in vain
    remove = 6,   // the finished entry of entry.path is no more
    finish = 7,   // nothing follows; number = how many entries there are
  };
  Kind kind = Kind::whole;
  uint64_t number = 0;
  CatalogEntry entry = {};
};

void encode_item(Bytes& out, const CatalogItem& item);
// corrupt, with the byte, where the bytes are not what encode_item writes.
Result<std::vector<CatalogItem>> decode_catalog_part(ByteSpan plain, const std::string& where = {});

// The log so far, as parts are applied to it. Nothing that a part says is believed before it is checked.
class CatalogLog {
 public:
  struct Open {                // begun and not ended
    CatalogEntry entry;        // size_bytes: of the extents so far
    uint64_t whole_bytes = 0;  // as it was when it was begun
  };
  // corrupt: the part is not what an encoder wrote, or says what cannot be (and the log is then unusable).
  Status apply_part(ByteSpan plain, const std::string& where = {});
  Status apply(CatalogItem item, const std::string& where = {});
  bool finished() const noexcept { return finished_; }
  const std::map<std::string, CatalogEntry>& entries() const noexcept { return entries_; }
  const std::map<uint64_t, Open>& open() const noexcept { return open_; }
  uint64_t next_number() const noexcept { return next_number_; }
  // The tree; corrupt when the log is not finished. Hard links and parents have been checked.
  Result<Catalog> take() &&;

 private:
  std::map<std::string, CatalogEntry> entries_;
  std::map<uint64_t, Open> open_;
  uint64_t next_number_ = 1;
  bool finished_ = false;
};

// Starts a part: what encode_item appends to.
Bytes begin_catalog_part();
// The whole catalog as parts of at most 1 MiB or so.
std::vector<Bytes> encode_catalog(const Catalog& catalog);
Result<Catalog> decode_catalog(const std::vector<Bytes>& parts);

// No "..", no empty part, no leading slash, no zero byte, at most 32 KiB.
bool catalog_path_is_safe(std::string_view path);

}  // namespace seedbed
