// Golden drives and staging locations as they lie in tests/golden: frozen bytes, small. Of a drive only the
// used pages; those that BitLocker has sealed are stored opened (sealed bytes do not get smaller) and are
// sealed again on the way back, which is a compression and no more: the SHA-256 of the whole image stands
// beside them and must be met. Values.
#pragma once

#include <fmt/format.h>

#include <map>
#include <stdexcept>
#include <string>

#include "engine/base/checksum.h"
#include "engine/compression/codec.h"
#include "engine/sectors/sector_cipher.h"
#include "simulator/medium.h"

namespace seedbed::soundness {

inline constexpr uint64_t kGoldenPage_bytes = 4096;
inline constexpr int kGoldenLevel = 19;

struct GoldenDrive {
  std::string serial, recovery_password;
  uint32_t sector_bytes = 512;
  Extent partition;
  Bytes volume_key;
  Medium medium{0};
};

inline std::string sha256_of(ByteSpan bytes) {
  Digest digest(DigestKind::sha256);
  digest.update(bytes);
  return hex_lower(digest.snapshot());
}

inline Bytes whole(const Medium& medium) {
  Bytes bytes(medium.capacity_bytes());
  medium.read(0, bytes);
  return bytes;
}

// "name value" lines, an empty line, and one packed text.
struct GoldenText {
  std::string title;
  std::map<std::string, std::string> fields;
  Bytes records;

  Bytes encode() const {
    const Packed packed = Compressor(kGoldenLevel).pack(records);
    if (packed.codec != Codec::zstd) throw std::runtime_error("golden records that do not get smaller");
    std::string head = title + "\n";
    for (const auto& [name, value] : fields) head += name + " " + value + "\n";
    head += fmt::format("records {}\n\n", records.size());
    Bytes out(head.begin(), head.end());
    out.insert(out.end(), packed.bytes.begin(), packed.bytes.end());
    return out;
  }
  static GoldenText parse(ByteSpan file, const std::string& title) {
    GoldenText text{.title = title, .fields = {}, .records = {}};
    std::string_view rest = as_text(file);
    const auto line = [&] {
      const size_t end = rest.find('\n');
      if (end == rest.npos) throw std::runtime_error("a golden file without an end of its head");
      const std::string_view one = rest.substr(0, end);
      rest.remove_prefix(end + 1);
      return one;
    };
    if (line() != title) throw std::runtime_error("no " + title);
    for (std::string_view one = line(); !one.empty(); one = line()) {
      const size_t space = one.find(' ');
      text.fields[std::string(one.substr(0, space))] = std::string(one.substr(space + 1));
    }
    auto records = Decompressor().unpack(Codec::zstd, as_bytes(rest), std::stoul(text.fields.at("records")));
    if (!records) throw std::runtime_error(records.error().message());
    text.records = std::move(*records);
    return text;
  }
};

inline constexpr const char* kGoldenDriveTitle = "seedbed golden drive 1";

inline SectorCipher cipher_of(const GoldenDrive& drive) {
  return SectorCipher::make(SecretBytes(ByteSpan(drive.volume_key)), drive.sector_bytes).value();
}

inline Bytes pack_drive(const GoldenDrive& drive) {
  GoldenText text{.title = kGoldenDriveTitle, .fields = {}, .records = {}};
  text.fields = {{"serial", drive.serial},
                 {"recovery-password", drive.recovery_password},
                 {"sector-bytes", std::to_string(drive.sector_bytes)},
                 {"capacity", std::to_string(drive.medium.capacity_bytes())},
                 {"partition-at", std::to_string(drive.partition.offset_bytes)},
                 {"partition-bytes", std::to_string(drive.partition.length_bytes)},
                 {"volume-key", hex_lower(drive.volume_key)},
                 {"image-sha256", sha256_of(whole(drive.medium))}};
  SectorCipher cipher = cipher_of(drive);
  Compressor compressor;
  const auto size_of = [&](ByteSpan page) {
    const Packed packed = compressor.pack(page);
    return packed.codec == Codec::zstd ? packed.bytes.size() : page.size();
  };
  for (uint64_t at = 0; at < drive.medium.capacity_bytes(); at += kGoldenPage_bytes) {
    Bytes page(kGoldenPage_bytes);
    drive.medium.read(at, page);
    if (all_zero(page)) continue;
    bool sealed = false;
    if (at >= drive.partition.offset_bytes && at < drive.partition.end_bytes()) {
      Bytes opened = page;
      cipher.decrypt(at - drive.partition.offset_bytes, opened);
      sealed = size_of(opened) < size_of(page);
      if (sealed) page = opened;
    }
    Bytes record(8);
    store_le<uint64_t>(record, 0, at / kGoldenPage_bytes * 2 + (sealed ? 1 : 0));
    text.records.insert(text.records.end(), record.begin(), record.end());
    text.records.insert(text.records.end(), page.begin(), page.end());
  }
  return text.encode();
}

inline GoldenDrive unpack_drive(ByteSpan file) {
  GoldenText text = GoldenText::parse(file, kGoldenDriveTitle);
  GoldenDrive drive{.serial = text.fields.at("serial"),
                    .recovery_password = text.fields.at("recovery-password"),
                    .sector_bytes = static_cast<uint32_t>(std::stoul(text.fields.at("sector-bytes"))),
                    .partition = {std::stoull(text.fields.at("partition-at")),
                                  std::stoull(text.fields.at("partition-bytes"))},
                    .volume_key = parse_hex(text.fields.at("volume-key")).value(),
                    .medium = Medium(std::stoull(text.fields.at("capacity")))};
  SectorCipher cipher = cipher_of(drive);
  for (size_t at = 0; at < text.records.size(); at += 8 + kGoldenPage_bytes) {
    const auto number = load_le<uint64_t>(text.records, at);
    const uint64_t offset_bytes = number / 2 * kGoldenPage_bytes;
    const MutableByteSpan page = MutableByteSpan(text.records).subspan(at + 8, kGoldenPage_bytes);
    if (number % 2 == 1) cipher.encrypt(offset_bytes - drive.partition.offset_bytes, page);
    drive.medium.write(offset_bytes, page);
  }
  if (sha256_of(whole(drive.medium)) != text.fields.at("image-sha256"))
    throw std::runtime_error("the golden drive's bytes are not those that were frozen");
  return drive;
}

}  // namespace seedbed::soundness
