// A Formatter that remembers: it wraps another one, asks it once per geometry and keeps the image in memory.
// A hit answers exactly what the miss had answered. Filled by warm() before the first task of a world is
// spawned, so that no formatting happens inside the simulation. format() may be called by any fibre of one
// thread; the images are immutable and may be shared.
#pragma once

#include <map>

#include "engine/ports/formatter.h"

namespace seedbed {

class MemoFormatter : public Formatter {
 public:
  explicit MemoFormatter(Formatter& inner) : inner_(inner) {}
  Status warm(const NtfsGeometry& geometry);
  Result<std::shared_ptr<const NtfsImage>> format(const NtfsGeometry& geometry) override;

 private:
  Formatter& inner_;
  std::map<NtfsGeometry, std::shared_ptr<const NtfsImage>> images_;
};

}  // namespace seedbed
