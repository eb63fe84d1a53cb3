// Staging: the first backup of a source tree, written as base blobs and their AIBs into a staging location
// (`<job>_001.BaseBlob`, `<job>_001.AIBBlob`, _002 …), from nothing or from wherever a killed run left it.
// Several jobs may share a location.
//
// stage() is called by the session's main task, which alone talks to the operator and draws entropy; it
// spawns a reader and workers and has joined them when it returns. When it returns a report, every blob,
// every AIB and their names are durable. The progress it tells is durable too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/log.h"
#include "engine/ports/entropy.h"
#include "engine/ports/file_store.h"
#include "engine/ports/operator.h"
#include "engine/ports/runtime.h"
#include "engine/staging/aib.h"
#include "engine/staging/catalog.h"
#include "engine/staging/chunk_stream.h"
#include "engine/staging/source_tree.h"

namespace seedbed {

struct BlobSummary {
  std::string name;  // without the ending: "job1_001"
  uint64_t base_bytes = 0, aib_bytes = 0, chunks = 0;
};

struct StagingJob {
  SeedInputs inputs;
  KdfSpec kdf;
  Bytes key_check;
  std::vector<BlobSummary> blobs;  // by number
  bool complete = false;
  uint64_t source_bytes = 0;
};

std::string blob_name(const std::string& job, uint32_t number);  // "job1_001"
std::string base_blob_path(const std::string& staging_path, const std::string& name);
std::string aib_path(const std::string& staging_path, const std::string& name);

// From the heads of the AIBs alone: no keys needed. An AIB that cannot be read fails it, with the file's
// name.
Result<std::vector<StagingJob>> find_staging_jobs(FileStore& files, const std::string& staging_path);
// That one; nothing when it is not there. Damaged files of other jobs do not matter.
Result<std::optional<StagingJob>> find_staging_job(FileStore& files, const std::string& staging_path,
                                                   const std::string& job);

struct StagePorts {
  Runtime& runtime;
  FileStore& source;
  FileStore& staging;
  Entropy& entropy;
  Operator& person;
};

struct StageOptions {
  double assume_ratio = 0;  // compressed / plain, for the free-space rule; 0: the document's rule
  uint64_t blob_bytes_max = 512 * GiB;
  uint64_t batch_bytes = 64 * MiB;  // the most that a resume reads again
  ChunkSizes chunks;
  int compression_level = kCompressionLevel;
  Logger log;
};

struct StageRequest {
  SourceSelection source;
  std::string staging_path;  // an existing directory
  SeedInputs inputs;
  KdfSpec kdf;  // of the job that stands there (find_staging_job), or new with a fresh salt
};

struct StageReport {
  bool already_complete = false;  // nothing was left to do
  bool resumed = false;
  uint64_t files = 0, directories = 0, symlinks = 0, hard_links = 0;  // in the catalog
  uint64_t source_bytes = 0;                                          // of the files in the catalog
  uint64_t read_bytes = 0;                                            // by this run
  uint64_t chunks = 0;                                                // written by this run
  uint64_t duplicate_bytes = 0, zero_bytes = 0;                       // that needed no chunk, this run
  uint64_t base_bytes = 0;                                            // of all base blobs
  std::vector<BlobSummary> blobs;
  std::vector<SourceProblem> problems;  // could not be read: not in the backup
  std::vector<std::string> changed;     // catalog paths recorded as read while they changed
  StreamTimes times;
};

// Errors (all leave what is staged for the next run): out_of_space, before anything is written, with figures;
// permission_denied: the job there was staged under another passphrase; already_exists: another backup has
// this job's name; corrupt: what stands there is damaged below its durable mark; refused.
Result<StageReport> stage(StagePorts ports, const StageRequest& request, const ChunkKeys& keys,
                          const StageOptions& options);

// Every record of every blob against its AIB, read anew: rot is found before it is shipped.
struct StagingDamage {
  std::string file;
  uint64_t offset_bytes = 0, length_bytes = 0;
  std::string what;
};
struct StagingCheck {
  uint64_t records = 0, bytes = 0;
  std::vector<StagingDamage> damage;  // empty: sound
};
Result<StagingCheck> check_staging(Runtime& runtime, FileStore& files, const std::string& staging_path,
                                   const std::string& job);

// The AIB of a base blob, made from the blob alone (keys are needed to tell the last record from a torn one).
Result<Aib> rebuild_aib(FileStore& files, const std::string& base_path, const ChunkKeys& keys);

// The catalog of a complete job, read from its blobs.
Result<Catalog> read_staged_catalog(FileStore& files, const std::string& staging_path, const StagingJob& job,
                                    const ChunkKeys& keys);

}  // namespace seedbed
