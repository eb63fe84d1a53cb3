// Judges the judges: a world's finished drives are written out as images and read by dislocker and ntfs-3g.
// What these find must be what the manifest says and what the source is, bit for bit; our own readers and
// oracles had already said so. A disagreement is the rig's, not the engine's. One thread.
#pragma once

#include <functional>
#include <string>

#include "scenarios/world.h"

namespace seedbed {

class SecondOpinion {
 public:
  // `scratch`: a directory to be made and removed; it holds one image at a time, of the drive's used pages.
  SecondOpinion(FileStore& files, std::string scratch) : files_(files), scratch_(std::move(scratch)) {}
  SecondOpinion(const SecondOpinion&) = delete;
  SecondOpinion& operator=(const SecondOpinion&) = delete;
  ~SecondOpinion();

  // Every drive with complete sessions only and no damage. "": agreed, or there was nothing to look at.
  std::string look(const World& world);
  // For ScenarioRunOptions::second_look: looks at one world of so many, from the first on.
  std::function<std::string(const World&)> of_every(uint64_t worlds);

  struct Counts {
    uint64_t drives = 0, files = 0, bytes = 0;
  };
  const Counts& counts() const noexcept { return counts_; }

 private:
  Status look_at(const World& world, const std::string& drive);
  FileStore& files_;
  std::string scratch_;
  uint64_t worlds_ = 0;
  Counts counts_;
};

// The medium as a sparse file.
Status write_sparse_image(const Medium& medium, const std::string& path);

}  // namespace seedbed
