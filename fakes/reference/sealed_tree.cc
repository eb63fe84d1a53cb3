#include "fakes/reference/sealed_tree.h"

#include <algorithm>

namespace seedbed::reference {

namespace {

// Values of one catalog part, one after the other. `ok` goes false at the first that is not there.
struct Words {
  ByteSpan rest;
  bool ok = true;

  ByteSpan bytes(size_t count) {
    if (!ok || rest.size() < count) {
      ok = false;
      return {};
    }
    const ByteSpan out = rest.first(count);
    rest = rest.subspan(count);
    return out;
  }
  uint64_t number(size_t width) {
    uint64_t value = 0;
    const ByteSpan raw = bytes(width);
    for (size_t i = 0; i < raw.size(); i++) value |= static_cast<uint64_t>(raw[i]) << (8 * i);
    return value;
  }
  std::string text() { return std::string(as_text(bytes(number(4)))); }
};

std::pair<std::string, SealedEntry> entry_of(Words& words) {
  SealedEntry entry;
  const uint64_t kind = words.number(1), flags = words.number(1);
  if (kind > 2 || flags > 1) words.ok = false;
  entry.kind = kind == 0 ? FileKind::file : kind == 1 ? FileKind::directory : FileKind::symlink;
  entry.changed_while_read = flags == 1;
  entry.mode = static_cast<uint32_t>(words.number(4));
  entry.owner = static_cast<uint32_t>(words.number(4));
  entry.group = static_cast<uint32_t>(words.number(4));
  entry.modified_ns = static_cast<int64_t>(words.number(8));
  entry.size_bytes = words.number(8);
  words.number(8);  // the inode: the engine's business
  std::string path = words.text();
  entry.target = words.text();
  entry.hard_link_of = words.text();
  return {std::move(path), std::move(entry)};
}

void extents_of(Words& words, std::vector<SealedExtent>& extents) {
  for (uint64_t count = words.number(4); count > 0 && words.ok; count--) {
    SealedExtent extent;
    const uint64_t kind = words.number(1);
    extent.zeros = kind == 2;
    extent.length_bytes = words.number(8);
    if (kind == 1) {
      extent.offset_bytes = words.number(4);
      const ByteSpan id = words.bytes(32);
      std::copy(id.begin(), id.end(), extent.chunk.begin());
    } else if (kind != 2) {
      words.ok = false;
    }
    extents.push_back(extent);
  }
}

uint64_t length_of(const std::vector<SealedExtent>& extents) {
  uint64_t sum = 0;
  for (const SealedExtent& extent : extents) sum += extent.length_bytes;
  return sum;
}

}  // namespace

Status SealedTree::add_part(ByteSpan plain, const std::string& place) {
  const auto bad = [&](const std::string& what) { return fail(ErrorCode::corrupt, what, place); };
  if (plain.size() < 4 || as_text(plain.first(4)) != "SBC1") return bad("this is no catalog part");
  Words words{plain.subspan(4)};
  while (!words.rest.empty()) {
    if (finished_) return bad("the catalog goes on behind its end");
    const uint64_t word = words.number(1);
    const uint64_t number = word >= 2 && word != 6 ? words.number(8) : 0;
    if ((word == 3 || word == 4 || word == 5) && !open_.contains(number)) return bad("an unknown number");
    if (word == 1) {
      auto [path, entry] = entry_of(words);
      extents_of(words, entry.extents);
      if (entry.kind == FileKind::file && entry.hard_link_of.empty() &&
          length_of(entry.extents) != entry.size_bytes)
        return bad("a size that its extents do not have: " + path);
      if (!entries_.emplace(path, std::move(entry)).second) return bad("told twice: " + path);
    } else if (word == 2) {
      if (!open_.emplace(number, entry_of(words)).second) return bad("a number begun twice");
    } else if (word == 3) {
      extents_of(words, open_.at(number).second.extents);
    } else if (word == 4) {
      auto [path, entry] = std::move(open_.at(number));
      open_.erase(number);
      entry.size_bytes = words.number(8);
      entry.changed_while_read = words.number(1) == 1;
      if (length_of(entry.extents) != entry.size_bytes)
        return bad("a size that its extents do not have: " + path);
      if (!entries_.emplace(path, std::move(entry)).second) return bad("told twice: " + path);
    } else if (word == 5) {
      open_.erase(number);
    } else if (word == 6) {
      if (entries_.erase(words.text()) == 0) return bad("taken back what was not there");
    } else if (word == 7) {
      if (number != entries_.size() || !open_.empty()) return bad("an end before everything was there");
      finished_ = true;
    } else {
      return bad("an unknown word");
    }
    if (!words.ok) return bad("a catalog part is malformed");
  }
  return {};
}

Result<Bytes> sealed_content(const SealedTree& tree, const std::string& path, const SealKeys& keys,
                             const FetchSealed& fetch) {
  const auto found = tree.entries().find(path);
  if (found == tree.entries().end()) return fail(ErrorCode::not_found, "no such entry", path);
  const SealedEntry* entry = &found->second;
  if (!entry->hard_link_of.empty()) {
    const auto first = tree.entries().find(entry->hard_link_of);
    if (first == tree.entries().end()) return fail(ErrorCode::corrupt, "a hard link to nothing", path);
    entry = &first->second;
  }
  Bytes content;
  SealedId last{};
  Bytes plain;
  for (const SealedExtent& extent : entry->extents) {
    if (extent.zeros) {
      content.resize(content.size() + extent.length_bytes);
      continue;
    }
    if (plain.empty() || last != extent.chunk) {
      const Bytes record = TRY(fetch(extent.chunk));
      SealedRecord opened = TRY(open_sealed(keys, record, path));
      if (opened.id != extent.chunk) return fail(ErrorCode::corrupt, "another chunk than asked for", path);
      plain = std::move(opened.plain);
      last = extent.chunk;
    }
    if (extent.offset_bytes > plain.size() || extent.length_bytes > plain.size() - extent.offset_bytes)
      return fail(ErrorCode::corrupt, "an extent beyond its chunk", path);
    append(content, ByteSpan(plain).subspan(extent.offset_bytes, extent.length_bytes));
  }
  return content;
}

Findings compare_with_source(const SealedTree& tree, const SealKeys& keys, const FetchSealed& fetch,
                             FileStore& files, const std::string& root, const std::vector<std::string>& but) {
  Findings findings;
  const std::string top = root.substr(1);
  std::vector<std::string> to_visit{top};
  std::map<std::string, bool> met;
  std::map<uint64_t, std::string>
      inodes;  // of files with several names → what their catalog entry stands for
  const auto left_out = [&](const std::string& path) { return std::ranges::find(but, path) != but.end(); };
  while (!to_visit.empty()) {
    const std::string path = std::move(to_visit.back());
    to_visit.pop_back();
    if (left_out(path)) continue;
    const auto stat = files.stat("/" + path);
    const auto found = tree.entries().find(path);
    if (!stat) {
      findings.push_back(finding_of(path, stat.error()));
      continue;
    }
    if (stat->kind == FileKind::other) continue;
    if (stat->kind == FileKind::directory) {
      const auto names = files.list("/" + path);
      if (!names) findings.push_back(finding_of(path, names.error()));
      if (names)
        for (const DirectoryEntry& name : *names) to_visit.push_back(path + "/" + name.name);
    }
    if (found == tree.entries().end()) {
      findings.push_back({path, "is in the source and not in the backup"});
      continue;
    }
    met[path] = true;
    const SealedEntry& entry = found->second;
    const auto differs = [&](const char* what) { findings.push_back({path, what}); };
    if (entry.kind != stat->kind) {
      differs("is of another kind");
      continue;
    }
    if (entry.kind != FileKind::symlink && entry.mode != stat->mode) differs("has another mode");
    if (entry.modified_ns != stat->modified_ns) differs("has another time");
    if (entry.owner != stat->owner || entry.group != stat->group) differs("has another owner");
    if (entry.kind == FileKind::symlink) {
      const auto target = files.read_link("/" + path);
      if (!target || *target != entry.target) differs("leads elsewhere");
    }
    if (entry.kind != FileKind::file) continue;
    if (stat->link_count > 1) {
      const std::string& stands_for = entry.hard_link_of.empty() ? path : entry.hard_link_of;
      const auto [first, is_new] = inodes.try_emplace(stat->inode, stands_for);
      if (!is_new && first->second != stands_for) differs("is not the same file as its other names");
    } else if (!entry.hard_link_of.empty()) {
      differs("has other names in the backup only");
    }
    const auto was = read_file(files, "/" + path, 1 * GiB);
    const auto is = sealed_content(tree, path, keys, fetch);
    if (!was) findings.push_back(finding_of(path, was.error()));
    if (!is) findings.push_back(finding_of(path, is.error()));
    if (was && is && *was != *is) differs("has other bytes");
  }
  for (const auto& [path, entry] : tree.entries())
    if (!met.contains(path) && !left_out(path))
      findings.push_back({path, "is in the backup and not in the source"});
  return findings;
}

FetchSealed StagedSeed::fetch() const {
  return [this](const SealedId& id) -> Result<Bytes> {
    const auto found = chunks.find(id);
    if (found == chunks.end()) return fail(ErrorCode::not_found, "the chunk was not staged");
    return found->second;
  };
}

StagedSeed read_staged_seed(FileStore& files, const std::string& staging_path, const std::string& job,
                            std::string_view passphrase) {
  StagedSeed seed;
  const auto read = [&]() -> Status {
    std::optional<SealKeys> keys;
    for (bool complete = false; !complete;) {
      std::string number = std::to_string(seed.indexes.size() + 1);
      number.insert(0, number.size() < 3 ? 3 - number.size() : 0, '0');
      const std::string stem = join_path(staging_path, job) + "_" + number;
      const Bytes aib = TRY(read_file(files, stem + ".AIBBlob", 64 * MiB));
      SealedIndex index = TRY(read_sealed_index(aib, stem + ".AIBBlob"));
      if (!index.closed) return fail(ErrorCode::corrupt, "the blob is not closed", stem);
      if (!keys) keys = TRY(derive_seal_keys(passphrase, index.facts.stretch));
      const auto base = TRY(FileSource::open(files, stem + ".BaseBlob"));
      TRY(read_base_blob(*base, index, *keys,
                         [&](const SealedIndexEntry& entry, SealedRecord&& record) -> Status {
                           if (record.kind == SealedKind::catalog)
                             return seed.tree.add_part(record.plain, base->name());
                           if (record.kind != SealedKind::data) return {};
                           Bytes bytes(entry.length_bytes);
                           TRY(base->read(entry.offset_bytes, bytes));
                           seed.chunks.insert_or_assign(record.id, std::move(bytes));
                           return {};
                         }));
      complete = index.complete;
      seed.indexes.push_back(std::move(index));
    }
    if (!seed.tree.finished()) return fail(ErrorCode::corrupt, "the catalog has no end", staging_path);
    return {};
  };
  if (const Status done = read(); !done) seed.findings.push_back(finding_of("staging", done.error()));
  return seed;
}

}  // namespace seedbed::reference
