#include "scenarios/suite.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/base/random.h"
#include "scenarios/scenario_file.h"
#include "scenarios/swarm.h"
#include "scenarios/toml_text.h"

namespace seedbed {

namespace {

constexpr uint64_t kScenarioBytesMax = 1 * MiB;
constexpr int kDepthMax = 8;

Status collect(FileStore& files, const std::string& path, int depth, std::vector<std::string>& found) {
  const FileStat stat = TRY(files.stat(path));
  if (stat.kind == FileKind::file) {
    found.push_back(path);
    return {};
  }
  if (stat.kind != FileKind::directory || depth == kDepthMax)
    return fail(ErrorCode::invalid_argument, "neither a scenario file nor a directory of them", path);
  const auto entries = TRY(files.list(path));
  for (const DirectoryEntry& entry : entries)
    if (entry.kind == FileKind::directory || entry.name.ends_with(".toml"))
      TRY(collect(files, join_path(path, entry.name), depth + 1, found));
  return {};
}

}  // namespace

Result<std::string> scenario_text(FileStore& files, const std::string& path) {
  if (swarm_named(path)) return path;
  const Bytes text = TRY(read_file(files, path, kScenarioBytesMax));
  return std::string(as_text(text));
}

Result<std::shared_ptr<const Scenario>> load_scenario(FileStore& files, const std::string& path,
                                                      const std::vector<ScenarioEdit>& edits) {
  if (const auto swarm = swarm_named(path)) {
    if (edits.empty()) return std::make_shared<const Scenario>(swarm_of(*swarm));
    return fail(ErrorCode::unsupported, "a scenario drawn from its seed has no file that could be edited",
                path, "Write it as a file first: seedbed write");
  }
  const Bytes bytes = TRY(read_file(files, path, kScenarioBytesMax));
  std::string text(as_text(bytes));
  if (!edits.empty()) {
    TomlValue document = TRY(parse_toml(text, path));
    text = toml_text(TRY(edited(std::move(document), edits)));
  }
  Scenario scenario = TRY(parse_scenario(text, path));
  scenario.file = path;
  scenario.edits = edits;
  return std::make_shared<const Scenario>(std::move(scenario));
}

Result<Suite> load_suite(FileStore& files, const std::vector<std::string>& paths, const std::string& tag) {
  Suite suite;
  std::map<std::string, std::string> names;
  for (const std::string& path : paths) {
    std::vector<std::string> found;
    if (swarm_named(path))
      found.push_back(path);
    else
      TRY(collect(files, path, 0, found));
    if (found.empty())
      return fail(ErrorCode::invalid_argument, "the directory holds no scenario (*.toml)", path,
                  "Name another one");
    std::ranges::sort(found);
    for (const std::string& file : found) {
      auto scenario = TRY(load_scenario(files, file));
      const auto [known, is_new] = names.emplace(scenario->name, file);
      if (!is_new)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("two scenarios are called \"{}\": {} too", scenario->name, known->second),
                    file, "Give each its own name");
      suite.push_back(std::move(scenario));
    }
  }
  if (suite.empty())
    return fail(ErrorCode::invalid_argument, "no scenario is named", "", "Name files or directories");
  if (tag.empty()) return suite;
  std::erase_if(suite, [&](const auto& scenario) { return std::ranges::count(scenario->tags, tag) == 0; });
  if (suite.empty())
    return fail(ErrorCode::invalid_argument, fmt::format("no scenario has the tag \"{}\"", tag), "",
                "seedbed list shows the tags");
  return suite;
}

uint64_t seed_of(const Scenario& scenario, const std::optional<uint64_t>& given) {
  return given ? sub_seed(*given, scenario.name) : scenario.seed;
}

}  // namespace seedbed
