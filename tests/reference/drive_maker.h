// Whole drives for the judge: a table by sfdisk, NTFS by mkntfs and ntfs-3g, and BitLocker around it written
// here, from the format's description and with OpenSSL alone (the engine's writer has no part in it).
#pragma once

#include <functional>
#include <string>

#include "fakes/reference/fve_keys.h"

namespace seedbed::reference_test {

inline constexpr const char* kRecoveryPassword = "235818-357951-253979-013365-241120-245575-342914-591910";
inline constexpr const char* kPassword = "correct horse ü";
inline constexpr uint64_t kPartitionStartBytes = 1 * MiB;

reference::DriveSecret recovery_secret();
reference::DriveSecret password_secret();

// A BitLocker volume over the plain NTFS image `volume`, whose files in \System Volume Information (made here
// while it is mounted) give the places of the metadata. fill(root) writes what the drive is to carry.
Bytes make_bitlocker_volume(const std::string& scratch_directory, uint64_t volume_bytes,
                            const std::function<void(const std::string& root)>& fill);
// The same in the only partition of a drive; written to `image`.
void make_drive(const std::string& scratch_directory, const std::string& image,
                const std::function<void(const std::string& root)>& fill);

}  // namespace seedbed::reference_test
