#include "simulator/drive_state.h"

#include <algorithm>
#include <set>

#include "engine/ports/request_rules.h"
#include "simulator/extents.h"
#include "simulator/trace_hash.h"

namespace seedbed {

static DeviceContract contract_of(uint64_t capacity_bytes, uint32_t logical_bytes, uint32_t physical_bytes,
                                  uint32_t atomic_bytes) {
  DeviceContract contract;
  contract.capacity_bytes = capacity_bytes;
  contract.logical_sector_bytes = logical_bytes;
  contract.physical_sector_bytes = physical_bytes;
  contract.atomic_write_bytes = atomic_bytes;
  return contract;
}

DeviceContract contract_512n(uint64_t capacity_bytes) {
  return contract_of(capacity_bytes, 512, 512, 512);
}
DeviceContract contract_512e(uint64_t capacity_bytes) {
  return contract_of(capacity_bytes, 512, 4096, 512);
}
DeviceContract contract_4kn(uint64_t capacity_bytes) {
  return contract_of(capacity_bytes, 4096, 4096, 4096);
}

DriveState::DriveState(const std::string& serial, const DeviceContract& promised, uint64_t seed)
    : contract(promised), cache(promised.capacity_bytes, promised.atomic_write_bytes) {
  identity.path = "simulated:" + serial;
  identity.serial = serial;
  identity.model = "simulated drive";
  identity.transport = "simulated";
  if (seed != 0) order.emplace(sub_seed(seed, "order of completions"));
}

void DriveState::on_medium(const std::vector<WriteCache::Settled>& settled) {
  for (const WriteCache::Settled& piece : settled) damage.written(piece.extent, piece.ticket);
}

void DriveState::power_cut(const Survivors& survivors) {
  if (contract.power_loss_protected) on_medium(cache.settle(cache.completed()));
  on_medium(cache.power_cut(survivors));
  ++reset_epoch;
}

void DriveState::kill(const Survivors& survivors) {
  cache.kill(survivors);
  if (!contract.volatile_cache) on_medium(cache.settle(cache.completed()));
  ++incarnation;
}

uint64_t DriveState::open() {
  kill();
  return incarnation;
}

void DriveState::unplug(const Survivors& survivors) {
  if (!plugged) return;
  power_cut(survivors);
  plugged = false;
}

void DriveState::reset_link(const Survivors& survivors) {
  cache.kill(survivors);
  if (!contract.volatile_cache) on_medium(cache.settle(cache.completed()));
  ++link_resets;
}

uint64_t DriveState::hash() const noexcept {
  TraceHash hash;
  hash.mix(cache.hash());
  hash.mix(damage.hash());
  hash.mix(plugged ? 1 : 0);
  return hash.value();
}

void DriveState::damage_done(DamageKind kind, Extent extent) {
  const uint64_t sector_bytes = contract.logical_sector_bytes;
  extent = common(extent, {0, contract.capacity_bytes});
  if (extent.length_bytes == 0) return;
  const uint64_t start_bytes = round_down(extent.offset_bytes, sector_bytes);
  const uint64_t end_bytes = round_up(extent.end_bytes(), sector_bytes);
  damage.add(kind, {start_bytes, end_bytes - start_bytes}, cache.submitted());
}

Status DriveState::read(uint64_t offset_bytes, MutableByteSpan out) const {
  cache.read(offset_bytes, out);
  const uint64_t sector_bytes = contract.logical_sector_bytes;
  const Extent wanted{offset_bytes, out.size()};
  std::optional<uint64_t> unreadable;
  std::set<uint64_t> rotten;  // each once: the same change twice would undo itself
  for (const DriveDamage::Mark& mark : damage.marks()) {
    if (mark.kind == DamageKind::refuses_writes || !overlap(mark.extent, wanted)) continue;
    for (const Extent& piece : cache.not_written_since(mark.since, common(mark.extent, wanted)))
      if (mark.kind == DamageKind::unreadable)
        unreadable = std::min(unreadable.value_or(piece.offset_bytes), piece.offset_bytes);
      else if (mark.kind == DamageKind::replaced)
        std::copy_n(mark.content->data() + (piece.offset_bytes - mark.content_offset_bytes),
                    piece.length_bytes, out.data() + (piece.offset_bytes - offset_bytes));
      else
        for (uint64_t at = round_down(piece.offset_bytes, sector_bytes); at < piece.end_bytes();
             at += sector_bytes)
          rotten.insert(at);
  }
  if (unreadable)
    return fail(ErrorCode::io_error, "a sector cannot be read", where_on(identity.path, *unreadable),
                "The drive is damaged: replace it");
  for (const uint64_t at : rotten) rot_sector(out.subspan(at - offset_bytes, sector_bytes), at);
  return {};
}

void DriveState::complete(uint64_t ticket) {
  cache.complete(ticket);
  if (!contract.volatile_cache) on_medium(cache.settle(cache.completed()));
}

void DriveState::flush(uint64_t up_to) {
  on_medium(cache.settle(up_to));
}

}  // namespace seedbed
