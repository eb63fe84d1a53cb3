// What a world will come to, as a number: equal numbers, equal futures, from the end of a command on. With
// it, exploration does not play the rest of a journey anew when another crash has led to the same world.
//
// A world starts its next command on a beat (world_boot.h), with entropy and a schedule drawn by the number
// of its boots. So nothing of how it came here is left but what the number holds: the bytes of drives, files
// and services, what was promised and seen, where the plan of faults stands. Left out is what no later
// command asks: when files other than the source's were written, and what the drives' journals tell of the
// past. Who stops here must judge that now (Oracles::at_crossroads).
#pragma once

#include "scenarios/world.h"
#include "simulator/trace_hash.h"

namespace seedbed {

uint64_t future_of(const World& world);
uint64_t future_beside_drives(const World& world);  // without what lies on them

// What decides a world's future beside the bytes of its disks and drives and the draw of chance (boots,
// time): the command, what was promised and seen, clocks, what befell drives, job and account. The one list
// of it, for exploration's crash states (crash_states.h) too: what is added to a world is added here.
void mix_circumstances(TraceHash& hash, const World& world);

}  // namespace seedbed
