#include "engine/linux/open_drive.h"

#include <sys/stat.h>

#include <cerrno>

#include "engine/linux/file_drive.h"
#include "engine/linux/sata_drive.h"

namespace seedbed {

static const char* kind_of(mode_t mode) noexcept {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISCHR(mode)) return "a character device";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "something else";
}

Result<std::unique_ptr<BlockDevice>> open_drive(const std::string& path, const OpenDriveOptions& options,
                                                Entropy& entropy) {
  const std::string remedy =
      "Name a whole drive (`lsblk -d` lists them), or make an image with `offseed drive create`";
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    auto failed = fail_errno(errno, "stat", path);
    failed.error().remedy = remedy;
    return failed;
  }
  if (!S_ISBLK(status.st_mode) && !S_ISREG(status.st_mode))
    return fail(ErrorCode::refused, std::string("not a drive but ") + kind_of(status.st_mode), path, remedy);
  auto drive =
      TRY(S_ISBLK(status.st_mode) ? open_sata_drive(path, options) : open_file_drive(path, options, entropy));
  if (options.notes != nullptr)
    options.notes->insert(options.notes->end(), drive->notes().begin(), drive->notes().end());
  return drive;
}

}  // namespace seedbed
