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
struct DriveSpec {
  std::string name = "drive";  // what /t says
  uint64_t capacity_bytes = 48 * MiB;
  SectorKind sectors = SectorKind::e512;
  bool volatile_cache = true;
  bool power_loss_protected = false;
};

enum class CommandAction : uint8_t {
  prepare,
  resume,
  abort,
  // of the whole chain:
  backup,         // source computer: one scheduled run of the agent
  diskprep,       // copy computer: prepares the drives and creates the job
  ship,           // copy computer: tells the job carrier and tracking number
  deliver,        // the carrier puts the drives into the data centre's bay
  import,         // data centre: imports what stands in the bay
  send_back,      // data centre: the drives leave again
  restore,        // source computer: the newest point into /restored
  edit,           // nobody's machine: files of the source change, come and go
  wait,           // nobody's machine: time passes
  rotate_key,     // the account gets another first key
  drop_staging,   // somebody empties the staging location
  drop_container  // somebody deletes the container in the account
};
// Whether the command belongs to the whole chain.
constexpr bool of_the_chain(CommandAction action) noexcept {
  return action >= CommandAction::backup;
}
// What the operator types, or does.
struct CommandSpec {
  CommandAction action = CommandAction::prepare;
  std::string session = "session-1";
  std::string drive = "drive";
  std::string source = "/source";
  std::string destination = "box/tree/";
  bool page_blobs = false;
  std::vector<std::string> drives = {};  // deliver: what is in the box; empty: what was prepared
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
};

enum class AfterInterruption : uint8_t {
  same_command,  // types the same again
  resume,        // the short form with /ResumeSession
  abort,         // gives up: /AbortSession
};
struct OperatorSpec {
  AfterInterruption after_interruption = AfterInterruption::same_command;
  // After a refusal: whether what can be put right is put right (the right drive, the old source, space) and
  // the work must then complete. The verdict stays "refused".
  bool heals_refusals = false;
  uint64_t boots_max = 12;  // more is stuck
};

struct ExpectSpec {
  Verdict verdict = Verdict::survived;
  std::string refusal;  // must be part of the refusal's message
};

struct Scenario {
  std::string file, name, proves;
  std::vector<ScenarioEdit> edits;  // made to what the file says
  std::vector<std::string> tags;
  uint64_t seed = 1;
  SourceSpec source;
  ComputerSpec computer;
  std::vector<DriveSpec> drives = {DriveSpec{}};
  std::vector<CommandSpec> commands = {CommandSpec{}};
  OperatorSpec operator_;
  std::vector<PlannedFault> faults;
  ExpectSpec expect;
  std::optional<ChainSpec> chain;
  uint64_t virtual_s_max = 24 * 3600;
  std::string not_applicable;  // why this rung cannot run it; "": it can
};

std::string_view sector_kind_name(SectorKind kind) noexcept;  // "512n", "512e", "4Kn", "any"

}  // namespace seedbed
