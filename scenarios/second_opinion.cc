#include "scenarios/second_opinion.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "engine/base/checksum.h"
#include "fakes/reference/byte_source.h"
#include "fakes/reference/gpt.h"
#include "fakes/reference/manifest.h"
#include "scenarios/foreign_reader.h"
#include "scenarios/world_medium_source.h"

namespace seedbed {

namespace {

constexpr uint64_t kPieceBytes = 64 * KiB;
constexpr uint64_t kForeignFileBytesMax = 1 * GiB;
constexpr std::string_view kForeignManifest = "/DriveManifest.xml";
constexpr std::string_view kSystemFolder = "/System Volume Information/";

std::unexpected<Error> disagreement(const std::string& what, const std::string& where) {
  return fail(ErrorCode::corrupt, what, where);
}

// "\dir\file" of the manifest as ntfs-3g spells it.
std::string foreign_path(std::string path) {
  std::ranges::replace(path, '\\', '/');
  return path.starts_with('/') ? path : '/' + path;
}

// The source's bytes behind a blob: the longest destination that its path begins with.
Result<std::optional<Bytes>> source_of(const World& world, const DriveHistory& history,
                                       const std::string& blob_path) {
  const SessionHistory* best = nullptr;
  for (const SessionHistory& session : history.sessions)
    if (session.complete && blob_path.starts_with(session.source.destination) &&
        (best == nullptr || session.source.destination.size() > best->source.destination.size()))
      best = &session;
  if (best == nullptr) return std::optional<Bytes>();
  const std::string path =
      join_path(best->source.source_directory, blob_path.substr(best->source.destination.size()));
  return std::optional<Bytes>(TRY(world.file(path, kForeignFileBytesMax)));
}

}  // namespace

Status write_sparse_image(const Medium& medium, const std::string& path) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  Bytes piece(kPieceBytes);
  for (uint64_t at = 0; at < medium.capacity_bytes(); at += piece.size()) {
    const auto part =
        MutableByteSpan(piece).first(std::min<uint64_t>(kPieceBytes, medium.capacity_bytes() - at));
    medium.read(at, part);
    if (all_zero(part)) continue;
    out.seekp(static_cast<std::streamoff>(at));
    out.write(reinterpret_cast<const char*>(part.data()), static_cast<std::streamsize>(part.size()));
  }
  out.close();
  std::error_code failed;
  std::filesystem::resize_file(path, medium.capacity_bytes(), failed);
  if (!out || failed)
    return fail(ErrorCode::io_error, "the image cannot be written", path,
                "Free space in the scratch directory");
  return {};
}

Status SecondOpinion::look_at(const World& world, const std::string& drive) {
  const DriveHistory history = TRY(world.history(drive));
  DriveState shipped = world.drive_in(drive);
  shipped.power_cut();  // as it is unplugged
  const Medium& medium = shipped.cache.durable();
  MediumSource whole(medium, "the drive's medium");
  const reference::Gpt gpt = TRY(reference::read_gpt(whole, shipped.contract.logical_sector_bytes));
  if (gpt.partitions.empty()) return disagreement("there is no partition", drive);
  const std::string image = scratch_ + "/drive.img";
  TRY(write_sparse_image(medium, image));
  const auto foreign =
      TRY(ForeignReader::open(image, gpt.partitions.front().place.offset_bytes,
                              std::string(history.drive.recovery_password.text()), scratch_));
  const auto listed = TRY(foreign->list());
  std::set<std::string> unlisted(listed.begin(), listed.end());
  reference::MemorySource manifest(TRY(foreign->read(std::string(kForeignManifest))));
  unlisted.erase(std::string(kForeignManifest));
  TRY(reference::read_manifest(manifest, [&](reference::ManifestEntry&& blob) -> Status {
    const std::string path = foreign_path(blob.file_path);
    if (unlisted.erase(path) == 0) return disagreement("ntfsls does not list the file of a blob", path);
    const Bytes content = TRY(foreign->read(path));
    if (content.size() != blob.length_bytes)
      return disagreement(
          fmt::format("ntfscat reads {} bytes, the manifest says {}", content.size(), blob.length_bytes),
          path);
    for (const reference::ManifestPiece& piece : blob.pieces) {
      if (piece.offset_bytes > content.size() || piece.length_bytes > content.size() - piece.offset_bytes)
        return disagreement("the manifest names bytes beyond the file", path);
      Digest digest(DigestKind::md5);
      digest.update(ByteSpan(content).subspan(piece.offset_bytes, piece.length_bytes));
      if (hex_upper(digest.snapshot()) != piece.hash)
        return disagreement(
            fmt::format("ntfscat reads other bytes at {} than the manifest's hash is of", piece.offset_bytes),
            path);
    }
    if (world.changed_sources.empty()) {
      const auto source = TRY(source_of(world, history, blob.blob_path));
      if (source && *source != content)
        return disagreement("ntfscat reads other bytes than the source has", path);
    }
    counts_.files++;
    counts_.bytes += content.size();
    return {};
  }));
  for (const std::string& path : unlisted)
    if (!path.starts_with(kSystemFolder)) return disagreement("ntfsls lists what no manifest names", path);
  counts_.drives++;
  return {};
}

SecondOpinion::~SecondOpinion() {
  (void)files_.remove(scratch_);
}

std::function<std::string(const World&)> SecondOpinion::of_every(uint64_t worlds) {
  return [this, worlds](const World& world) { return worlds_++ % worlds == 0 ? look(world) : std::string(); };
}

std::string SecondOpinion::look(const World& world) {
  if (!files_.stat(scratch_))
    if (const Status made = files_.make_directory(scratch_); !made) return made.error().message();
  std::string doubts;
  for (const DriveSpec& spec : world.scenario->drives) {
    const auto slot = world.slots.find(spec.name);
    const auto history = world.history(spec.name);
    if (slot == world.slots.end() || !history || !history->built || history->open_session() != nullptr ||
        history->last_complete() == nullptr || !world.drives[slot->second].damaged().empty())
      continue;
    if (const Status agreed = look_at(world, spec.name); !agreed)
      doubts += fmt::format("{}dislocker and ntfs-3g disagree with the judges about {}: {}",
                            doubts.empty() ? "" : "; ", spec.name, agreed.error().message());
  }
  std::error_code ignored;
  std::filesystem::remove(scratch_ + "/drive.img", ignored);
  return doubts;
}

}  // namespace seedbed
