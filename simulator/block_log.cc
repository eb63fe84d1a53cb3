#include "simulator/block_log.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

namespace {

constexpr uint64_t kMagic = 0x6a736677736872u;
constexpr uint64_t kVersion = 1;
constexpr uint64_t kFlush = 1, kFua = 2, kDiscard = 4, kMark = 8;
constexpr size_t kHeadBytes = 32;  // of an entry: sector, sectors, flags, length of a mark's words
constexpr uint64_t kCatchUpBytes = 4096;

uint64_t flags_of(BlockLogEntry::Kind kind) noexcept {
  switch (kind) {
    case BlockLogEntry::Kind::discard:
      return kDiscard;
    case BlockLogEntry::Kind::flush:
      return kFlush;
    case BlockLogEntry::Kind::mark:
      return kMark;
    default:
      return 0;
  }
}

std::unexpected<Error> broken_log(const std::string& place, uint64_t offset_bytes, const std::string& what) {
  return fail(ErrorCode::corrupt, what, fmt::format("{} @ byte {}", place, offset_bytes),
              "Give a log in the format of dm-log-writes, whole");
}

}  // namespace

Bytes BlockLog::encode() const {
  Bytes out(sector_bytes);
  store_le<uint64_t>(out, 0, kMagic);
  store_le<uint64_t>(out, 8, kVersion);
  store_le<uint64_t>(out, 16, entries.size());
  store_le<uint32_t>(out, 24, sector_bytes);
  for (const BlockLogEntry& entry : entries) {
    const bool marks = entry.kind == BlockLogEntry::Kind::mark;
    const size_t at = out.size();
    out.resize(at + sector_bytes);
    store_le<uint64_t>(out, at, entry.extent.offset_bytes / sector_bytes);
    store_le<uint64_t>(out, at + 8, entry.extent.length_bytes / sector_bytes);
    store_le<uint64_t>(out, at + 16, flags_of(entry.kind));
    if (marks) {  // the words stand in the entry's own sector
      const size_t length_bytes = std::min<size_t>(entry.data.size(), sector_bytes - kHeadBytes);
      store_le<uint64_t>(out, at + 24, length_bytes);
      std::copy_n(entry.data.begin(), length_bytes, out.begin() + static_cast<ptrdiff_t>(at + kHeadBytes));
    } else {
      out.insert(out.end(), entry.data.begin(), entry.data.end());
    }
  }
  return out;
}

Result<BlockLog> BlockLog::parse(ByteSpan file, const std::string& place) {
  if (file.size() < kHeadBytes || load_le<uint64_t>(file, 0) != kMagic)
    return broken_log(place, 0, "this is no block log");
  if (const auto version = load_le<uint64_t>(file, 8); version != kVersion)
    return broken_log(place, 8, fmt::format("version {} of the format is unknown", version));
  BlockLog log;
  log.sector_bytes = load_le<uint32_t>(file, 24);
  if (log.sector_bytes != 512 && log.sector_bytes != 4096)
    return broken_log(place, 24, fmt::format("sectors of {} bytes", log.sector_bytes));
  const uint64_t counted = load_le<uint64_t>(file, 16);
  uint64_t there = 0;
  for (uint64_t at = log.sector_bytes; at < file.size();) {
    if (at + log.sector_bytes > file.size()) return broken_log(place, at, "the log ends in an entry");
    const ByteSpan head = file.subspan(at, log.sector_bytes);
    if (all_zero(head.first(kHeadBytes))) break;  // also a write of nothing to sector 0, which nobody logs
    there++;
    const uint64_t sector = load_le<uint64_t>(head, 0), sectors = load_le<uint64_t>(head, 8),
                   flags = load_le<uint64_t>(head, 16), words_bytes = load_le<uint64_t>(head, 24);
    at += log.sector_bytes;
    if ((flags & ~(kFlush | kFua | kDiscard | kMark)) != 0)
      return broken_log(place, at, fmt::format("unknown flags {:#x}", flags));
    if (sector > ~uint64_t{0} / log.sector_bytes / 2 || sectors > ~uint64_t{0} / log.sector_bytes / 2)
      return broken_log(place, at, "an entry that no drive has room for");
    const Extent extent{sector * log.sector_bytes, sectors * log.sector_bytes};
    if ((flags & kMark) != 0) {
      if (words_bytes > head.size() - kHeadBytes)
        return broken_log(place, at, "a mark longer than its sector");
      const ByteSpan words = head.subspan(kHeadBytes, words_bytes);
      log.entries.push_back({BlockLogEntry::Kind::mark, {}, Bytes(words.begin(), words.end())});
      continue;
    }
    // As the kernel's replay does: a flush flag on a write means that what came before is durable first.
    if ((flags & kFlush) != 0) log.entries.push_back({BlockLogEntry::Kind::flush, {}, {}});
    if ((flags & kDiscard) != 0) {
      log.entries.push_back({BlockLogEntry::Kind::discard, extent, {}});
    } else if (sectors > 0) {
      if (extent.length_bytes > file.size() - at) return broken_log(place, at, "the log ends in a write");
      const ByteSpan data = file.subspan(at, extent.length_bytes);
      log.entries.push_back({BlockLogEntry::Kind::write, extent, Bytes(data.begin(), data.end())});
      at += extent.length_bytes;
      if ((flags & kFua) != 0) log.entries.push_back({BlockLogEntry::Kind::flush, {}, {}});
    }
  }
  if (there < counted)
    return broken_log(place, file.size(), fmt::format("{} entries, where the log counts {}", there, counted));
  return log;
}

void BlockLog::replay(Medium& medium, size_t from, size_t to) const {
  for (size_t i = from; i < std::min(to, entries.size()); i++) {
    const BlockLogEntry& entry = entries[i];
    if (entry.kind == BlockLogEntry::Kind::write) medium.write(entry.extent.offset_bytes, entry.data);
    if (entry.kind == BlockLogEntry::Kind::discard) medium.discard(entry.extent);
  }
}

void BlockLogRecorder::add(BlockLogEntry entry) {
  log_.entries.push_back(std::move(entry));
  log_.replay(replayed_, log_.entries.size() - 1, log_.entries.size());
}

void BlockLogRecorder::written(const DriveState& drive, const Event& event) {
  const Extent extent{event.offset_bytes, event.length_bytes};
  if (event.kind == EventKind::drive_discard_done) return add({BlockLogEntry::Kind::discard, extent, {}});
  Bytes data(extent.length_bytes);
  drive.cache.read(extent.offset_bytes, data);
  add({BlockLogEntry::Kind::write, extent, std::move(data)});
  if (!drive.contract.volatile_cache) add({BlockLogEntry::Kind::flush, {}, {}});
}

// Behind what it covers: what completed while it was under way it does not.
void BlockLogRecorder::flushed(const Event& event) {
  const auto flush = std::ranges::find(flushes_, event.detail, &Flush::event);
  if (flush == flushes_.end()) return;
  if (!event.failed) {
    log_.entries.insert(log_.entries.begin() + static_cast<ptrdiff_t>(flush->behind),
                        {BlockLogEntry::Kind::flush, {}, {}});
    for (Flush& other : flushes_)
      if (other.event > event.detail) other.behind++;
  }
  flushes_.erase(flush);
}

void BlockLogRecorder::see(const DriveState& drive, const Event& event, EventSide side) {
  if (side == EventSide::before) {
    if (event.kind == EventKind::boot || event.kind == EventKind::fault)
      befell_ = event.place;
    else if (!befell_.empty())
      catch_up(drive, std::exchange(befell_, ""));
    if (event.kind == EventKind::boot) flushes_.clear();
    return;
  }
  if (event.place != drive.identity.serial) return;
  if (event.kind == EventKind::drive_flush && !event.failed)
    flushes_.push_back({event.number, log_.entries.size()});
  if ((event.kind == EventKind::drive_write_done || event.kind == EventKind::drive_discard_done) &&
      !event.failed)
    written(drive, event);
  if (event.kind == EventKind::drive_flush_done) flushed(event);
}

// Page by page, what a replay would have otherwise.
void BlockLogRecorder::catch_up(const DriveState& drive, const std::string& why) {
  const Medium& there = drive.cache.visible();
  if (there.hash() != replayed_.hash()) {
    add({BlockLogEntry::Kind::mark, {}, Bytes(why.begin(), why.end())});
    Bytes is(kCatchUpBytes), was(kCatchUpBytes);
    for (uint64_t at = 0; at < there.capacity_bytes(); at += kCatchUpBytes) {
      const uint64_t length_bytes = std::min(kCatchUpBytes, there.capacity_bytes() - at);
      there.read(at, MutableByteSpan(is).first(length_bytes));
      replayed_.read(at, MutableByteSpan(was).first(length_bytes));
      if (is != was) add({BlockLogEntry::Kind::write, {at, length_bytes}, is});
    }
  }
  // A cut has decided everything: what is there is there to stay.
  const bool settled = drive.cache.unsettled() == 0;
  if (settled && !log_.entries.empty() && log_.entries.back().kind == BlockLogEntry::Kind::write)
    add({BlockLogEntry::Kind::flush, {}, {}});
}

BlockLog BlockLogRecorder::take(const DriveState& drive) {
  catch_up(drive, "the end");
  return std::move(log_);
}

}  // namespace seedbed
