#include "scenarios/drive_places.h"

#include "fakes/reference/drive.h"
#include "scenarios/world_judge.h"

namespace seedbed {

namespace {

constexpr const char* kManifest = "\\DriveManifest.xml";

// The drive's bytes as they are, without a machine that reads them.
class StateSource final : public reference::ByteSource {
 public:
  explicit StateSource(const DriveState& drive) : drive_(drive) {}
  uint64_t size_bytes() const noexcept override { return drive_.contract.capacity_bytes; }
  const std::string& name() const noexcept override { return drive_.identity.path; }

 protected:
  Status read_inside(uint64_t offset_bytes, MutableByteSpan out) override {
    drive_.cache.read(offset_bytes, out);
    return {};
  }

 private:
  const DriveState& drive_;
};

}  // namespace

Result<DrivePlaces> find_drive_places(const World& world, const std::string& drive) {
  const DriveHistory history = TRY(world.history(drive));
  StateSource whole(world.drive_in(drive));
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
