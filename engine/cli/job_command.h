// offseed job list|show|create|ship|cancel|delete|keys: the job client against any management service. The
// options, and which command was given. Owned by main, which outlives the CLI::App.
#pragma once

#include <memory>

#include "engine/cli/command_context.h"
#include "engine/cli/exit_code.h"

namespace CLI {
class App;
}

namespace seedbed {

class JobCommands {
 public:
  explicit JobCommands(CLI::App& app);  // adds "job"
  ~JobCommands();
  JobCommands(const JobCommands&) = delete;
  JobCommands& operator=(const JobCommands&) = delete;

  bool given() const;
  bool assumes_yes() const;
  Result<ExitCode> run(CommandContext context) const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace seedbed
