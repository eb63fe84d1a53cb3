#include "scenarios/chain_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <map>
#include <tuple>

#include "engine/base/text.h"
#include "fakes/reference/sealed_tree.h"
#include "scenarios/world_compare.h"
#include "scenarios/world_judge_services.h"
#include "simulator/trace_hash.h"

namespace seedbed {

using Findings = std::vector<std::string>;

namespace {

constexpr const char* kItem = "files";

void add(Findings& findings, const reference::Findings& more) {
  for (const reference::Finding& finding : more) findings.push_back(finding.place + ": " + finding.what);
}

// Stretching a passphrase takes as long as a judgement: what was stretched once in this process is
// remembered.
Result<std::reference_wrapper<const reference::SealKeys>> seal_keys(const std::string& passphrase,
                                                                    const reference::StretchSpec& spec) {
  static std::map<std::tuple<std::string, Bytes, unsigned, unsigned, unsigned>, reference::SealKeys> known;
  const auto key = std::tuple(passphrase, spec.salt, spec.log2_n, spec.r, spec.p);
  auto found = known.find(key);
  if (found == known.end())
    found = known.emplace(key, TRY(reference::derive_seal_keys(passphrase, spec))).first;
  return std::cref(found->second);
}

// What was judged in this process already: what is equal to the last byte is judged once. `of` and `words`
// are all that the judge looks at.
template <typename Judge>
auto once(std::string_view what, std::initializer_list<uint64_t> of, const std::string& words,
          const Judge& judge) {
  static std::map<uint64_t, decltype(judge())> known;
  TraceHash hash;
  hash.mix(what);
  hash.mix(words);
  for (const uint64_t part : of) hash.mix(part);
  const auto found = known.find(hash.value());
  return found != known.end() ? found->second : known.emplace(hash.value(), judge()).first->second;
}

// What the staging location of that disk holds; the last ones that were read are kept.
std::shared_ptr<const reference::StagedSeed> staged_seed(const World& world, const FileTree& disk) {
  constexpr size_t kKeptMax = 8;
  static std::map<uint64_t, std::shared_ptr<const reference::StagedSeed>> kept;
  TraceHash hash;
  hash.mix(disk.hash_under("/staging"));
  hash.mix(world.chain->passphrase);
  if (const auto known = kept.find(hash.value()); known != kept.end()) return known->second;
  auto seed = std::make_shared<reference::StagedSeed>();
  look_at_disk(disk, [&](FileStore& files) {
    *seed = reference::read_staged_seed(files, "/staging", kJob, world.chain->passphrase);
  });
  if (kept.size() == kKeptMax) kept.clear();
  return kept[hash.value()] = std::move(seed);
}

// All that decides what the services answer to a judge (world_judge_services.h).
uint64_t services_number(const World& world) {
  const ChainWorld& chain = *world.chain;
  FileTree disk = chain.services;
  disk.power_cut(Survivors{.shape = Survivors::Shape::none});
  TraceHash hash;
  hash.mix(disk.hash());
  hash.mix(disk.capacity_bytes());
  hash.mix(world.seed);
  hash.mix(world.elapsed_ns);
  hash.mix(chain.service_boots);
  hash.mix(chain.token);
  for (const std::string& slot : chain.bay) {
    hash.mix(slot);
    hash.mix(world.drive_in(slot).identity.serial);
  }
  return hash.value();
}

bool damaged_on_the_way(const World& world) {
  return std::ranges::any_of(world.scenario->drives,
                             [&](const DriveSpec& drive) { return damaged_in_shipment(world, drive.name); });
}

// A recovery point of the vault, opened by the independent reader.
struct OpenedPoint {
  const reference::SealKeys* keys = nullptr;
  reference::SealedTree tree;
  std::vector<VaultChunkId> chunks;
};
Result<OpenedPoint> open_point(const World& world, VaultClient& vault, const std::string& point) {
  OpenedPoint opened;
  const auto item = TRY(vault.get_item(kItem));
  if (!item) return fail(ErrorCode::not_found, "the vault does not know the item", kItem);
  const reference::StretchSpec stretch{item->kdf.log2_n, item->kdf.r, item->kdf.p, item->kdf.salt};
  opened.keys = &TRY(seal_keys(world.chain->passphrase, stretch)).get();
  const auto content = TRY(vault.get_point(kItem, point));
  if (!content) return fail(ErrorCode::not_found, "the vault does not know the recovery point", point);
  for (const VaultChunkId& id : content->point.catalog) {
    const Bytes record = TRY(vault.get_chunk(kItem, id));
    const auto part = TRY(reference::open_sealed(*opened.keys, record, "catalog of " + point));
    TRY(opened.tree.add_part(part.plain, "catalog of " + point));
  }
  if (!opened.tree.finished()) return fail(ErrorCode::corrupt, "the catalog does not end", point);
  opened.chunks = content->chunks;
  return opened;
}

}  // namespace

bool damaged_in_shipment(const World& world, const std::string& drive) {
  static constexpr FaultAction kActions[] = {FaultAction::damaged_in_shipment, FaultAction::dead_on_arrival,
                                             FaultAction::manifest_damaged,    FaultAction::volume_damaged,
                                             FaultAction::cloned_drive,        FaultAction::lost_in_shipment};
  return std::ranges::any_of(kActions, [&](FaultAction action) { return world.faults.fired(action, drive); });
}

// Whether something kept the seed from coming by drive, so that staging had to help out.
static bool hindered(const World& world) {
  static constexpr FaultAction kActions[] = {FaultAction::account_refuses, FaultAction::file_rot,
                                             FaultAction::bit_rot,         FaultAction::bad_sectors,
                                             FaultAction::stale_block,     FaultAction::misdirected_write};
  const ChainWorld& chain = *world.chain;
  const bool incomplete_box = std::ranges::any_of(
      world.scenario->commands, [](const CommandSpec& command) { return !command.drives.empty(); });
  // What the service itself says went wrong with its import is a hindrance, whatever the cause.
  return damaged_on_the_way(world) || chain.job_state == "Closed" || chain.job_edited ||
         chain.job_cancelled || incomplete_box ||
         std::ranges::any_of(kActions, [&](FaultAction action) { return world.faults.fired(action); });
}

namespace {

Findings staging_findings(const World& world) {
  const auto kept = staged_seed(world, world.files);
  const reference::StagedSeed& seed = *kept;
  Findings findings;
  add(findings, seed.findings);
  if (!findings.empty() || seed.indexes.empty()) return findings;
  const auto known_keys = seal_keys(world.chain->passphrase, seed.indexes.front().facts.stretch);
  if (!known_keys) return {known_keys.error().message()};
  const reference::SealKeys& keys = known_keys->get();
  look_at_disk(world.as_staged(), [&](FileStore& files) {
    add(findings, reference::compare_with_source(seed.tree, keys, seed.fetch(), files, "/source"));
  });
  for (const std::string& path : world.chain->told_unread)
    std::erase(findings,
               path.substr(path.starts_with('/') ? 1 : 0) + ": is in the source and not in the backup");
  // A directory in which a file vanished or changed while it was read may have been looked at before.
  for (const auto& [path, was] : world.changed_sources)
    std::erase(findings, parent_of(path).substr(1) + ": has another time");
  return findings;
}

}  // namespace

Findings judge_staging(const World& world) {
  if (world.chain->staging_dropped || !world.rotten.empty()) return {};  // no fault of who promised it
  return once("staging", {world.files.hash_under("/staging"), world.as_staged().hash_under("/source")},
              world.chain->passphrase, [&] { return staging_findings(world); });
}

namespace {

Findings point_findings(const World& world, const std::string& point) {
  Findings findings;
  std::optional<OpenedPoint> point_read;
  std::map<reference::SealedId, Bytes> records;
  look_at_services(world, findings, [&](JudgeClients& clients) -> Status {
    OpenedPoint opened = TRY(open_point(world, clients.vault, point));
    // Fetched here, where the network is; compared below, where the disk is.
    point_read.emplace(std::move(opened));
    for (const VaultChunkId& id : point_read->chunks) records[id] = TRY(clients.vault.get_chunk(kItem, id));
    return {};
  });
  if (!point_read || !findings.empty()) return findings;
  const auto fetch = [&](const reference::SealedId& id) -> Result<Bytes> {
    const auto found = records.find(id);
    if (found == records.end()) return fail(ErrorCode::not_found, "the point does not list a chunk", point);
    return found->second;
  };
  look_at_disk(world.chain->backed_up ? *world.chain->backed_up : world.files, [&](FileStore& files) {
    add(findings,
        reference::compare_with_source(point_read->tree, *point_read->keys, fetch, files, "/source"));
  });
  return findings;
}

}  // namespace

Findings judge_point(const World& world, const std::string& point) {
  const FileTree& backed_up = world.chain->backed_up ? *world.chain->backed_up : world.files;
  // The judge cuts their power first, so what it sees is what was synced: that counts, not what a program
  // saw.
  FileTree services = world.chain->services;
  services.power_cut(Survivors{.shape = Survivors::Shape::none});
  return once("point", {services.hash("/"), backed_up.hash_under("/source")},
              world.chain->passphrase + " " + point, [&] { return point_findings(world, point); });
}

// Every chunk that the seed's indexes name came by drive.
Findings judge_travel(const World& world) {
  if (hindered(world)) return {};  // then staging may help out, and says so
  Findings findings;
  const auto kept = staged_seed(world, world.as_staged());
  const reference::StagedSeed& seed = *kept;
  add(findings, seed.findings);
  for (const reference::SealedIndex& index : seed.indexes)
    for (const reference::SealedIndexEntry& entry : index.entries)
      if (entry.kind == reference::SealedKind::data && world.chain->sent_chunks.contains(hex_lower(entry.id)))
        findings.push_back("a chunk of the seed went over the network: " + hex_lower(entry.id));
  if (!world.chain->staging_dropped && seed.indexes.empty()) findings.emplace_back("there was no seed");
  return findings;
}

namespace {

Findings nonce_findings(const World& world) {
  Findings findings;
  const auto kept = staged_seed(world, world.as_staged());
  const reference::StagedSeed& seed = *kept;
  if (world.rotten.empty()) add(findings, seed.findings);  // else no fault of who sealed them
  if (seed.indexes.empty()) return findings;
  const auto known_keys = seal_keys(world.chain->passphrase, seed.indexes.front().facts.stretch);
  if (!known_keys) return {known_keys.error().message()};
  const reference::SealKeys& keys = known_keys->get();
  std::map<std::array<uint8_t, 12>, reference::SealedId> used;
  const auto take = [&](const reference::SealedRecord& record) {
    const auto [at, fresh] = used.try_emplace(record.nonce, record.id);
    if (!fresh && at->second != record.id) findings.emplace_back("one nonce sealed two records");
  };
  for (const auto& [id, bytes] : seed.chunks)
    if (const auto record = reference::open_sealed(keys, bytes, "staging")) take(*record);
  look_at_services(world, findings, [&](JudgeClients& clients) -> Status {
    for (const std::string& id : world.chain->sent_chunks) {
      VaultChunkId wanted{};
      const auto bytes = parse_hex(id);
      if (!bytes || bytes->size() != wanted.size()) continue;
      std::ranges::copy(*bytes, wanted.begin());
      const auto known = TRY(clients.vault.query_chunks(kItem, {&wanted, 1}));
      if (!known.front()) continue;  // its request never arrived
      const Bytes record = TRY(clients.vault.get_chunk(kItem, wanted));
      if (const auto opened = reference::open_sealed(keys, record, "vault")) take(*opened);
    }
    return {};
  });
  return findings;
}

}  // namespace

Findings judge_nonces(const World& world) {
  TraceHash sent;
  for (const std::string& chunk : world.chain->sent_chunks) sent.mix(chunk);
  return once("nonces", {services_number(world), world.as_staged().hash_under("/staging"), sent.value()},
              world.chain->passphrase + (world.rotten.empty() ? "" : " rotten"),
              [&] { return nonce_findings(world); });
}

Findings judge_job(const World& world, std::string& state) {
  struct Seen {
    Findings findings;
    std::string state;
  };
  Seen seen = once("job", {services_number(world)}, "", [&] {
    Seen now;
    look_at_services(world, now.findings, [&](JudgeClients& clients) -> Status {
      const auto jobs = TRY(clients.jobs.list());
      for (const ImportJob& job : jobs) {
        if (job.name != kJob) now.findings.push_back("a job that nobody asked for: " + job.name);
        if (!now.state.empty()) now.findings.emplace_back("the job is there twice");
        now.state = job.state;
      }
      return {};
    });
    return now;
  });
  state = std::move(seen.state);
  return std::move(seen.findings);
}

namespace {

// Page for page what lies in staging, or nothing at all: what the data centre could not vouch for is not put.
Findings account_findings(const World& world) {
  Findings findings;
  const FileTree& staged = world.as_staged();
  look_at_services(world, findings, [&](JudgeClients& clients) -> Status {
    if (!TRY(clients.blobs.container_exists(world.scenario->chain->container))) return {};
    const auto blobs = TRY(clients.blobs.list(world.scenario->chain->container, ""));
    for (const ListedBlob& blob : blobs) {
      if (blob.name.starts_with("waimportexport/")) continue;
      const std::string name = blob.name.substr(blob.name.find_last_of('/') + 1);
      FileTree copy = staged;
      const auto handle = copy.open("/staging/" + name, OpenMode::read, 0, 0);
      if (!handle) {
        findings.push_back(blob.name + ": it is in the account and was never staged");
        continue;
      }
      Bytes want(TRY(copy.size(*handle)));
      want.resize(TRY(copy.read(*handle, 0, want)));
      const Bytes have = TRY(clients.blobs.read_all(world.scenario->chain->container, blob.name, 1 * GiB));
      if (have.size() != want.size())
        findings.push_back(blob.name + ": it has another length than was staged");
      for (size_t at = 0; at + 512 <= std::min(have.size(), want.size()); at += 512) {
        const ByteSpan page = ByteSpan(have).subspan(at, 512);
        if (all_zero(page) || std::ranges::equal(page, ByteSpan(want).subspan(at, 512))) continue;
        findings.push_back(fmt::format("{}: the page at {} is not what was staged", blob.name, at));
        break;
      }
    }
    return {};
  });
  return findings;
}

}  // namespace

Findings judge_account(const World& world) {
  return once("account", {services_number(world), world.as_staged().hash()}, world.scenario->chain->container,
              [&] { return account_findings(world); });
}

Findings judge_restored(const World& world) {
  if (!world.chain->backed_up) return {"something was restored that was never backed up"};
  return compare_trees(*world.chain->backed_up, "/source", world.files, "/restored");
}

Findings judge_job_states(const std::vector<std::string>& states) {
  // The documented machine; a state may be left out when it was not looked at in time.
  static constexpr const char* kOrder[] = {"Creating",  "Shipping",  "Received", "Transferring",
                                           "Packaging", "Completed", "Closed"};
  Findings findings;
  size_t at = 0;
  for (const std::string& state : states) {
    const auto found = std::ranges::find(kOrder, state);
    if (found == std::end(kOrder))
      findings.push_back("the job was in a state that there is not: " + state);
    else if (const auto now = static_cast<size_t>(found - std::begin(kOrder)); now < at)
      findings.push_back(fmt::format("the job went from {} back to {}", kOrder[at], state));
    else
      at = now;
  }
  return findings;
}

}  // namespace seedbed
