// offseed diskprep: the Azure Disk Preparation tool's command line over the engine: s:STAGING p:SETTINGS
// prepares drives and makes the import job, u: tells its status and takes the carrier's number.
#pragma once

#include <string>
#include <vector>

#include "engine/cli/command_context.h"
#include "engine/cli/exit_code.h"
#include "engine/documents/import_job.h"

namespace seedbed {

struct DiskPrepCommand {
  std::vector<std::string> words;  // "s:…", "p:…", "u:"
  std::vector<std::string> drives;
  std::string policy, token_file, endpoint, job, log_directory = ".", drive_map, temporary_directory;
  bool yes = false, proof = true;
  uint32_t checkpoint_mib = 32;
  PostalAddress return_address;
  ReturnShipping return_shipping;
  std::string carrier, tracking, ship_date;
};

Result<ExitCode> run_diskprep(CommandContext context, const DiskPrepCommand& command);

}  // namespace seedbed
