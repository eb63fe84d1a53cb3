#include "fakes/reference/drive.h"

#include <fmt/format.h>

namespace seedbed::reference {

namespace {

constexpr std::string_view kBasicData = "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7";

bool has_bitlocker_signature(ByteSource& whole, const Extent& place) {
  Bytes head(11);
  return whole.read(place.offset_bytes, head) && as_text(ByteSpan(head).subspan(3)) == "-FVE-FS-";
}

}  // namespace

Result<std::unique_ptr<Drive>> Drive::open(ByteSource& whole, const DriveSecret& secret,
                                           uint32_t sector_bytes) {
  auto drive = std::make_unique<Drive>();
  drive->gpt_ = TRY(read_gpt(whole, sector_bytes));
  std::vector<size_t> candidates;
  for (size_t i = 0; i < drive->gpt_.partitions.size(); i++)
    if (has_bitlocker_signature(whole, drive->gpt_.partitions[i].place)) candidates.push_back(i);
  if (candidates.empty())
    return fail(ErrorCode::not_found, "no partition holds a BitLocker volume", whole.name());
  drive->partition_index_ = candidates[0];
  const GptPartition& partition = drive->partition();
  const std::string place = fmt::format("partition {}", candidates[0] + 1);
  if (drive->gpt_.partitions.size() > 1)
    drive->own_findings_.push_back({"GPT", fmt::format("{} partitions; a drive to be imported has one volume",
                                                       drive->gpt_.partitions.size())});
  if (partition.type != Guid::parse(kBasicData))
    drive->own_findings_.push_back(
        {place, "its type is " + partition.type.text() + ", not Microsoft basic data"});

  drive->window_ =
      std::make_unique<WindowSource>(whole, partition.place, fmt::format("{} of {}", place, whole.name()));
  drive->bitlocker_ = TRY(FveVolume::open(*drive->window_, secret));
  if (drive->bitlocker_->size_bytes() != partition.place.length_bytes)
    drive->own_findings_.push_back(
        {place, fmt::format("the BitLocker volume has {} bytes, the partition {}",
                            drive->bitlocker_->size_bytes(), partition.place.length_bytes)});
  drive->ntfs_ = TRY(NtfsVolume::open(*drive->bitlocker_));
  return drive;
}

Findings Drive::findings() const {
  Findings all;
  for (const Findings* some : {&gpt_.findings, &own_findings_, &bitlocker_->findings(), &ntfs_->findings()})
    all.insert(all.end(), some->begin(), some->end());
  return all;
}

}  // namespace seedbed::reference
