// A bay that is a directory of drive images: a slot is a file name. The serial number stands in
// IMAGE.identity.toml beside the image, where the copy computer's rehearsal drive has put it; without that,
// the file name up to its first dot is taken. An absolute path is taken for a slot, too.
#pragma once

#include "fakes/import_service/bay.h"

namespace seedbed {

class DirectoryBay final : public Bay {
 public:
  // An empty path: a bay without slots.
  DirectoryBay(FileStore& files, std::string path) : files_(files), path_(std::move(path)) {}
  std::vector<std::string> slots() override;
  std::string serial_of(const std::string& slot) override;
  Result<std::unique_ptr<reference::ByteSource>> open(const std::string& slot) override;

 private:
  std::string path_of(const std::string& slot) const;
  FileStore& files_;
  std::string path_;
};

}  // namespace seedbed
