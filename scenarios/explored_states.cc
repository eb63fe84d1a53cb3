#include "scenarios/explored_states.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr std::string_view kFormat = "seedbed explored 1 ";
constexpr uint64_t kFileBytesMax = 4 * GiB;

std::optional<uint64_t> parse_hex64(std::string_view text) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  if (text.size() != 16 || std::from_chars(text.data(), end, value, 16).ptr != end) return std::nullopt;
  return value;
}

// The first word, taken off.
std::string_view next_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

std::string scenario_line_of(const ExploredScenario& scenario) {
  return fmt::format("scenario {:016x} {} {}\n", scenario.text_digest, scenario.seed, scenario.file);
}

std::string state_line_of(size_t number, const JudgedState& state) {
  std::string line = fmt::format("{} {:016x} {}", number, state.hash, state.promised ? 'p' : '-');
  if (!state.failure.empty()) line += " " + state.failure;
  return line + "\n";
}

struct Line {
  std::optional<ExploredScenario> scenario;  // else a state
  size_t number = 0;
  JudgedState state;
};

std::optional<Line> parse_line(std::string_view text) {
  Line line;
  const std::string_view first = next_word(text);
  const auto digest = parse_hex64(next_word(text));
  if (!digest) return std::nullopt;
  if (first == "scenario") {
    const auto seed = parse_u64(next_word(text));
    if (!seed || text.empty()) return std::nullopt;
    line.scenario = ExploredScenario{std::string(text), *digest, *seed};
    return line;
  }
  const auto number = parse_u64(first);
  const std::string_view promised = next_word(text);
  if (!number || (promised != "p" && promised != "-")) return std::nullopt;
  line.number = *number;
  line.state = {*digest, promised == "p", std::string(text)};
  return line;
}

struct Contents {
  std::string program;
  std::vector<ExploredScenario> scenarios;  // in the order of their numbers, from 1
  std::vector<std::vector<JudgedState>> judged;
  uint64_t good_bytes = 0;  // what lies behind is a torn tail
};

// Nothing of a line is believed that does not end. A power cut may leave zeros behind the last whole line.
Result<Contents> parse(std::string_view text, const std::string& path) {
  Contents contents;
  size_t line_number = 0, broken_line = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    const std::string_view line_text = text.substr(at, end - at);
    at = end + 1;
    line_number++;
    if (line_number == 1) {
      if (!line_text.starts_with(kFormat)) break;
      contents.program = line_text.substr(kFormat.size());
      contents.good_bytes = at;
      continue;
    }
    auto line = parse_line(line_text);
    const bool known =
        line && (line->scenario || (line->number > 0 && line->number <= contents.scenarios.size()));
    if (!known) {
      if (broken_line == 0) broken_line = line_number;
      continue;
    }
    if (broken_line != 0)
      return fail(ErrorCode::corrupt, "this line says nothing, and good ones follow it",
                  fmt::format("{}:{}", path, broken_line), "Take another file: what this one knew is lost");
    contents.good_bytes = at;
    if (line->scenario) {
      contents.scenarios.push_back(std::move(*line->scenario));
      contents.judged.emplace_back();
    } else {
      contents.judged[line->number - 1].push_back(std::move(line->state));
    }
  }
  if (contents.program.empty())
    return fail(ErrorCode::refused, "this is no record of explored states", path,
                "Name another file, or one that is not there yet");
  return contents;
}

std::unexpected<Error> other(const std::string& path, std::string what) {
  return fail(ErrorCode::refused, std::move(what), path,
              "Name another file for --state, or do again what this one was begun with");
}

// Which of the file's scenarios it is, from 1.
Result<size_t> number_of(const Contents& contents, const ExploredScenario& scenario,
                         const std::string& path) {
  const auto found = std::ranges::find(contents.scenarios, scenario.file, &ExploredScenario::file);
  if (found == contents.scenarios.end())
    return other(path, fmt::format("it was begun with other scenarios, without {}", scenario.file));
  if (found->seed != scenario.seed)
    return other(path, fmt::format("it was begun with seed {} of {}, not {}", found->seed, scenario.file,
                                   scenario.seed));
  if (found->text_digest != scenario.text_digest)
    return other(path, fmt::format("{} has changed since it was begun", scenario.file));
  return static_cast<size_t>(found - contents.scenarios.begin()) + 1;
}

}  // namespace

Result<ExploredStates> ExploredStates::open(FileStore& files, const std::string& path,
                                            const std::string& program,
                                            const std::vector<ExploredScenario>& scenarios) {
  if (const auto there = files.stat(path); !there) {
    if (there.error().code != ErrorCode::not_found) return std::unexpected(there.error());
    std::string text = fmt::format("{}{}\n", kFormat, program);
    for (const ExploredScenario& scenario : scenarios) text += scenario_line_of(scenario);
    TRY(replace_file(files, path, as_bytes(text), 0644));
  }
  ExploredStates states;
  states.file_ = TRY(files.open(path, OpenMode::read_write));
  TRY(states.file_->lock());
  const Bytes bytes = TRY(read_file(files, path, kFileBytesMax));
  Contents contents = TRY(parse(as_text(bytes), path));
  if (contents.program != program)
    return other(path,
                 fmt::format("it was begun by another program ({}, this is {})", contents.program, program));
  for (const ExploredScenario& scenario : scenarios) {
    states.numbers_.push_back(TRY(number_of(contents, scenario, path)));
    states.judged_.push_back(contents.judged[states.numbers_.back() - 1]);
  }
  if (contents.good_bytes < bytes.size()) TRY(states.file_->truncate(contents.good_bytes));
  states.end_bytes_ = contents.good_bytes;
  return states;
}

Result<std::vector<JudgedState>> ExploredStates::read(FileStore& files, const std::string& path,
                                                      const ExploredScenario& scenario) {
  const Bytes bytes = TRY(read_file(files, path, kFileBytesMax));
  Contents contents = TRY(parse(as_text(bytes), path));
  return std::move(contents.judged[TRY(number_of(contents, scenario, path)) - 1]);
}

Status ExploredStates::append(size_t scenario, const std::vector<JudgedState>& states) {
  std::string text;
  for (const JudgedState& state : states) text += state_line_of(numbers_.at(scenario), state);
  TRY(file_->write_at(end_bytes_, as_bytes(text)));
  end_bytes_ += text.size();
  return {};
}

}  // namespace seedbed
