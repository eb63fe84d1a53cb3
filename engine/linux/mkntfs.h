// The Formatter that asks mkntfs (package ntfs-3g): it formats a sparse, nameless temporary file; the image
// is that file's allocated ranges. -T makes the result a pure function of the geometry. The image holds the
// file open; any task may read it.
#pragma once

#include <string>

#include "engine/ports/formatter.h"

namespace seedbed {

class MkntfsFormatter : public Formatter {
 public:
  // directory: where the sparse file may lie; its file system must hold files of the volume's size (they take
  // only what is written).
  explicit MkntfsFormatter(std::string directory) : directory_(std::move(directory)) {}
  Result<std::shared_ptr<const NtfsImage>> format(const NtfsGeometry& geometry) override;

 private:
  std::string directory_;
};

}  // namespace seedbed
