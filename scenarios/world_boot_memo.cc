#include "scenarios/world_boot_memo.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "scenarios/conduct.h"
#include "scenarios/world_future.h"
#include "simulator/extents.h"

namespace seedbed {

namespace {

constexpr size_t kWorldsMax = 64;  // a volume that was built anew shares nothing with the others: megabytes
constexpr size_t kWaysMax = 16;    // from one beginning

void add(DriveWork& work, const DriveWork& more) noexcept {
  work.build_bytes += more.build_bytes;
  work.most_build_bytes = std::max(work.most_build_bytes, more.most_build_bytes);
  work.data_bytes += more.data_bytes;
  work.written_bytes += more.written_bytes;
  work.staged_bytes += more.staged_bytes;
  work.interruptions += more.interruptions;
}

bool may_still_fire(const FaultPlan& faults) {
  return std::ranges::any_of(faults.standings(), [](const FaultPlan::Standing& standing) {
    return standing.fault.times == 0 || standing.fired < standing.fault.times;
  });
}

// Everything of a drive but its bytes.
void mix_hardware(TraceHash& hash, const DriveState& drive) {
  hash.mix(drive.identity.serial);
  hash.mix(drive.identity.in_use.size());
  hash.mix(drive.identity.device_numbers.size());
  hash.mix(drive.plugged ? 1u : 0u);
  hash.mix(drive.cache.unsettled() == 0 ? 1u : 0u);
  for (const Extent& piece : drive.cache.orphans()) {  // no flush takes them, only who writes there anew
    hash.mix(piece.offset_bytes);
    hash.mix(piece.length_bytes);
  }
}

// Files that were to replace others, and are in the way of whoever does that next.
std::vector<std::string> left_over(const FileTree& files) {
  std::vector<std::string> paths;
  for (const char* directory : {"/desk", "/agent"})
    if (const auto entries = files.list(directory))
      for (const DirectoryEntry& entry : *entries)
        if (entry.kind == FileKind::file && entry.name.ends_with(".new"))
          paths.push_back(fmt::format("{}/{}", directory, entry.name));
  return paths;
}

// Without their content, durable or not; false: one cannot be emptied.
bool empty_left_over(FileTree& files) {
  for (const std::string& path : left_over(files)) {
    const auto handle = files.open(path, OpenMode::read_write, 0, 0);
    if (!handle || !files.truncate(*handle, 0, 0) || !files.sync(*handle)) return false;
    files.close(*handle);
  }
  return true;
}

bool of_drives(EventKind kind) noexcept {
  return kind >= EventKind::drive_open && kind <= EventKind::drive_flush_done;
}

}  // namespace

// What a boot looks at and what it leaves behind, as it goes.
class BootMemo::Looks {
 public:
  explicit Looks(const World& world) : drives_(world.drives.size()) {
    for (const std::string& path : left_over(world.files)) files_.try_emplace(path);
    for (const DriveState& drive : world.drives) was_quiet_.push_back(drive.cache.unsettled() == 0);
  }

  void see(const World& world, const Event& event, EventSide side) {
    conduct_.see(world, event, side);
    if (side == EventSide::after && event.machine.empty()) see_file(event);
    if (side != EventSide::after || !of_drives(event.kind)) return;
    if (event.failed) failed_ = true;
    const auto drive = std::ranges::find(world.drives, event.place,
                                         [](const DriveState& state) { return state.identity.serial; });
    if (drive == world.drives.end() || world.drives.size() != drives_.size()) {
      failed_ = true;
      return;
    }
    Part& part = drives_[static_cast<size_t>(drive - world.drives.begin())];
    part.touched = true;
    const Extent extent{event.offset_bytes, event.length_bytes};
    if (event.kind == EventKind::drive_flush_done) part.flushed = true;
    if (event.kind == EventKind::drive_write_done || event.kind == EventKind::drive_discard_done)
      part.take_fresh(extent);
    if (event.kind == EventKind::drive_read_done) part.look_at(extent);
  }

  // Whether another world that is the same to this boot would end the same, to the last byte.
  bool decides(const World& world, const BootEnd& end) const {
    if (failed_ || end.death || !end.outcome || !end.stuck.empty() || world.drives.size() != drives_.size() ||
        !conduct_.touched().empty() || !conduct_.repeated().empty())
      return false;
    for (size_t i = 0; i < drives_.size(); i++) {
      if (!drives_[i].touched) continue;
      const WriteCache& cache = world.drives[i].cache;
      // What was in the cache before went with a flush, not by being written over.
      if (cache.unsettled() != 0 || (!was_quiet_[i] && !drives_[i].flushed)) return false;
    }
    return true;
  }

  Way way() && {
    Way way;
    for (Part& part : drives_) way.free.push_back(part.touched ? Free(std::move(part.fresh)) : std::nullopt);
    for (const auto& [path, step] : files_)
      if (step == Step::synced) way.files.insert(path);
    return way;
  }

 private:
  struct Part {
    bool touched = false, flushed = false;
    std::vector<Extent> fresh;   // written before it was read; may be read since
    std::vector<Extent> looked;  // read before it was written
    void take_fresh(const Extent& extent) {
      std::vector<Extent> pieces = {extent};
      for (const Extent& piece : looked) subtract(pieces, piece);
      for (const Extent& piece : fresh) subtract(pieces, piece);
      for (const Extent& piece : pieces) append_piece(fresh, piece);
    }
    void look_at(const Extent& extent) {
      std::vector<Extent> pieces = {extent};
      for (const Extent& piece : fresh) subtract(pieces, piece);
      for (const Extent& piece : looked) subtract(pieces, piece);
      for (const Extent& piece : pieces) append_piece(looked, piece);
    }
  };
  // A file that was left over: opened, emptied and, with whatever was written then, made durable. Anything
  // else before it was emptied may have told of what was in it.
  enum class Step : uint8_t { untouched, emptied, synced, looked_at };
  void see_file(const Event& event) {
    for (auto& [path, step] : files_) {
      if (event.place.find(path) == std::string::npos) continue;
      const bool own = event.place == path && !event.failed;
      if (step == Step::untouched && !(own && event.kind == EventKind::file_open))
        step = own && event.kind == EventKind::file_truncate && event.length_bytes == 0 ? Step::emptied
                                                                                        : Step::looked_at;
      else if (step == Step::emptied && own && event.kind == EventKind::file_sync)
        step = Step::synced;
    }
  }

  std::vector<Part> drives_;
  std::map<std::string, Step> files_;
  std::vector<bool> was_quiet_;
  Conduct conduct_;
  bool failed_ = false;
};

// Of everything but the bytes of drives. Nothing: such a boot is not remembered.
std::optional<uint64_t> BootMemo::number_of(const World& world, uint64_t command) {
  if (world.defect || may_still_fire(world.faults) || !world.changed_sources.empty() ||
      !std::ranges::all_of(world.drives,
                           [](const DriveState& drive) { return drive.damage.marks().empty(); }))
    return std::nullopt;
  TraceHash hash;
  hash.mix(command);
  World rest = world;
  if (!empty_left_over(rest.files)) return std::nullopt;
  hash.mix(future_beside_drives(rest));
  hash.mix(rest.files.hash("/desk"));  // in the middle of a command times may be asked
  hash.mix(world.files.capacity_bytes());
  hash.mix(world.phase);
  hash.mix(world.promises.manifest_hash);
  if (world.chain)
    for (const std::string& path : world.chain->told_unread) hash.mix(path);
  for (const DriveState& drive : world.drives) mix_hardware(hash, drive);
  return hash.value();
}

uint64_t BootMemo::looked_at(const World& world, const Way& way) {
  const std::vector<Free>& free = way.free;
  TraceHash hash;
  FileTree cut = world.files;
  cut.power_cut(Survivors{.shape = Survivors::Shape::none});
  for (const std::string& path : left_over(world.files)) {
    if (way.files.contains(path)) continue;
    hash.mix(path);
    hash.mix(world.files.hash_under(path));
    hash.mix(cut.hash_under(path));
  }
  for (size_t i = 0; i < world.drives.size(); i++) {
    if (!free[i]) {  // not touched: what is in its cache stays there
      hash.mix(world.drives[i].hash());
      continue;
    }
    Medium rest = world.drives[i].cache.visible();
    for (const Extent& extent : *free[i]) rest.discard(extent);
    hash.mix(rest.hash());
  }
  return hash.value();
}

void BootMemo::remember(uint64_t number, Way way, uint64_t looked_at, Ending ending) {
  TraceHash hash;
  hash.mix(future_of(*ending.world));
  hash.mix(ending.world->files.hash("/desk"));
  hash.mix(ending.world->phase);
  hash.mix(ending.world->promises.manifest_hash);
  hash.mix(ending.world->interrupted ? 1u : 0u);
  if (ending.world->chain)
    for (const std::string& path : ending.world->chain->told_unread) hash.mix(path);
  if (worlds_.size() == kWorldsMax && !worlds_.contains(hash.value())) {
    worlds_.clear();
    ways_.clear();
  }
  ending.world = worlds_.try_emplace(hash.value(), ending.world).first->second;
  std::vector<Way>& ways = ways_[number];
  const auto same = std::ranges::find_if(
      ways, [&](const Way& other) { return other.free == way.free && other.files == way.files; });
  if (same == ways.end() && ways.size() == kWaysMax) return;
  Way& known = same == ways.end() ? ways.emplace_back(std::move(way)) : *same;
  known.endings.try_emplace(looked_at, std::move(ending));
}

BootEnd BootMemo::boot(World& world, uint64_t command, EventLog& log, const Watch& see,
                       const std::function<BootEnd(const Watch&)>& play) {
  const auto number = number_of(world, command);
  if (!number) return play(see);
  if (const auto known = ways_.find(*number); known != ways_.end())
    for (const Way& way : known->second) {
      const auto found = way.endings.find(looked_at(world, way));
      if (found == way.endings.end()) continue;
      recalled_++;
      const Ending& ending = found->second;
      log.pass_over(ending.events);
      World after = *ending.world;
      // Its own: how it came here, and what was done until then.
      after.events = log.count();
      after.faults = std::move(world.faults);
      after.work = world.work;
      add(after.work, ending.work);
      world = std::move(after);
      return ending.end;
    }
  const World before = world;
  const uint64_t events = log.count();
  Looks looks(world);
  world.work = {};
  BootEnd end = play([&](const World& now, const Event& event, EventSide side) {
    looks.see(now, event, side);
    see(now, event, side);
  });
  const DriveWork work = std::exchange(world.work, before.work);
  add(world.work, work);
  if (!looks.decides(world, end)) return end;
  Way way = std::move(looks).way();
  const uint64_t looked = looked_at(before, way);
  remember(*number, std::move(way), looked,
           {.world = std::make_shared<const World>(world),
            .work = work,
            .events = log.count() - events,
            .end = end});
  return end;
}

}  // namespace seedbed
