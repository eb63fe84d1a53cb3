#include "engine/linux/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "engine/linux/json_line.h"
#include "engine/linux/printable_text.h"

namespace seedbed {

namespace {

constexpr uint64_t kLineInterval_ns = 2'000'000'000;
constexpr unsigned kLineStep_percent = 10;
constexpr uint64_t kRedrawInterval_ns = 100'000'000;
constexpr unsigned kRedrawStep_percent = 1;
constexpr size_t kAnswerBytesMax = 4096;
constexpr const char* kRefusedQuestion =
    "nobody can be asked: input and error output are not both a terminal";

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written_bytes = ::write(descriptor, text.data(), text.size());
    if (written_bytes < 0 && errno == EINTR) continue;
    if (written_bytes <= 0) return;
    text.remove_prefix(static_cast<size_t>(written_bytes));
  }
}

// One line, byte by byte so that nothing of the next answer is taken.
Result<std::string> read_answer(int descriptor) {
  std::string line;
  for (;;) {
    char c;
    const ssize_t got_bytes = ::read(descriptor, &c, 1);
    if (got_bytes < 0 && errno == EINTR) continue;
    if (got_bytes < 0) return fail_errno(errno, "read", "terminal");
    if (got_bytes == 0) return fail(ErrorCode::refused, "the input ended before the question was answered");
    if (c == '\n') return line;
    if (line.size() == kAnswerBytesMax) return fail(ErrorCode::invalid_argument, "the answer is too long");
    line += c;
  }
}

}  // namespace

Terminal::Terminal(TerminalOptions options, TerminalStreams streams)
    : options_(options),
      streams_(streams),
      interactive_(::isatty(streams.input) == 1 && ::isatty(streams.error) == 1),
      redraws_(::isatty(streams.error) == 1),
      human_pace_(redraws_ ? kRedrawInterval_ns : kLineInterval_ns,
                  redraws_ ? kRedrawStep_percent : kLineStep_percent),
      json_pace_(kLineInterval_ns, kLineStep_percent) {}

Terminal::~Terminal() {
  end_redrawn_line();
}

Result<bool> Terminal::confirm(std::string_view question, std::string_view remedy_when_unattended) {
  const std::string prompt = printable_text(question) + " [y/N] ";
  if (options_.assume_yes) {
    if (!options_.quiet) say(prompt + "yes (by option)");
    return true;
  }
  if (!interactive_)
    return fail(ErrorCode::refused, kRefusedQuestion, std::string(question),
                std::string(remedy_when_unattended));
  for (;;) {
    end_redrawn_line();
    write_all(streams_.error, prompt);
    const auto answer = read_answer(streams_.input);
    if (!answer) return std::unexpected(answer.error());
    if (answer == "y" || answer == "Y" || answer == "yes") return true;
    if (answer == "" || answer == "n" || answer == "N" || answer == "no") return false;
    say("Please answer y or n.");
  }
}

Result<std::string> Terminal::ask(std::string_view question, std::string_view remedy_when_unattended) {
  if (!interactive_)
    return fail(ErrorCode::refused, kRefusedQuestion, std::string(question),
                std::string(remedy_when_unattended));
  end_redrawn_line();
  write_all(streams_.error, printable_text(question) + ' ');
  return read_answer(streams_.input);
}

void Terminal::notice(NoticeLevel level, std::string_view text) {
  if (options_.json) write_all(streams_.output, json_line(level, text) + '\n');
  if (level == NoticeLevel::info) {
    if (!options_.quiet) say(printable_text(text));
  } else {
    say(notice_level_name(level) + (": " + printable_text(text)));
  }
}

void Terminal::progress(const Progress& progress) {
  if (options_.json && json_pace_.due(progress)) write_all(streams_.output, json_line(progress) + '\n');
  if (options_.quiet || !human_pace_.due(progress)) return;
  if (!redraws_) return say(progress_line(progress));
  if (redrawn_stage_ != progress.stage) end_redrawn_line();  // an unfinished stage keeps its last line
  redrawn_stage_ = progress.stage;
  redraw(progress_bar(progress, columns()));
  const bool has_known_end = progress.total_bytes > 0 || progress.done_bytes == 0;
  if (has_known_end && progress.done_bytes >= progress.total_bytes) end_redrawn_line();
}

void Terminal::event(std::string_view name, const std::vector<std::pair<std::string, std::string>>& fields) {
  if (options_.json) write_all(streams_.output, json_line(name, fields) + '\n');
}

void Terminal::say(const std::string& line) {
  if (redrawn_columns_ > 0) redraw("");
  write_all(streams_.error, line + '\n');
}

// Blanks over what an earlier, longer line left: works on terminals that know no escape sequences.
void Terminal::redraw(const std::string& bar) {
  std::string drawn = '\r' + bar;
  if (bar.size() < redrawn_columns_) drawn += std::string(redrawn_columns_ - bar.size(), ' ');
  if (bar.empty()) drawn += '\r';
  write_all(streams_.error, drawn);
  redrawn_columns_ = bar.size();
}

void Terminal::end_redrawn_line() {
  if (redrawn_columns_ > 0) write_all(streams_.error, "\n");
  redrawn_columns_ = 0;
}

unsigned Terminal::columns() const noexcept {
  struct winsize size{};
  if (::ioctl(streams_.error, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 79;
  return size.ws_col - 1u;  // the last column makes some terminals wrap
}

}  // namespace seedbed
