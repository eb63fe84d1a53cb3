// An NTFS volume seen by libntfs-3g over an in-memory overlay: reads go through to what lies below, writes
// are collected and never reach the drive from here. close() gives the collected sectors; who wants them on
// the drive puts them into a redo set first.
//
// Owned by one task. Below: a read function that may park; on a dead machine it throws Killed, which is
// stored, answered to the library from the view before the kill (ghost overlay), and thrown again from the
// C++ call that had entered the library. Destruction without close() drops all.
//
// Files are allocated by our own first-fit cursor (libntfs' allocator fragments and runs out early),
// non-resident, fully initialised, so that every extent is known before a data byte is written. Times are
// what `now_ns` says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/ports/formatter.h"

namespace seedbed {

struct NtfsEntry {
  std::string name;  // UTF-8
  bool directory = false;
  uint64_t size_bytes = 0;
};

// Sectors the overlay has collected: logical offset → bytes, disjoint, sorted, whole sectors, neighbours
// joined up to 1 MiB.
using SectorSet = std::map<uint64_t, Bytes>;

class NtfsVolume {
 public:
  struct Below {
    uint64_t volume_bytes = 0;
    uint32_t sector_bytes = 512;
    std::function<Status(uint64_t offset_bytes, MutableByteSpan out)> read;  // logical bytes of the volume
  };
  // Dirty or hibernated volumes are refused (refused), damaged ones are corrupt.
  static Result<NtfsVolume> open(Below below, int64_t now_ns, bool read_only);
  NtfsVolume(NtfsVolume&&) noexcept;
  NtfsVolume& operator=(NtfsVolume&&) noexcept;
  ~NtfsVolume();

  uint32_t cluster_bytes() const noexcept;
  uint64_t free_bytes() const noexcept;

  // Paths: UTF-8, components separated by '/', absolute ("/a/b"). Parents must exist.
  Result<bool> exists(const std::string& path);
  Status make_directory(const std::string& path, bool hidden_system = false);  // already there: fine
  // A file of `size_bytes` whose clusters are allocated, contiguous where space allows; content undefined
  // until written. modified_ns: its times. Returns the runs in file order, covering round_up(size, cluster).
  // Size 0: no runs.
  Result<std::vector<Extent>> create_file(const std::string& path, uint64_t size_bytes, int64_t modified_ns);
  // Like create_file but at (or after) a wanted place, in one run and aligned to its size's cluster multiple:
  // BitLocker's own areas.
  Result<Extent> reserve_file(const std::string& path, uint64_t size_bytes, uint64_t wanted_offset_bytes);
  // Small content through the overlay (created or overwritten): the generation file.
  Status write_small_file(const std::string& path, ByteSpan content);
  Status rename(const std::string& from, const std::string& to);  // replaces `to`
  Status remove(const std::string& path);

  Result<std::vector<NtfsEntry>> list(const std::string& path);  // sorted by name
  Result<NtfsEntry> stat(const std::string& path);
  Result<std::vector<Extent>> extents(const std::string& path);  // of the unnamed stream; resident: none
  Result<size_t> read(const std::string& path, uint64_t offset_bytes, MutableByteSpan out);

  // Unmounts and gives what was written. The object is spent.
  Result<SectorSet> close();

 private:
  struct State;
  explicit NtfsVolume(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace seedbed
