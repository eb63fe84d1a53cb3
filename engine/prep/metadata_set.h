// A metadata set: the sectors by which a change of the file system (new files, a rename) differs from what
// the drive holds, with new *and* old bytes, in one file beside the journal. File-system metadata is never
// updated in place unprotected: the set is saved and synced, the journal says "prepared", the sectors go to
// the drive, a flush, the journal says "applied". Resume replays the new bytes, abort the old ones; both may
// be cut and repeated.
//
// Bytes are as they lie on the drive (encrypted), so a set needs no key and betrays no file name. Owned by
// the session; the drive must be idle. [docs/formats/metadata-set.md]
#pragma once

#include <string>
#include <vector>

#include "engine/base/text.h"
#include "engine/ports/file_store.h"
#include "engine/prep/saved_file.h"
#include "engine/prep/volume_hashes.h"
#include "engine/volume/bitlocker_volume.h"
#include "engine/volume/ntfs_volume.h"

namespace seedbed {

struct DriveBlock {
  uint64_t offset_bytes = 0;  // on the drive, multiple of 4096
  Bytes bytes;                // multiple of 4096, at most 1 MiB
};

// The logical sectors of a closed NtfsVolume as encrypted, aligned blocks of the drive. What a 4 KiB block
// holds beside the changed sectors is read.
Result<std::vector<DriveBlock>> drive_blocks(BitlockerVolume& volume, const SectorSet& sectors);

// Reads the old bytes from the drive and writes the set; durable on return, its name included. corrupt when
// the drive does not hold what `before` says: a set takes over what stands beside a changed sector and all
// that the file system was read from, so building it on rot would make the rot part of the volume.
Result<SavedFile> save_metadata_set(FileStore& files, BlockDevice& device, const std::string& path,
                                    const std::vector<DriveBlock>& blocks, const VolumeHashes& before);

enum class SetSide : uint8_t { redo, undo };
// Checks the whole file against the journal's word first (corrupt otherwise), then writes one side of it to
// the drive and flushes.
Status apply_metadata_set(FileStore& files, BlockDevice& device, const SavedFile& set, SetSide side);

// What the drive holds once the set is applied, into `volume`. Checks the file like apply_metadata_set; does
// not touch the drive.
Status hash_metadata_set(FileStore& files, uint64_t capacity_bytes, const SavedFile& set,
                         VolumeHashes& volume);

}  // namespace seedbed
