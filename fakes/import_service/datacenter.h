// The data centre: unlocks the drives in its bay from their bytes alone, checks the manifest against the job
// and every page range and block against its MD5, and puts them into the storage account. Logs and statuses
// as the Import/Export service documents them.
//
// It keeps no state: what is there already is asked (the job book, the account's page ranges, import ids), so
// it may be killed anywhere and starts again, redoing at most one batch. Blobs it made itself are never
// renamed, wiped or doubled. Used by one task; the ports and the bay outlive it.
#pragma once

#include "engine/ports/http.h"
#include "engine/ports/runtime.h"
#include "fakes/import_service/bay.h"
#include "fakes/reference/fve_keys.h"

namespace seedbed {

struct DatacenterOptions {
  std::string internal_token;
  std::string origin;  // of the services: "http://127.0.0.1:10000"; accounts lie at origin/{account}
  uint64_t batch_bytes = 4 * MiB;      // read and checked at a time
  uint64_t progress_bytes = 64 * MiB;  // between two reports
  reference::StretchMemo* memo = nullptr;
  unsigned tries_max = 5;          // of a request that may be repeated
  uint64_t wait_ns = 500'000'000;  // after the first failed try; doubles
};

class Datacenter {
 public:
  // What a round did, in numbers and in one line per drive.
  struct Round {
    unsigned drives_finished = 0, drives_interrupted = 0;
    uint64_t bytes_put = 0, bytes_found = 0;  // sent, and already there from an earlier round
    std::vector<std::string> lines;
  };
  Datacenter(Runtime& runtime, HttpTransport& inside, Bay& bay, DatacenterOptions options)
      : runtime_(runtime), inside_(inside), bay_(bay), options_(std::move(options)) {}
  // One round: every drive in the bay that a job waits for is imported, from wherever an earlier, killed
  // round left it. A drive that the account or the dock could not be reached for is interrupted: the next
  // round goes on. An error: the work could not be asked for.
  Result<Round> run_round();

 private:
  Runtime& runtime_;
  HttpTransport& inside_;
  Bay& bay_;
  DatacenterOptions options_;
};

}  // namespace seedbed
