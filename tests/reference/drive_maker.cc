#include "tests/reference/drive_maker.h"

#include <openssl/evp.h>

#include <array>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "fakes/reference/ntfs.h"
#include "tests/reference/ntfs_mount.h"
#include "tests/support/command.h"

namespace seedbed::reference_test {

namespace {

constexpr uint64_t kSectorBytes = 512, kAreaBytes = 0x10000, kHeaderBytes = 0x2000;
constexpr uint64_t kDriveBytes = 14 * MiB, kVolumeBytes = 12 * MiB;

Bytes bytes_from(size_t count, uint64_t seed) {
  const std::string text = pattern(count, seed);
  return Bytes(text.begin(), text.end());
}

Bytes datum(uint16_t role, uint16_t type, const Bytes& payload, uint16_t version = 1) {
  Bytes out;
  append_le(out, static_cast<uint16_t>(payload.size() + 8));
  append_le(out, role);
  append_le(out, type);
  append_le(out, version);
  append(out, payload);
  return out;
}

// AES-256-CCM of a key box, as a datum of type 5.
Bytes sealed(uint16_t role, const Bytes& key, uint32_t algorithm, const Bytes& content) {
  static uint32_t counter = 0;
  Bytes box_payload;
  append_le(box_payload, algorithm);
  append(box_payload, content);
  const Bytes box = datum(0, 1, box_payload, 0);
  Bytes nonce(8, 0x11), tag(16), cipher_text(box.size());
  append_le(nonce, ++counter);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  int length = 0;
  EVP_EncryptInit_ex(context, EVP_aes_256_ccm(), nullptr, nullptr, nullptr);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, 12, nullptr);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, nullptr);
  EVP_EncryptInit_ex(context, nullptr, nullptr, key.data(), nonce.data());
  EVP_EncryptUpdate(context, cipher_text.data(), &length, box.data(), static_cast<int>(box.size()));
  EVP_EncryptFinal_ex(context, cipher_text.data() + length, &length);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag.data());
  EVP_CIPHER_CTX_free(context);
  Bytes payload = nonce;
  append(payload, tag);
  append(payload, cipher_text);
  return datum(role, 5, payload);
}

Bytes stretched(const reference::DriveSecret& secret, const Bytes& salt) {
  static std::map<Bytes, Bytes> known;  // a test that makes many drives stretches once
  Bytes& key = known[salt];
  if (key.empty()) {
    // proved against Windows' own volumes in fve_sample_test
    const auto fresh = reference::stretch(*reference::initial_hash(secret), salt);
    key.assign(fresh.span().begin(), fresh.span().end());
  }
  return key;
}

Bytes protector(const reference::DriveSecret& secret, uint16_t kind, const Bytes& master_key, uint64_t seed) {
  const Bytes salt = bytes_from(16, seed);
  Bytes stretch_payload = {0x00, 0x10, 0x00, 0x00};
  append(stretch_payload, salt);
  Bytes payload = bytes_from(16, seed + 1);  // GUID
  append_le<uint64_t>(payload, 1);
  append_le<uint16_t>(payload, 0);
  append_le(payload, kind);
  append(payload, datum(0, 3, stretch_payload));
  append(payload, sealed(0, stretched(secret, salt), 0x2003, master_key));
  return datum(2, 8, payload);
}

struct Places {
  std::array<uint64_t, 3> areas;
  uint64_t header;
};

Bytes metadata_area(const Places& places, uint64_t volume_bytes, const Bytes& full_key) {
  const Bytes master_key = bytes_from(32, 1);
  Bytes data = datum(7, 2, {'S', 0, 'E', 0, 'E', 0, 'D', 0, 0, 0});
  append(data, protector(password_secret(), 0x2000, master_key, 20));
  append(data, protector(recovery_secret(), 0x0800, master_key, 30));
  append(data, sealed(3, master_key, 0x8004, full_key));
  Bytes dataset(0x30);
  const auto dataset_bytes = static_cast<uint32_t>(0x30 + data.size());
  store_le(dataset, 0, dataset_bytes);
  store_le<uint32_t>(dataset, 4, 1);
  store_le<uint32_t>(dataset, 8, 0x30);
  store_le(dataset, 12, dataset_bytes);
  store_le<uint16_t>(dataset, 0x24, 0x8004);
  Bytes block(0x40);
  std::copy_n("-FVE-FS-", 8, block.begin());
  store_le(block, 8, static_cast<uint16_t>(round_up(0x40 + dataset_bytes, 16) / 16));
  store_le<uint16_t>(block, 10, 2);
  store_le<uint32_t>(block, 12, 0x00040004);
  store_le(block, 0x10, volume_bytes);
  store_le<uint32_t>(block, 0x1c, kHeaderBytes / kSectorBytes);
  for (size_t i = 0; i < 3; i++) store_le(block, 0x20 + 8 * i, places.areas[i]);
  store_le(block, 0x38, places.header);
  append(block, dataset);
  append(block, data);
  block.resize(round_up(block.size(), 16));
  const Sha256 digest = sha256_of(block);
  Bytes area = block;
  append_le(area, static_cast<uint16_t>(kAreaBytes - block.size()));
  append_le<uint16_t>(area, 2);
  append_le(area, crc32_of(block));
  append(area, sealed(0, master_key, 0x2005, Bytes(digest.begin(), digest.end())));
  area.resize(kAreaBytes);
  return area;
}

void encrypt(MutableByteSpan sectors, uint64_t first_sector, const Bytes& key) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  for (uint64_t at = 0; at < sectors.size(); at += kSectorBytes) {
    uint8_t tweak[16] = {};
    store_le(tweak, 0, first_sector + at / kSectorBytes);
    int length = 0;
    EVP_EncryptInit_ex(context, EVP_aes_128_xts(), nullptr, key.data(), tweak);
    EVP_EncryptUpdate(context, sectors.data() + at, &length, sectors.data() + at, kSectorBytes);
  }
  EVP_CIPHER_CTX_free(context);
}

uint64_t place_of(reference::NtfsVolume& volume, const std::string& name, uint64_t size_bytes) {
  const auto entry = volume.find("\\System Volume Information\\" + name);
  if (!entry) throw std::runtime_error(entry.error().message());
  const auto file = volume.open_file(*entry);
  if (!file || (*file)->content().resident || (*file)->content().runs.size() != 1 ||
      (*file)->size_bytes() != size_bytes)
    throw std::runtime_error(name + " is not in one piece");
  return (*file)->content().runs[0].lcn * volume.geometry().cluster_bytes;
}

}  // namespace

reference::DriveSecret recovery_secret() {
  return {reference::DriveSecret::Kind::recovery_password, SecretBytes::of_text(kRecoveryPassword)};
}
reference::DriveSecret password_secret() {
  return {reference::DriveSecret::Kind::password, SecretBytes::of_text(kPassword)};
}

Bytes make_bitlocker_volume(const std::string& scratch_directory, uint64_t volume_bytes,
                            const std::function<void(const std::string& root)>& fill) {
  const std::string plain_image = scratch_directory + "/plain.img";
  make_ntfs(plain_image,
            {.volume_bytes = volume_bytes, .partition_start_sector = kPartitionStartBytes / kSectorBytes});
  const std::map<std::string, uint64_t> reserved = {
      {"area.1", kAreaBytes}, {"area.2", kAreaBytes}, {"area.3", kAreaBytes}, {"header", kHeaderBytes}};
  {
    NtfsMount mount(plain_image, scratch_directory + "/mount");
    std::filesystem::create_directory(mount.file("System Volume Information"));
    for (const auto& [name, size_bytes] : reserved)
      write_whole(mount.file("System Volume Information/" + name), std::string(size_bytes, '\0'));
    fill(mount.file(""));
  }
  const std::string content = read_whole(plain_image);
  std::filesystem::remove(plain_image);
  Bytes volume(content.begin(), content.end());
  reference::MemorySource plain(volume);
  const auto ntfs = reference::NtfsVolume::open(plain);
  if (!ntfs) throw std::runtime_error(ntfs.error().message());
  const Places places = {{place_of(**ntfs, "area.1", kAreaBytes), place_of(**ntfs, "area.2", kAreaBytes),
                          place_of(**ntfs, "area.3", kAreaBytes)},
                         place_of(**ntfs, "header", kHeaderBytes)};

  const Bytes full_key = bytes_from(32, 2);
  Bytes head(volume.begin(), volume.begin() + kHeaderBytes);
  encrypt(head, places.header / kSectorBytes, full_key);
  encrypt(MutableByteSpan(volume).subspan(kHeaderBytes), kHeaderBytes / kSectorBytes, full_key);
  std::copy(head.begin(), head.end(), volume.begin() + static_cast<std::ptrdiff_t>(places.header));
  const Bytes area = metadata_area(places, volume_bytes, full_key);
  for (const uint64_t at : places.areas)
    std::copy(area.begin(), area.end(), volume.begin() + static_cast<std::ptrdiff_t>(at));

  std::fill_n(volume.begin(), kHeaderBytes, uint8_t{0});
  const uint8_t start[] = {0xeb, 0x58, 0x90, '-', 'F', 'V', 'E', '-', 'F', 'S', '-'};
  std::copy(std::begin(start), std::end(start), volume.begin());
  store_le<uint16_t>(volume, 11, kSectorBytes);
  const auto guid = *Guid::parse("4967d63b-2e29-4ad8-8399-f6a339e3d001");
  std::copy(guid.bytes.begin(), guid.bytes.end(), volume.begin() + 160);
  for (size_t i = 0; i < 3; i++) store_le(volume, 176 + 8 * i, places.areas[i]);
  store_le<uint16_t>(volume, 510, 0xaa55);
  return volume;
}

void make_drive(const std::string& scratch_directory, const std::string& image,
                const std::function<void(const std::string& root)>& fill) {
  const Bytes volume = make_bitlocker_volume(scratch_directory, kVolumeBytes, fill);
  write_whole(image, "");
  std::filesystem::resize_file(image, kDriveBytes);
  const auto made = testing_support::run_command(
      {"sfdisk", "-q", image}, "label: gpt\nstart=2048, size=" + std::to_string(kVolumeBytes / kSectorBytes) +
                                   ", type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7\n");
  if (!made.ok()) throw std::runtime_error("sfdisk (package fdisk): " + made.text());
  std::string drive = read_whole(image);
  std::copy(volume.begin(), volume.end(), drive.begin() + static_cast<std::ptrdiff_t>(kPartitionStartBytes));
  write_whole(image, drive);
}

}  // namespace seedbed::reference_test
