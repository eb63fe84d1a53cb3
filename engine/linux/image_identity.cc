#include "engine/linux/image_identity.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/linux/posix_files.h"
#include "engine/linux/small_file.h"

namespace seedbed {

static constexpr uint64_t kIdentityBoundBytes = 4096;
static constexpr size_t kSerialLengthMax = 20;  // ATA IDENTIFY words 10-19
static constexpr size_t kModelLengthMax = 40;   // words 27-46
static constexpr std::string_view kSerialAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

std::string identity_path(const std::string& image_path) {
  return image_path + ".identity.toml";
}

static std::unexpected<Error> fail_at(const toml::source_position& position, std::string_view what,
                                      const std::string& path) {
  return fail(ErrorCode::corrupt, fmt::format("not an image identity: {}", what),
              fmt::format("{}:{}:{}", path, position.line, position.column),
              "Correct the file, or delete it to give the image a new identity");
}

static bool is_serial(std::string_view text) {
  return !text.empty() && text.size() <= kSerialLengthMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

static bool is_model(std::string_view text) {
  return !text.empty() && text.size() <= kModelLengthMax &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

static bool is_sector(uint64_t bytes) {
  return bytes == 512 || bytes == 4096;
}

// The value of one key into `identity`, or what is wrong with it.
static std::string_view take_value(std::string_view key, const toml::node& value, ImageIdentity& identity) {
  if (key == "serial" || key == "model") {
    const auto text = value.value_exact<std::string>();
    if (!text) return "the value must be a string";
    if (key == "serial" && !is_serial(*text)) return "a serial is 1 to 20 letters, digits, '-' or '_'";
    if (key == "model" && !is_model(*text))
      return "a model is 1 to 40 printable characters without quotes and backslashes";
    (key == "serial" ? identity.serial : identity.model) = *text;
    return {};
  }
  const auto number = value.value_exact<int64_t>();
  const uint64_t bytes = number && *number > 0 ? static_cast<uint64_t>(*number) : 0;
  if (key == "capacity_bytes") {
    if (bytes == 0 || bytes % 4096 != 0) return "a capacity is a positive multiple of 4096 bytes";
    identity.capacity_bytes = bytes;
    return {};
  }
  if (key == "logical_sector_bytes" || key == "physical_sector_bytes") {
    if (!is_sector(bytes)) return "a sector has 512 or 4096 bytes";
    (key == "logical_sector_bytes" ? identity.logical_sector_bytes : identity.physical_sector_bytes) =
        static_cast<uint32_t>(bytes);
    return {};
  }
  return "unknown key";
}

Result<ImageIdentity> parse_image_identity(std::string_view text, const std::string& path) {
  if (text.size() > kIdentityBoundBytes)
    return fail(ErrorCode::corrupt,
                fmt::format("an image identity has at most {} bytes", kIdentityBoundBytes), path);
  toml::table table;
  try {
    table = toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    return fail_at(error.source().begin, error.description(), path);
  }
  ImageIdentity identity;
  for (const auto& [key, value] : table) {
    const std::string_view wrong = take_value(key.str(), value, identity);
    if (!wrong.empty()) return fail_at(value.source().begin, fmt::format("{}: {}", key.str(), wrong), path);
  }
  for (const char* key :
       {"serial", "model", "logical_sector_bytes", "physical_sector_bytes", "capacity_bytes"})
    if (!table.contains(key)) return fail_at({1, 1}, fmt::format("{} is missing", key), path);
  if (identity.physical_sector_bytes < identity.logical_sector_bytes)
    return fail_at(table.get("physical_sector_bytes")->source().begin,
                   "the physical sector is smaller than the logical one", path);
  return identity;
}

std::string image_identity_text(const ImageIdentity& identity) {
  return fmt::format(
      "# The identity of the rehearsal drive in the image file beside this one.\n"
      "serial = \"{}\"\nmodel = \"{}\"\nlogical_sector_bytes = {}\nphysical_sector_bytes = "
      "{}\ncapacity_bytes = {}\n",
      identity.serial, identity.model, identity.logical_sector_bytes, identity.physical_sector_bytes,
      identity.capacity_bytes);
}

static std::string serial_from(ByteSpan bytes) {
  std::string serial = "SB";
  for (const uint8_t byte : bytes) serial += kSerialAlphabet[byte % kSerialAlphabet.size()];
  return serial;
}

ImageIdentity make_image_identity(uint64_t capacity_bytes, uint32_t logical_sector_bytes, Entropy& entropy) {
  uint8_t drawn[10];
  entropy.fill(drawn);
  ImageIdentity identity;
  identity.serial = serial_from(drawn);
  identity.logical_sector_bytes = logical_sector_bytes;
  identity.capacity_bytes = capacity_bytes;
  return identity;
}

std::string serial_of_path(const std::string& real_path) {
  const Sha256 digest = sha256_of(as_bytes(real_path));
  return serial_from(ByteSpan(digest).first(10));
}

Result<std::optional<ImageIdentity>> load_image_identity(const std::string& path) {
  auto text = read_small_file(path, kIdentityBoundBytes);
  if (!text && text.error().code == ErrorCode::not_found) return std::optional<ImageIdentity>();
  if (!text) return std::unexpected(std::move(text).error());
  return TRY(parse_image_identity(*text, path));
}

Status save_image_identity(const ImageIdentity& identity, const std::string& path) {
  PosixFiles files;
  return replace_file(files, path, as_bytes(image_identity_text(identity)), 0644);
}

}  // namespace seedbed
