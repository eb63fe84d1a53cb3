// The identity of an image file: who the rehearsal drive says it is, kept beside it in IMAGE.identity.toml:
//
//   serial = "SBK3Q7ZP2MXA"            # up to 20 of A-Z a-z 0-9 - _, as ATA serials are
//   model = "seedbed rehearsal image"  # up to 40 printable characters
//   logical_sector_bytes = 512         # 512 or 4096
//   physical_sector_bytes = 4096
//   capacity_bytes = 1073741824        # the image's size
//
// The file is the user's to edit and so is untrusted: bounded, every key known, every value in its range.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/ports/entropy.h"

namespace seedbed {

struct ImageIdentity {
  std::string serial;
  std::string model = "seedbed rehearsal image";
  uint32_t logical_sector_bytes = 512;
  uint32_t physical_sector_bytes = 4096;
  uint64_t capacity_bytes = 0;
  friend bool operator==(const ImageIdentity&, const ImageIdentity&) = default;
};

std::string identity_path(const std::string& image_path);
// corrupt, with where = "path:line:column", for anything but a whole and sane identity.
Result<ImageIdentity> parse_image_identity(std::string_view text, const std::string& path);
std::string image_identity_text(const ImageIdentity& identity);

// A fresh identity: "SB" and ten random letters or digits.
ImageIdentity make_image_identity(uint64_t capacity_bytes, uint32_t logical_sector_bytes, Entropy& entropy);
// For an image that has none and must not be given one (inspection, loop devices): the same path gives the
// same serial.
std::string serial_of_path(const std::string& real_path);

// Nothing when there is no such file.
Result<std::optional<ImageIdentity>> load_image_identity(const std::string& path);
// Durable on return: written beside, synced, renamed, the directory synced.
Status save_image_identity(const ImageIdentity& identity, const std::string& path);

}  // namespace seedbed
