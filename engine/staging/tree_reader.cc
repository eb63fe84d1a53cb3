#include "engine/staging/tree_reader.h"

#include <algorithm>

namespace seedbed {

namespace {

constexpr uint64_t kZeroBlockBytes = 64 * KiB;
constexpr int kTriesMax = 3;
constexpr size_t kExtentsInOne = 4096;
constexpr uint64_t kChunksBetweenMarks = 16'000;  // what a mark's record has room for
constexpr uint64_t kItemsBytes = 64 * KiB;

uint64_t size_of(const CatalogItem& item) {
  return 96 + item.entry.path.size() + item.entry.target.size() + 48 * item.entry.extents.size();
}

CatalogEntry entry_of(const SourceEntry& source) {
  CatalogEntry entry;
  entry.path = source.path;
  entry.kind = source.stat.kind;
  entry.mode = source.stat.mode;
  entry.modified_ns = source.stat.modified_ns;
  entry.owner = source.stat.owner;
  entry.group = source.stat.group;
  entry.inode = source.stat.inode;
  entry.target = source.target;
  return entry;
}

bool same_content(const CatalogEntry& entry, const FileStat& stat) {
  return entry.kind == FileKind::file && entry.hard_link_of.empty() && !entry.changed_while_read &&
         entry.size_bytes == stat.size_bytes && entry.modified_ns == stat.modified_ns &&
         entry.inode == stat.inode;
}

}  // namespace

TreeReader::TreeReader(Runtime& runtime, FileStore& files, const SourceSelection& selection,
                       const StreamBase& base, const StreamOptions& options, UnitLine& line)
    : runtime_(runtime),
      files_(files),
      tree_(files, selection),
      base_(base),
      options_(options),
      line_(line),
      next_number_(base.next_number) {
  if (base_.resume && base_.open != nullptr)
    for (const auto& [number, open] : *base_.open) {
      open_[open.entry.path] = number;
      staged_bytes_ += open.entry.size_bytes;
    }
  if (base_.resume && base_.entries != nullptr)
    for (const auto& [path, entry] : *base_.entries) staged_bytes_ += entry.size_bytes;
}

Status TreeReader::run() {
  while (!stopped_) {
    std::optional<SourceEntry> source = TRY(tree_.next());
    if (!source) break;
    TRY(take(*std::move(source)));
    mark_when_due();
  }
  if (!stopped_) TRY(finish());
  report_.problems.insert(report_.problems.end(), tree_.problems().begin(), tree_.problems().end());
  line_.end();
  return {};
}

void TreeReader::record(const CatalogEntry& entry) {
  entries_++;
  if (entry.kind == FileKind::directory) report_.directories++;
  if (entry.kind == FileKind::symlink) report_.symlinks++;
  if (entry.kind != FileKind::file) return;
  if (entry.hard_link_of.empty()) {
    report_.files++;
    report_.source_bytes += entry.size_bytes;
  } else {
    report_.hard_links++;
  }
}

void TreeReader::say(CatalogItem item) {
  items_bytes_ += size_of(item);
  since_mark_bytes_ += size_of(item);
  items_.push_back(std::move(item));
  if (items_bytes_ >= kItemsBytes) push({}, {});
}

// A file of very many extents is told in several items, so that none outgrows a chunk.
void TreeReader::say_whole(CatalogEntry entry) {
  record(entry);
  if (entry.extents.size() <= kExtentsInOne) {
    say({.kind = CatalogItem::Kind::whole, .entry = std::move(entry)});
    return;
  }
  const std::vector<CatalogExtent> extents = std::exchange(entry.extents, {});
  const uint64_t number = next_number_++;
  CatalogItem end{.kind = CatalogItem::Kind::end, .number = number};
  end.entry.size_bytes = entry.size_bytes;
  end.entry.changed_while_read = entry.changed_while_read;
  say({.kind = CatalogItem::Kind::begin, .number = number, .entry = std::move(entry)});
  for (size_t at = 0; at < extents.size(); at += kExtentsInOne) {
    CatalogItem more{.kind = CatalogItem::Kind::extents, .number = number};
    const size_t until = std::min(at + kExtentsInOne, extents.size());
    more.entry.extents.assign(extents.begin() + static_cast<std::ptrdiff_t>(at),
                              extents.begin() + static_cast<std::ptrdiff_t>(until));
    say(std::move(more));
  }
  say(std::move(end));
}

// The items that wait go along, in front.
bool TreeReader::push(Bytes plain, std::vector<CatalogItem> items, bool mark) {
  if (stopped_) return false;
  auto unit = std::make_unique<StreamUnit>();
  unit->cost_bytes = plain.size() + items_bytes_ + 1024;
  if (!plain.empty()) since_mark_chunks_++;
  unit->plain = std::move(plain);
  unit->items = std::exchange(items_, {});
  unit->items.insert(unit->items.end(), std::make_move_iterator(items.begin()),
                     std::make_move_iterator(items.end()));
  unit->mark = mark;
  unit->source_bytes = staged_bytes_;
  items_bytes_ = 0;
  if (!line_.push(std::move(unit))) stopped_ = true;
  return !stopped_;
}

bool TreeReader::flush_pack() {
  if (pack_items_.empty()) return !stopped_;
  return push(std::exchange(pack_, {}), std::exchange(pack_items_, {}));
}

bool TreeReader::mark_when_due() {
  if (since_mark_bytes_ < options_.mark_bytes && since_mark_chunks_ < kChunksBetweenMarks) return !stopped_;
  flush_pack();
  since_mark_bytes_ = since_mark_chunks_ = 0;
  return push({}, {}, true);
}

Status TreeReader::take(SourceEntry source) {
  const CatalogEntry* old = nullptr;
  if (base_.entries != nullptr) {
    const auto found = base_.entries->find(source.path);
    if (found != base_.entries->end()) old = &found->second;
  }
  if (old != nullptr && base_.resume) met_.insert(source.path);
  CatalogEntry entry = entry_of(source);
  if (!source.hard_link_of.empty()) {
    std::string first = source.hard_link_of;
    if (const auto other = other_first_.find(first); other != other_first_.end()) first = other->second;
    if (unread_.contains(first)) {
      other_first_[source.hard_link_of] = source.path;  // this name stands for the content now
    } else {
      entry.hard_link_of = first;
    }
  }
  const bool has_content = entry.kind == FileKind::file && entry.hard_link_of.empty();
  const bool unread = !has_content || (old != nullptr && same_content(*old, source.stat));
  if (has_content && unread) {
    entry.extents = old->extents;
    entry.size_bytes = old->size_bytes;
  }
  if (old != nullptr && base_.resume) {
    if (unread && entry == *old) {
      record(entry);
      return {};
    }
    staged_bytes_ -= old->size_bytes;
    CatalogItem gone{.kind = CatalogItem::Kind::remove};
    gone.entry.path = source.path;
    say(std::move(gone));
  }
  if (!unread) return read_content(source, std::move(entry));
  staged_bytes_ += entry.size_bytes;
  say_whole(std::move(entry));
  return {};
}

Status TreeReader::read_content(const SourceEntry& source, CatalogEntry entry) {
  SourceEntry now = source;
  for (int attempt = 1; !stopped_; attempt++) {
    const bool last_try = attempt == kTriesMax;
    CatalogEntry fresh = entry;
    fresh.modified_ns = now.stat.modified_ns;
    fresh.mode = now.stat.mode;
    const bool small = now.stat.size_bytes < options_.chunks.min_bytes && !open_.contains(source.path);
    const Outcome outcome = TRY(small ? read_small(now, fresh, last_try) : read_large(now, fresh, last_try));
    if (outcome == Outcome::failed) unread_.insert(source.path);
    if (outcome != Outcome::changed) return {};
    auto stat = files_.stat(source.source_path);
    if (!stat || stat->kind != FileKind::file) {
      if (!stat && stat.error().code == ErrorCode::device_gone)
        return std::unexpected(std::move(stat).error());
      report_.problems.push_back({source.path, "it vanished while it was read"});
      unread_.insert(source.path);
      return {};
    }
    now.stat = *stat;
  }
  return {};
}

Result<TreeReader::Outcome> TreeReader::give_up(const SourceEntry& source, const Error& error) {
  if (error.code == ErrorCode::device_gone) return std::unexpected(error);
  report_.problems.push_back({source.path, error.what});
  return Outcome::failed;
}

// Whether the file is as it was before it was read. When it could not even be looked at, it is not.
Result<bool> TreeReader::still_the_same(const SourceEntry& source, CatalogEntry& entry) {
  const auto after = files_.stat(source.source_path);
  if (!after && after.error().code == ErrorCode::device_gone) return std::unexpected(after.error());
  return after && after->size_bytes == source.stat.size_bytes && entry.size_bytes == source.stat.size_bytes &&
         after->modified_ns == source.stat.modified_ns && after->inode == source.stat.inode;
}

Result<TreeReader::Outcome> TreeReader::read_small(const SourceEntry& source, CatalogEntry& entry,
                                                   bool last_try) {
  const uint64_t start_ns = runtime_.now_ns();
  const auto file = files_.open(source.source_path, OpenMode::read);
  if (!file) return give_up(source, file.error());
  Bytes bytes(source.stat.size_bytes);
  const auto got = (*file)->read_at(0, bytes);
  if (!got) return give_up(source, got.error());
  bytes.resize(*got);
  report_.read_bytes += bytes.size();
  report_.times.read_ns += runtime_.now_ns() - start_ns;
  since_mark_bytes_ += bytes.size();
  entry.size_bytes = bytes.size();
  if (!TRY(still_the_same(source, entry))) {
    if (!last_try) return Outcome::changed;
    entry.changed_while_read = true;
    report_.changed.push_back(entry.path);
  }
  staged_bytes_ += entry.size_bytes;
  if (bytes.empty() || all_zero(bytes)) {
    if (!bytes.empty()) entry.extents = {{CatalogExtent::Kind::zeros, 0, bytes.size(), {}}};
    report_.zero_bytes += bytes.size();
    say_whole(std::move(entry));
    return Outcome::done;
  }
  if (pack_.size() + bytes.size() > options_.chunks.max_bytes && !flush_pack()) return Outcome::stopped;
  entry.extents = {{CatalogExtent::Kind::pending, static_cast<uint32_t>(pack_.size()), bytes.size(), {}}};
  append(pack_, bytes);
  record(entry);
  CatalogItem item{.kind = CatalogItem::Kind::whole, .entry = std::move(entry)};
  since_mark_bytes_ += size_of(item);
  pack_items_.push_back(std::move(item));
  if (pack_.size() >= options_.chunks.average_bytes) flush_pack();
  return stopped_ ? Outcome::stopped : Outcome::done;
}

Result<TreeReader::Outcome> TreeReader::read_large(const SourceEntry& source, CatalogEntry& entry,
                                                   bool last_try) {
  uint64_t number = 0, at = 0;
  const auto abandon = [&] {
    staged_bytes_ -= at;
    say({.kind = CatalogItem::Kind::abandon, .number = number});
  };
  if (const auto begun = open_.find(source.path); begun != open_.end()) {
    const CatalogLog::Open& open = base_.open->at(begun->second);
    number = begun->second;
    at = open.entry.size_bytes;
    CatalogEntry so_far = entry;
    so_far.size_bytes = at;
    so_far.extents = open.entry.extents;
    open_.erase(begun);
    if (so_far != open.entry || open.whole_bytes != source.stat.size_bytes) {
      abandon();
      number = at = 0;
    }
  }
  const auto file = files_.open(source.source_path, OpenMode::read);
  if (!file) {
    if (number != 0 && file.error().code != ErrorCode::device_gone) abandon();
    return give_up(source, file.error());
  }
  if (number == 0) {
    number = next_number_++;
    CatalogItem begin{.kind = CatalogItem::Kind::begin, .number = number, .entry = entry};
    begin.entry.size_bytes = source.stat.size_bytes;
    say(std::move(begin));
  }
  const auto cut = cut_large(**file, entry, number, at, source.stat.size_bytes);
  if (!cut) {
    if (cut.error().code != ErrorCode::device_gone) abandon();
    return give_up(source, cut.error());
  }
  if (*cut == Outcome::stopped) return Outcome::stopped;
  entry.size_bytes = at;
  if (!TRY(still_the_same(source, entry))) {
    if (!last_try) {
      abandon();
      return Outcome::changed;
    }
    entry.changed_while_read = true;
    report_.changed.push_back(entry.path);
  }
  record(entry);
  CatalogItem end{.kind = CatalogItem::Kind::end, .number = number};
  end.entry.size_bytes = at;
  end.entry.changed_while_read = entry.changed_while_read;
  say(std::move(end));
  return Outcome::done;
}

// Aligned blocks of zeros become zero extents; what lies between is cut by content.
Result<TreeReader::Outcome> TreeReader::cut_large(File& file, CatalogEntry&, uint64_t number, uint64_t& at,
                                                  uint64_t size_bytes) {
  const size_t window_bytes = std::max<size_t>(2 * options_.chunks.max_bytes, 2 * kZeroBlockBytes);
  if (window_.size() < window_bytes) window_.resize(window_bytes);
  size_t begin = 0, have = 0;  // window_[begin, begin + have) is the file's content from `at`
  bool at_end = false;
  const auto say_extent = [&](CatalogExtent extent) {
    CatalogItem item{.kind = CatalogItem::Kind::extents, .number = number};
    item.entry.extents.push_back(extent);
    return item;
  };
  while (true) {
    if (!at_end && have < std::max<uint64_t>(options_.chunks.max_bytes, kZeroBlockBytes)) {
      std::memmove(window_.data(), window_.data() + begin, have);
      begin = 0;
      const uint64_t start_ns = runtime_.now_ns();
      const uint64_t left_bytes = size_bytes - std::min(size_bytes, at + have);
      const size_t want = std::min<uint64_t>(window_bytes - have, left_bytes);
      const size_t got =
          want == 0 ? 0 : TRY(file.read_at(at + have, MutableByteSpan(window_).subspan(have, want)));
      report_.times.read_ns += runtime_.now_ns() - start_ns;
      report_.read_bytes += got;
      have += got;
      at_end = got < want || at + have >= size_bytes;
    }
    if (have == 0) return Outcome::done;
    const uint64_t start_ns = runtime_.now_ns();
    const ByteSpan content = ByteSpan(window_).subspan(begin, have);
    // How many bytes from an aligned place on are zeros, in whole blocks (at the end of the file: a part of
    // one).
    const auto zeros_at = [&](size_t from) -> size_t {
      const size_t block = std::min<uint64_t>(kZeroBlockBytes, have - from);
      if (block < kZeroBlockBytes && !at_end) return 0;
      return block != 0 && all_zero(content.subspan(from, block)) ? block : 0;
    };
    size_t zeros = 0;
    if (at % kZeroBlockBytes == 0)
      while (const size_t more = zeros < have ? zeros_at(zeros) : 0) zeros += more;
    size_t used = zeros;
    Bytes chunk;
    CatalogItem item;
    if (zeros != 0) {
      report_.zero_bytes += zeros;
      item = say_extent({CatalogExtent::Kind::zeros, 0, zeros, {}});
    } else {
      used = next_cut(content, options_.chunks);
      for (size_t block = round_up(at, kZeroBlockBytes) - at; block < used; block += kZeroBlockBytes)
        if (block != 0 && zeros_at(block) != 0) used = block;
      chunk.assign(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(used));
      item = say_extent({CatalogExtent::Kind::pending, 0, used, {}});
    }
    runtime_.spend(Work::scan, used);
    report_.times.cut_ns += runtime_.now_ns() - start_ns;
    begin += used;
    have -= used;
    at += used;
    staged_bytes_ += used;
    since_mark_bytes_ += used;
    if (zeros != 0) {
      say(std::move(item));
    } else {
      std::vector<CatalogItem> items;
      items.push_back(std::move(item));
      push(std::move(chunk), std::move(items));
    }
    if (!mark_when_due()) return Outcome::stopped;
  }
}

Status TreeReader::finish() {
  if (base_.resume) {
    for (const auto& [path, number] : open_) {
      staged_bytes_ -= base_.open->at(number).entry.size_bytes;
      say({.kind = CatalogItem::Kind::abandon, .number = number});
    }
    if (base_.entries != nullptr)
      for (const auto& [path, entry] : *base_.entries)
        if (!met_.contains(path)) {
          staged_bytes_ -= entry.size_bytes;
          CatalogItem gone{.kind = CatalogItem::Kind::remove};
          gone.entry.path = path;
          say(std::move(gone));
        }
  }
  flush_pack();
  say({.kind = CatalogItem::Kind::finish, .number = entries_});
  push({}, {});
  return {};
}

}  // namespace seedbed
