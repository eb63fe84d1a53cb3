// What a world of the whole chain has beside the computer and its drives: the services' machine with its
// disk, the data centre's bay, and what was said on the way. A value, part of World.
//
//   /source        what is backed up        /policy.toml, /passphrase, /token, /vault.VaultCredentials
//   /staging       the staging location     /agent      the agent's own directory
//   /desk          journals of the drives   /restored   where a restore goes
//
// Source computer and copy computer share one disk array: a power cut of either takes what neither had
// synced. The services' machine has its own.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/secret.h"
#include "scenarios/scenario.h"
#include "simulator/event_log.h"
#include "simulator/file_tree.h"

namespace seedbed {

inline constexpr const char* kOrigin = "http://127.0.0.1:10000";
inline constexpr const char* kAccount = "devstoreaccount1";
inline constexpr const char* kSubscription = "7f3d1c52-0b5e-4c1e-9d3a-2f6f0a8b5c11";
inline constexpr const char* kResourceGroup = "seeding";
inline constexpr const char* kVault = "vault-1";
inline constexpr const char* kJob = "seed-1";
inline constexpr const char* kServiceDirectory = "/azure";
inline constexpr const char* kCarrier = "FedEx";
inline constexpr const char* kTracking = "794600000001";
inline constexpr const char* kStrangersTracking = "794600000002";

struct ChainWorld {
  FileTree services;             // the disk of the services' machine
  std::vector<std::string> bay;  // slots: drives that stand in the data centre
  std::string passphrase, token;
  uint64_t service_boots = 0;
  bool services_answer = false;  // they have opened their state, in this life
  uint64_t edits = 0;

  // What was said, and so must be there.
  bool staged = false;                           // "the staging location holds the whole copy"
  std::shared_ptr<const FileTree> staged_files;  // the disk when that was said
  std::set<std::string> told_unread;             // what could not be read, as was said before
  bool job_created = false;                      // diskprep came to its end
  bool seed_ingested = false;
  std::string point;                          // the newest recovery point that was told
  std::shared_ptr<const FileTree> backed_up;  // the disk when that backup ended
  bool restored = false;
  bool staging_dropped = false;

  // How the job stands, as the service last told anybody, and what befell it.
  std::string job_state;     // "": there is none
  uint64_t job_made_ns = 0;  // of elapsed time: when diskprep came to its end
  bool job_shipped = false;  // and had a tracking number
  bool job_removed = false;  // somebody deleted it
  bool job_edited = false, job_cancelled = false;
  bool token_expired = false, account_refuses = false;  // until somebody puts it right
  std::set<std::string> lost;                           // drives that are in no box

  // What a request meets on its way, by these.
  HttpTrouble trouble_of(const std::string& request) const;
  // Whether the job may be gone by the service's own rules, or was removed.
  bool job_may_be_gone(uint64_t elapsed_ns) const;

  // What was seen.
  std::set<std::string> sent_chunks;  // ids that went over the network into the vault
  uint64_t sent_chunk_bytes = 0;
};

// The chain's files on a fresh disk, and the policy that names them.
Status plant_chain(FileTree& files, ChainWorld& chain, const Scenario& scenario, uint64_t seed);

}  // namespace seedbed
