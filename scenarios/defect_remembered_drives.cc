// Planted defects at the BlockDevice port: who works on the drive goes by what he remembers of it, not by
// what it holds.
#include "scenarios/defect_drives.h"

namespace seedbed {

namespace {

using How = DefectTrial::How;

// Keeps what was ever written, beside the drive, and answers reads from there when `when` says so.
class Remembering : public DefectiveDrive {
 public:
  using When = bool (*)(const World& world);
  Remembering(std::unique_ptr<BlockDevice> below, const DefectSite& site, const PlantedDefect& defect,
              When when)
      : DefectiveDrive(std::move(below), site, defect), when_(when) {}

 protected:
  bool swallow(IoRequest& request, AlignedBuffer&) override {
    if (request.kind == IoKind::write)
      memory().write(request.offset_bytes, {request.data, request.length_bytes});
    if (request.kind == IoKind::discard) memory().discard({request.offset_bytes, request.length_bytes});
    return false;
  }
  void came_back(const IoRequest& request, Status& outcome) override {
    if (request.kind != IoKind::read || !when_(world())) return;
    memory().read(request.offset_bytes, {request.data, request.length_bytes});
    outcome = {};
    acts();
  }
  Medium& memory() {
    return world().defect_memory.media.try_emplace(serial(), contract().capacity_bytes).first->second;
  }

 private:
  When when_;
};

// The second session's manifest never takes the first one's place; who wrote it believes it did.
class OldManifest final : public Remembering {
 public:
  OldManifest(std::unique_ptr<BlockDevice> below, const DefectSite& site, const PlantedDefect& defect)
      : Remembering(std::move(below), site, defect, [](const World& world) { return late(world); }) {}

 protected:
  bool swallow(IoRequest& request, AlignedBuffer& spare) override {
    (void)Remembering::swallow(request, spare);
    if (request.kind != IoKind::write || world().command == 0 || phase() != "finalising") return false;
    acts();
    return true;
  }

 private:
  static bool late(const World& world) {
    return world.command > 0 &&
           (world.phase == "finalising" || world.phase == "proof" || world.phase == "closing");
  }
};

// A set of metadata that was prepared when the run died is taken for applied.
class RedoNotReplayed final : public DefectiveDrive {
 public:
  RedoNotReplayed(std::unique_ptr<BlockDevice> below, const DefectSite& site, const PlantedDefect& defect)
      : DefectiveDrive(std::move(below), site, defect) {
    const auto history = world().history(world().scenario->commands[world().command].drive);
    const SessionHistory* session = history ? history->open_session() : nullptr;
    prepared_ = session != nullptr && session->files_set.state == SetState::prepared;
  }

 protected:
  bool swallow(IoRequest& request, AlignedBuffer&) override {
    if (request.kind != IoKind::write || phase() != "metadata") return false;
    acts();  // from here on it could
    return prepared_;
  }

 private:
  bool prepared_ = false;
};

}  // namespace

std::vector<PlantedCase> remembered_drive_cases() {
  const char* const port = "BlockDevice";
  const auto run = [](const char* scenario) { return DefectTrial{How::run, scenario}; };
  const Remembering::When resumed = [](const World& world) { return world.boots > 1; };
  const Remembering::When proof = [](const World& world) { return world.phase == "proof"; };
  return {
      {"resume-trusts-what-was-written",
       port,
       "a resumed session is shown what was once written instead of what the drive holds",
       {run("suites/core/lying-flush-with-damage.toml")},
       {{Verdict::lost, 2}, {Verdict::silently_wrong, 3}},
       1,
       true,
       at_drive<Remembering>("resume-trusts-what-was-written", resumed)},
      {"proof-from-the-cache",
       port,
       "the proof reads what was written, not what the medium holds",
       {run("suites/core/rotten-sector.toml")},
       {{Verdict::silently_wrong, 3}, {Verdict::lost, 2}},
       1,
       true,
       at_drive<Remembering>("proof-from-the-cache", proof)},
      {"old-manifest",
       port,
       "the manifest of the session before stays on the drive",
       {run("suites/core/two-sessions.toml")},
       {{Verdict::lost, 2}, {Verdict::silently_wrong, 3}},
       1,
       true,
       at_drive<OldManifest>("old-manifest")},
      {"redo-not-replayed",
       port,
       "metadata that a crash left half written is taken for whole: no redo log",
       {{How::explore, "suites/core/undisturbed.toml"}},
       {{Verdict::stuck, 0}, {Verdict::stuck, 9}, {Verdict::silently_wrong, 3}, {Verdict::lost, 2}},
       1500,
       true,
       at_drive<RedoNotReplayed>("redo-not-replayed")},
  };
}

}  // namespace seedbed
