// offseed backup, restore, points, register, check: the backup agent over this computer's adaptors.
#pragma once

#include <string>
#include <vector>

#include "engine/cli/command_context.h"
#include "engine/cli/exit_code.h"

namespace seedbed {

struct AgentCommand {
  std::string policy;
  bool accept_import_errors = false;  // backup
  double assume_ratio = 0;            // backup; 0: as the policy says
  std::string point = "latest", to;   // restore
  std::vector<std::string> includes;
  std::string strip_prefix;
  bool owner = false;
  std::string vault_credentials, state;  // register
};

Result<ExitCode> run_backup_command(CommandContext context, const AgentCommand& command);
Result<ExitCode> run_restore_command(CommandContext context, const AgentCommand& command);
Result<ExitCode> run_points_command(CommandContext context, const AgentCommand& command);
Result<ExitCode> run_register_command(CommandContext context, const AgentCommand& command);
Result<ExitCode> run_check_command(CommandContext context, const AgentCommand& command);

}  // namespace seedbed
