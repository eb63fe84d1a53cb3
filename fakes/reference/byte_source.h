// Bytes to be read at any offset: a drive, an image file, a partition of it, an unlocked volume, a file on
// that volume. The readers that judge are stacked on this. A source is used by one task at a time and must
// outlive what was opened over it.
#pragma once

#include <memory>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/ports/block_device.h"
#include "engine/ports/file_store.h"

namespace seedbed::reference {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size_bytes() const noexcept = 0;
  // What a person calls it, for findings: a path, "partition 1 of …".
  virtual const std::string& name() const noexcept = 0;
  // Fills `out`; a range that ends beyond size_bytes() is corrupt, with the name and the offset, and is not
  // read.
  Status read(uint64_t offset_bytes, MutableByteSpan out);

 protected:
  virtual Status read_inside(uint64_t offset_bytes, MutableByteSpan out) = 0;  // the range is inside
};

// An image: any file of a FileStore.
class FileSource final : public ByteSource {
 public:
  static Result<std::unique_ptr<FileSource>> open(FileStore& store, const std::string& path);
  uint64_t size_bytes() const noexcept override { return size_bytes_; }
  const std::string& name() const noexcept override { return path_; }

 protected:
  Status read_inside(uint64_t offset_bytes, MutableByteSpan out) override;

 private:
  FileSource(std::unique_ptr<File> file, std::string path, uint64_t size_bytes)
      : file_(std::move(file)), path_(std::move(path)), size_bytes_(size_bytes) {}
  std::unique_ptr<File> file_;
  std::string path_;
  uint64_t size_bytes_;
};

// A drive, with nothing in flight.
class DeviceSource final : public ByteSource {
 public:
  explicit DeviceSource(BlockDevice& device) : device_(device) {}
  uint64_t size_bytes() const noexcept override { return device_.contract().capacity_bytes; }
  const std::string& name() const noexcept override { return device_.identity().path; }

 protected:
  Status read_inside(uint64_t offset_bytes, MutableByteSpan out) override;

 private:
  BlockDevice& device_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes, std::string name = "memory")
      : bytes_(std::move(bytes)), name_(std::move(name)) {}
  uint64_t size_bytes() const noexcept override { return bytes_.size(); }
  const std::string& name() const noexcept override { return name_; }

 protected:
  Status read_inside(uint64_t offset_bytes, MutableByteSpan out) override;

 private:
  Bytes bytes_;
  std::string name_;
};

// A part of another source; the extent must lie inside it (else every read is refused).
class WindowSource final : public ByteSource {
 public:
  WindowSource(ByteSource& whole, Extent place, std::string name)
      : whole_(whole), place_(place), name_(std::move(name)) {}
  uint64_t size_bytes() const noexcept override { return place_.length_bytes; }
  const std::string& name() const noexcept override { return name_; }

 protected:
  Status read_inside(uint64_t offset_bytes, MutableByteSpan out) override {
    return whole_.read(place_.offset_bytes + offset_bytes, out);
  }

 private:
  ByteSource& whole_;
  Extent place_;
  std::string name_;
};

}  // namespace seedbed::reference
