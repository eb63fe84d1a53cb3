#include "scenarios/world_judge.h"

#include <algorithm>
#include <map>
#include <optional>

#include "fakes/reference/drive_judge.h"
#include "fakes/reference/ntfs_check.h"
#include "simulator/scheduler.h"
#include "simulator/simulated_drive.h"
#include "simulator/simulated_files.h"
#include "simulator/trace_hash.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {

namespace {

// The drive marker as docs/formats/drive-marker.md lays it out, said again: the accused must not be asked.
constexpr uint64_t kMarkerOffset_bytes = 64 * KiB;
constexpr std::string_view kMarkerMagic = "SEEDBED DRIVE 1\n";
constexpr uint32_t kMarkerClosed = 3;

// Its state; nothing when there is no marker.
std::optional<uint32_t> marker_state(const Medium& medium) {
  Bytes block(24);
  medium.read(kMarkerOffset_bytes, block);
  if (!as_text(block).starts_with(kMarkerMagic)) return std::nullopt;
  return load_le<uint32_t>(block, 16);
}

// The drive as it would arrive, and all that the judge looks at beside it.
struct Shipment {
  Shipment(const World& world, const std::string& slot)
      : drive(world.drive_in(slot)), files(std::make_shared<FileTree>(world.files)) {
    drive.power_cut(Survivors{.shape = Survivors::Shape::none});
    if (!drive.plugged) drive.replug();
    files->reach_everything();  // the judge looks when everything is back
    hash.mix(drive.hash());
    hash.mix(drive.identity.serial);
    hash.mix(drive.contract.logical_sector_bytes);
    hash.mix(files->hash_under("/source"));
    if (world.chain) hash.mix(files->hash_under("/staging"));
  }
  DriveState drive;
  std::shared_ptr<FileTree> files;
  TraceHash hash;  // of the drive's bytes and the source's; whoever judges mixes in what is expected
};

// Judgements of this process: what is equal to the last byte, and held against the same words, is judged
// once.
std::map<uint64_t, std::vector<std::string>>& known_judgements() {
  static std::map<uint64_t, std::vector<std::string>> known;
  return known;
}

using Look = std::function<void(reference::Drive&, FileStore&, const DriveState&, std::vector<std::string>&)>;

// Opens the drive and lets `look` at it, unless it is known what that finds.
std::vector<std::string> judged(Shipment& shipment, const std::string& recovery_password, const Look& look) {
  shipment.hash.mix(recovery_password);
  const auto [known, unknown] = known_judgements().try_emplace(shipment.hash.value());
  std::vector<std::string>& findings = known->second;
  if (!unknown) return findings;
  Scheduler scheduler({.seed = 1, .trace = {}});
  VirtualRuntime machine(scheduler, {.name = "judge", .workers = 1, .utc_ns = 0, .costs = CostTable::none()});
  SimulatedFiles store(machine, shipment.files, {.latency_ns = 0});
  Task task = machine.spawn("judge", [&] {
    SimulatedDrive device(machine, shipment.drive);
    reference::DeviceSource whole(device);
    reference::DriveSecret secret;
    secret.text = SecretBytes::of_text(recovery_password);
    secret.memo = &shared_stretch_memo();
    auto opened = reference::Drive::open(whole, secret);
    if (!opened)
      findings.push_back(opened.error().message());
    else
      look(**opened, store, shipment.drive, findings);
  });
  if (const Status ran = scheduler.run(); !ran) findings.push_back(ran.error().message());
  return findings;
}

}  // namespace

reference::StretchMemo& shared_stretch_memo() {
  static reference::StretchMemo memo;
  return memo;
}

std::vector<std::string> judge_shipped(const World& world, const std::string& drive,
                                       const std::string& recovery_password,
                                       const std::vector<ShippedSession>& sessions,
                                       const std::string& manifest_hash) {
  Shipment shipment(world, drive);
  for (const ShippedSession& session : sessions) {
    shipment.hash.mix(session.source);
    shipment.hash.mix(session.destination);
  }
  shipment.hash.mix(manifest_hash);
  return judged(shipment, recovery_password,
                [&](reference::Drive& opened, FileStore& files, const DriveState& state,
                    std::vector<std::string>& findings) {
                  reference::Expectations expected;
                  expected.drive_id = state.identity.serial;
                  expected.files = &files;
                  for (const ShippedSession& session : sessions)
                    expected.sources.push_back({session.source, session.destination});
                  if (const auto bytes = parse_hex(manifest_hash); bytes && bytes->size() == 16) {
                    expected.manifest_hash.emplace();
                    std::ranges::copy(*bytes, expected.manifest_hash->begin());
                  }
                  for (const auto& finding : reference::judge_drive(opened, expected).findings)
                    findings.push_back(finding.place + ": " + finding.what);
                });
}

std::vector<std::string> judge_empty(const World& world, const std::string& drive,
                                     const std::string& recovery_password) {
  Shipment shipment(world, drive);
  shipment.hash.mix("it is to be empty");
  return judged(
      shipment, recovery_password,
      [](reference::Drive& opened, FileStore&, const DriveState&, std::vector<std::string>& findings) {
        for (const auto& finding : opened.findings()) findings.push_back(finding.place + ": " + finding.what);
        const auto entries = opened.ntfs().walk();
        if (!entries) return findings.push_back(entries.error().message());
        for (const auto& [path, entry] : *entries)
          if (!path.starts_with("\\System Volume Information"))
            findings.push_back(path + ": is on a drive whose only session was aborted");
      });
}

bool marked_closed(const DriveState& drive) {
  return marker_state(drive.cache.durable()) == kMarkerClosed;
}

bool unmarked(const DriveState& drive) {
  const Medium& medium = drive.cache.durable();
  return !marker_state(medium) && medium.hash() != Medium(medium.capacity_bytes()).hash();
}

}  // namespace seedbed
