// The hardware of a simulated drive: a value that belongs to a world and outlives the machine it hangs on. A
// copy shares its pages with the original and is another drive from then on. SimulatedDrive
// (simulated_drive.h) is a machine's open handle on it.
//
// The world owns it and does to it what befalls drives: cuts, kills, unplugging, damage. One thread at a
// time.
//
// Durability is the write cache's (write_cache.h); reads through the drive see damage, cache.visible() and
// cache.durable() stay pristine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/ports/block_device.h"
#include "simulator/drive_damage.h"
#include "simulator/write_cache.h"

namespace seedbed {

// Contracts by sector size: logical, physical, and what a cut cannot tear.
DeviceContract contract_512n(uint64_t capacity_bytes);  // 512, 512, 512
DeviceContract contract_512e(uint64_t capacity_bytes);  // 512, 4096, 512
DeviceContract contract_4kn(uint64_t capacity_bytes);   // 4096, 4096, 4096

struct DriveSpeed {
  uint64_t request_ns = 100'000;
  uint64_t flush_ns = 1'000'000;
  uint64_t bytes_per_second = 200'000'000;
};

struct DriveState {
  // Sector sizes are taken from this contract; other promises may be changed before the first request.
  // seed: of the order in which requests complete; 0: in order of submission.
  DriveState(const std::string& serial, const DeviceContract& contract, uint64_t seed = 0);

  // The power goes and comes back. Survivors decide everything pending (with power_loss_protected only what
  // is in flight or orphaned); the reset epoch grows, requests in flight fail, and so does a handle's next
  // flush. A host's power cut is one of each drive in it, without kill().
  void power_cut(const Survivors& survivors = {.shape = Survivors::Shape::none});
  // The host process died, the drive has power: completed writes stay in the cache, survivors decide those in
  // flight. Handles opened before are inert from now on. Called when the machine dies, before it unwinds.
  void kill(const Survivors& survivors = {.shape = Survivors::Shape::none});
  // Unplugging cuts the power. Until replug() every request fails; after it handles go on as after a cut.
  void unplug(const Survivors& survivors = {.shape = Survivors::Shape::none});
  void replug() noexcept { plugged = true; }
  // The link was reset: requests in flight fail, and survivors decide what the drive had taken of them. Its
  // power never went, so that what was completed stays in the cache.
  void reset_link(const Survivors& survivors = {.shape = Survivors::Shape::none});

  // What a power cut now would decide, in order of events.
  std::vector<PendingEffect> pending() const { return cache.pending(contract.power_loss_protected); }
  // Over what a next boot can see, and what it or a cut can lose. Costs what changed since the last time.
  uint64_t hash() const noexcept;

  // Damage, in whole logical sectors, to what was submitted up to now (drive_damage.h).
  void rot(const Extent& extent) { damage_done(DamageKind::rot, extent); }
  void make_unreadable(const Extent& extent) { damage_done(DamageKind::unreadable, extent); }
  void refuse_writes(const Extent& extent) { damage_done(DamageKind::refuses_writes, extent); }
  // Reads there give these bytes instead, until it is written anew. In whole logical sectors.
  void replace(uint64_t offset_bytes, Bytes content) {
    damage.replace(offset_bytes, std::move(content), cache.submitted());
  }
  void heal() noexcept { damage.heal(); }
  std::vector<Extent> damaged() const { return damage.extents(); }

  // For handles. read(): whole logical sectors, with the damage.
  uint64_t open();  // a barrier: as kill(); the number of the handle that may use the drive now
  Status read(uint64_t offset_bytes, MutableByteSpan out) const;
  void complete(uint64_t ticket);
  void flush(uint64_t up_to);

  DeviceIdentity identity;
  DeviceContract contract;
  DriveSpeed speed;
  WriteCache cache;
  DriveDamage damage;
  uint64_t reset_epoch = 1;
  uint64_t link_resets = 0;
  uint64_t slowness = 1;  // every request takes so many times as long
  // Not 0: what is written from here on is forgotten, whatever the contract says (smaller than it says).
  uint64_t real_capacity_bytes = 0;
  bool plugged = true;          // changed by unplug() and replug()
  uint64_t incarnation = 0;     // of handles: only the last one opened, until kill(), is alive
  std::optional<Random> order;  // draws which requests overtake; in the state, so that copies replay

 private:
  void damage_done(DamageKind kind, Extent extent);
  void on_medium(const std::vector<WriteCache::Settled>& settled);
};

}  // namespace seedbed
