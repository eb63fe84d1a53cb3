#include "reports/timeline_drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "reports/durations.h"
#include "reports/shown_text.h"

namespace seedbed {

namespace {

constexpr int kLeft = 150, kRight = 965, kWidth = 1000, kTop = 8, kLaneHeight = 64;
constexpr size_t kLanesMax = 12, kPhaseColours = 6, kNameMax = 22;

struct Bar {
  uint64_t from_ns = 0, to_ns = 0;
  std::string name;
};
struct Mark {
  std::string kind, what;
  uint64_t time_ns = 0, count = 0;
};
struct Lane {
  std::string name;
  std::vector<Bar> bars;
  std::map<std::pair<std::string, int>, Mark> marks;  // by kind and place
};

std::string shortened(std::string_view text, size_t most) {
  size_t characters = 0, at = 0;
  for (; at < text.size(); at++)
    if ((static_cast<uint8_t>(text[at]) & 0xc0) != 0x80 && characters++ == most) break;
  return at == text.size() ? std::string(text) : std::string(text.substr(0, at)) + "…";
}

// Where a moment lies on the paper.
class Scale {
 public:
  explicit Scale(const std::vector<TimelineEntry>& timeline) {
    const auto [first, last] = std::minmax_element(
        timeline.begin(), timeline.end(),
        [](const TimelineEntry& a, const TimelineEntry& b) { return a.time_ns < b.time_ns; });
    from_ns_ = first->time_ns;
    to_ns_ = last->time_ns;
    // 1, 2 or 5 times a power of ten, at most nine steps
    const uint64_t span_ns = to_ns_ - from_ns_;
    while (span_ns / step_ns_ > 9) {
      const uint64_t next = span_ns / (step_ns_ * 2) <= 9 ? 2 : span_ns / (step_ns_ * 5) <= 9 ? 5 : 10;
      step_ns_ *= next;
      if (next != 10) break;
    }
  }
  double x(uint64_t time_ns) const {
    const auto span = static_cast<double>(std::max<uint64_t>(to_ns_ - from_ns_, 1));
    return kLeft + static_cast<double>(time_ns - from_ns_) * (kRight - kLeft) / span;
  }
  uint64_t to_ns() const noexcept { return to_ns_; }
  uint64_t step_ns() const noexcept { return step_ns_; }
  std::vector<uint64_t> ticks() const {
    std::vector<uint64_t> ticks;
    const uint64_t first = from_ns_ / step_ns_ + (from_ns_ % step_ns_ == 0 ? 0 : 1);
    for (uint64_t i = first; i <= to_ns_ / step_ns_; i++) ticks.push_back(i * step_ns_);
    return ticks;
  }

 private:
  uint64_t from_ns_ = 0, to_ns_ = 0, step_ns_ = 1000;
};

std::vector<Lane> lanes_of(std::vector<TimelineEntry> timeline, const Scale& scale) {
  std::stable_sort(timeline.begin(), timeline.end(),
                   [](const TimelineEntry& a, const TimelineEntry& b) { return a.time_ns < b.time_ns; });
  std::vector<Lane> lanes;
  std::map<std::string, size_t> numbers;
  std::set<size_t> in_phase;
  for (const auto& entry : timeline) {
    const auto [found, added] = numbers.emplace(entry.lane, lanes.size());
    if (added) lanes.emplace_back().name = entry.lane;
    Lane& lane = lanes[found->second];
    const bool phase = entry.kind == "phase";
    if ((phase || entry.kind == "end" || entry.kind == "boot") && in_phase.erase(found->second) != 0)
      lane.bars.back().to_ns = entry.time_ns;
    if (phase) {
      lane.bars.push_back({entry.time_ns, scale.to_ns(), entry.what});
      in_phase.insert(found->second);
      continue;
    }
    Mark& mark = lane.marks[{entry.kind, static_cast<int>(scale.x(entry.time_ns) / 3)}];
    if (mark.count++ == 0) {
      mark.kind = entry.kind;
      mark.what = entry.what;
      mark.time_ns = entry.time_ns;
    }
  }
  return lanes;
}

// Heights in a lane: who lives and what is told above the bars, what befalls on them, what is made durable
// below.
constexpr int kAbove = 11, kOnBar = 28, kFlush = 44, kCheckpoint = 54;

int height_of(std::string_view kind) {
  if (kind == "fault") return kOnBar;
  if (kind == "flush") return kFlush;
  return kind == "checkpoint" ? kCheckpoint : kAbove;
}

std::string symbol(std::string_view kind, double x, double y) {
  if (kind == "boot") return fmt::format(R"(<path class="boot" d="M{:.1f} {:.1f}l6 11h-12z"/>)", x, y - 6);
  if (kind == "end")
    return fmt::format(R"(<rect class="end" x="{:.1f}" y="{:.1f}" width="9" height="9"/>)", x - 4.5, y - 4.5);
  if (kind == "promise")
    return fmt::format(R"(<circle class="promise" cx="{:.1f}" cy="{:.1f}" r="5"/>)", x, y);
  if (kind == "fault")
    return fmt::format(R"(<path class="fault" d="M{:.1f} {:.1f}l12 12m0 -12l-12 12"/>)", x - 6, y - 6);
  if (kind == "flush") return fmt::format(R"(<path class="flush" d="M{:.1f} {:.1f}v8"/>)", x, y - 4);
  if (kind == "checkpoint")
    return fmt::format(R"(<path class="checkpoint" d="M{:.1f} {:.1f}l5 6l-5 6l-5 -6z"/>)", x, y - 6);
  return fmt::format(R"(<circle class="other" cx="{:.1f}" cy="{:.1f}" r="3"/>)", x, y);
}

// From each start to the end or the next start: the machine runs.
std::string life_lines(const Lane& lane, double y, const Scale& scale) {
  std::map<uint64_t, bool> starts;  // by time; an end otherwise
  for (const auto& [place, mark] : lane.marks)
    if (mark.kind == "boot" || mark.kind == "end")
      starts[mark.time_ns] = starts[mark.time_ns] || mark.kind == "boot";
  std::string out;
  for (auto start = starts.begin(); start != starts.end(); ++start) {
    if (!start->second) continue;
    const auto next = std::next(start);
    out += fmt::format(R"(<path class="life" d="M{:.1f} {:.0f}H{:.1f}"/>)", scale.x(start->first), y + kAbove,
                       scale.x(next == starts.end() ? scale.to_ns() : next->first));
  }
  return out;
}

void append_lane(std::string& out, const Lane& lane, double y, const Scale& scale,
                 const std::map<std::string, size_t>& colours) {
  out +=
      fmt::format(R"(<path class="rule" d="M0 {0:.0f}H{1}"/><text class="lane" x="4" y="{2:.0f}">{3}</text>)",
                  y, kWidth, y + 31, markup_text(shortened(one_line(lane.name), 20)));
  out += life_lines(lane, y, scale);
  double drawn_until = 0;
  for (const auto& bar : lane.bars) {
    const double from = scale.x(bar.from_ns), to = std::max(scale.x(bar.to_ns), from + 1);
    if (to < drawn_until + 1) continue;  // thousands of bars on one spot show no more than one
    drawn_until = to;
    const std::string name = one_line(bar.name);
    out += fmt::format(
        R"(<g><title>{}: {} to {}</title><rect class="bar p{}" x="{:.1f}" y="{:.0f}" width="{:.1f}" height="18"/>)",
        markup_text(name), seconds_text(bar.from_ns, 1'000'000), seconds_text(bar.to_ns, 1'000'000),
        colours.at(bar.name) % kPhaseColours, from, y + 19, to - from);
    if (to - from > 30) {
      const auto fits = static_cast<size_t>((to - from - 10) / 6.6);
      out += fmt::format(R"(<text class="phase" x="{:.1f}" y="{:.0f}">{}</text>)", from + 5, y + 32,
                         markup_text(shortened(name, fits)));
    }
    out += "</g>";
  }
  for (const auto& [place, mark] : lane.marks) {
    const std::string times = mark.count > 1 ? fmt::format(" (and {} more here)", mark.count - 1) : "";
    out += fmt::format("<g><title>{}: {} at {}{}</title>{}</g>", markup_text(one_line(mark.kind)),
                       markup_text(one_line(mark.what)), seconds_text(mark.time_ns, 1'000'000), times,
                       symbol(mark.kind, scale.x(mark.time_ns), y + height_of(mark.kind)));
  }
  out += '\n';
}

}  // namespace

std::string timeline_drawing(const std::vector<TimelineEntry>& timeline) {
  if (timeline.empty()) return "";
  const Scale scale(timeline);
  const std::vector<Lane> lanes = lanes_of(timeline, scale);
  const size_t shown = std::min(lanes.size(), kLanesMax);
  std::map<std::string, size_t> colours;
  std::vector<std::string> phases;
  for (size_t i = 0; i < shown; i++)
    for (const auto& bar : lanes[i].bars)
      if (colours.emplace(bar.name, phases.size()).second) phases.push_back(bar.name);

  const double bottom = kTop + static_cast<double>(shown) * kLaneHeight;
  std::string out = fmt::format(
      "<div class=\"scroll\"><svg class=\"timeline\" viewBox=\"0 0 {} {:.0f}\" role=\"img\" "
      "aria-label=\"timeline of {} lanes\">\n",
      kWidth, bottom + 30, shown);
  for (const uint64_t tick : scale.ticks())
    out += fmt::format(
        R"(<path class="grid" d="M{0:.1f} {1}V{2:.0f}"/><text class="tick" x="{0:.1f}" y="{3:.0f}">{4}</text>)",
        scale.x(tick), kTop, bottom + 4, bottom + 20, seconds_text(tick, scale.step_ns()));
  out += '\n';
  for (size_t i = 0; i < shown; i++)
    for (const auto& [place, mark] : lanes[i].marks)
      if (mark.kind == "fault")
        out +=
            fmt::format(R"(<path class="cut" d="M{:.1f} {}V{:.0f}"/>)", scale.x(mark.time_ns), kTop, bottom);
  for (size_t i = 0; i < shown; i++)
    append_lane(out, lanes[i], kTop + static_cast<double>(i) * kLaneHeight, scale, colours);
  out += fmt::format("<path class=\"rule\" d=\"M0 {:.0f}H{}\"/></svg></div>\n", bottom, kWidth);

  if (!phases.empty()) {
    out += "<p class=\"keys\">Phases:";
    for (size_t i = 0; i < std::min(phases.size(), kNameMax); i++)
      out += fmt::format(" <span class=\"key\"><span class=\"swatch s{}\"></span>{}</span>",
                         i % kPhaseColours, markup_text(one_line(phases[i])));
    out += phases.size() > kNameMax ? " …</p>\n" : "</p>\n";
  }
  if (shown < lanes.size())
    out += fmt::format("<p class=\"note\">{} more lanes are in run.json.</p>\n", lanes.size() - shown);
  return out;
}

std::string timeline_legend() {
  static constexpr std::pair<const char*, const char*> kMarks[] = {
      {"boot", "the program starts"},
      {"end", "it ends, or dies"},
      {"promise", "a person is asked or told something"},
      {"fault", "an injected fault strikes"},
      {"flush", "the drive is told to make everything durable"},
      {"checkpoint", "progress is written down: a restart goes on from here"},
  };
  std::string out = "<p class=\"keys\">Marks:";
  for (const auto& [kind, meaning] : kMarks) {
    out += fmt::format(
        " <span class=\"key\"><svg class=\"mark\" viewBox=\"0 0 16 16\" "
        "aria-hidden=\"true\">{}</svg>{}</span>",
        symbol(kind, 8, 8), meaning);
  }
  return out + "</p>\n";
}

}  // namespace seedbed
