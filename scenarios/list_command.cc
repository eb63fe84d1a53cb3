#include "scenarios/list_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenarios/rig_lines.h"
#include "scenarios/suite.h"

namespace seedbed {

int list_command(const RigContext& rig, const std::vector<std::string>& paths, const std::string& tag) {
  const auto suite = load_suite(rig.files, paths);
  if (!suite) {
    rig.console.complain(suite.error());
    return kUsage;
  }
  size_t listed = 0;
  for (const auto& scenario : *suite) {
    if (!tag.empty() && std::ranges::count(scenario->tags, tag) == 0) continue;
    listed++;
    std::string tags;
    for (const std::string& one : scenario->tags) tags += (tags.empty() ? "" : " ") + one;
    if (rig.console.wants_json())
      rig.console.json(listing_line(*scenario));
    else
      rig.console.result(fmt::format("{:<10} {:<62} {:<20} {}", verdict_name(scenario->expect.verdict),
                                     scenario->name, tags, scenario->file));
  }
  rig.console.say(fmt::format("{} scenarios", listed));
  return 0;
}

}  // namespace seedbed
