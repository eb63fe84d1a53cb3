#include "tests/house/include_rules.h"

#include <algorithm>
#include <map>

namespace seedbed::house {

namespace {

// A room includes only from floors below its own. Rooms that are not here may not be included, and include
// nothing of the house.
const std::map<std::string, int>& floors() {
  static const std::map<std::string, int> floors = {
      {"engine/base", 1},
      {"engine/ports", 2},
      {"engine/documents", 2},
      {"engine/compression", 2},
      {"reports", 2},
      {"engine/staging", 3},
      {"engine/volume", 3},
      {"engine/sectors", 3},
      {"engine/journal", 3},
      {"engine/cloud", 3},
      {"engine/linux", 3},
      {"simulator", 3},
      {"engine/prep", 4},
      {"engine/agent", 4},
      {"engine/cli", 5},
      {"fakes/reference", 5},
      {"fakes/store", 5},
      {"fakes/storage_account", 5},
      {"fakes/import_service", 5},
      {"fakes/vault_service", 5},
      {"fakes/carrier", 5},
      {"fakes/portal", 5},
      {"fakes/server", 5},
      {"scenarios", 6},
  };
  return floors;
}

// Sideways doors that the architecture draws.
bool drawn(const std::string& from, const std::string& to) {
  if (from == "engine/volume" && to == "engine/sectors") return true;
  if (to == "engine/ports" &&
      (from == "engine/documents" || from == "engine/compression" || from == "reports"))
    return true;
  // services use each other; the readers that judge use nobody
  return from.starts_with("fakes/") && to.starts_with("fakes/") && from != "fakes/reference";
}

bool is_adaptor(const std::string& room) {
  return room == "engine/linux" || room == "simulator";
}

// Mains and the world choose what stands behind the ports. engine/cli is offseed's main in several files.
// So do planted defects, which stand between a world's ports and the engine. Scenarios also speak of three
// plain value types of the simulator.
bool may_choose_adaptors(const std::string& path, const std::string& target) {
  if (is_main(path) || path.starts_with("engine/cli/") || path.starts_with("scenarios/world") ||
      path.starts_with("scenarios/defect_"))
    return true;
  return path.starts_with("scenarios/") &&
         (target == "simulator/fault_plan.h" || target == "simulator/event_log.h" ||
          target == "simulator/trace_hash.h");
}

// Libraries that one place owns, so that the rest of the house cannot depend on them.
struct Owned {
  const char* prefix;
  std::vector<const char*> owners;
};
const std::vector<Owned>& owned_libraries() {
  static const std::vector<Owned> owned = {
      {"ntfs-3g/", {"engine/volume/"}},
      {"liburing", {"engine/linux/"}},
      {"boost/context", {"simulator/"}},
      {"httplib", {"engine/linux/", "fakes/server/"}},
      {"libxml/", {"engine/documents/", "fakes/"}},
      {"spdlog/", {"engine/base/"}},
      {"sqlite3.h", {"fakes/store/"}},
      {"zstd.h", {"engine/compression/", "fakes/reference/"}},
      {"zlib.h", {"engine/base/", "engine/compression/"}},
  };
  return owned;
}

}  // namespace

Breaches check_includes(const SourceFile& file, const std::set<std::string>& paths) {
  Breaches breaches;
  const std::string from = room_of(file.path);
  const bool outside = file.path.starts_with("tests/") || file.path.starts_with("bench/");
  for (const auto& include : includes_of(file.text)) {
    const auto breach = [&](const std::string& what) {
      breaches.push_back({place_of(file, include.line), what});
    };
    const std::string& target = include.target;
    if (!include.quoted) {
      for (const auto& owned : owned_libraries())
        if (!outside && target.starts_with(owned.prefix) &&
            std::none_of(owned.owners.begin(), owned.owners.end(),
                         [&](const char* owner) { return file.path.starts_with(owner); }))
          breach("<" + target + "> belongs to other rooms");
      continue;
    }
    if (!paths.contains(target)) {
      breach("\"" + target + "\" is not a path from the top of the tree");
      continue;
    }
    const std::string to = room_of(target);
    if (to == from) continue;
    if (target.starts_with("tests/") && !outside) breach("nobody includes tests");
    if (target.starts_with("bench/") && !file.path.starts_with("bench/")) breach("nobody includes bench");
    if (outside || target.starts_with("tests/") || target.starts_with("bench/")) continue;

    const auto own_floor = floors().find(from), other_floor = floors().find(to);
    if (own_floor == floors().end()) {
      breach("the room " + from + " is on no floor");
    } else if (other_floor == floors().end()) {
      breach("the room " + to + " is on no floor");
    } else if (file.path.starts_with("fakes/") && !drawn(from, to) && to != "engine/base" &&
               to != "engine/ports" && !(is_main(file.path) && to == "engine/linux")) {
      breach("fakes include only engine/base and engine/ports (a main also engine/linux), not " + to);
    } else if (file.path.starts_with("engine/") && !target.starts_with("engine/")) {
      breach("the engine knows no " + to);
    } else if (other_floor->second >= own_floor->second && !drawn(from, to)) {
      breach(from + " is not above " + to);
    } else if (is_adaptor(to) && !may_choose_adaptors(file.path, target)) {
      breach("only mains, scenarios/world and tests choose adaptors, not " + from);
    }
  }
  return breaches;
}

}  // namespace seedbed::house
