#include "scenarios/oracles.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/journal/record.h"
#include "scenarios/chain_judge.h"
#include "scenarios/world_judge.h"

namespace seedbed {

namespace {

constexpr size_t kFindingsMax = 20;
constexpr std::string_view kAbsent = ": no blob of this path is in the manifest";  // as the judge says it

// The drives that the scenario's commands name, each once.
std::set<std::string> drives_of(const World& world) {
  std::set<std::string> drives;
  if (world.chain)
    for (const DriveSpec& drive : world.scenario->drives) drives.insert(drive.name);
  if (!world.chain)
    for (const CommandSpec& command : world.scenario->commands) drives.insert(command.drive);
  return drives;
}

// What the base blobs of the staging location came to when it was said to hold everything.
uint64_t staged_blob_bytes(const World& world) {
  const FileTree& files = world.as_staged();
  uint64_t bytes = 0;
  const auto entries = files.list("/staging");
  if (!entries) return 0;
  for (const DirectoryEntry& entry : *entries)
    if (const auto stat = files.stat("/staging/" + entry.name); stat && entry.name.ends_with(".BaseBlob"))
      bytes += stat->size_bytes;
  return bytes;
}

// What was promised of a drive holds where it stands, not for a stranger in its slot: the world with each
// drive back in its own. Nothing when they stand there.
std::optional<World> with_own_drives(const World& world) {
  std::optional<World> own;
  for (size_t i = 0; i < world.scenario->drives.size(); i++) {
    const std::string& slot = world.scenario->drives[i].name;
    const auto stands = world.slots.find(slot);
    if (stands == world.slots.end() || stands->second < world.scenario->drives.size()) continue;
    const auto history = world.history(slot);
    if (history && history->drive.serial == world.drives[stands->second].identity.serial)
      continue;  // it stood there before anything began: then it is the one
    if (!own) own = world;
    own->slots[slot] = i;
  }
  return own;
}

}  // namespace

Oracles::Oracles(bool chain) {
  for (const auto& [number, name] :
       std::initializer_list<std::pair<int, const char*>>{{1, "nothing lost"},
                                                          {2, "nothing promised that is not there"},
                                                          {3, "nothing silently wrong"},
                                                          {4, "nothing touched that was not chosen"},
                                                          {5, "exactly once"},
                                                          {6, "little redone"},
                                                          {7, "legal"},
                                                          {8, "secrets stay secret"},
                                                          {9, "alive"},
                                                          {10, "it really was the seed"}})
    if (chain || (number != 1 && number != 7 && number != 10))
      records_.push_back({.number = number, .name = name, .ran = false, .findings = {}});
}

OracleRecord& Oracles::oracle(int number) {
  return *std::ranges::find(records_, number, &OracleRecord::number);
}

void Oracles::find(int number, std::string what) {
  auto& findings = oracle(number).findings;
  if (findings.size() < kFindingsMax) findings.push_back(std::move(what));
}

void Oracles::heard(const std::vector<std::string>& said) {
  heard_.insert(heard_.end(), said.begin(), said.end());
}

// What the shipped drives hold must be what their journals say is complete.
void Oracles::judge_drives(const World& world, int number) {
  if (const auto own = with_own_drives(world)) return judge_drives(*own, number);
  std::map<std::string, size_t> absent;  // files that a drive does not carry
  size_t judged_drives = 0, damaged_drives = 0;
  for (const std::string& drive : drives_of(world)) {
    const auto history = world.history(drive);
    if (!history && world.promises.completed && drive == world.promises.drive &&
        !world.rotten.contains(world.journal_path(drive)))
      find(number, "its session was said to be complete, and the journal cannot be read: " +
                       history.error().message());
    if (!history || !history->built || history->open_session() != nullptr) continue;
    std::vector<ShippedSession> complete;
    for (const SessionHistory& session : history->sessions)
      if (session.complete) complete.push_back({session.source.source_directory, session.source.destination});
    const std::string password(history->drive.recovery_password.text());
    oracle(number).ran = true;
    const auto judged = [&](const World& as_it_was) {
      return complete.empty() ? judge_empty(as_it_was, drive, password)
                              : judge_shipped(as_it_was, drive, password, complete,
                                              history->last_complete()->manifest_hash);
    };
    if (world.chain && damaged_in_shipment(world, drive) && ++damaged_drives > 0)
      continue;                         // the data centre must say so, not the drive
    std::optional<World> with_staging;  // the drive's source, as it was before somebody emptied it
    if (world.chain && (world.chain->staging_dropped || !world.rotten.empty())) {
      with_staging = world;
      with_staging->files = world.as_staged();
    }
    auto findings = judged(with_staging ? *with_staging : world);
    if (!findings.empty() &&
        !world.changed_sources.empty()) {  // it changed after it was copied: then what it was counts
      World before = world;
      before.restore_sources();
      findings = judged(before);
    }
    judged_drives++;
    for (const std::string& finding : findings)
      if (world.chain && finding.ends_with(kAbsent))
        absent[finding]++;
      else
        find(number, drive + ": " + finding);
  }
  // A job's drives share the files: one of them must carry each.
  if (!world.chain || !world.chain->job_created || damaged_drives > 0) return;
  for (const auto& [finding, drives] : absent)
    if (drives == judged_drives) find(number, finding + " of any drive");
}

void Oracles::note(int number, std::vector<std::string> findings) {
  oracle(number).ran = true;
  for (std::string& finding : findings) find(number, std::move(finding));
}

// What was said of the chain must be there, whatever was lost.
void Oracles::judge_chain_promises(const World& world) {
  const ChainWorld& chain = *world.chain;
  if (chain.staged && !chain.seed_ingested) note(2, judge_staging(world));
  if (chain.job_created) {
    std::string state;
    note(2, judge_job(world, state));
    if (state.empty() && !chain.job_may_be_gone(world.elapsed_ns))
      find(2, "the import job was said to be made, and the service does not know it");
  }
  if (!chain.point.empty()) note(2, judge_point(world, chain.point));
  if (chain.restored) note(2, judge_restored(world));
}

void Oracles::judge_chain(const World& world) {
  const ChainWorld& chain = *world.chain;
  if (chain.restored) note(1, judge_restored(world));
  if (!chain.point.empty()) {
    note(1, judge_point(world, chain.point));
    note(10, judge_travel(world));
  }
  if (chain.staged) note(5, judge_nonces(world));
  if (chain.job_created) {
    std::string state;
    note(5, judge_job(world, state));
    note(3, judge_account(world));
  }
  note(7, judge_job_states(job_states_));
}

void Oracles::after_command(const World& world) {
  if (!world.chain || !world.chain->job_created) return;
  std::string state;
  note(7, judge_job(world, state));
  if (!state.empty()) job_states_.push_back(std::move(state));
}

void Oracles::after_death(const World& world) {
  if (const auto own = with_own_drives(world)) return after_death(*own);
  oracle(2).ran = true;
  if (world.chain) judge_chain_promises(world);
  // A drive that lied about its flush may have lost the marker and kept the rest: nobody can see to that.
  for (const std::string& drive : drives_of(world))
    if (world.slots.contains(drive) && unmarked(world.drive_in(drive)) &&
        !world.faults.fired(FaultAction::flush_lie))
      find(2, drive + ": it holds something, and no marker that says whose it is");
  const Promises& promised = world.promises;
  if (world.rotten.contains(world.journal_path(promised.drive))) return;  // nobody can keep a promise on it
  if (promised.session.empty() || (promised.durable_bytes == 0 && !promised.completed)) return;
  const auto history = world.history(promised.drive);
  if (!history)
    return find(2, "the journal that promises rest on cannot be read: " + history.error().message());
  // The last of that name: one that was aborted may have been begun again.
  const auto session = std::ranges::find(history->sessions.rbegin(), history->sessions.rend(),
                                         promised.session, &SessionHistory::id);
  if (session == history->sessions.rend())
    return find(2, fmt::format("the journal has lost the session {}", promised.session));
  if (promised.completed) {
    if (!session->complete ||
        (!promised.manifest_hash.empty() && session->manifest_hash != promised.manifest_hash))
      find(2, "the session was said to be complete, and the journal does not know");
    judge_drive_info(world, promised.drive);
    if (!marked_closed(world.drive_in(promised.drive)))
      find(
          2,
          promised.drive +
              ": the session was said to be complete, and the drive's marker does not say that none is open");
    judge_drives(world, 2);
    return;
  }
  if (session->complete || session->aborting || session->aborted || session->data_done) return;
  const uint64_t known_bytes = session->checkpoint ? session->checkpoint->bytes : 0;
  if (known_bytes < promised.durable_bytes)
    find(2, fmt::format("{} bytes were said to be durable, the journal knows of {}", promised.durable_bytes,
                        known_bytes));
}

// The drive's record that portals read lies beside the journal and says what the journal says.
void Oracles::judge_drive_info(const World& world, const std::string& drive) {
  const auto text = world.file(world.journal_path(drive));
  const auto parsed =
      text ? parse_records(as_text(*text)) : Result<ParsedRecords>(std::unexpected(text.error()));
  if (!parsed) return find(2, "the journal cannot be read");
  std::string_view said;
  for (const Record& record : parsed->records)
    if (record.get("ActivityId") == "DriveInfo") said = record.get("DriveState");
  const std::string path =
      fmt::format("{}_DriveInfo_{}.xml", world.journal_path(drive), world.drive_in(drive).identity.serial);
  const auto beside = world.file(path);
  if (said.empty() || !beside || as_text(*beside) != said)
    find(2, "the session was said to be complete, and " + path + " is not what the journal says");
}

void Oracles::judge_journal(const World& world, const std::string& drive) {
  const auto text = world.file(world.journal_path(drive));
  if (!text) return;
  const auto parsed = parse_records(as_text(*text));
  if (!parsed) return;
  oracle(5).ran = true;
  std::set<std::string> keys, volumes, complete;
  for (const Record& record : parsed->records) {
    const std::string_view activity = record.get("ActivityId");
    if (activity == "DriveIntent") {
      if (!keys.insert(std::string(record.get("BitLockerKey"))).second)
        find(5, "two buildings of the volume used the same recovery key");
      if (!volumes.insert(std::string(record.get("VolumeGuid"))).second)
        find(5, "two buildings of the volume used the same GUID");
    } else if (activity == "SessionComplete" &&
               !complete.insert(std::string(record.get("SessionNumber"))).second) {
      find(5, fmt::format("session {} is complete twice", record.get("SessionNumber")));
    } else if (activity == "VolumeBuilt" && !complete.insert("built").second) {
      find(5, "the volume was built twice");
    }
  }
}

void Oracles::judge_work(const World& world) {
  oracle(6).ran = true;
  uint64_t planned_bytes = 0;
  for (const std::string& drive : drives_of(world))
    if (const auto history = world.history(drive))
      for (const SessionHistory& session : history->sessions)
        planned_bytes += session.bytes + session.files * history->drive.cluster_bytes;
  const DriveWork& work = world.work;
  if (world.chain && world.chain->staged) {
    // A resume writes what no mark covers yet once more, and goes on: two batches and their seals.
    const uint64_t blobs_bytes = staged_blob_bytes(world);
    const uint64_t batch_bytes = world.scenario->chain->batch_bytes;
    const uint64_t bound_bytes = blobs_bytes + work.interruptions * (2 * batch_bytes + batch_bytes / 2);
    if (work.staged_bytes > bound_bytes)
      find(6, fmt::format("staging wrote {} bytes; {} bytes of base blobs and {} interruptions allow {}",
                          work.staged_bytes, blobs_bytes, work.interruptions, bound_bytes));
  }
  const uint64_t data_bound_bytes = planned_bytes + work.interruptions * world.scenario->computer.redo_bytes;
  if (work.data_bytes > data_bound_bytes)
    find(6, fmt::format("the data phase wrote {} bytes; {} files' bytes and {} interruptions allow {}",
                        work.data_bytes, planned_bytes, work.interruptions, data_bound_bytes));
  const uint64_t build_bound_bytes = work.most_build_bytes * (drives_of(world).size() + work.interruptions);
  if (work.build_bytes > build_bound_bytes)
    find(6, fmt::format("building wrote {} bytes, its own size and {} interruptions allow {}",
                        work.build_bytes, work.interruptions, build_bound_bytes));
}

void Oracles::judge_secrets(const World& world) {
  oracle(8).ran = true;
  std::vector<std::string> secrets = {world.account_key()};
  if (world.chain) secrets = {world.chain->passphrase, world.chain->token};
  for (const std::string& drive : drives_of(world))
    if (const auto text = world.file(world.journal_path(drive)))
      if (const auto parsed = parse_records(as_text(*text)))
        for (const Record& record : parsed->records)
          if (record.has("BitLockerKey")) secrets.emplace_back(record.get("BitLockerKey"));
  const auto holds_one = [&](std::string_view text) {
    return std::ranges::any_of(secrets,
                               [&](const std::string& secret) { return text.find(secret) != text.npos; });
  };
  for (const std::string& line : heard_)
    if (holds_one(line))
      find(8, "a key was shown to people or logs");  // the line itself is not repeated here
  const auto entries = world.files.list("/desk");
  if (!entries) return;
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = "/desk/" + entry.name;
    const auto stat = world.files.stat(path);
    const auto content = world.file(path);
    if (!stat || !content) continue;
    const bool may_hold = entry.name.ends_with(".jrn") || entry.name.ends_with(".jrn.new") ||
                          entry.name.find("_DriveInfo_") != std::string::npos ||
                          entry.name.ends_with(".manifest");
    if (!holds_one(as_text(*content))) continue;
    if (!may_hold) find(8, path + " holds a key");
    if ((stat->mode & 077) != 0) find(8, fmt::format("{} holds a key and has mode {:o}", path, stat->mode));
  }
}

void Oracles::at_end(const World& world, const std::string& stuck) {
  oracle(9).ran = true;
  if (!stuck.empty()) find(9, stuck);
  if (world.promises.completed || world.chain) {  // what was said must outlive the next power cut
    World cut = world;
    cut.files.power_cut();
    for (DriveState& drive : cut.drives) drive.power_cut();
    after_death(cut);
  }
  judge_past(world);
  if (world.chain) judge_chain(world);
}

void Oracles::at_crossroads(const World& world) {
  judge_past(world);
}

// What drives, journals and conduct tell of what has been done.
void Oracles::judge_past(const World& world) {
  judge_drives(world, 3);
  conduct_.at_end(world);
  oracle(4).ran = true;
  for (const std::string& finding : conduct_.touched()) find(4, finding);
  for (const std::string& finding : conduct_.repeated()) find(5, finding);
  for (const std::string& drive : drives_of(world)) judge_journal(world, drive);
  judge_work(world);
  judge_secrets(world);
}

std::optional<Verdict> Oracles::verdict(std::string& why) const {
  static constexpr std::pair<int, Verdict> kWorstFirst[] = {
      {1, Verdict::lost},           {10, Verdict::broke_contract}, {7, Verdict::broke_contract},
      {2, Verdict::lost},           {3, Verdict::silently_wrong},  {4, Verdict::broke_contract},
      {5, Verdict::broke_contract}, {8, Verdict::broke_contract},  {6, Verdict::broke_contract},
      {9, Verdict::stuck}};
  for (const auto& [number, verdict] : kWorstFirst) {
    const auto record_at = std::ranges::find(records_, number, &OracleRecord::number);
    if (record_at == records_.end() || record_at->findings.empty()) continue;
    const OracleRecord& record = *record_at;
    why = record.findings.front();
    return verdict;
  }
  return std::nullopt;
}

}  // namespace seedbed
