#include "scenarios/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/random.h"
#include "engine/journal/record.h"
#include "engine/linux/mkntfs.h"
#include "engine/prep/drive_marker.h"
#include "scenarios/swarm.h"
#include "simulator/memo_formatter.h"

namespace seedbed {

namespace {

constexpr uint64_t kSourceBytesMax = 1 * GiB;
constexpr const char* kBystander = "bystander";

DeviceContract contract_of(const DriveSpec& spec, uint64_t seed) {
  SectorKind kind = spec.sectors;
  if (kind == SectorKind::any)
    kind = static_cast<SectorKind>(Random(sub_seed(seed, spec.name + " sectors")).below(3));
  DeviceContract contract;
  switch (kind) {
    case SectorKind::n512:
      contract = contract_512n(spec.capacity_bytes);
      break;
    case SectorKind::n4k:
      contract = contract_4kn(spec.capacity_bytes);
      break;
    default:
      contract = contract_512e(spec.capacity_bytes);
  }
  contract.volatile_cache = spec.volatile_cache;
  contract.power_loss_protected = spec.power_loss_protected;
  return contract;
}

void plant_sectors(DriveState& drive, uint64_t offset_bytes, ByteSpan content) {
  drive.cache.complete(drive.cache.submit_write(offset_bytes, content));
  drive.cache.settle(drive.cache.completed());
}

// As it comes to this computer.
void give_flaw(DriveState& drive, const DriveSpec& spec, const FileTree& files, uint64_t seed) {
  drive.real_capacity_bytes = spec.real_capacity_bytes;
  switch (spec.flaw) {
    case DriveFlaw::none:
      return;
    case DriveFlaw::in_use:
      drive.identity.in_use = {"a partition of it is mounted"};
      return;
    case DriveFlaw::no_serial:
      drive.identity.serial.clear();
      return;
    case DriveFlaw::holds_source:
      if (const auto stat = files.stat("/source")) drive.identity.device_numbers = {stat->device};
      return;
    case DriveFlaw::another_session: {
      Random random(sub_seed(seed, spec.name + " of another session"));
      DriveMarker marker{
          .state = MarkerState::open, .journal = {}, .disk = {}, .volume = {}, .generation = 1};
      for (Guid* guid : {&marker.journal, &marker.disk, &marker.volume}) random.fill(guid->bytes);
      return plant_sectors(drive, kMarkerOffset_bytes, encode_marker(marker));
    }
    case DriveFlaw::file_system: {
      Bytes sector(4096);
      constexpr std::string_view kJump = "\xeb\x52\x90NTFS    ";
      std::ranges::copy(kJump, sector.begin());
      sector[510] = 0x55;
      sector[511] = 0xaa;
      return plant_sectors(drive, 0, sector);
    }
  }
}

Status plant(FileTree& files, uint64_t seed, const std::string& path, uint64_t size_bytes) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    (void)files.make_directory(path.substr(0, slash), 0755,
                               0);  // standing already, or plant_file will say why
  Bytes content(size_bytes);
  Random(sub_seed(seed, path)).fill(content);
  return files.plant_file(path, content, 0644, 1'400'000'000'000'000'000);
}

Status plant_source(FileTree& files, const Scenario& scenario, uint64_t seed) {
  if (scenario.source.usual) {
    const std::pair<const char*, uint64_t> usual[] = {
        {"a.bin", 150'000},      {"empty", 0},      {"one", 1}, {"dir/b.bin", 70'000}, {"dir/B.bin", 300},
        {"dir/what?.txt", 4096}, {"z.bin", 200'000}};
    for (const auto& [path, size_bytes] : usual)
      TRY(plant(files, seed, fmt::format("/source/{}", path), size_bytes));
    TRY(files.plant_symlink("a.bin", "/source/link"));
  }
  if (scenario.source.unreadable_name) TRY(plant(files, seed, "/source/caf\xe9.txt", 3000));
  for (const SourceFile& file : scenario.source.files)
    TRY(plant(files, seed, "/source/" + file.path, file.size_bytes));
  Random random(sub_seed(seed, "random files"));
  for (uint64_t i = 0; i < scenario.source.random_files; i++) {
    // mostly small, some large, now and then on an edge
    const uint64_t most = std::max<uint64_t>(scenario.source.random_bytes_max, 1);
    uint64_t size_bytes =
        random.chance(1, 2) ? random.below(std::min<uint64_t>(most, 5000) + 1) : random.below(most + 1);
    if (random.chance(1, 4)) size_bytes = std::min(most, round_up(size_bytes, 4096));
    TRY(plant(files, seed, fmt::format("/source/random/{}/{:08x}.bin", i % 3, random.below(1ull << 32)),
              size_bytes));
  }
  return {};
}

// It and its parts.
std::vector<FaultTrigger*> triggers_of(FaultTrigger& when) {
  std::vector<FaultTrigger*> all = {&when};
  for (FaultTrigger& part : when.any) all.push_back(&part);
  for (FaultTrigger& part : when.all) all.push_back(&part);
  return all;
}

}  // namespace

KeyStretcher& shared_stretcher() {
  static RememberingStretcher stretcher;
  return stretcher;
}

Formatter& shared_formatter() {
  static MkntfsFormatter inner(std::filesystem::temp_directory_path());
  static MemoFormatter memo(inner);
  return memo;
}

Result<World> World::make(std::shared_ptr<const Scenario> scenario, uint64_t seed) {
  if (scenario->swarm) scenario = swarm_scenario(*scenario, seed);
  World world;
  world.seed = seed;
  for (const char* directory : {"/source", "/desk", "/elsewhere"})
    TRY(world.files.make_directory(directory, 0755, 0));
  TRY(plant_source(world.files, *scenario, seed));
  TRY(plant(world.files, seed, "/elsewhere/precious.bin", 10'000));
  if (scenario->chain) TRY(plant_chain(world.files, world.chain.emplace(), *scenario, seed));
  world.files.settle();
  if (world.chain) world.chain->services.settle();
  Bytes key(64);
  Random(sub_seed(seed, "account key")).fill(key);
  world.account_key_ = base64(key);

  std::vector<DriveSpec> specs = scenario->drives;
  specs.push_back({.name = kBystander, .capacity_bytes = 16 * MiB});
  for (const DriveSpec& spec : specs) {
    world.slots[spec.name] = world.drives.size();
    const char letter = static_cast<char>('A' + world.drives.size());
    world.drives.emplace_back(fmt::format("SIM{:03}{}", seed % 1000, letter), contract_of(spec, seed),
                              sub_seed(seed, spec.name));
    give_flaw(world.drives.back(), spec, world.files, seed);
  }
  Bytes content(64 * KiB);
  Random(sub_seed(seed, kBystander)).fill(content);
  DriveState& bystander = world.drive_in(kBystander);
  plant_sectors(bystander, 0, content);

  std::vector<PlannedFault> faults = scenario->faults;
  for (size_t i = 0; i < faults.size(); i++) {
    Random random(sub_seed(seed, fmt::format("fault {}", i)));
    for (FaultTrigger* when : triggers_of(faults[i].when)) {
      if (const auto slot = world.slots.find(when->place); slot != world.slots.end())
        when->place =
            world.drives[slot->second].identity.serial;  // scenarios name drives, events their serials
      if (when->nth_to > when->nth) when->nth = random.between(when->nth, when->nth_to);
    }
    if (faults[i].survivors.shape == Survivors::Shape::seeded && faults[i].survivors.seed == 0)
      faults[i].survivors.seed = random.next() | 1;
  }
  world.faults = FaultPlan(std::move(faults));
  world.scenario = std::move(scenario);
  world.source_hash = world.files.hash_under("/source");
  world.elsewhere_hash = world.files.hash_under("/elsewhere");
  world.bystander_hash = bystander.cache.visible().hash();
  return world;
}

size_t World::index_of(const std::string& slot) const {
  if (const auto stands = slots.find(slot); stands != slots.end()) return stands->second;
  return spec_of(slot);
}

size_t World::spec_of(const std::string& drive) const {
  const auto spec = std::ranges::find(scenario->drives, drive, &DriveSpec::name);
  return static_cast<size_t>(spec - scenario->drives.begin());
}

std::string World::slot_of(const std::string& drive) const {
  if (slots.contains(drive)) return drive;
  const size_t index = index_of(drive);
  const auto stands = std::ranges::find_if(slots, [&](const auto& entry) { return entry.second == index; });
  return stands == slots.end() ? drive : stands->first;
}

Result<Bytes> World::file(const std::string& path, uint64_t bound_bytes) const {
  FileTree copy = files;  // reading opens, and opening changes a tree
  const auto handle = TRY(copy.open(path, OpenMode::read, 0, 0));
  const uint64_t size_bytes = TRY(copy.size(handle));
  if (size_bytes > bound_bytes)
    return fail(ErrorCode::corrupt, fmt::format("{} bytes are more than are read here", size_bytes), path);
  Bytes bytes(size_bytes);
  bytes.resize(TRY(copy.read(handle, 0, bytes)));
  return bytes;
}

Status World::remember_source(const std::string& path) {
  if (changed_sources.contains(path)) return {};
  SourceWas was;
  was.content = TRY(file(path, kSourceBytesMax));
  was.modified_ns = TRY(files.stat(path)).modified_ns;
  was.directory_modified_ns = TRY(files.stat(parent_of(path))).modified_ns;
  changed_sources[path] = std::move(was);
  return {};
}

void World::restore_sources() {
  for (const auto& [path, was] : changed_sources) {
    (void)files.remove(path, 0);  // vanished: nothing to remove
    (void)files.plant_file(path, was.content, 0644, was.modified_ns);
    (void)files.set_modified(parent_of(path), was.directory_modified_ns);
    files.settle_under(path);
    (void)files.sync_directory(parent_of(path));
  }
  changed_sources.clear();
}

std::string World::journal_path(const std::string& drive) const {
  const auto spec = std::ranges::find(scenario->drives, drive, &DriveSpec::name);
  if (!chain || spec == scenario->drives.end()) return "/desk/" + drive + ".jrn";
  const auto index = static_cast<size_t>(spec - scenario->drives.begin());
  return fmt::format("/desk/{}-{}.jrn", kJob, drives[index].identity.serial);
}

Result<DriveHistory> World::history(const std::string& drive) const {
  const std::string path = journal_path(drive);
  const Bytes text = TRY(file(path));
  const auto parsed = TRY(parse_records(as_text(text)));
  return read_history(parsed.records, path);
}

std::string World::phase_of(const DriveHistory& history) {
  if (!history.intent) return "start";
  if (history.sessions.empty()) return "intent";
  const SessionHistory& session = history.sessions.back();
  if (session.aborting || session.aborted) return session.aborted ? "done" : "undo";
  if (!history.built) return "build";
  if (session.files_set.state != SetState::applied) return "metadata";
  if (!session.data_done) return "data";
  if (session.manifest_set.state != SetState::applied) return "finalising";
  if (session.manifest_hash.empty()) return "proof";
  return "closing";
}

std::vector<std::string> World::words_of(const CommandSpec& command) const {
  std::vector<std::string> words = {"/j:" + journal_path(command.drive), "/id:" + command.session};
  if (command.action == CommandAction::resume) words.emplace_back("/ResumeSession");
  if (command.action == CommandAction::abort) words.emplace_back("/AbortSession");
  const auto begun = history(command.drive);
  // Of a drive that stands elsewhere than the journal last saw it, its place is named.
  const std::string slot = slot_of(command.drive);
  const bool moved = begun && slots.contains(slot) && begun->drive.path != slot &&
                     begun->drive.path.starts_with(command.drive);
  if (moved) words.push_back("/t:" + slot);
  if (command.action != CommandAction::prepare) return words;
  // The drive's first session needs everything, also when an earlier command was given up before it had
  // begun. One that was aborted has left a volume: typed again it is a further session.
  const auto first = std::ranges::find(scenario->commands, command.drive, &CommandSpec::drive);
  const bool aborted = begun && std::ranges::any_of(begun->sessions, &SessionHistory::aborted);
  if (first == scenario->commands.end() || (first->session == command.session && !aborted) || !begun ||
      begun->sessions.empty()) {
    if (!moved) words.push_back("/t:" + (command.letter.empty() || interrupted ? slot : command.letter));
    for (const std::string& word : {std::string("/format"), std::string("/encrypt"), "/sk:" + account_key_})
      words.push_back(word);
  }
  if (scenario->operator_.formatting == Formatting::silent && words.size() > 2)
    words.insert(words.end() - 1, "/silentmode");
  words.push_back("/srcdir:" + command.source);
  words.push_back("/dstdir:" + command.destination);
  if (command.page_blobs) words.emplace_back("/BlobType:PageBlob");
  return words;
}

uint64_t World::hash(FileTimes times) const {
  TraceHash hash;
  hash.mix(files.hash(times == FileTimes::all ? "" : "/desk"));
  for (const auto& [slot, index] : slots) {
    hash.mix(slot);
    hash.mix(drives[index].hash());
  }
  if (clock_shift_ns != 0) hash.mix(static_cast<uint64_t>(clock_shift_ns));
  if (chain) {
    if (chain->token_expired || chain->account_refuses) hash.mix(chain->token_expired ? 1 : 2);
    for (const std::string& drive : chain->lost) hash.mix(drive);
    hash.mix(chain->services.hash(times == FileTimes::all ? "" : "/"));
    for (const std::string& slot : chain->bay) hash.mix(slot);
  }
  if (!defect_memory.empty()) hash.mix(defect_memory.hash());
  return hash.value();
}

}  // namespace seedbed
