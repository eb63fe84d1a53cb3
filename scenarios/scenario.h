// A scenario: one world, what is done in it, what befalls it, and what must come of it. Values, made from a
// TOML file (scenario_file.h) or by tests. [docs/formats/scenario.md]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "reports/run_record.h"
#include "scenarios/scenario_edits.h"
#include "simulator/fault_plan.h"

namespace seedbed {

struct SourceFile {
  std::string path;  // under the source directory
  uint64_t size_bytes = 0;
};

// The source tree of the world: /source.
struct SourceSpec {
  bool usual = true;  // the odd little tree: empty, one byte, several ranges, names NTFS cannot hold
  bool unreadable_name = false;           // besides: a file whose name is no UTF-8
  std::vector<SourceFile> files;          // besides
  uint64_t random_files = 0;              // besides: so many, sizes and names by the seed
  uint64_t random_bytes_max = 256 * KiB;  // of each
};

// The computer that prepares the drives. Its journal lies in /desk.
struct ComputerSpec {
  unsigned workers = 2;
  uint32_t chunk_bytes = 64 * KiB;
  uint64_t queue_bytes = 128 * KiB;
  uint64_t checkpoint_bytes = 128 * KiB;
  uint64_t redo_bytes = 256 * KiB;
  uint64_t buffer_bytes = 1 * MiB;
  bool proof = true;
};

enum class SectorKind : uint8_t { n512, e512, n4k, any };  // any: by the seed
// Why a drive must not be written, or cannot be.
enum class DriveFlaw : uint8_t {
  none,
  in_use,           // a file system of it is mounted
  no_serial,        // it tells no serial number
  holds_source,     // the source lies on it
  another_session,  // a copy session of another computer is unfinished on it
  file_system,      // it holds somebody's files: no reason against it, but to be asked about
};
struct DriveSpec {
  std::string name = "drive";  // what /t says
  uint64_t capacity_bytes = 48 * MiB;
  SectorKind sectors = SectorKind::e512;
  bool volatile_cache = true;
  bool power_loss_protected = false;
  uint64_t real_capacity_bytes =
      0;  // smaller than it says: what is written beyond is forgotten; 0: it is not
  DriveFlaw flaw = DriveFlaw::none;
};

enum class CommandAction : uint8_t {
  prepare,
  resume,
  abort,
  // of the whole chain:
  backup,          // source computer: one scheduled run of the agent
  diskprep,        // copy computer: prepares the drives and creates the job
  ship,            // copy computer: tells the job carrier and tracking number
  deliver,         // the carrier puts the drives into the data centre's bay
  import,          // data centre: imports what stands in the bay
  send_back,       // data centre: the drives leave again
  restore,         // source computer: the newest point into /restored
  edit,            // nobody's machine: files of the source change, come and go
  wait,            // nobody's machine: time passes
  rotate_key,      // the account gets another first key
  drop_staging,    // somebody empties the staging location
  drop_container,  // somebody deletes the container in the account
  cancel_job,      // somebody cancels the import job
  delete_job,      // somebody deletes it
  edit_job,        // somebody spoils what the job says of its drives
  take_name,       // another job takes the name of this one's
  stranger_job,    // a stranger's job is on its way, with a tracking number
  renew_token,     // another bearer token is issued, and lies where the engine looks for it
  allow_writes,    // the account takes writes again
};
// Whether the command belongs to the whole chain.
constexpr bool of_the_chain(CommandAction action) noexcept {
  return action >= CommandAction::backup;
}
// What edit_job puts wrong.
enum class JobEdit : uint8_t { key, manifest_file, manifest_hash, drive_id };
// What the operator types, or does.
struct CommandSpec {
  CommandAction action = CommandAction::prepare;
  std::string session = "session-1";
  std::string drive = "drive";
  std::string source = "/source";
  std::string destination = "box/tree/";
  bool page_blobs = false;
  std::string letter = {};               // typed at first instead of where the drive stands
  std::vector<std::string> drives = {};  // deliver: what is in the box; empty: what was prepared
  std::string tracking = {};             // deliver, stranger_job: the number on the label; "": the usual one
  JobEdit edit = JobEdit::key;           // edit_job
  uint64_t wait_s = 0;                   // wait
  bool accept_import_errors = false;     // backup
};

// The whole chain beside the drives: staging, services, data centre, vault. Present when a scenario has
// [chain].
struct ChainSpec {
  bool two_computers = false;           // the copy computer is not the source computer
  uint64_t blob_bytes_max = 512 * MiB;  // of a base blob
  uint64_t chunk_bytes = 8 * KiB;       // on average
  uint64_t batch_bytes = 256 * KiB;     // staged between two durable marks
  std::string container = "seeds";      // in the account
};

enum class AfterInterruption : uint8_t {
  same_command,  // types the same again
  resume,        // the short form with /ResumeSession
  abort,         // gives up: /AbortSession
};
// How the question whether a drive may be formatted is answered.
enum class Formatting : uint8_t {
  silent,  // it is not asked: /silentmode, --yes
  yes,
  no,
  reads,  // yes if it names the drive that was meant
};
struct OperatorSpec {
  AfterInterruption after_interruption = AfterInterruption::same_command;
  // After a refusal: whether what can be put right is put right (the right drive, the old source, space) and
  // the work must then complete. The verdict stays "refused".
  bool heals_refusals = false;
  uint64_t boots_max = 12;  // more is stuck
  Formatting formatting = Formatting::silent;
  // The drives that diskprep is given; empty: all. Who can be asked (formatting other than silent) names the
  // others when more are needed.
  std::vector<std::string> offers = {};
};

struct ExpectSpec {
  Verdict verdict = Verdict::survived;
  std::string refusal;      // must be part of the refusal's message
  bool or_refused = false;  // a refusal with a cause will do as well
};

// Scenarios that are drawn from their seed (swarm.h).
enum class SwarmKind : uint8_t { drive, chain, services };

struct Scenario {
  std::string file, name, proves;
  std::vector<ScenarioEdit> edits;  // made to what the file says
  std::vector<std::string> tags;
  std::vector<std::string> requirements;  // "R-STAGE-1": what of docs/requirements.md it shows
  uint64_t seed = 1;
  SourceSpec source;
  ComputerSpec computer;
  std::vector<DriveSpec> drives = {DriveSpec{}};
  std::vector<CommandSpec> commands = {CommandSpec{}};
  OperatorSpec operator_;
  std::vector<PlannedFault> faults;
  ExpectSpec expect;
  std::optional<ChainSpec> chain;
  std::optional<SwarmKind> swarm;  // the world is drawn from the seed, and its faults may stay silent
  uint64_t virtual_s_max = 24 * 3600;
  std::string not_applicable;  // why this rung cannot run it; "": it can
};

std::string_view sector_kind_name(SectorKind kind) noexcept;  // "512n", "512e", "4Kn", "any"

}  // namespace seedbed
