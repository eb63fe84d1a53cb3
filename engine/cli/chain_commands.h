// The commands of the whole chain on offseed's command line: their options, and which one was given. Owned by
// main, which outlives the CLI::App.
#pragma once

#include <functional>
#include <memory>

#include "engine/cli/command_context.h"
#include "engine/cli/exit_code.h"

namespace CLI {
class App;
}

namespace seedbed {

class ChainCommands {
 public:
  // Adds backup, restore, points, register, check and diskprep.
  explicit ChainCommands(CLI::App& app);
  ~ChainCommands();
  ChainCommands(const ChainCommands&) = delete;
  ChainCommands& operator=(const ChainCommands&) = delete;

  bool given() const;
  bool assumes_yes() const;
  Result<ExitCode> run(CommandContext context) const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace seedbed
