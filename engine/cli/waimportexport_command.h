// offseed waimportexport PrepImport: the WAImportExport v1 command line over the engine.
#pragma once

#include <string>
#include <vector>

#include "engine/cli/command_context.h"
#include "engine/cli/exit_code.h"

namespace seedbed {

struct WaImportExportCommand {
  std::vector<std::string> words;  // "PrepImport", "/j:…", …
  bool plan = false;               // decide and show, touch nothing
  bool proof = true;
  unsigned workers = 0;  // 0: as many as cores
  uint32_t checkpoint_mib = 32;
  std::string drive_map;             // TOML: x = "/dev/sdb"
  std::string policy;                // of the backup in the source: its account must fit the words
  std::string volume_password_file;  // its first line opens the volume too
  std::string temporary_directory;   // for mkntfs's sparse file; "": the log directory's
};

Result<ExitCode> run_waimportexport(CommandContext context, const WaImportExportCommand& command);

}  // namespace seedbed
