// Planted defects of one family: one class of flushes or syncs says yes and does nothing, wherever the class
// occurs. A class is what a reader of the code would call one call: kind, machine, phase or command (of
// services that do not answer yet: "making" their state the first time, then "opening" it), place with its
// numbers and serials starred, and of a drive's flushes outside the data which of the phase it is. What a
// dropped sync would have made durable the world remembers (DefectMemory::undone).
//
// Dropped at the port, not by a planned fault: so nothing that comes of it has a cause that would justify a
// refusal.
#pragma once

#include <map>

#include "scenarios/planted_defect.h"

namespace seedbed {

// Which classes of flushes and syncs a run comes by. One run's, single-threaded.
struct SyncClasses {
  std::map<std::string, uint64_t> counts;  // by class, as dropped_sync takes it
};

// Drops nothing and fills `into`, which outlives it.
std::shared_ptr<const PlantedDefect> sync_recorder(SyncClasses& into);
// Drops every call of the class of that name: what drop_name makes of it.
std::shared_ptr<const PlantedDefect> dropped_sync(const std::string& name);
// "file.sync · copy computer · data · /desk/drive.jrn" → "drop-file-sync-copy-computer-data-desk-drive-jrn".
std::string drop_name(std::string_view class_name);

// "/desk/seed-1-SIM001A.jrn.2.hashes" → "/desk/seed-*-*.jrn.*.hashes".
std::string starred_place(std::string_view place);

}  // namespace seedbed
