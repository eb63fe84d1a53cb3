#include "engine/prep/source_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/prep/safe_names.h"

namespace seedbed {

namespace {

constexpr uint64_t kBlockBytesMax = 4 * MiB;     // manifest format: a block or page range is at most 4 MB
constexpr uint64_t kBlocksMax = 50'000;          // block list limit of a block blob
constexpr uint64_t kPageBlobBytesMax = 8 * TiB;  // largest page blob the service takes
constexpr size_t kBlobNameUnitsMax = 1024;       // naming rules for blobs
constexpr size_t kBlobSegmentsMax = 254;

// Why no blob can have this name; empty when one can.
std::string blob_name_flaw(const std::string& name) {
  const auto wide = utf16_of(name);
  if (!wide) return "its name is not UTF-8";
  if (wide->size() > kBlobNameUnitsMax)
    return fmt::format("its blob name has {} characters, more than 1024", wide->size());
  if (static_cast<size_t>(std::count(name.begin(), name.end(), '/')) + 1 > kBlobSegmentsMax)
    return "its blob name has more than 254 path segments";
  for (const char16_t unit : *wide)
    if (unit < 0x20 || unit == 0x7f || unit == 0x81 || unit == 0xe000 || unit >= 0xfffe)
      return "its name holds a control character";
  return {};
}

class Planner {
 public:
  Planner(FileStore& files, SourcePlan& plan) : files_(files), plan_(plan) {}

  // Depth first; the files of a directory come before its subdirectories, so that neighbours on the drive are
  // neighbours in the source.
  Status visit(const std::string& relative, const std::string& drive_relative) {
    const std::string path = relative.empty() ? plan_.options.source_directory
                                              : join_path(plan_.options.source_directory, relative);
    SafeNames names;
    std::vector<std::pair<std::string, std::string>> subdirectories;
    const std::vector<DirectoryEntry> entries = TRY(files_.list(path));
    const std::vector<std::string>& only = plan_.options.only;
    for (const DirectoryEntry& entry : entries) {
      if (relative.empty() && !only.empty() && !std::ranges::binary_search(only, entry.name)) continue;
      const std::string child = relative.empty() ? entry.name : relative + '/' + entry.name;
      if (entry.kind == FileKind::symlink || entry.kind == FileKind::other) {
        plan_.skipped.emplace_back(child,
                                   entry.kind == FileKind::symlink ? "a symbolic link" : "a special file");
        continue;
      }
      const bool root_container = plan_.options.destination == "$root/";
      if (entry.kind == FileKind::directory && root_container) {
        plan_.skipped.emplace_back(child, "the root container holds no directories");
        continue;
      }
      if (std::string flaw = blob_name_flaw(blob_name(child)); !flaw.empty()) {
        plan_.skipped.emplace_back(child, std::move(flaw));
        continue;
      }
      const std::string safe = names.give(entry.name).value();
      const std::string drive_child = drive_relative.empty() ? safe : drive_relative + '/' + safe;
      if (safe != entry.name) plan_.renamed.emplace_back(child, drive_child);
      if (entry.kind == FileKind::directory) {
        subdirectories.emplace_back(child, drive_child);
      } else {
        TRY(add_file(child, drive_child));
      }
    }
    for (const auto& [child, drive_child] : subdirectories) {
      plan_.directories.push_back(drive_child);
      TRY(visit(child, drive_child));
    }
    return {};
  }

 private:
  std::string blob_name(const std::string& relative) const {
    return plan_.options.destination.substr(plan_.options.destination.find('/') + 1) + relative;
  }

  Status add_file(const std::string& relative, const std::string& drive_relative) {
    const std::string path = join_path(plan_.options.source_directory, relative);
    const FileStat stat = TRY(files_.stat(path));
    if (stat.kind != FileKind::file)
      return fail(ErrorCode::source_changed, "the source changes while it is read", path,
                  "Run again when it rests");
    TRY(files_.open(path, OpenMode::read));  // unreadable files are found before the drive is touched
    if (plan_.options.blob_type == BlobType::page_blob) {
      if (stat.size_bytes % 512 != 0)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("a page blob's length must be a multiple of 512; this file has {} bytes",
                                stat.size_bytes),
                    path, "Use /BlobType:BlockBlob, or move the file out of the source directory");
      if (stat.size_bytes > kPageBlobBytesMax)
        return fail(ErrorCode::invalid_argument, "the file is larger than a page blob can be (8 TiB)", path);
    } else if (stat.size_bytes > kBlocksMax * kBlockBytesMax) {
      return fail(ErrorCode::invalid_argument, "the file is larger than 50,000 blocks of 4 MiB", path,
                  "Use /BlobType:PageBlob, or move the file out of the source directory");
    }
    plan_.total_bytes += stat.size_bytes;
    plan_.files.push_back({relative, drive_relative == relative ? std::string() : drive_relative,
                           stat.size_bytes, stat.modified_ns});
    return {};
  }

  FileStore& files_;
  SourcePlan& plan_;
};

std::string digest_of(const SourcePlan& plan) {
  Digest digest(DigestKind::sha256);
  const auto add = [&](std::string_view text) {
    Bytes length;
    append_le(length, static_cast<uint64_t>(text.size()));
    digest.update(length);
    digest.update(as_bytes(text));
  };
  const auto add_number = [&](uint64_t number) {
    Bytes bytes;
    append_le(bytes, number);
    digest.update(bytes);
  };
  add("seedbed plan 1");
  add(plan.options.session_id);
  add(plan.options.destination);
  add(blob_type_name(plan.options.blob_type));
  add_number(plan.directories.size());
  for (const std::string& directory : plan.directories) add(directory);
  for (const PlannedFile& file : plan.files) {
    add(file.relative);
    add(file.drive_relative);
    add_number(file.size_bytes);
    add_number(static_cast<uint64_t>(file.modified_ns));
  }
  return hex_upper(digest.snapshot());
}

}  // namespace

std::string SourcePlan::source_path(const PlannedFile& file) const {
  return join_path(options.source_directory, file.relative);
}
std::string SourcePlan::drive_path(const PlannedFile& file) const {
  return '/' + options.session_id + '/' + (file.drive_relative.empty() ? file.relative : file.drive_relative);
}
std::string SourcePlan::blob_path(const PlannedFile& file) const {
  return options.destination + file.relative;
}

Result<std::string> find_source(FileStore& files, const std::string& source_directory) {
  auto real = files.real_path(source_directory);
  if (real) return real;
  return fail(real.error().code, "/srcdir cannot be found: " + real.error().what, source_directory,
              "Give an existing directory by its absolute path; if it is a share, connect it and run again");
}

Result<SourcePlan> plan_source(FileStore& files, const SourceOptions& options) {
  SourcePlan plan;
  plan.options = options;
  const FileStat root = TRY(files.stat(TRY(find_source(files, options.source_directory))));
  if (root.kind != FileKind::directory)
    return fail(ErrorCode::invalid_argument, "/srcdir names no directory", options.source_directory,
                "Give an existing directory by its absolute path");
  plan.source_device = root.device;
  TRY(Planner(files, plan).visit("", ""));
  plan.digest = digest_of(plan);
  return plan;
}

}  // namespace seedbed
