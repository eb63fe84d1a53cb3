#include "engine/linux/progress_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/linux/printable_text.h"

namespace seedbed {

using Wide = unsigned __int128;  // bytes * 1e9 leaves 64 bits from 18 GB on

std::optional<uint64_t> progress_rate(const Progress& progress) noexcept {
  if (progress.elapsed_ns == 0 || progress.done_bytes < progress.resumed_bytes) return std::nullopt;
  const Wide rate = Wide{progress.done_bytes - progress.resumed_bytes} * 1'000'000'000 / progress.elapsed_ns;
  return static_cast<uint64_t>(std::min<Wide>(rate, UINT64_MAX));
}

std::optional<uint64_t> progress_left_s(const Progress& progress) noexcept {
  const auto rate = progress_rate(progress);
  if (!rate || *rate == 0) return std::nullopt;
  const uint64_t left_bytes = progress.total_bytes - std::min(progress.done_bytes, progress.total_bytes);
  return left_bytes / *rate + (left_bytes % *rate != 0);
}

static bool has_no_known_end(const Progress& progress) noexcept {
  return progress.total_bytes == 0 && progress.done_bytes > 0;
}

static bool all_done(const Progress& progress) noexcept {
  return progress.done_bytes >= progress.total_bytes && !has_no_known_end(progress);
}

unsigned progress_percent(const Progress& progress) noexcept {
  if (progress.done_bytes >= progress.total_bytes) return 100;
  return static_cast<unsigned>(Wide{progress.done_bytes} * 100 / progress.total_bytes);
}

std::string seconds_text(uint64_t seconds) {
  const uint64_t minutes = seconds / 60, hours = seconds / 3600, days = seconds / 86'400;
  if (days > 0) return fmt::format("{} d {:02}:{:02}", days, hours % 24, minutes % 60);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes % 60, seconds % 60);
  return fmt::format("{}:{:02}", minutes, seconds % 60);
}

static std::string amount_text(const Progress& progress) {
  if (has_no_known_end(progress)) return human_bytes(progress.done_bytes);
  return human_bytes(progress.done_bytes) + " of " + human_bytes(progress.total_bytes);
}

std::string progress_bar(const Progress& progress, unsigned columns) {
  const std::string stage = printable_text(progress.stage);
  const bool endless = has_no_known_end(progress);
  std::string right = endless ? " " + amount_text(progress)
                              : fmt::format(" {:3} %  {}", progress_percent(progress), amount_text(progress));
  if (const auto rate = progress_rate(progress)) right += fmt::format("  {}/s", human_bytes(*rate));
  if (all_done(progress))
    right += "  in " + seconds_text(progress.elapsed_ns / 1'000'000'000);
  else if (const auto left_s = progress_left_s(progress); left_s && !endless)
    right += "  ETA " + seconds_text(*left_s);

  const std::string left = fmt::format("{:<6} ", stage);
  constexpr size_t kBarMin = 5, kBarMax = 40;
  std::string line = left;
  if (!endless && left.size() + right.size() + kBarMin + 2 <= columns) {
    const size_t bar = std::min(kBarMax, columns - left.size() - right.size() - 2);
    const size_t full = bar * progress_percent(progress) / 100;
    line += '[' + std::string(full, '#') + std::string(bar - full, ' ') + ']';
  }
  line += right;
  if (line.size() > columns) line.resize(columns);  // stages are ASCII words
  return line;
}

std::string progress_line(const Progress& progress) {
  const bool endless = has_no_known_end(progress);
  std::string line = printable_text(progress.stage) + ": ";
  if (!endless) line += fmt::format("{} %, ", progress_percent(progress));
  line += amount_text(progress);
  if (const auto rate = progress_rate(progress)) line += fmt::format(", {}/s", human_bytes(*rate));
  if (all_done(progress))
    line += ", took " + seconds_text(progress.elapsed_ns / 1'000'000'000);
  else if (const auto left_s = progress_left_s(progress); left_s && !endless)
    line += ", " + seconds_text(*left_s) + " left";
  return line;
}

bool ProgressPace::due(const Progress& progress) {
  const auto worth_telling = [&] {
    if (!told_ || told_->stage != progress.stage || told_->total_bytes != progress.total_bytes) return true;
    if (progress.done_bytes < told_->done_bytes || progress.elapsed_ns < told_->elapsed_ns)
      return true;  // the stage began anew
    if (all_done(progress)) return !all_done(*told_);
    return progress.elapsed_ns - told_->elapsed_ns >= interval_ns_ ||
           progress_percent(progress) >= progress_percent(*told_) + step_percent_;
  };
  const bool is_due = worth_telling();
  if (is_due) told_ = progress;
  return is_due;
}

}  // namespace seedbed
