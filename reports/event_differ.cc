#include "reports/event_differ.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "reports/shown_text.h"

namespace seedbed {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::optional<Divergence> first_divergence(std::span<const std::string> a, std::span<const std::string> b) {
  const auto parted = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (parted.first == a.end() && parted.second == b.end()) return std::nullopt;
  return Divergence{static_cast<size_t>(parted.first - a.begin()), a.size(), b.size()};
}

// The lines from `index` on: the first and `context` more.
static void append_side(std::string& out, std::string_view title, std::span<const std::string> log,
                        size_t index, size_t context) {
  out += fmt::format("{}:\n", title);
  for (size_t i = index; i < log.size() && i - index <= context; i++)
    out += fmt::format("{} {}\n", i == index ? ">" : " ", one_line(log[i]));
  if (index >= log.size())
    out += "> (ends here)\n";
  else if (log.size() - index - 1 <= context)
    out += "  (ends here)\n";
}

std::string divergence_text(std::span<const std::string> a, std::span<const std::string> b,
                            const Divergence& divergence, size_t context) {
  const size_t index = std::min({divergence.index, a.size(), b.size()});
  const auto events = [](size_t count) {
    return fmt::format("{} event{}", with_commas(count), count == 1 ? "" : "s");
  };
  std::string out = fmt::format("The runs part at event {}: the first has {}, the second {}.\n",
                                with_commas(index + 1), events(a.size()), events(b.size()));
  if (index > 0 && context > 0) out += "both:\n";
  for (size_t i = index - std::min(index, context); i < index; i++)
    out += fmt::format("  {}\n", one_line(a[i]));
  append_side(out, "first run", a, index, context);
  append_side(out, "second run", b, index, context);
  return out;
}

}  // namespace seedbed
