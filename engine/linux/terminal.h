// The Operator of a command line: a person at a terminal, a log, or a program reading JSON Lines.
//
// Text for people goes to the error stream, JSON to the output stream and nothing else of ours does.
// Questions need a terminal on both input and error; without one they are refused with the remedy. Where the
// error stream is a terminal, progress is one line redrawn in place; elsewhere it is a plain line every 2 s
// or 10 %. The descriptors are borrowed; one task talks at a time. Write errors (a closed pipe) are ignored:
// the work goes on.
#pragma once

#include "engine/linux/progress_line.h"
#include "engine/ports/operator.h"

namespace seedbed {

struct TerminalOptions {
  bool json = false;        // JSON Lines on the output stream
  bool quiet = false;       // for people only warnings, errors and questions
  bool assume_yes = false;  // confirm() says yes without asking (--yes); ask() still asks
};

struct TerminalStreams {
  int input = 0;
  int output = 1;
  int error = 2;
};

class Terminal final : public Operator {
 public:
  explicit Terminal(TerminalOptions options = {}, TerminalStreams streams = {});
  ~Terminal() override;  // ends a line that is being redrawn
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool interactive() const noexcept override { return interactive_; }
  Result<bool> confirm(std::string_view question, std::string_view remedy_when_unattended) override;
  Result<std::string> ask(std::string_view question, std::string_view remedy_when_unattended) override;
  void notice(NoticeLevel level, std::string_view text) override;
  void progress(const Progress& progress) override;
  void event(std::string_view name, const std::vector<std::pair<std::string, std::string>>& fields) override;

 private:
  void say(const std::string& line);  // a whole line for people
  void redraw(const std::string& bar);
  void end_redrawn_line();
  unsigned columns() const noexcept;

  TerminalOptions options_;
  TerminalStreams streams_;
  bool interactive_;
  bool redraws_;
  ProgressPace human_pace_;
  ProgressPace json_pace_;
  std::string redrawn_stage_;
  size_t redrawn_columns_ =
      0;  // how much of the current line is ours; 0: the cursor stands at the start of a line
};

}  // namespace seedbed
