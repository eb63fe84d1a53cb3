#include "scenarios/world_judge.h"

#include <algorithm>
#include <optional>

#include "fakes/reference/drive_judge.h"
#include "fakes/reference/ntfs_check.h"
#include "simulator/scheduler.h"
#include "simulator/simulated_drive.h"
#include "simulator/simulated_files.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {

namespace {

reference::StretchMemo& shared_memo() {
  static reference::StretchMemo memo;
  return memo;
}

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

// Opens the drive as it would arrive and lets `look` at it.
std::vector<std::string> with_drive(
    const World& world, const std::string& drive, const std::string& recovery_password,
    const std::function<void(reference::Drive&, FileStore&, const DriveState&, std::vector<std::string>&)>& look) {
  std::vector<std::string> findings;
  DriveState shipped = world.drive_in(drive);
  shipped.power_cut(Survivors{.shape = Survivors::Shape::none});
  if (!shipped.plugged) shipped.replug();
  if (marker_state(shipped.cache.durable()) != kMarkerClosed)
    findings.emplace_back("the drive marker does not say that no session is open");
  const std::shared_ptr<FileTree> files = std::make_shared<FileTree>(world.files);
  files->reach_everything();  // the judge looks when everything is back
  Scheduler scheduler({.seed = 1, .trace = {}});
  VirtualRuntime machine(scheduler, {.name = "judge", .workers = 1, .utc_ns = 0, .costs = CostTable::none()});
  SimulatedFiles store(machine, files, {.latency_ns = 0});
  Task task = machine.spawn("judge", [&] {
    SimulatedDrive device(machine, shipped);
    reference::DeviceSource whole(device);
    reference::DriveSecret secret;
    secret.text = SecretBytes::of_text(recovery_password);
    secret.memo = &shared_memo();
    auto opened = reference::Drive::open(whole, secret);
    if (!opened)
      findings.push_back(opened.error().message());
    else
      look(**opened, store, shipped, findings);
  });
  if (const Status ran = scheduler.run(); !ran) findings.push_back(ran.error().message());
  return findings;
}

}  // namespace

std::vector<std::string> judge_shipped(const World& world, const std::string& drive, const std::string& recovery_password,
                                       const std::vector<ShippedSession>& sessions, const std::string& manifest_hash) {
  return with_drive(world, drive, recovery_password,
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

std::vector<std::string> judge_empty(const World& world, const std::string& drive, const std::string& recovery_password) {
  return with_drive(world, drive, recovery_password,
                    [](reference::Drive& opened, FileStore&, const DriveState&, std::vector<std::string>& findings) {
                      for (const auto& finding : opened.findings())
                        findings.push_back(finding.place + ": " + finding.what);
                      const auto entries = opened.ntfs().walk();
                      if (!entries) return findings.push_back(entries.error().message());
                      for (const auto& [path, entry] : *entries)
                        if (!path.starts_with("\\System Volume Information"))
                          findings.push_back(path + ": is on a drive whose only session was aborted");
                    });
}

bool unmarked(const DriveState& drive) {
  return drive.cache.durable().pages() > 0 && !marker_state(drive.cache.durable());
}

}  // namespace seedbed
