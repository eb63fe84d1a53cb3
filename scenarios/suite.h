// Scenario files from the command line: files and directories to loaded scenarios, sorted by path. Reads
// through the FileStore port; owned by the caller.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/ports/file_store.h"
#include "scenarios/scenario.h"

namespace seedbed {

// Every *.toml of the paths, directories with all that is in them. Errors: not_found, and those of
// parse_scenario; invalid_argument when a directory holds none, or when two scenarios share a name (their
// seeds would be equal). With edits, places in errors are those of the edited text.
// With a tag only those that bear it; none does, or none is named at all: invalid_argument.
using Suite = std::vector<std::shared_ptr<const Scenario>>;
Result<Suite> load_suite(FileStore& files, const std::vector<std::string>& paths,
                         const std::string& tag = "");
Result<std::shared_ptr<const Scenario>> load_scenario(FileStore& files, const std::string& path,
                                                      const std::vector<ScenarioEdit>& edits = {});
// What a scenario is made from, by which two are known to be the same: its file's text, a swarm's name.
Result<std::string> scenario_text(FileStore& files, const std::string& path);

// The seed of a scenario: its own, or with --seed hash(N, name), so that one number decides a whole suite.
uint64_t seed_of(const Scenario& scenario, const std::optional<uint64_t>& given);

}  // namespace seedbed
