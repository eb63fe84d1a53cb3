// An increment: what has not changed is not read, and only chunks that the vault lacks travel.
#include <fmt/format.h>

#include "engine/agent/catalog_cache.h"
#include "engine/base/text.h"
#include "engine/base/url.h"

namespace seedbed {

namespace {

// Sealed records on their way: asked about in batches, then those that the vault lacks are put.
class Sender {
 public:
  Sender(AgentRun& run, VaultClient& vault, BackupOutcome& outcome)
      : run_(run), vault_(vault), outcome_(outcome) {}

  Status add(const ChunkId& id, Bytes record) {
    bytes_ += record.size();
    ids_.push_back(id);
    records_.push_back(std::move(record));
    return ids_.size() < kBatchChunks && bytes_ < kBatchBytes ? Status() : flush();
  }

  Status flush() {
    if (ids_.empty()) return {};
    const std::vector<bool> there = TRY(vault_.query_chunks(run_.policy.name, ids_));
    if (there.size() != ids_.size())
      return fail(ErrorCode::io_error, "the vault answers for other chunks than it was asked",
                  run_.policy.vault_endpoint, "Run again");
    for (size_t i = 0; i < ids_.size(); i++) {
      if (there[i]) continue;
      TRY(vault_.put_chunk(run_.policy.name, run_.state.upload, ids_[i], records_[i]));
      outcome_.sent_chunks++;
      outcome_.sent_bytes += records_[i].size();
    }
    ids_.clear();
    records_.clear();
    bytes_ = 0;
    return {};
  }

 private:
  static constexpr size_t kBatchChunks = 256;
  static constexpr uint64_t kBatchBytes = 16 * MiB;
  AgentRun& run_;
  VaultClient& vault_;
  BackupOutcome& outcome_;
  std::vector<ChunkId> ids_;
  std::vector<Bytes> records_;
  uint64_t bytes_ = 0;
};

uint64_t upload_number(const std::string& upload) {
  const auto bytes = parse_hex(upload);
  return bytes && bytes->size() >= 8 ? load_le<uint64_t>(*bytes, 0) : 0;
}

// What an upload cut by a kill has left: a point that was committed counts; one that was not is made.
Status settle_upload(AgentRun& run, VaultClient& vault) {
  if (run.state.upload.empty()) return {};
  if (run.state.point == run.state.last_point) return end_upload(run, vault);
  if (!TRY(vault.get_point(run.policy.name, run.state.point))) return {};
  run.state.increments++;
  return end_upload(run, vault);
}

// One try. False: the vault lacks chunks that were taken to be there.
Result<bool> make_point(AgentRun& run, VaultClient& vault, const Catalog* previous, BackupOutcome& outcome) {
  ChunkSet known;
  if (previous != nullptr)
    for (const ChunkId& id : previous->chunk_ids()) known.insert(id);
  TreeRequest request;
  request.source = selection_of(run.policy);
  request.previous = previous;
  request.upload = upload_number(run.state.upload);
  request.stream = stream_options_of(run.policy);
  Sender sender(run, vault, outcome);
  const TreeBackup backup = TRY(chunk_tree(
      run.ports.runtime, run.ports.files, run.ports.entropy, request, run.keys,
      [&](const ChunkId& id) { return known.contains(id); },
      [&](const ChunkId& id, Bytes record) { return sender.add(id, std::move(record)); }));
  TRY(sender.flush());
  run.warn_of(backup.report.problems, backup.report.changed);

  ChunkSet needed;
  for (const ChunkId& id : backup.catalog.chunk_ids()) needed.insert(id);
  for (const ChunkId& id : backup.catalog_chunks) needed.insert(id);
  const VaultPoint point{.id = run.state.point,
                         .created_utc = iso_date(run.state.point_utc_ns),
                         .kind = "increment",
                         .catalog = backup.catalog_chunks,
                         .chunks_digest = {}};
  const VaultPutPoint put = TRY(vault.put_point(run.policy.name, run.state.upload, point, needed.ids()));
  if (put.outcome == VaultPutPoint::Outcome::chunks_missing) return false;

  TRY(keep_catalog(run.directory, run.ports.files, run.state.point, backup.catalog));
  outcome.files = backup.report.files;
  outcome.read_bytes += backup.report.read_bytes;
  outcome.source_bytes = backup.report.source_bytes;
  return true;
}

}  // namespace

Status back_up_increment(AgentRun& run, BackupOutcome& outcome) {
  VaultClient* vault = TRY(run.cloud.vault());
  TRY(settle_upload(run, *vault));
  const Catalog previous = TRY(catalog_of_point(run, *vault, run.state.last_point));
  TRY(begin_upload(run));
  TRY(vault->open_upload(run.state.upload, run.policy.name));
  bool made = TRY(make_point(run, *vault, &previous, outcome));
  if (!made) {
    run.tell(
        NoticeLevel::warning,
        "the vault lacks chunks of the last recovery point: the source is read whole, what is missing is "
        "sent");
    made = TRY(make_point(run, *vault, nullptr, outcome));
  }
  if (!made)
    return fail(ErrorCode::io_error, "the vault does not keep the chunks it is sent",
                run.policy.vault_endpoint, "Look after the vault, then run again");
  run.state.increments++;
  TRY(end_upload(run, *vault));
  outcome.point = run.state.last_point;
  outcome.status_text =
      fmt::format("Recovery point {} of {} files ({}) is in the vault; {} was read, {} chunks ({}) were sent",
                  outcome.point, outcome.files, human_bytes(outcome.source_bytes),
                  human_bytes(outcome.read_bytes), outcome.sent_chunks, human_bytes(outcome.sent_bytes));
  return {};
}

}  // namespace seedbed
