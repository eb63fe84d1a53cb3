// A world: one computer with a disk, the drives in its slots, and what the operator was promised so far. A
// value: a copy is another world that goes its own way, made in microseconds because bytes are shared until
// written. Nothing runs in it; world_boot.h boots the computer for one command.
//
//   /source   what is to be backed up            /desk       the journal and its side files
//   /elsewhere  what nobody may touch            "bystander" a drive that nobody chose
//
// A world and its copies belong to one thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/prep/drive_history.h"
#include "scenarios/defect_memory.h"
#include "scenarios/planted_defect.h"
#include "scenarios/scenario.h"
#include "scenarios/world_chain.h"
#include "simulator/drive_state.h"
#include "simulator/file_tree.h"

namespace seedbed {

// What the operator was told, and so may rely on.
struct Promises {
  std::string drive, session;  // that the rest is about
  uint64_t durable_bytes = 0;  // of the copy stage
  bool completed = false;      // "the copy session is complete"
  std::string manifest_hash;   // said with it
};

// What drives and the staging location were made to do; what a redo bound is held against.
struct DriveWork {
  uint64_t build_bytes = 0, most_build_bytes = 0;  // in all; in the boot that wrote most
  uint64_t data_bytes = 0;
  uint64_t written_bytes = 0;  // of every phase
  uint64_t staged_bytes = 0;   // into base blobs
  uint64_t interruptions = 0;  // boots that did not end by themselves in success
};

struct World {
  // Everything durable. Errors (internal): a source that cannot be planted.
  static Result<World> make(std::shared_ptr<const Scenario> scenario, uint64_t seed);

  // What stands in the slot; of a scenario's drive that stands elsewhere now: that drive.
  DriveState& drive_in(const std::string& slot) { return drives.at(index_of(slot)); }
  const DriveState& drive_in(const std::string& slot) const { return drives.at(index_of(slot)); }
  size_t index_of(const std::string& slot) const;
  size_t spec_of(const std::string& drive) const;  // which of the scenario's drives bears that name
  // Where a scenario's drive stands; its own slot when it stands nowhere.
  std::string slot_of(const std::string& drive) const;
  // Of a drive by its name: "/desk/NAME.jrn", or what disk preparation calls it, after job and serial number.
  std::string journal_path(const std::string& drive) const;
  // corrupt when it is larger.
  Result<Bytes> file(const std::string& path, uint64_t bound_bytes = 4 * MiB) const;
  // Chain: the disk when the staging location was said to be whole; before that, the disk as it is.
  const FileTree& as_staged() const { return chain->staged_files ? *chain->staged_files : files; }
  // What a drive's journal says; not_found when there is none.
  Result<DriveHistory> history(const std::string& drive) const;
  // How far the session of the running command is: start, intent, build, metadata, data, finalising, proof,
  // closing, done, undo.
  static std::string phase_of(const DriveHistory& history);
  // The words of a command as the operator types it now.
  std::vector<std::string> words_of(const CommandSpec& command) const;
  const std::string& account_key() const noexcept { return account_key_; }

  // What a next boot can see and lose: equal numbers, equal futures (of the same command). FileTimes::source
  // leaves out when the engine's own files were written, which it never asks.
  enum class FileTimes : uint8_t { all, source };
  uint64_t hash(FileTimes times = FileTimes::all) const;

  std::shared_ptr<const Scenario> scenario;
  uint64_t seed = 0;
  std::deque<DriveState> drives;        // stable places: a boot holds on to them
  std::map<std::string, size_t> slots;  // slot → drive; a slot may be empty
  FileTree files;
  FaultPlan faults;
  std::string phase = "start";
  std::map<std::string, Extent> first_data;  // by serial: the first write of the data phase
  Promises promises;
  DriveWork work;
  size_t command = 0;          // the scenario's command that is next, or under way
  bool interrupted = false;    // it was begun before
  uint64_t boots = 0;          // so far
  uint64_t elapsed_ns = 0;     // virtual time before the next boot
  int64_t clock_shift_ns = 0;  // by which the computer's wall clock is wrong
  uint64_t events = 0;         // logged before the next boot
  // Remembers a file of the source before something befalls it, and puts all such files back as they were.
  Status remember_source(const std::string& path);
  void restore_sources();
  struct SourceWas {
    Bytes content;
    int64_t modified_ns = 0, directory_modified_ns = 0;
  };
  std::map<std::string, SourceWas> changed_sources;
  std::set<std::string> rotten;                 // files that decayed at rest
  std::optional<ChainWorld> chain;              // when the scenario is of the whole chain
  std::shared_ptr<const PlantedDefect> defect;  // selftests' alone; null: the ports are right
  DefectMemory defect_memory;
  uint64_t source_hash = 0, elsewhere_hash = 0, bystander_hash = 0;  // as they must stay

 private:
  std::string account_key_;
};

// What is shared by all worlds of a process, because it is pure and slow: formatted volumes and stretched
// keys.
KeyStretcher& shared_stretcher();
Formatter& shared_formatter();

}  // namespace seedbed
