// The seed's way from the storage account into the vault: copied there by the vault itself, batch by batch,
// each chunk proven, then its recovery point committed. What did not arrive as it was staged never enters:
// it is sent from the staging location, or named and refused.
#include <fmt/format.h>

#include "engine/agent/catalog_cache.h"
#include "engine/agent/seed_source.h"
#include "engine/base/text.h"
#include "engine/base/url.h"

namespace seedbed {

namespace {

constexpr size_t kBatchChunks = 512;
constexpr uint64_t kBatchBytes = 64 * MiB;
constexpr int64_t kSasLife_ns = 4LL * 3600 * 1'000'000'000;
constexpr size_t kDamageNamed = 20;

struct SeedChunk {
  IndexEntry entry;
  bool good = false;
  std::string why;
};

class Ingest {
 public:
  Ingest(AgentRun& run, VaultClient& vault, BackupOutcome& outcome)
      : run_(run), vault_(vault), outcome_(outcome), source_(run), opener_(run.keys) {}

  Status all() {
    TRY(source_.open());
    for (uint32_t number = 1;; number++) {
      const Aib aib = TRY(source_.index(number));
      TRY(blob(aib, blob_name(run_.state.job, number)));
      if (aib.head.complete) break;
      if (number == UINT32_MAX) return fail(ErrorCode::corrupt, "the seed has no end", run_.state.job);
    }
    return report_damage();
  }

  const std::vector<ChunkId>& chunks() const noexcept { return seen_.ids(); }
  const std::vector<ChunkId>& catalog() const noexcept { return catalog_; }

 private:
  Status blob(const Aib& aib, const std::string& name) {
    std::vector<SeedChunk> batch;
    uint64_t batch_bytes = 0;
    for (const IndexEntry& entry : aib.entries) {
      const bool catalog = entry.is(RecordKind::catalog);
      if (!catalog && !entry.is(RecordKind::data)) continue;
      if (catalog) catalog_.push_back(entry.id);
      if (!seen_.insert(entry.id)) continue;  // the vault keeps one record of an id
      outcome_.seed_chunks++;
      outcome_.seed_bytes += entry.length_bytes;
      if (seen_.size() <= run_.state.proven_chunks) {
        resumed_bytes_ += entry.length_bytes;
        continue;
      }
      batch.push_back({.entry = entry, .good = false, .why = {}});
      batch_bytes += entry.length_bytes;
      if (batch.size() < kBatchChunks && batch_bytes < kBatchBytes) continue;
      TRY(take(name, batch));
      batch.clear();
      batch_bytes = 0;
    }
    return batch.empty() ? Status() : take(name, batch);
  }

  // One batch: copied, repaired, proven; then remembered, unless something before it is missing.
  Status take(const std::string& name, std::vector<SeedChunk>& batch) {
    TRY(copy(name, batch));
    if (!all_good(batch)) {
      run_.cloud.forget_storage_key();  // it may have been rotated
      TRY(copy(name, batch));
    }
    TRY(repair(name, batch));
    TRY(prove(name, batch));
    for (const SeedChunk& chunk : batch)
      if (!chunk.good) damage(name, chunk);
    if (damaged_ == 0) {
      run_.state.proven_chunks = seen_.size();
      TRY(run_.save());
      run_.ports.person.progress({.stage = "ingest",
                                  .done_bytes = outcome_.seed_bytes,
                                  .total_bytes = 0,
                                  .elapsed_ns = run_.ports.runtime.now_ns() - begun_ns_,
                                  .resumed_bytes = resumed_bytes_});
    }
    return {};
  }

  static bool all_good(const std::vector<SeedChunk>& batch) {
    return std::ranges::all_of(batch, [](const SeedChunk& chunk) { return chunk.good; });
  }

  Status copy(const std::string& name, std::vector<SeedChunk>& batch) {
    std::vector<VaultCopyRange> ranges;
    std::vector<SeedChunk*> asked;
    for (SeedChunk& chunk : batch) {
      if (chunk.good) continue;
      ranges.push_back(
          {chunk.entry.id, chunk.entry.offset_bytes, chunk.entry.length_bytes, chunk.entry.sha256});
      asked.push_back(&chunk);
    }
    BlobClient* blobs = TRY(run_.cloud.blobs());
    const std::string url =
        blobs->sas_url(run_.state.container, name + ".BaseBlob", run_.ports.runtime.utc_ns() + kSasLife_ns);
    const auto results = TRY(vault_.copy_chunks(run_.policy.name, run_.state.upload, url, ranges));
    if (results.size() != asked.size())
      return fail(ErrorCode::io_error, "the vault answers for other chunks than it was asked",
                  run_.policy.vault_endpoint, "Run again");
    for (size_t i = 0; i < asked.size(); i++) {
      asked[i]->good = results[i].good();
      asked[i]->why = results[i].status == VaultCopyResult::Status::mismatch
                          ? "its bytes in the account are not those that were staged"
                          : "the account does not give it: " + results[i].detail;
    }
    return {};
  }

  // What the account has not got right is sent from the staging location.
  Status repair(const std::string& name, std::vector<SeedChunk>& batch) {
    for (SeedChunk& chunk : batch) {
      if (chunk.good) continue;
      const auto record = TRY(source_.staged_record(name, chunk.entry));
      if (!record) continue;
      run_.tell(NoticeLevel::warning,
                place(name, chunk) + ": " + chunk.why + "; it is sent from the staging location");
      TRY(vault_.put_chunk(run_.policy.name, run_.state.upload, chunk.entry.id, *record));
      chunk.good = true;
      outcome_.repaired_chunks++;
      outcome_.repaired_bytes += record->size();
    }
    return {};
  }

  Status prove(const std::string& name, std::vector<SeedChunk>& batch) {
    std::vector<VaultChunkId> ids;
    std::vector<SeedChunk*> asked;
    for (SeedChunk& chunk : batch) {
      if (!chunk.good) continue;
      ids.push_back(chunk.entry.id);
      asked.push_back(&chunk);
    }
    if (ids.empty()) return {};
    Bytes nonce(16);
    run_.ports.entropy.fill(nonce);
    const auto proofs = TRY(vault_.prove_chunks(run_.policy.name, nonce, ids));
    if (proofs.size() != asked.size())
      return fail(ErrorCode::io_error, "the vault proves other chunks than it was asked",
                  run_.policy.vault_endpoint, "Run again");
    for (size_t i = 0; i < asked.size(); i++) TRY(hold_against(name, *asked[i], nonce, proofs[i]));
    return {};
  }

  Status hold_against(const std::string& name, SeedChunk& chunk, ByteSpan nonce,
                      const std::optional<Sha256>& proof) {
    if (!proof) {
      chunk.good = false;
      chunk.why = "the vault said it has it, and cannot prove it";
      return {};
    }
    const auto record = TRY(source_.staged_record(name, chunk.entry));
    if (!record) return {};  // the vault has checked the index's SHA-256 when it copied
    Digest digest(DigestKind::sha256);
    digest.update(nonce);
    digest.update(*record);
    run_.ports.runtime.spend(Work::hash_sha256, record->size());
    const Bytes expected = digest.snapshot();
    if (std::ranges::equal(expected, *proof)) return {};
    // The same content may have come before under another seal: then it opens and has this id.
    const Bytes kept = TRY(vault_.get_chunk(run_.policy.name, chunk.entry.id));
    const auto opened = opener_.open(kept, place(name, chunk));
    if (opened && opened->head.id == chunk.entry.id) return {};
    chunk.good = false;
    chunk.why = "the vault's copy of it is damaged";
    return {};
  }

  static std::string place(const std::string& name, const SeedChunk& chunk) {
    return fmt::format("{}.BaseBlob bytes {} to {}", name, chunk.entry.offset_bytes,
                       chunk.entry.offset_bytes + chunk.entry.length_bytes - 1);
  }
  void damage(const std::string& name, const SeedChunk& chunk) {
    damaged_++;
    damaged_bytes_ += chunk.entry.length_bytes;
    if (named_.size() == kDamageNamed) return;
    named_.push_back(place(name, chunk) + ": " + chunk.why);
    run_.tell(NoticeLevel::error, named_.back());
  }

  Status report_damage() {
    if (damaged_ == 0) return {};
    return fail(
        ErrorCode::corrupt,
        fmt::format("{} of the seed's chunks ({}) did not arrive as they were staged, and the staging "
                    "location no longer has them; nothing of them has entered the vault. The first: {}",
                    damaged_, human_bytes(damaged_bytes_), named_.front()),
        fmt::format("{}/{}", run_.policy.blob_endpoint, run_.state.container),
        fmt::format("Put the staging location {} back and run again, or import the blob anew",
                    run_.policy.staging));
  }

  AgentRun& run_;
  VaultClient& vault_;
  BackupOutcome& outcome_;
  SeedSource source_;
  Opener opener_;
  ChunkSet seen_;
  std::vector<ChunkId> catalog_;
  uint64_t damaged_ = 0, damaged_bytes_ = 0, resumed_bytes_ = 0;
  std::vector<std::string> named_;
  uint64_t begun_ns_ = run_.ports.runtime.now_ns();
};

}  // namespace

Status ingest_seed(AgentRun& run, BackupOutcome& outcome) {
  VaultClient* vault = TRY(run.cloud.vault());
  if (run.state.phase == SeedPhase::waiting) {
    run.state.phase = SeedPhase::ingesting;
    run.state.proven_chunks = 0;
    TRY(run.save());
  }
  TRY(begin_upload(run));
  TRY(put_item(run, *vault));
  TRY(vault->open_upload(run.state.upload, run.policy.name));
  for (int attempt = 0;; attempt++) {
    const BackupOutcome before = outcome;
    Ingest ingest(run, *vault, outcome);
    TRY(ingest.all());
    const VaultPoint point{.id = run.state.point,
                           .created_utc = iso_date(run.state.point_utc_ns),
                           .kind = "seed",
                           .catalog = ingest.catalog(),
                           .chunks_digest = {}};
    const VaultPutPoint put =
        TRY(vault->put_point(run.policy.name, run.state.upload, point, ingest.chunks()));
    if (put.outcome != VaultPutPoint::Outcome::chunks_missing) break;
    // What was proven is gone again: the vault was set back, or an upload was lost. Once more from the start.
    if (attempt == 1)
      return fail(ErrorCode::io_error, "the vault loses chunks of the seed that it has proven",
                  run.policy.vault_endpoint, "Look after the vault, then run again");
    outcome = before;
    run.state.proven_chunks = 0;
    TRY(run.save());
  }
  if (outcome.repaired_chunks > 0)
    run.tell(NoticeLevel::warning,
             fmt::format("{} of {} chunks ({}) were sent from the staging location over the network",
                         outcome.repaired_chunks, outcome.seed_chunks, human_bytes(outcome.repaired_bytes)));
  run.state.phase = SeedPhase::seeded;
  run.state.seed_points++;
  TRY(end_upload(run, *vault));
  outcome.point = run.state.last_point;
  run.tell(
      NoticeLevel::info,
      fmt::format("The seed is in the vault: {} chunks ({}), recovery point {}. The blobs in the container "
                  "{} and the files of {} in the staging location may be deleted",
                  outcome.seed_chunks, human_bytes(outcome.seed_bytes), run.state.last_point,
                  run.state.container, run.state.job));
  return {};
}

}  // namespace seedbed
