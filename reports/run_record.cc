#include "reports/run_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "reports/shown_text.h"

namespace seedbed {

static constexpr std::array<std::string_view, kVerdicts> kVerdictNames = {
    "survived", "refused",        "lost",         "silently-wrong", "broke-contract",
    "stuck",    "not-applicable", "not-measured", "harness-broken",
};

std::string_view verdict_name(Verdict verdict) noexcept {
  return kVerdictNames[static_cast<size_t>(verdict)];
}

std::optional<Verdict> verdict_named(std::string_view name) noexcept {
  const auto found = std::find(kVerdictNames.begin(), kVerdictNames.end(), name);
  if (found == kVerdictNames.end()) return std::nullopt;
  return static_cast<Verdict>(found - kVerdictNames.begin());
}

Outcome outcome_of(const ScenarioRecord& scenario) noexcept {
  switch (scenario.verdict) {
    case Verdict::not_applicable:
      return Outcome::not_applicable;  // though expected: it tested nothing
    case Verdict::not_measured:
      return Outcome::not_measured;
    case Verdict::harness_broken:
      return Outcome::failed;
    default:
      return scenario.as_expected && scenario.verdict == scenario.expected ? Outcome::as_expected
                                                                           : Outcome::failed;
  }
}

bool went_as_expected(const ScenarioRecord& scenario) noexcept {
  return outcome_of(scenario) == Outcome::as_expected;
}

Totals totals_of(const RunRecord& run) {
  Totals totals;
  for (const auto& scenario : run.scenarios) {
    switch (outcome_of(scenario)) {
      case Outcome::as_expected:
        totals.as_expected++;
        break;
      case Outcome::failed:
        totals.failed++;
        break;
      case Outcome::not_measured:
        totals.not_measured++;
        break;
      case Outcome::not_applicable:
        totals.not_applicable++;
        break;
    }
  }
  return totals;
}

std::string event_log_hash_of(const RunRecord& run) {
  Digest digest(DigestKind::sha256);
  const auto mix = [&](std::string_view text) {
    Bytes length;
    append_le(length,
              static_cast<uint64_t>(text.size()));  // so that no two lists of texts run together alike
    digest.update(length);
    digest.update(as_bytes(text));
  };
  for (const auto& scenario : run.scenarios) {
    mix(scenario.name);
    mix(scenario.event_log_hash);
  }
  return hex_lower(ByteSpan(digest.snapshot()).first(8));
}

int exit_code_of(const RunRecord& run) {
  bool broken = false, unexpected = false, stuck = false, unmeasured = false, tested = false;
  for (const auto& scenario : run.scenarios) {
    switch (outcome_of(scenario)) {
      case Outcome::as_expected:
        tested = true;
        break;
      case Outcome::failed:
        if (scenario.verdict == Verdict::harness_broken)
          broken = true;
        else if (scenario.verdict == Verdict::stuck && scenario.expected != Verdict::stuck)
          stuck = true;
        else
          unexpected = true;
        break;
      case Outcome::not_measured:
        unmeasured = true;
        break;
      case Outcome::not_applicable:
        break;
    }
  }
  if (broken) return 5;
  if (unexpected) return 1;
  if (stuck) return 3;
  return unmeasured || !tested ? 4 : 0;
}

static std::string_view outcome_word(Outcome outcome) {
  switch (outcome) {
    case Outcome::as_expected:
      return "ok";
    case Outcome::failed:
      return "FAIL";
    case Outcome::not_measured:
      return "??";
    case Outcome::not_applicable:
      return "n/a";
  }
  return "FAIL";
}

// At most `width` characters, the last an ellipsis where something was cut off.
static std::string fitted(std::string_view text, size_t width) {
  const auto is_start = [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; };
  const auto characters = static_cast<size_t>(std::count_if(text.begin(), text.end(), is_start));
  if (characters <= width) return std::string(text) + std::string(width - characters, ' ');
  size_t at = 0;
  for (size_t seen = 0; at < text.size(); at++)
    if (is_start(text[at]) && ++seen == width) break;
  return std::string(text.substr(0, at)) + "…";
}

std::string scenario_line(const ScenarioRecord& scenario) {
  constexpr size_t kNameWidth = 58;
  const Outcome outcome = outcome_of(scenario);
  std::string line = fmt::format(
      "{:<4} {:<15} {} {:>3} boots {:>9}.{:03} s virtual {:>7} ms", outcome_word(outcome),
      verdict_name(scenario.verdict), fitted(one_line(scenario.name), kNameWidth), scenario.boots,
      scenario.virtual_ns / 1'000'000'000, scenario.virtual_ns / 1'000'000 % 1000, scenario.real_us / 1000);
  if (outcome == Outcome::as_expected) return line;
  if (scenario.verdict != scenario.expected)
    line += fmt::format("  expected {}", verdict_name(scenario.expected));
  if (!scenario.why.empty())
    line += (scenario.verdict != scenario.expected ? ": " : "  ") + one_line(scenario.why);
  return line;
}

std::string replay_command(const ScenarioRecord& scenario) {
  return scenario.token.empty() ? "" : "seedbed replay " + shell_word(scenario.token);
}

std::string closing_line(const Totals& totals) {
  return fmt::format("seedbed: {} as expected, {} failed, {} not measured, {} not applicable",
                     totals.as_expected, totals.failed, totals.not_measured, totals.not_applicable);
}

}  // namespace seedbed
