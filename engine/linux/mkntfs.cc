#include "engine/linux/mkntfs.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>

#include "engine/linux/descriptor.h"
#include "engine/linux/ntfs_bitmap.h"

namespace seedbed {
namespace {

Status read_fully(int fd, uint64_t offset_bytes, MutableByteSpan out, const char* where) {
  for (size_t done = 0; done < out.size();) {
    const ssize_t got =
        ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset_bytes + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "pread", where);
    if (got == 0) return fail(ErrorCode::io_error, "the formatted image ends early", where);
    done += static_cast<size_t>(got);
  }
  return {};
}

class SparseImage : public NtfsImage {
 public:
  SparseImage(Descriptor file, uint64_t volume_bytes, std::vector<Extent> extents)
      : file_(std::move(file)), volume_bytes_(volume_bytes), extents_(std::move(extents)) {}
  const std::vector<Extent>& extents() const noexcept override { return extents_; }
  Status read(uint64_t offset_bytes, MutableByteSpan out) const override {
    if (offset_bytes > volume_bytes_ || out.size() > volume_bytes_ - offset_bytes)
      return fail(ErrorCode::invalid_argument, "read outside the formatted volume");
    return read_fully(file_.get(), offset_bytes, out, "the formatted image");
  }

 private:
  Descriptor file_;
  uint64_t volume_bytes_;
  std::vector<Extent> extents_;
};

Status check(const NtfsGeometry& geometry) {
  const auto refuse = [](const char* what) { return fail(ErrorCode::invalid_argument, what); };
  if (geometry.sector_bytes != 512 && geometry.sector_bytes != 4096)
    return refuse("NTFS sectors have 512 or 4096 bytes");
  if (!std::has_single_bit(geometry.cluster_bytes) || geometry.cluster_bytes < geometry.sector_bytes ||
      geometry.cluster_bytes > 64 * KiB)
    return refuse("an NTFS cluster is a power of two from a sector to 64 KiB");
  if (geometry.volume_bytes % geometry.sector_bytes != 0 || geometry.volume_bytes < 1 * MiB)
    return refuse("an NTFS volume has whole sectors and at least 1 MiB");
  if (geometry.volume_bytes / geometry.cluster_bytes > 0xffffffff)
    return refuse("an NTFS volume has less than 2^32 clusters");
  if (geometry.partition_start_sector > 0xffffffff)
    return refuse("an NTFS partition starts below sector 2^32");
  return {};
}

// A file without a name: nothing is left behind, however the process ends.
Result<Descriptor> make_sparse_file(const std::string& directory, uint64_t size_bytes) {
  int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {  // a file system without O_TMPFILE
    std::string path = directory + "/mkntfs-XXXXXX";
    fd = ::mkostemp(path.data(), O_CLOEXEC);
    if (fd >= 0) ::unlink(path.c_str());
  }
  if (fd < 0) return fail_errno(errno, "open", directory);
  Descriptor file(fd);
  if (::ftruncate(file.get(), static_cast<off_t>(size_bytes)) != 0) {
    if (errno == EFBIG || errno == EINVAL)
      return fail(ErrorCode::out_of_space, "the file system cannot hold a sparse file as large as the drive",
                  directory,
                  "Choose a directory on a file system for larger files (ext4: 16 TiB, XFS: 8 EiB).");
    return fail_errno(errno, "ftruncate", directory);
  }
  return file;
}

Status run_mkntfs(int image, std::vector<std::string> arguments) {
  const Descriptor output(::memfd_create("mkntfs-output", MFD_CLOEXEC));
  if (output.get() < 0) return fail_errno(errno, "memfd_create", "mkntfs");
  // The child sees the image as descriptor 3: dup2 drops the close-on-exec flag.
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, output.get(), 2);
  constexpr int child_image = 100;
  posix_spawn_file_actions_adddup2(&actions, image, child_image);
  arguments.push_back("/proc/self/fd/" + std::to_string(child_image));
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  char locale[] = "LC_ALL=C", path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {locale, path, nullptr};
  pid_t child = -1;
  int outcome = ENOENT;
  for (const char* program :
       {"/usr/sbin/mkntfs", "/sbin/mkntfs", "/usr/bin/mkntfs", "/usr/local/sbin/mkntfs"}) {
    outcome = ::posix_spawn(&child, program, &actions, nullptr, argv.data(), environment);
    if (outcome != ENOENT) break;
  }
  posix_spawn_file_actions_destroy(&actions);
  if (outcome == ENOENT)
    return fail(ErrorCode::not_found, "mkntfs is not installed", {}, "apt-get install ntfs-3g");
  if (outcome != 0) return fail_errno(outcome, "posix_spawn", "mkntfs");
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return fail_errno(errno, "waitpid", "mkntfs");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};

  std::string said(2048, '\0');
  const ssize_t got = ::pread(output.get(), said.data(), said.size(), 0);
  said.resize(got > 0 ? static_cast<size_t>(got) : 0);
  std::ranges::replace(said, '\n', ' ');
  return fail(ErrorCode::io_error,
              WIFSIGNALED(status) ? "mkntfs was ended by signal " + std::to_string(WTERMSIG(status))
                                  : "mkntfs failed with code " + std::to_string(WEXITSTATUS(status)),
              said);
}

Result<std::vector<Extent>> written_extents(int fd, uint64_t volume_bytes, uint64_t sector_bytes) {
  std::vector<Extent> extents;
  for (off_t at = 0;;) {
    const off_t begin = ::lseek(fd, at, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) return extents;
    if (begin < 0) return fail_errno(errno, "lseek(SEEK_DATA)", "the formatted image");
    const off_t end = ::lseek(fd, begin, SEEK_HOLE);
    if (end < 0) return fail_errno(errno, "lseek(SEEK_HOLE)", "the formatted image");
    const uint64_t first = round_down(static_cast<uint64_t>(begin), sector_bytes);
    extents.push_back(
        {first, std::min(round_up(static_cast<uint64_t>(end), sector_bytes), volume_bytes) - first});
    at = end;
  }
}

// Sorted and joined where they overlap or touch.
std::vector<Extent> united(std::vector<Extent> extents) {
  std::ranges::sort(extents, {}, &Extent::offset_bytes);
  std::vector<Extent> joined;
  for (const Extent& extent : extents) {
    if (!joined.empty() && extent.offset_bytes <= joined.back().end_bytes())
      joined.back().length_bytes =
          std::max(joined.back().end_bytes(), extent.end_bytes()) - joined.back().offset_bytes;
    else
      joined.push_back(extent);
  }
  return joined;
}

}  // namespace

Result<std::shared_ptr<const NtfsImage>> MkntfsFormatter::format(const NtfsGeometry& geometry) {
  TRY(check(geometry));
  Descriptor file = TRY(make_sparse_file(directory_, geometry.volume_bytes));
  TRY(run_mkntfs(file.get(), {"mkntfs", "-T", "-Q", "-F", "-s", std::to_string(geometry.sector_bytes), "-c",
                              std::to_string(geometry.cluster_bytes), "-p",
                              std::to_string(geometry.partition_start_sector), "-H", "255", "-S", "63"}));
  auto extents = TRY(written_extents(file.get(), geometry.volume_bytes, geometry.sector_bytes));
  const auto allocated =
      TRY(allocated_extents(geometry.volume_bytes, [&](uint64_t offset_bytes, MutableByteSpan out) {
        return read_fully(file.get(), offset_bytes, out, "the formatted image");
      }));
  extents.insert(extents.end(), allocated.begin(), allocated.end());
  extents.push_back({0, geometry.sector_bytes});
  extents.push_back(
      {geometry.volume_bytes - geometry.sector_bytes, geometry.sector_bytes});  // backup boot sector
  return std::make_shared<const SparseImage>(std::move(file), geometry.volume_bytes,
                                             united(std::move(extents)));
}

}  // namespace seedbed
