#include "scenarios/run_token.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"

namespace seedbed {

PlannedFault fault_before(uint64_t number, FaultAction action, const Survivors& survivors) {
  PlannedFault fault;
  fault.name = fmt::format("{} before event {}, survivors {}", action_name(action), number, survivors.text());
  fault.action = action;
  fault.when.event_number = number;
  fault.survivors = survivors;
  return fault;
}

std::string RunToken::text() const {
  std::string text = fmt::format("{}@{}", file, seed);
  for (const ScenarioEdit& edit : edits) text += "~" + edit_text(edit);
  for (const PlannedFault& fault : faults)
    text +=
        fmt::format("+{}:{}:{}", action_name(fault.action), fault.when.event_number, fault.survivors.text());
  if (!defect.empty()) text += "%" + defect;
  return text;
}

// A dropped sync is named after its place, as that is written.
static bool is_defect_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<RunToken> RunToken::parse(std::string_view text) {
  static constexpr std::string_view kMarks = "~+%";
  const auto wrong = [&](std::string what) {
    return fail(
        ErrorCode::invalid_argument, std::move(what), std::string(text),
        "A token is FILE.toml@SEED, then ~KEY=VALUE for each change, +ACTION:EVENT:SURVIVORS for each "
        "added fault");
  };
  RunToken token;
  const size_t at = text.find_last_of('@');
  if (at == std::string_view::npos || at == 0) return wrong("the token has no @SEED");
  token.file = text.substr(0, at);
  std::string_view rest = text.substr(at + 1);
  const std::string_view seed = rest.substr(0, rest.find_first_of(kMarks));
  const auto number = parse_u64(seed);
  if (!number) return wrong(fmt::format("\"{}\" is no seed", seed));
  token.seed = *number;
  rest.remove_prefix(seed.size());
  while (!rest.empty()) {
    const char mark = rest.front();
    rest.remove_prefix(1);
    const std::string_view part = rest.substr(0, rest.find_first_of(kMarks));
    rest.remove_prefix(part.size());
    if (mark == '~') {
      token.edits.push_back(TRY(parse_edit(part)));
      continue;
    }
    if (mark == '%') {
      if (!token.defect.empty() || !is_defect_name(part))
        return wrong(fmt::format("\"{}\" is no name of a defect, or not the only one", part));
      token.defect = part;
      continue;
    }
    const size_t first = part.find(':'), second = part.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos)
      return wrong(fmt::format("\"{}\" is no ACTION:EVENT:SURVIVORS", part));
    const auto action = action_named(part.substr(0, first));
    const auto event = parse_u64(part.substr(first + 1, second - first - 1));
    if (!action) return wrong(fmt::format("\"{}\" is no fault", part.substr(0, first)));
    if (!event || *event == 0) return wrong(fmt::format("\"{}\" has no event number", part));
    const auto survivors = TRY(Survivors::parse(part.substr(second + 1)));
    token.faults.push_back(fault_before(*event, *action, survivors));
  }
  return token;
}

}  // namespace seedbed
