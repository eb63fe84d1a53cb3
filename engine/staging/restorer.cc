#include "engine/staging/restorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

namespace seedbed {

namespace {

constexpr uint64_t kCacheBytesMax = 16 * MiB;
constexpr std::string_view kTemporaryEnding = ".seedbed-restoring";
constexpr size_t kNameBytesMax = 255;  // of one name, as file systems have it

// What a target is called until it is whole. A name that leaves no room for the ending is cut; what is
// restored is restored one by one, so that two names may be cut to one.
std::string temporary_of(const std::string& target) {
  std::string path = target;
  const size_t name = path.find_last_of('/') + 1;
  path.resize(std::min(path.size(), name + kNameBytesMax - kTemporaryEnding.size()));
  return path.append(kTemporaryEnding);
}

// Chunks that were opened lately: small files share them.
class OpenChunks {
 public:
  OpenChunks(Runtime& runtime, const ChunkKeys& keys, const FetchRecord& fetch, RestoreReport& report)
      : runtime_(runtime), opener_(keys), fetch_(fetch), report_(report) {}

  Result<ByteSpan> get(const ChunkId& id) {
    for (const auto& [its, plain] : chunks_)
      if (its == id) return ByteSpan(plain);
    const std::string where = "chunk " + chunk_id_text(id);
    const Bytes record = TRY(fetch_(id));
    report_.fetched_bytes += record.size();
    OpenedRecord opened = TRY(opener_.open(record, where));
    runtime_.spend(Work::encrypt, record.size());
    runtime_.spend(Work::decompress, opened.plain.size());
    if (opened.head.id != id || opened.head.kind != RecordKind::data)
      return fail(ErrorCode::corrupt, "another chunk came than was asked for", where, "Ask the vault again");
    bytes_ += opened.plain.size();
    chunks_.emplace_back(id, std::move(opened.plain));
    while (bytes_ > kCacheBytesMax && chunks_.size() > 1) {
      bytes_ -= chunks_.front().second.size();
      chunks_.pop_front();
    }
    return ByteSpan(chunks_.back().second);
  }

 private:
  Runtime& runtime_;
  Opener opener_;
  const FetchRecord& fetch_;
  RestoreReport& report_;
  std::deque<std::pair<ChunkId, Bytes>> chunks_;
  uint64_t bytes_ = 0;
};

class Restorer {
 public:
  Restorer(Runtime& runtime, FileStore& files, const Catalog& catalog, const ChunkKeys& keys,
           const FetchRecord& fetch, const RestoreOptions& options, Operator* person)
      : runtime_(runtime),
        files_(files),
        catalog_(catalog),
        options_(options),
        person_(person),
        chunks_(runtime, keys, fetch, report_),
        start_ns_(runtime.now_ns()) {}

  Result<RestoreReport> run() {
    for (const CatalogEntry& entry : catalog_.entries) {
      if (!catalog_path_is_safe(entry.path))
        return fail(ErrorCode::refused, "the catalog holds a path that leads out", entry.path,
                    "Nothing was written. The recovery point is damaged: take another");
      if (entry.kind == FileKind::file && chosen(entry.path)) total_bytes_ += entry.size_bytes;
    }
    TRY(make_directories(options_.to, options_.to.starts_with('/') ? 1 : 0));
    for (const CatalogEntry& entry : catalog_.entries)
      if (chosen(entry.path) && entry.kind == FileKind::directory) TRY(restore_directory(entry));
    for (const CatalogEntry& entry : catalog_.entries)
      if (chosen(entry.path) && entry.kind == FileKind::file && entry.hard_link_of.empty())
        TRY(restore_file(entry, entry));
    for (const CatalogEntry& entry : catalog_.entries)
      if (chosen(entry.path) && !entry.hard_link_of.empty()) TRY(restore_hard_link(entry));
    for (const CatalogEntry& entry : catalog_.entries)
      if (chosen(entry.path) && entry.kind == FileKind::symlink) TRY(restore_symlink(entry));
    TRY(finish_directories());
    tell();
    return std::move(report_);
  }

  // Whether all that is chosen stands there as run() leaves it.
  Result<bool> stands() {
    bool any = false;
    for (const CatalogEntry& entry : catalog_.entries) {
      if (!catalog_path_is_safe(entry.path)) return false;
      if (!chosen(entry.path)) continue;
      const CatalogEntry* const content =
          entry.hard_link_of.empty() ? &entry : catalog_.find(entry.hard_link_of);
      const std::string target = target_of(entry.path);
      const auto stat = files_.stat(target);
      if (!stat && stat.error().code != ErrorCode::not_found) return std::unexpected(stat.error());
      if (!stat || content == nullptr || stat->kind != content->kind) return false;
      if (stat->kind != FileKind::directory && !TRY(is_as_it_should_be(target, *stat, *content)))
        return false;
      any = true;
    }
    return any;
  }

 private:
  // The path below `to`, or nothing: it is not wanted.
  bool chosen(const std::string& path) const {
    const std::string& strip = options_.strip_prefix;
    if (!strip.empty() &&
        !(path.starts_with(strip) && (path.size() == strip.size() || path[strip.size()] == '/')))
      return false;
    if (options_.includes.empty()) return true;
    for (const std::string& glob : options_.includes) {
      if (path_matches(glob, path)) return true;
      for (size_t cut = path.rfind('/'); cut != std::string::npos && cut > 0; cut = path.rfind('/', cut - 1))
        if (path_matches(glob, std::string_view(path).substr(0, cut))) return true;
    }
    return false;
  }
  std::string target_of(const std::string& path) const {
    if (options_.strip_prefix.empty()) return join_path(options_.to, path);
    if (path.size() <= options_.strip_prefix.size()) return options_.to;
    return join_path(options_.to, path.substr(options_.strip_prefix.size() + 1));
  }

  // What an earlier try made and was killed over stands there and may not be durable: kept or made now, the
  // directory is synced in the end.
  void names_stand_in(const std::string& path) { touched_.insert(parent_of(path)); }

  // Every directory on the way from byte `from` of the path on; below `to` none may be a symbolic link.
  Status make_directories(const std::string& path, size_t from) {
    for (size_t cut = path.find('/', from); true; cut = path.find('/', cut + 1)) {
      const std::string part = path.substr(0, cut);
      if (!part.empty() && !directories_.contains(part)) {
        const auto stat = files_.stat(part);
        if (!stat && stat.error().code == ErrorCode::not_found) {
          TRY(files_.make_directory(part, 0700));
          names_stand_in(part);
          touched_.insert(part);
        } else if (!stat) {
          return std::unexpected(stat.error());
        } else if (stat->kind != FileKind::directory && (from > 1 || stat->kind != FileKind::symlink)) {
          return fail(ErrorCode::refused, "something that is no directory stands where one is to be restored",
                      part, "Restore into an empty directory");
        }
        if (part.size() > options_.to.size()) names_stand_in(part);
        directories_.insert(part);
      }
      if (cut == std::string::npos) return {};
    }
  }
  Status make_parents(const std::string& target) {
    return target == options_.to ? Status() : make_directories(parent_of(target), options_.to.size() + 1);
  }

  Status restore_directory(const CatalogEntry& entry) {
    const std::string target = target_of(entry.path);
    if (target != options_.to) TRY(make_directories(target, options_.to.size() + 1));
    // A directory that may not be written to is filled first; its mode comes last.
    const FileStat stat = TRY(files_.stat(target));
    if ((stat.mode & 0700) != 0700)
      TRY(set_attributes(target, {.mode = 0700, .modified_ns = {}, .owner_and_group = {}}, entry.path));
    report_.directories++;
    return {};
  }

  FileAttributes attributes_of(const CatalogEntry& entry) const {
    FileAttributes attributes;
    if (entry.kind != FileKind::symlink) attributes.mode = entry.mode;
    attributes.modified_ns = entry.modified_ns;
    if (options_.owner) attributes.owner_and_group = {entry.owner, entry.group};
    return attributes;
  }
  Status set_attributes(const std::string& target, const FileAttributes& attributes,
                        const std::string& path) {
    const Status set = files_.set_attributes(target, attributes);
    if (set) return {};
    if (set.error().code != ErrorCode::permission_denied && set.error().code != ErrorCode::unsupported)
      return set;
    report_.problems.push_back({path, set.error().what});
    return {};
  }

  Result<bool> is_as_it_should_be(const std::string& target, const FileStat& stat,
                                  const CatalogEntry& entry) {
    if (stat.kind == FileKind::file && entry.kind == FileKind::file)
      return stat.size_bytes == entry.size_bytes && stat.modified_ns == entry.modified_ns &&
             stat.mode == entry.mode;
    if (stat.kind == FileKind::symlink && entry.kind == FileKind::symlink)
      return TRY(files_.read_link(target)) == entry.target;
    return false;
  }

  // True: it is there as it should be. An error where something else is and may not go.
  Result<bool> stands_already(const std::string& target, const CatalogEntry& entry) {
    const auto stat = files_.stat(target);
    if (!stat && stat.error().code == ErrorCode::not_found) return false;
    if (!stat) return std::unexpected(stat.error());
    if (TRY(is_as_it_should_be(target, *stat, entry))) return true;
    if (stat->kind == FileKind::directory || !options_.overwrite)
      return fail(ErrorCode::already_exists, "something else stands where this is to be restored", target,
                  "Restore into an empty directory, or allow that files are replaced");
    return false;
  }

  Status restore_file(const CatalogEntry& entry, const CatalogEntry& content) {
    const std::string target = target_of(entry.path);
    TRY(make_parents(target));
    names_stand_in(target);
    if (TRY(stands_already(target, content))) {
      report_.kept++;
      report_.files++;
      report_.bytes += content.size_bytes;
      return {};
    }
    const std::string temporary = temporary_of(target);
    {
      const auto file = TRY(files_.open(temporary, OpenMode::create, 0600));
      TRY(file->truncate(0));
      TRY(write_content(*file, content));
      TRY(set_attributes(temporary, attributes_of(content), entry.path));
      TRY(file->sync());
    }
    TRY(files_.rename(temporary, target));
    report_.files++;
    report_.bytes += content.size_bytes;
    if (report_.bytes - told_bytes_ >= 64 * MiB) tell();
    return {};
  }

  Status write_content(File& file, const CatalogEntry& entry) {
    uint64_t at = 0;
    for (const CatalogExtent& extent : entry.extents) {
      if (extent.kind == CatalogExtent::Kind::data) {
        const ByteSpan plain = TRY(chunks_.get(extent.chunk));
        if (extent.chunk_offset_bytes > plain.size() ||
            extent.length_bytes > plain.size() - extent.chunk_offset_bytes)
          return fail(ErrorCode::corrupt, "the catalog asks for more of a chunk than there is", entry.path,
                      "The recovery point is damaged: take another");
        TRY(file.write_at(at, plain.subspan(extent.chunk_offset_bytes, extent.length_bytes)));
      }
      at += extent.length_bytes;
    }
    return file.truncate(at);  // zeros at the end, and all others, are holes
  }

  Status restore_hard_link(const CatalogEntry& entry) {
    const CatalogEntry* const first = catalog_.find(entry.hard_link_of);
    if (first == nullptr || !first->hard_link_of.empty() || first->kind != FileKind::file)
      return fail(ErrorCode::corrupt, "a hard link leads nowhere", entry.path,
                  "The recovery point is damaged: take another");
    if (!chosen(first->path)) {  // the name that has the content is not restored: this one gets it
      return restore_file(entry, *first);
    }
    const std::string target = target_of(entry.path), existing = target_of(first->path);
    TRY(make_parents(target));
    names_stand_in(target);
    const auto stat = files_.stat(target);
    if (stat && stat->inode == TRY(files_.stat(existing)).inode && stat->kind == FileKind::file) {
      report_.hard_links++;
      return {};
    }
    if (stat && TRY(stands_already(target, *first))) {
      // The same content under an inode of its own: a name is all that is missing.
    }
    const std::string temporary = temporary_of(target);
    Status linked = files_.make_hard_link(existing, temporary);
    if (!linked && linked.error().code == ErrorCode::already_exists) {
      TRY(files_.remove(temporary));
      linked = files_.make_hard_link(existing, temporary);
    }
    if (!linked && linked.error().code == ErrorCode::unsupported) {
      report_.problems.push_back({entry.path, "restored as a file of its own: " + linked.error().what});
      return restore_file(entry, *first);
    }
    TRY(std::move(linked));
    TRY(files_.rename(temporary, target));
    report_.hard_links++;
    return {};
  }

  Status restore_symlink(const CatalogEntry& entry) {
    const std::string target = target_of(entry.path);
    TRY(make_parents(target));
    names_stand_in(target);
    if (TRY(stands_already(target, entry))) {
      // A power cut may have left its name and not its time, which are durable by one sync and not at once.
      if (TRY(files_.stat(target)).modified_ns != entry.modified_ns)
        TRY(set_attributes(target, attributes_of(entry), entry.path));
    } else {
      const std::string temporary = temporary_of(target);
      Status made = files_.make_symlink(entry.target, temporary);
      if (!made && made.error().code == ErrorCode::already_exists) {
        TRY(files_.remove(temporary));
        made = files_.make_symlink(entry.target, temporary);
      }
      TRY(std::move(made));
      TRY(set_attributes(temporary, attributes_of(entry), entry.path));
      TRY(files_.rename(temporary, target));
    }
    report_.symlinks++;
    return {};
  }

  // Children first: what is made in a directory changes its time. Then the names, once per directory.
  Status finish_directories() {
    for (auto entry = catalog_.entries.rbegin(); entry != catalog_.entries.rend(); ++entry) {
      if (entry->kind != FileKind::directory || !chosen(entry->path)) continue;
      const std::string target = target_of(entry->path);
      if (touched_.erase(target) != 0) TRY(files_.sync_directory(target));
      TRY(set_attributes(target, attributes_of(*entry), entry->path));
      if (target != options_.to) touched_.insert(parent_of(target));
    }
    for (const std::string& directory : touched_) TRY(files_.sync_directory(directory));
    return {};
  }

  void tell() {
    told_bytes_ = report_.bytes;
    if (person_ != nullptr)
      person_->progress({"restore", report_.bytes, total_bytes_, runtime_.now_ns() - start_ns_, 0});
  }

  Runtime& runtime_;
  FileStore& files_;
  const Catalog& catalog_;
  const RestoreOptions& options_;
  Operator* person_;
  RestoreReport report_;
  OpenChunks chunks_;
  std::set<std::string> directories_, touched_;
  uint64_t total_bytes_ = 0, told_bytes_ = 0;
  uint64_t start_ns_;
};

}  // namespace

static Result<RestoreOptions> cleaned(RestoreOptions options) {
  while (options.to.size() > 1 && options.to.ends_with('/')) options.to.pop_back();
  while (options.strip_prefix.starts_with('/')) options.strip_prefix.erase(0, 1);
  while (options.strip_prefix.ends_with('/')) options.strip_prefix.pop_back();
  if (options.to.empty()) return fail(ErrorCode::invalid_argument, "no place to restore to was given");
  return options;
}

Result<RestoreReport> restore_tree(Runtime& runtime, FileStore& files, const Catalog& catalog,
                                   const ChunkKeys& keys, const FetchRecord& fetch,
                                   const RestoreOptions& options, Operator* person) {
  const RestoreOptions clean = TRY(cleaned(options));
  return Restorer(runtime, files, catalog, keys, fetch, clean, person).run();
}

Result<bool> tree_stands(Runtime& runtime, FileStore& files, const Catalog& catalog, const ChunkKeys& keys,
                         const RestoreOptions& options) {
  const RestoreOptions clean = TRY(cleaned(options));
  const FetchRecord nothing;
  return Restorer(runtime, files, catalog, keys, nothing, clean, nullptr).stands();
}

}  // namespace seedbed
