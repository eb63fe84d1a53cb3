#include "scenarios/list_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenarios/requirements.h"
#include "scenarios/rig_lines.h"
#include "scenarios/suite.h"

namespace seedbed {

int list_command(const RigContext& rig, const std::vector<std::string>& paths, const std::string& tag) {
  const auto suite = load_suite(rig.files, paths, tag);
  if (!suite) {
    rig.console.complain(suite.error());
    return kUsage;
  }
  for (const auto& scenario : *suite) {
    std::string tags;
    for (const std::string& one : scenario->tags) tags += (tags.empty() ? "" : " ") + one;
    if (rig.console.wants_json())
      rig.console.json(listing_line(*scenario));
    else
      rig.console.result(fmt::format("{:<10} {:<62} {:<20} {}", verdict_name(scenario->expect.verdict),
                                     scenario->name, tags, scenario->file));
  }
  rig.console.say(fmt::format("{} scenarios", suite->size()));
  return 0;
}

static Result<int> list_requirements(const RigContext& rig, const std::vector<std::string>& paths,
                                     const std::string& page) {
  constexpr uint64_t kPageBytesMax = 1 * MiB;
  const auto suite = TRY(load_suite(rig.files, paths));
  const Bytes text = TRY(read_file(rig.files, page, kPageBytesMax));
  const RequirementTable table = table_of(TRY(parse_requirements(as_text(text), page)), suite);
  for (const RequirementTable::Row& row : table.rows) {
    if (rig.console.wants_json()) {
      rig.console.json(requirement_line(row));
      continue;
    }
    rig.console.result(fmt::format("{:<14} {}", row.requirement.id, row.requirement.sentence));
    for (const std::string& scenario : row.scenarios) rig.console.result("                 " + scenario);
    for (const std::string& test : row.requirement.tests) rig.console.result("                 test " + test);
  }
  for (const std::string& hole : table.holes) rig.console.result("hole: " + hole);
  rig.console.result(fmt::format("seedbed: {} requirements, {} scenarios, {} holes", table.rows.size(),
                                 suite.size(), table.holes.size()));
  return table.holes.empty() ? 0 : 4;
}

int list_requirements_command(const RigContext& rig, const std::vector<std::string>& paths,
                              const std::string& page) {
  const auto code = list_requirements(rig, paths, page);
  if (code) return *code;
  rig.console.complain(code.error());
  return kUsage;
}

}  // namespace seedbed
