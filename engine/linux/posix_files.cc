#include "engine/linux/posix_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "engine/linux/anchored_path.h"
#include "engine/linux/descriptor.h"

namespace seedbed {

namespace {

constexpr uint32_t kPermissionBits = 07777;
constexpr uint64_t kOffsetMax = std::numeric_limits<off_t>::max();

FileKind kind_of_mode(mode_t mode) {
  return S_ISREG(mode)   ? FileKind::file
         : S_ISDIR(mode) ? FileKind::directory
         : S_ISLNK(mode) ? FileKind::symlink
                         : FileKind::other;
}

FileKind kind_of_entry(int directory, const dirent& entry) {
  switch (entry.d_type) {
    case DT_REG:
      return FileKind::file;
    case DT_DIR:
      return FileKind::directory;
    case DT_LNK:
      return FileKind::symlink;
    case DT_UNKNOWN:
      break;  // some file systems do not say
    default:
      return FileKind::other;
  }
  struct stat status{};
  if (::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return FileKind::other;
  return kind_of_mode(status.st_mode);
}

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<uint64_t> size() override {
    struct stat status{};
    if (::fstat(descriptor_.get(), &status) != 0) return fail_errno(errno, "fstat", path_);
    return static_cast<uint64_t>(status.st_size);
  }

  Result<size_t> read_at(uint64_t offset_bytes, MutableByteSpan out) override {
    if (offset_bytes > kOffsetMax - out.size()) return 0;  // beyond the end of any file
    size_t done_bytes = 0;
    while (done_bytes < out.size()) {
      const ssize_t got_bytes = uninterrupted([&] {
        return ::pread(descriptor_.get(), out.data() + done_bytes, out.size() - done_bytes,
                       static_cast<off_t>(offset_bytes + done_bytes));
      });
      if (got_bytes < 0) return fail_errno(errno, "pread", path_);
      if (got_bytes == 0) break;
      done_bytes += static_cast<size_t>(got_bytes);
    }
    return done_bytes;
  }

  Status write_at(uint64_t offset_bytes, ByteSpan data) override {
    if (offset_bytes > kOffsetMax - data.size()) return fail_errno(EFBIG, "pwrite", path_);
    size_t done_bytes = 0;
    while (done_bytes < data.size()) {
      const ssize_t put_bytes = uninterrupted([&] {
        return ::pwrite(descriptor_.get(), data.data() + done_bytes, data.size() - done_bytes,
                        static_cast<off_t>(offset_bytes + done_bytes));
      });
      if (put_bytes < 0) return fail_errno(errno, "pwrite", path_);
      if (put_bytes == 0) return fail_errno(EIO, "pwrite", path_);
      done_bytes += static_cast<size_t>(put_bytes);
    }
    return {};
  }

  Status truncate(uint64_t size_bytes) override {
    if (size_bytes > kOffsetMax) return fail_errno(EFBIG, "ftruncate", path_);
    if (uninterrupted([&] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(size_bytes)); }) != 0)
      return fail_errno(errno, "ftruncate", path_);
    return {};
  }

  Status sync() override {
    if (uninterrupted([&] { return ::fdatasync(descriptor_.get()); }) != 0)
      return fail_errno(errno, "fdatasync", path_);
    return {};
  }

  Status lock() override {
    if (uninterrupted([&] { return ::flock(descriptor_.get(), LOCK_EX | LOCK_NB); }) == 0) return {};
    if (errno == EWOULDBLOCK)
      return fail(ErrorCode::busy, "another process is using the file", path_,
                  "Wait until it has ended, then try again.");
    return fail_errno(errno, "flock", path_);
  }

 private:
  Descriptor descriptor_;
  std::string path_;
};

Descriptor open_flags(const AnchoredPath& anchored, int flags, uint32_t mode = 0) {
  // O_NONBLOCK: a FIFO under this name must not hang the backup; regular files do not care.
  const int all = flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  return Descriptor(uninterrupted([&] { return ::openat(anchored.at(), anchored.rest(), all, mode); }));
}

// The file made new, with exactly this mode whatever the umask says.
Result<Descriptor> made_new(const AnchoredPath& anchored, uint32_t mode, const std::string& path) {
  Descriptor made = open_flags(anchored, O_RDWR | O_CREAT | O_EXCL, mode & kPermissionBits);
  if (!made) return fail_errno(errno, "open", path);
  if (::fchmod(made.get(), mode & kPermissionBits) != 0) return fail_errno(errno, "fchmod", path);
  return made;
}

Result<Descriptor> opened(const AnchoredPath& anchored, int access, const std::string& path) {
  Descriptor descriptor = open_flags(anchored, access);
  if (!descriptor) {
    const int error_number = errno;
    struct stat status{};
    const bool there = ::fstatat(anchored.at(), anchored.rest(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (error_number == ELOOP && there && S_ISLNK(status.st_mode))
      return fail(ErrorCode::refused, "open: this is a symbolic link, and links are not followed", path,
                  "Name the file itself.");
    if (error_number == ENXIO && there)
      return fail(ErrorCode::refused, "open: this is not a regular file", path);
    return fail_errno(error_number, "open", path);
  }
  struct stat status{};
  if (::fstat(descriptor.get(), &status) != 0) return fail_errno(errno, "fstat", path);
  if (S_ISDIR(status.st_mode)) return fail_errno(EISDIR, "open", path);
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::refused, "open: this is not a regular file", path);
  return descriptor;
}

Result<Descriptor> opened_or_made(const AnchoredPath& anchored, uint32_t mode, const std::string& path) {
  // Another process may remove or make the name between the two tries; sixteen such losses in a row are no
  // accident.
  for (int attempt = 0; attempt < 16; attempt++) {
    auto made = made_new(anchored, mode, path);
    if (made || made.error().code != ErrorCode::already_exists) return made;
    auto existing = opened(anchored, O_RDWR, path);
    if (existing || existing.error().code != ErrorCode::not_found) return existing;
  }
  return fail(ErrorCode::busy, "open: another process keeps making and removing the file", path);
}

Result<Descriptor> open_directory(const std::string& path, const char* call) {
  const auto anchored = TRY(AnchoredPath::of(path, call));
  Descriptor directory(uninterrupted(
      [&] { return ::openat(anchored.at(), anchored.rest(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!directory) return fail_errno(errno, call, path);
  return directory;
}

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

}  // namespace

Result<std::unique_ptr<File>> PosixFiles::open(const std::string& path, OpenMode how, uint32_t mode) {
  const auto anchored = TRY(AnchoredPath::of(path, "open"));
  Descriptor descriptor;
  switch (how) {
    case OpenMode::read:
      descriptor = TRY(opened(anchored, O_RDONLY, path));
      break;
    case OpenMode::read_write:
      descriptor = TRY(opened(anchored, O_RDWR, path));
      break;
    case OpenMode::create:
      descriptor = TRY(opened_or_made(anchored, mode, path));
      break;
    case OpenMode::create_new:
      descriptor = TRY(made_new(anchored, mode, path));
      break;
  }
  return std::make_unique<PosixFile>(std::move(descriptor), path);
}

Result<FileStat> PosixFiles::stat(const std::string& path) {
  const auto anchored = TRY(AnchoredPath::of(path, "stat"));
  struct stat status{};
  if (::fstatat(anchored.at(), anchored.rest(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return fail_errno(errno, "stat", path);
  FileStat out;
  out.kind = kind_of_mode(status.st_mode);
  out.size_bytes = static_cast<uint64_t>(status.st_size);
  out.modified_ns = int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  out.mode = status.st_mode & kPermissionBits;
  out.inode = status.st_ino;
  out.device = status.st_dev;
  out.link_count = static_cast<uint32_t>(status.st_nlink);
  out.owner = status.st_uid;
  out.group = status.st_gid;
  return out;
}

Result<std::vector<DirectoryEntry>> PosixFiles::list(const std::string& path) {
  const auto descriptor = TRY(open_directory(path, "list"));
  const int copy = ::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 0);  // closedir closes what it is given
  if (copy < 0) return fail_errno(errno, "list", path);
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(copy));
  if (!directory) {
    ::close(copy);
    return fail_errno(ENOMEM, "list", path);
  }
  std::vector<DirectoryEntry> entries;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..")
      entries.push_back({std::string(name), kind_of_entry(::dirfd(directory.get()), *entry)});
  }
  if (errno != 0) return fail_errno(errno, "list", path);
  std::ranges::sort(entries, {}, &DirectoryEntry::name);  // std::string compares as unsigned bytes
  return entries;
}

Status PosixFiles::make_directory(const std::string& path, uint32_t mode) {
  const auto anchored = TRY(AnchoredPath::of(path, "mkdir"));
  mode &= kPermissionBits;
  if (::mkdirat(anchored.at(), anchored.rest(), mode) != 0) return fail_errno(errno, "mkdir", path);
  struct stat status{};
  if (::fstatat(anchored.at(), anchored.rest(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return fail_errno(errno, "stat", path);
  if ((status.st_mode & kPermissionBits) != mode && ::fchmodat(anchored.at(), anchored.rest(), mode, 0) != 0)
    return fail_errno(errno, "chmod", path);
  return {};
}

Status PosixFiles::rename(const std::string& from, const std::string& to) {
  const auto source = TRY(AnchoredPath::of(from, "rename"));
  const auto target = TRY(AnchoredPath::of(to, "rename"));
  if (::renameat(source.at(), source.rest(), target.at(), target.rest()) != 0)
    return fail_errno(errno, "rename", from + " to " + to);
  return {};
}

Status PosixFiles::remove(const std::string& path) {
  const auto anchored = TRY(AnchoredPath::of(path, "remove"));
  if (::unlinkat(anchored.at(), anchored.rest(), 0) == 0) return {};
  if (errno == EISDIR && ::unlinkat(anchored.at(), anchored.rest(), AT_REMOVEDIR) == 0) return {};
  return fail_errno(errno, "remove", path);
}

Status PosixFiles::sync_directory(const std::string& path) {
  const auto directory = TRY(open_directory(path, "open directory"));
  if (uninterrupted([&] { return ::fsync(directory.get()); }) != 0)
    return fail_errno(errno, "fsync directory", path);
  return {};
}

Result<std::string> PosixFiles::read_link(const std::string& path) {
  const auto anchored = TRY(AnchoredPath::of(path, "readlink"));
  for (std::string target(256, '\0');; target.resize(target.size() * 2)) {
    const ssize_t length_bytes = ::readlinkat(anchored.at(), anchored.rest(), target.data(), target.size());
    if (length_bytes < 0) return fail_errno(errno, "readlink", path);
    if (static_cast<size_t>(length_bytes) == target.size()) continue;  // perhaps cut off
    target.resize(static_cast<size_t>(length_bytes));
    return target;
  }
}

Status PosixFiles::make_symlink(const std::string& target, const std::string& path) {
  const auto anchored = TRY(AnchoredPath::of(path, "symlink"));
  if (target.find('\0') != std::string::npos) return fail_errno(EINVAL, "symlink", path);
  if (::symlinkat(target.c_str(), anchored.at(), anchored.rest()) != 0)
    return fail_errno(errno, "symlink", path);
  return {};
}

Status PosixFiles::make_hard_link(const std::string& existing, const std::string& path) {
  const auto source = TRY(AnchoredPath::of(existing, "link"));
  const auto target = TRY(AnchoredPath::of(path, "link"));
  if (::linkat(source.at(), source.rest(), target.at(), target.rest(), 0) != 0)
    return fail_errno(errno, "link", existing + " to " + path);
  return {};
}

// Owner first: changing it takes away set-user-id bits. Time last: the others do not touch it, but it is what
// people look at.
Status PosixFiles::set_attributes(const std::string& path, const FileAttributes& attributes) {
  const auto anchored = TRY(AnchoredPath::of(path, "set attributes"));
  if (attributes.owner_and_group &&
      ::fchownat(anchored.at(), anchored.rest(), attributes.owner_and_group->first,
                 attributes.owner_and_group->second, AT_SYMLINK_NOFOLLOW) != 0)
    return fail_errno(errno, "chown", path);
  if (attributes.mode && TRY(stat(path)).kind != FileKind::symlink &&
      ::fchmodat(anchored.at(), anchored.rest(), *attributes.mode & kPermissionBits, 0) != 0)
    return fail_errno(errno, "chmod", path);
  if (attributes.modified_ns) {
    int64_t seconds = *attributes.modified_ns / 1'000'000'000;
    int64_t rest_ns = *attributes.modified_ns % 1'000'000'000;
    if (rest_ns < 0) {
      rest_ns += 1'000'000'000;
      seconds--;
    }
    const timespec times[2] = {{0, UTIME_OMIT}, {seconds, rest_ns}};
    if (::utimensat(anchored.at(), anchored.rest(), times, AT_SYMLINK_NOFOLLOW) != 0)
      return fail_errno(errno, "utimensat", path);
  }
  return {};
}

Result<uint64_t> PosixFiles::free_bytes(const std::string& path) {
  const auto anchored = TRY(AnchoredPath::of(path, "statvfs"));
  const Descriptor place(
      uninterrupted([&] { return ::openat(anchored.at(), anchored.rest(), O_PATH | O_CLOEXEC); }));
  if (!place) return fail_errno(errno, "statvfs", path);
  struct statvfs status{};
  if (uninterrupted([&] { return ::fstatvfs(place.get(), &status); }) != 0)
    return fail_errno(errno, "statvfs", path);
  return uint64_t{status.f_bavail} * status.f_frsize;
}

Result<std::string> PosixFiles::real_path(const std::string& path) {
  if (path.find('\0') != std::string::npos) return fail_errno(EINVAL, "realpath", path.c_str());
  const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr), &std::free);
  if (!resolved) return fail_errno(errno, "realpath", path);
  return std::string(resolved.get());
}

}  // namespace seedbed
