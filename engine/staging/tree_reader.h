// The reading end of a chunk stream: walks the source, takes over what has not changed, reads the rest, cuts
// it into chunks and says what the catalog is to say. One task runs it; it pushes into a UnitLine, whose end
// it tells. Reads the source, writes nothing.
#pragma once

#include "engine/staging/chunk_stream.h"
#include "engine/staging/unit_line.h"

namespace seedbed {

class TreeReader {
 public:
  TreeReader(Runtime& runtime, FileStore& files, const SourceSelection& selection, const StreamBase& base,
             const StreamOptions& options, UnitLine& line);
  // The whole walk. A false push (the line was stopped) ends it without an error.
  Status run();
  const StreamReport& report() const noexcept { return report_; }

 private:
  enum class Outcome : uint8_t { done, changed, failed, stopped };

  Status take(SourceEntry source);
  Status read_content(const SourceEntry& source, CatalogEntry entry);
  Result<Outcome> read_small(const SourceEntry& source, CatalogEntry& entry, bool last_try);
  Result<Outcome> read_large(const SourceEntry& source, CatalogEntry& entry, bool last_try);
  Result<Outcome> cut_large(File& file, CatalogEntry& entry, uint64_t number, uint64_t& at,
                            uint64_t size_bytes);
  Result<Outcome> give_up(const SourceEntry& source, const Error& error);
  Result<bool> still_the_same(const SourceEntry& source, CatalogEntry& entry);
  void record(const CatalogEntry& entry);  // counts it
  void say(CatalogItem item);
  void say_whole(CatalogEntry entry);
  bool push(Bytes plain, std::vector<CatalogItem> items, bool mark = false);
  bool flush_pack();
  bool mark_when_due();
  Status finish();

  Runtime& runtime_;
  FileStore& files_;
  SourceTree tree_;
  StreamBase base_;
  StreamOptions options_;
  UnitLine& line_;
  StreamReport report_;
  std::map<std::string, uint64_t> open_;            // path → number, not taken up again yet
  std::set<std::string> met_;                       // paths of the base that are still there
  std::map<std::string, std::string> other_first_;  // a first name that could not be read → the next one
  std::set<std::string> unread_;
  std::vector<CatalogItem> items_;
  Bytes pack_;
  std::vector<CatalogItem> pack_items_;
  Bytes window_;
  uint64_t items_bytes_ = 0;
  uint64_t next_number_;
  uint64_t entries_ = 0;
  uint64_t staged_bytes_ = 0, since_mark_bytes_ = 0, since_mark_chunks_ = 0;
  bool stopped_ = false;
};

}  // namespace seedbed
