// Progress as a person reads it, and how often. Pure: time comes from Progress::elapsed_ns, there is no clock
// here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/ports/operator.h"

namespace seedbed {

// Bytes per second of this run: what an earlier run did is not counted. Nothing while no time has passed.
std::optional<uint64_t> progress_rate(const Progress& progress) noexcept;
// Seconds until done at that rate. Nothing while there is no rate.
std::optional<uint64_t> progress_left_s(const Progress& progress) noexcept;
unsigned progress_percent(const Progress& progress) noexcept;  // rounded down: 100 only when all is done

// "0:07", "12:00", "8:23:10", "4 d 08:23"
std::string seconds_text(uint64_t seconds);

// For a line that is redrawn: "copy   [#########           ]  45 %  4.50 TB of 10.0 TB  182 MB/s  ETA
// 8:23:10", at most `columns` wide.
std::string progress_bar(const Progress& progress, unsigned columns);
// For a log: "copy: 45 %, 4.50 TB of 10.0 TB, 180 MB/s, 8:29:16 left"
std::string progress_line(const Progress& progress);

// Which progress is worth telling: the first of a stage, the last, and between them one when `interval_ns` or
// `step_percent` have passed.
class ProgressPace {
 public:
  ProgressPace(uint64_t interval_ns, unsigned step_percent)
      : interval_ns_(interval_ns), step_percent_(step_percent) {}
  bool due(const Progress& progress);

 private:
  uint64_t interval_ns_;
  unsigned step_percent_;
  std::optional<Progress> told_;
};

}  // namespace seedbed
