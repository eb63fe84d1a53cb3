// Reading a base blob that nobody vouches for yet: what of it may be believed.
#include <fmt/format.h>

#include <algorithm>

#include "engine/staging/blob_layout.h"

namespace seedbed {

namespace {

struct FoundRecord {
  uint64_t offset_bytes;
  RecordHead head;
};

std::string place(const std::string& path, uint64_t offset_bytes) {
  return fmt::format("{} @ byte {}", path, offset_bytes);
}

class Scanner {
 public:
  Scanner(File& file, const std::string& path, const ChunkKeys& keys)
      : file_(file), path_(path), opener_(keys) {}

  Result<BlobScan> run(bool every_record) {
    const auto [head, head_bytes] = TRY(read_blob_head(file_, path_));
    scan_.head = head;
    scan_.file_bytes = TRY(file_.size());
    scan_.entries.push_back({{}, 0, static_cast<uint32_t>(head_bytes.size()), 0, sha256_of(head_bytes)});
    scan_.end_bytes = head_bytes.size();
    TRY(find_records(head_bytes.size()));
    if (!every_record) TRY(believe_marks());
    TRY(open_rest());
    return std::move(scan_);
  }

 private:
  // A chain of heads from the front. Bytes are not looked at yet.
  Status find_records(uint64_t at) {
    Bytes bytes(kRecordHeadBytes);
    while (scan_.file_bytes - at >= kBlobPageBytes) {
      if (TRY(file_.read_at(at, bytes)) != bytes.size()) break;
      const auto head = parse_record_head(bytes);
      if (!head || head->blob != scan_.head.blob || head->sequence != found_.size() + 1 ||
          head->record_bytes() > scan_.file_bytes - at)
        break;
      found_.push_back({at, *head});
      at += head->record_bytes();
    }
    return {};
  }

  Result<Bytes> record_bytes(const FoundRecord& found) {
    Bytes bytes(found.head.record_bytes());
    if (TRY(file_.read_at(found.offset_bytes, bytes)) != bytes.size())
      return fail(ErrorCode::corrupt, "a record is cut off", place(path_, found.offset_bytes));
    return bytes;
  }

  // The last mark that opens vouches for all before it: then every mark before must open, and must tell of
  // the records that are there.
  Status believe_marks() {
    size_t last = found_.size();
    std::vector<std::pair<size_t, MarkContent>> marks;
    for (size_t i = found_.size(); i-- > 0;) {
      if (found_[i].head.kind != RecordKind::mark) continue;
      const Bytes bytes = TRY(record_bytes(found_[i]));
      const std::string where = place(path_, found_[i].offset_bytes);
      auto opened = opener_.open(bytes, where);
      if (!opened && marks.empty()) continue;  // torn: one before may open
      if (!opened)
        return fail(ErrorCode::corrupt, "a base blob is damaged below what was made durable", where,
                    "Remove the job's files from the staging location and run the backup again");
      if (marks.empty()) {
        last = i;
        last_mark_sha256_ = sha256_of(bytes);
      }
      marks.emplace_back(i, TRY(parse_mark(opened->plain, where)));
    }
    if (marks.empty()) return {};
    const IndexEntry first = scan_.entries.front();
    scan_.entries.clear();
    for (auto mark = marks.rbegin(); mark != marks.rend(); ++mark)
      scan_.entries.insert(scan_.entries.end(), mark->second.entries.begin(), mark->second.entries.end());
    if (scan_.entries.size() != last + 1 || scan_.entries.front() != first) return told_wrong();
    for (size_t i = 0; i < last; i++) {
      const IndexEntry& entry = scan_.entries[i + 1];
      if (entry.offset_bytes != found_[i].offset_bytes || entry.id != found_[i].head.id ||
          entry.length_bytes != found_[i].head.record_bytes() || !entry.is(found_[i].head.kind))
        return told_wrong();
    }
    scan_.durable_bytes = found_[last].offset_bytes;
    scan_.source_bytes = marks.front().second.source_bytes;
    add(found_[last], last_mark_sha256_);
    scan_.marked_entries = scan_.entries.size();
    return {};
  }

  std::unexpected<Error> told_wrong() const {
    return fail(ErrorCode::corrupt, "the marks of a base blob do not tell of its records", path_,
                "Remove the job's files from the staging location and run the backup again");
  }

  Status open_rest() {
    for (size_t i = scan_.entries.size() - 1; i < found_.size(); i++) {
      const Bytes bytes = TRY(record_bytes(found_[i]));
      if (!opener_.open(bytes)) break;  // the torn tail begins
      add(found_[i], sha256_of(bytes));
    }
    return {};
  }

  void add(const FoundRecord& found, const Sha256& sha256) {
    const auto length_bytes = static_cast<uint32_t>(found.head.record_bytes());
    scan_.entries.push_back(
        {found.head.id, found.offset_bytes, length_bytes, static_cast<uint8_t>(found.head.kind), sha256});
    scan_.end_bytes = found.offset_bytes + length_bytes;
  }

  File& file_;
  const std::string& path_;
  Opener opener_;
  BlobScan scan_;
  std::vector<FoundRecord> found_;
  Sha256 last_mark_sha256_{};
};

}  // namespace

Result<BlobScan> scan_base_blob(FileStore& files, const std::string& path, const ChunkKeys& keys,
                                bool every_record) {
  const auto file = TRY(files.open(path, OpenMode::read));
  return Scanner(*file, path, keys).run(every_record);
}

Result<OpenedRecord> read_record(File& file, const std::string& path, const IndexEntry& entry,
                                 Opener& opener) {
  const std::string where = place(path, entry.offset_bytes);
  Bytes bytes(entry.length_bytes);
  if (TRY(file.read_at(entry.offset_bytes, bytes)) != bytes.size())
    return fail(ErrorCode::corrupt, "a record is cut off", where);
  OpenedRecord opened = TRY(opener.open(bytes, where));
  if (opened.head.id != entry.id || !entry.is(opened.head.kind))
    return fail(ErrorCode::corrupt, "another record stands here than the index says", where);
  return opened;
}

}  // namespace seedbed
