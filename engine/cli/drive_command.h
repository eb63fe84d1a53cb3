// offseed drive create|inspect|verify|ls|cat: looking at prepared drives, and making image files to rehearse
// on.
#pragma once

#include <string>

#include "engine/cli/command_context.h"
#include "engine/cli/exit_code.h"

namespace seedbed {

struct DriveCommand {
  std::string path;               // device or image
  std::string recovery_password;  // --recovery-password
  std::string
      key_file;  // --key-file: a file whose first line is recovery password or password; "-": standard input
  std::string journal;          // --journal: takes the key from the drive's journal
  std::string file = "/";       // ls, cat
  uint64_t size_bytes = 0;      // create
  uint32_t sector_bytes = 512;  // create
};

Result<ExitCode> run_drive_create(CommandContext context, const DriveCommand& command);
Result<ExitCode> run_drive_inspect(CommandContext context, const DriveCommand& command);
Result<ExitCode> run_drive_verify(CommandContext context, const DriveCommand& command);
Result<ExitCode> run_drive_ls(CommandContext context, const DriveCommand& command);
Result<ExitCode> run_drive_cat(CommandContext context, const DriveCommand& command);

// "10GB" = 10^10, "10GiB" = 10 · 2^30, "1.5TB", or plain bytes.
Result<uint64_t> parse_size(const std::string& text);

}  // namespace seedbed
