#include "engine/ports/file_store.h"

#include <fmt/format.h>

namespace seedbed {

Status FileStore::make_symlink(const std::string&, const std::string& path) {
  return fail(ErrorCode::unsupported, "this store makes no symbolic links", path);
}

Status FileStore::make_hard_link(const std::string&, const std::string& path) {
  return fail(ErrorCode::unsupported, "this store makes no hard links", path);
}

Status FileStore::set_attributes(const std::string& path, const FileAttributes&) {
  return fail(ErrorCode::unsupported, "this store sets no attributes", path);
}

Result<Bytes> read_file(FileStore& store, const std::string& path, uint64_t bound_bytes) {
  auto file = TRY(store.open(path, OpenMode::read));
  const uint64_t size_bytes = TRY(file->size());
  if (size_bytes > bound_bytes)
    return fail(ErrorCode::corrupt,
                fmt::format("the file has {} bytes, more than the {} it may have", size_bytes, bound_bytes),
                path);
  Bytes content(size_bytes);
  const size_t got_bytes = TRY(file->read_at(0, content));
  content.resize(got_bytes);
  return content;
}

Status replace_file(FileStore& store, const std::string& path, ByteSpan content, uint32_t mode) {
  const std::string temporary = path + ".new";
  {
    auto file = TRY(store.open(temporary, OpenMode::create, mode));
    TRY(file->truncate(0));
    TRY(file->write_at(0, content));
    TRY(file->sync());
  }
  TRY(store.rename(temporary, path));
  return store.sync_directory(parent_of(path));
}

Status make_durable_directory(FileStore& store, const std::string& path, uint32_t mode) {
  TRY(store.make_directory(path, mode));
  const Status durable = store.sync_directory(parent_of(path));
  if (!durable) (void)store.remove(path);
  return durable;
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string join_path(const std::string& directory, const std::string& name) {
  return directory.ends_with('/') ? directory + name : directory + '/' + name;
}

}  // namespace seedbed
