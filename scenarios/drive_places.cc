#include "scenarios/drive_places.h"

#include "fakes/reference/drive.h"
#include "scenarios/world_judge.h"
#include "scenarios/world_medium_source.h"

namespace seedbed {

namespace {

constexpr const char* kManifest = "\\DriveManifest.xml";

}  // namespace

Result<DrivePlaces> find_drive_places(const World& world, const std::string& drive) {
  const DriveHistory history = TRY(world.history(drive));
  const DriveState& state = world.drive_in(drive);
  MediumSource whole(state.cache.visible(), state.identity.path);
  reference::DriveSecret secret;
  secret.text = history.drive.recovery_password.clone();
  secret.memo = &shared_stretch_memo();
  const auto opened = TRY(reference::Drive::open(whole, secret));
  const uint64_t volume_bytes = opened->partition().place.offset_bytes;
  DrivePlaces places;
  places.volume_header = opened->bitlocker().relocated_header();
  places.volume_header.offset_bytes += volume_bytes;
  const auto entry = TRY(opened->ntfs().find(kManifest));
  const auto file = TRY(opened->ntfs().open_file(entry));
  const uint64_t cluster_bytes = opened->ntfs().geometry().cluster_bytes;
  uint64_t left_bytes = file->size_bytes();
  for (const reference::NtfsRun& run : file->content().runs) {
    if (run.lcn == reference::kHole || left_bytes == 0) continue;
    const uint64_t length_bytes = std::min(left_bytes, run.clusters * cluster_bytes);
    places.manifest.push_back({volume_bytes + run.lcn * cluster_bytes, length_bytes});
    left_bytes -= length_bytes;
  }
  if (places.manifest.empty())
    return fail(ErrorCode::not_found, "the drive holds no manifest in clusters of its own", drive);
  return places;
}

}  // namespace seedbed
