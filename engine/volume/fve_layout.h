// Numbers of BitLocker's on-disk layout that its writer and its reader share. [docs/formats/bitlocker.md;
// libbde's format description and the sources of cryptsetup and dislocker, checked against volumes made by
// Windows]
#pragma once

#include <array>
#include <string_view>

#include "engine/base/bytes.h"

namespace seedbed {

inline constexpr std::string_view kFveSignature = "-FVE-FS-";
inline constexpr std::array<uint8_t, 3> kFveJump = {0xeb, 0x58, 0x90};  // 0x58: the layout since Windows 7
// 4967d63b-2e29-4ad8-8399-f6a339e3d001, an ordinary volume
inline constexpr std::array<uint8_t, 16> kFveVolumeGuid = {0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a,
                                                           0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01};
inline constexpr size_t kHeaderGuidAt = 160, kHeaderAreasAt = 176;

inline constexpr size_t kBlockHeaderBytes = 0x40, kDatasetHeaderBytes = 0x30,
                        kEntriesAt = kBlockHeaderBytes + kDatasetHeaderBytes;
inline constexpr size_t kValidationHeaderBytes = 8;
inline constexpr uint16_t kMetadataVersion = 2, kStateEncrypted = 4;
inline constexpr uint16_t kExtendedInfoBytes = 0x4c;
inline constexpr size_t kDescriptionUnitsMax = 256;

// A protector: GUID, FILETIME, two bytes, kind, then datums.
inline constexpr size_t kProtectorKindAt = 26, kProtectorHeaderBytes = 28;
inline constexpr uint16_t kProtectorRecovery = 0x0800, kProtectorPassword = 0x2000;
inline constexpr uint32_t kStretchRecovery = 0x1000, kStretchPassword = 0x1001;
inline constexpr uint16_t kCipherXtsAes128 = 0x8004;

}  // namespace seedbed
