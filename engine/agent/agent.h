// The backup agent: what one scheduled run does, from the initial copy into the staging location over the
// import to increments, and the way back out of the vault. It meets the world through its ports only.
//
// Called by the main task of one process; a run takes the state directory's lock (busy otherwise). Killed
// anywhere, the same call goes on from what is durable: every remote effect is preceded by a durable intent,
// and every put may be repeated. What a return means for durability is said at each function.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/agent/policy.h"
#include "engine/base/log.h"
#include "engine/cloud/vault_client.h"
#include "engine/ports/entropy.h"
#include "engine/ports/operator.h"
#include "engine/staging/chunk_keys.h"
#include "engine/staging/restorer.h"

namespace seedbed {

struct AgentPorts {
  Runtime& runtime;
  FileStore& files;
  Entropy& entropy;
  Operator& person;
  HttpTransport& http;
  Logger log = {};
  RetryPolicy retry = {};
  std::string computer = "";  // this computer's name, as staging and vault shall know it
  PassphraseStretcher* stretcher = nullptr;
};

inline constexpr const char* kWaitingText =
    "Waiting for Azure Import Job to complete. Please check on Azure Management portal for more information "
    "on job status";

struct BackupOptions {
  // Take what an import that ended with errors has left in the account, and send the rest from the staging
  // location over the network.
  bool accept_import_errors = false;
};

struct BackupOutcome {
  enum class Kind : uint8_t { staged, waiting, ingested_and_incremented, incremented };
  Kind kind = Kind::staged;
  std::string status_text;  // for people: what is done and what comes next
  std::string job_state;    // waiting: as the service tells it, "" when there is no job yet
  std::string point;        // the newest recovery point

  uint64_t source_bytes = 0, staged_bytes = 0, blobs = 0;  // staged
  // The seed, when this run took it: chunks that came from the account, and that staging had to send.
  uint64_t seed_chunks = 0, seed_bytes = 0, repaired_chunks = 0, repaired_bytes = 0;
  // The increment.
  uint64_t files = 0, read_bytes = 0, sent_chunks = 0, sent_bytes = 0;
};

// One scheduled run. staged: the staging location holds the whole copy, durably. waiting: nothing was
// changed. What could not be read is told to the person by name (event "warning": path, what) before anything
// durable says that the step is done, so that a kill between the two tells it twice, and never not at all.
// Else the recovery point `point` is committed in the vault. Errors: refused (the policy or the passphrase
// does not fit what was begun; not registered), corrupt (data found damaged: blob and range are named;
// nothing of it has entered the vault), io_error and others: run it again.
Result<BackupOutcome> run_backup(AgentPorts& ports, const Policy& policy, const BackupOptions& options = {});

struct RestoreRequest {
  std::string point = "latest";            // the last one committed; or a recovery point's id
  std::string to = {};                     // directory; what was /srv/data/x becomes TO/srv/data/x
  std::vector<std::string> includes = {};  // globs over paths as they were; none: everything
  std::string strip_prefix = {};           // leading part of those paths that is left out
  bool owner = false;                      // set owner and group as well
};
struct RestoreOutcome {
  std::string point;
  RestoreReport report;
  uint64_t fetched_chunks = 0;
};
// Every chunk is verified before a byte of it is written; files get their names when they are whole and
// durable. Killed anywhere, the same call goes on. refused: the passphrase is wrong; the target holds
// something else than an earlier try of the same.
Result<RestoreOutcome> run_restore(AgentPorts& ports, const Policy& policy, const RestoreRequest& request);

// In the order in which the vault committed them; what clocks said of them may be otherwise.
Result<std::vector<VaultPoint>> list_points(AgentPorts& ports, const Policy& policy);

// Binds this computer to a vault: the credentials are checked, tried against the vault when `policy` tells
// where it is, and kept in the state directory (0600), durably.
Status register_computer(AgentPorts& ports, const std::string& credentials_path,
                         const std::string& state_path, const Policy* policy);

struct Prerequisite {
  std::string name, detail;
  bool ok = false;
  std::string remedy;  // when it is not
};
// Everything a run needs, each looked at by itself; changes nothing but may make the state directory.
Result<std::vector<Prerequisite>> check_policy(AgentPorts& ports, const Policy& policy);

}  // namespace seedbed
