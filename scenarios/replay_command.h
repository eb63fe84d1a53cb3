// `seedbed replay`, `events`, `diff` and `report`: what is left of a run, looked at again. Called by main.
#pragma once

#include <string>
#include <vector>

#include "scenarios/console.h"

namespace seedbed {

// `what`: a run.json, whose every scenario must give the hash it gave; or a token. `events`: a file for the
// event log as text, "-" for standard output; `block_log`: a file for what was done to the drives, as
// dm-log-writes writes it. "" for none; both for tokens only.
int replay_command(const RigContext& rig, const std::string& what, const std::string& events,
                   const std::string& block_log);
// Where two event logs, as replay writes them, first part. 0: nowhere.
int diff_command(const RigContext& rig, const std::string& a, const std::string& b);
// The run.json of several runs as one page, and one JUnit file when named.
int report_command(const RigContext& rig, const std::vector<std::string>& directories,
                   const std::string& html, const std::string& junit);

}  // namespace seedbed
