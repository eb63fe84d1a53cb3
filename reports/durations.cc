#include "reports/durations.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace seedbed {

static constexpr uint64_t kSecondNs = 1'000'000'000;

std::string duration_text(uint64_t ns) {
  if (ns < 1'000'000) return fmt::format("{} µs", ns / 1000);
  if (ns < 100'000'000) return fmt::format("{} ms", ns / 1'000'000);
  const uint64_t seconds = ns / kSecondNs;
  if (seconds < 120) return fmt::format("{}.{:03} s", seconds, ns / 1'000'000 % 1000);
  const uint64_t minutes = seconds / 60, hours = minutes / 60;
  if (minutes < 120) return fmt::format("{} min {} s", minutes, seconds % 60);
  if (hours < 48) return fmt::format("{} h {} min", hours, minutes % 60);
  return fmt::format("{} d {} h", with_commas(hours / 24), hours % 24);
}

std::string seconds_text(uint64_t ns, uint64_t step_ns) {
  int decimals = 0;
  for (uint64_t unit = kSecondNs; unit > 1 && step_ns % unit != 0; unit /= 10) decimals++;
  const std::string fraction = fmt::format("{:09}", ns % kSecondNs).substr(0, static_cast<size_t>(decimals));
  return with_commas(ns / kSecondNs) + (decimals > 0 ? "." : "") + fraction + " s";
}

}  // namespace seedbed
