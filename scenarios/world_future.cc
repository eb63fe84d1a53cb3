#include "scenarios/world_future.h"

#include <algorithm>

#include "simulator/trace_hash.h"

namespace seedbed {

namespace {

void mix_faults(TraceHash& hash, const FaultPlan& faults) {
  for (const FaultPlan::Standing& standing : faults.standings()) {
    const bool over = standing.fault.times != 0 && standing.fired >= standing.fault.times;
    // Whether a refusal has a cause may yet be asked (Journey::verdict); of these three it is not.
    const FaultAction action = standing.fault.action;
    if (over && (action == FaultAction::kill || action == FaultAction::host_power_cut ||
                 action == FaultAction::drive_power_cut))
      continue;
    hash.mix(static_cast<uint64_t>(action));
    hash.mix(over ? 1u : 0u);
    if (over) continue;
    hash.mix(standing.fitted);
    hash.mix(standing.fired);
    for (const uint64_t fitted : standing.parts_fitted) hash.mix(fitted);
  }
}

// What is there, and what is left of it when the power goes now.
void mix_files(TraceHash& hash, const FileTree& files) {
  hash.mix(files.hash("/"));
  FileTree cut = files;
  cut.power_cut(Survivors{.shape = Survivors::Shape::none});
  hash.mix(cut.hash("/"));
}

void mix_chain(TraceHash& hash, const ChainWorld& chain) {
  for (const std::string& slot : chain.bay) hash.mix(slot);
  hash.mix(chain.edits);
  // What was told is not what is there: a promise makes two of one world.
  for (const bool said : {chain.staged, chain.job_created, chain.seed_ingested, chain.restored,
                          chain.staging_dropped, chain.job_shipped, chain.job_removed, chain.job_edited,
                          chain.job_cancelled, chain.token_expired, chain.account_refuses})
    hash.mix(said ? 1u : 0u);
  hash.mix(chain.job_state);
  hash.mix(chain.job_made_ns);
  hash.mix(chain.token);
  for (const std::string& drive : chain.lost) hash.mix(drive);
  hash.mix(chain.point);
  if (chain.staged_files) {
    hash.mix(chain.staged_files->hash_under("/source"));
    hash.mix(chain.staged_files->hash_under("/staging"));
  }
  if (chain.backed_up) hash.mix(chain.backed_up->hash_under("/source"));
  for (const std::string& chunk : chain.sent_chunks) hash.mix(chunk);
  for (const std::string& path : chain.told_unread) hash.mix(path);
}

}  // namespace

void mix_circumstances(TraceHash& hash, const World& world) {
  hash.mix(world.command);
  for (const auto& [slot, index] : world.slots) {
    hash.mix(slot);
    hash.mix(index);
  }
  for (const DriveState& drive : world.drives) {
    hash.mix(drive.slowness);
    hash.mix(drive.real_capacity_bytes);
  }
  for (const auto& [serial, extent] : world.first_data) {
    hash.mix(serial);
    hash.mix(extent.offset_bytes);
    hash.mix(extent.length_bytes);
  }
  for (const auto& [path, was] : world.changed_sources) hash.mix(path);
  for (const std::string& path : world.rotten) hash.mix(path);
  hash.mix(static_cast<uint64_t>(world.clock_shift_ns));
  hash.mix(world.promises.drive);
  hash.mix(world.promises.session);
  hash.mix(world.promises.durable_bytes);
  hash.mix(world.promises.completed ? 1u : 0u);
  if (world.chain) mix_chain(hash, *world.chain);
}

uint64_t future_beside_drives(const World& world) {
  TraceHash hash;
  hash.mix(world.boots);
  hash.mix(world.elapsed_ns);
  mix_circumstances(hash, world);
  mix_files(hash, world.files);
  hash.mix(world.files.hash_under("/source"));
  hash.mix(world.files.hash_under("/restored"));
  mix_faults(hash, world.faults);
  if (world.chain) {
    hash.mix(world.chain->service_boots);
    mix_files(hash, world.chain->services);
  }
  return hash.value();
}

uint64_t future_of(const World& world) {
  TraceHash hash;
  hash.mix(future_beside_drives(world));
  for (const DriveState& drive : world.drives) hash.mix(drive.hash());  // what is in its cache included
  return hash.value();
}

}  // namespace seedbed
