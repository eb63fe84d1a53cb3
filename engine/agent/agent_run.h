// What the parts of one run of the agent share: ports, policy, the state they move on, the clients, the keys.
// Owned by run_backup; one task.
#pragma once

#include "engine/agent/agent.h"
#include "engine/agent/agent_state.h"
#include "engine/agent/cloud.h"
#include "engine/staging/chunk_tree.h"
#include "engine/staging/staging_area.h"

namespace seedbed {

struct AgentRun {
  AgentPorts& ports;
  const Policy& policy;
  const BackupOptions& options;
  StateDirectory& directory;
  AgentState& state;
  Cloud& cloud;
  ChunkKeys& keys;

  Status save() const { return directory.save(state); }
  void tell(NoticeLevel level, const std::string& text) const {
    ports.person.notice(level, text);
    ports.log.write(level == NoticeLevel::info ? LogLevel::info : LogLevel::warning, text);
  }
  void warn_of(const std::string& path, const std::string& what) const {
    ports.person.event("warning", {{"path", path}, {"what", what}});
    tell(NoticeLevel::warning, path + ": " + what);
  }
  // Each by name; before the step is durably done.
  void warn_of(const std::vector<SourceProblem>& problems, const std::vector<std::string>& changed) const {
    for (const SourceProblem& problem : problems) warn_of(problem.path, problem.what);
    for (const std::string& path : changed)
      warn_of(path, "it changed while it was read; kept as it was last read");
  }
};

// The first line of the passphrase file. refused when it is absent or empty.
Result<SecretBytes> read_passphrase(FileStore& files, const std::string& path);
// The keys; refused when key_check (unless empty) says that the passphrase was another one.
Result<ChunkKeys> keys_from_passphrase(AgentPorts& ports, const Policy& policy, const KdfSpec& kdf,
                                       ByteSpan key_check, const std::string& where);

// The item as the vault shall know it, from the state; and that the vault agrees.
Status put_item(AgentRun& run, VaultClient& vault);
// An upload and a recovery point to be made under it, drawn and saved before anything is sent. One that is
// under way already stays.
Status begin_upload(AgentRun& run);
// The point of the upload under way is committed: remembered, then the upload is closed.
Status end_upload(AgentRun& run, VaultClient& vault);

// The steps of a run.
Result<BackupOutcome> initial_backup(AgentRun& run);
// Nothing: the import is complete. Else why the run ends here.
Result<std::optional<BackupOutcome>> watch_import(AgentRun& run);
Status ingest_seed(AgentRun& run, BackupOutcome& outcome);
Status back_up_increment(AgentRun& run, BackupOutcome& outcome);

// What both backups leave out: the staging location and the state directory.
SourceSelection selection_of(const Policy& policy);
StreamOptions stream_options_of(const Policy& policy);

}  // namespace seedbed
