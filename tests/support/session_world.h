// A small world for copy sessions: one computer with files, one drive, and commands given to it as a person
// gives them. Each command is a boot of its own on fibres and virtual time; it may be killed at any of its
// port calls, with or without a power cut. What survives is the disk of files and the drive.
//
// A world is a value: a copy of it lives on by itself. Formatted images and stretched keys are shared by all
// worlds of the process (both are pure).
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/linux/mkntfs.h"
#include "engine/prep/prep_import.h"
#include "fakes/reference/drive_judge.h"
#include "simulator/file_tree.h"
#include "simulator/memo_formatter.h"
#include "simulator/scheduler.h"
#include "simulator/scripted_operator.h"
#include "simulator/seeded_entropy.h"
#include "simulator/simulated_drive.h"
#include "simulator/simulated_files.h"
#include "simulator/virtual_runtime.h"

namespace seedbed::testing_support {

inline MemoFormatter& shared_formatter() {
  static MkntfsFormatter inner(std::filesystem::temp_directory_path());
  static MemoFormatter memo(inner);
  return memo;
}
inline RememberingStretcher& shared_stretcher() {
  static RememberingStretcher stretcher;
  return stretcher;
}

enum class Cut : uint8_t { none, kill, host_power };

struct CommandEnd {
  std::optional<Result<PrepOutcome>> outcome;  // nothing: it was killed
  uint64_t port_calls = 0;
  std::string stuck;  // deadlock or livelock
  bool done() const { return outcome && *outcome; }
  std::string text() const {
    if (!stuck.empty()) return stuck;
    return !outcome ? "killed"
           : *outcome
               ? "done"
               : std::string(error_code_name(outcome->error().code)) + ": " + outcome->error().message();
  }
};

class SessionWorld {
 public:
  explicit SessionWorld(uint64_t seed, uint64_t capacity_bytes = 48 * MiB, uint32_t sector_bytes = 512)
      : seed(seed),
        drive("SIM" + std::to_string(seed % 1000), contract_of(capacity_bytes, sector_bytes)),
        tree(std::make_shared<FileTree>()) {
    for (const char* directory : {"/source", "/desk"})
      static_cast<void>(tree->make_directory(directory, 0755, 0));
    session.writer.chunk_bytes = 64 * KiB;
    session.writer.queue_bytes = 128 * KiB;
    session.writer.checkpoint_bytes = 128 * KiB;
    session.writer.redo_bytes = 256 * KiB;
    session.writer.buffer_bytes = 1 * MiB;
  }
  SessionWorld(const SessionWorld& other)
      : seed(other.seed),
        incarnation(other.incarnation),
        drive(other.drive),
        tree(std::make_shared<FileTree>(*other.tree)),
        session(other.session) {}
  SessionWorld& operator=(const SessionWorld&) = delete;

  void put(const std::string& path, size_t size_bytes) {
    Bytes content(size_bytes);
    Random(sub_seed(seed, path)).fill(content);
    const Status planted = tree->plant_file("/source/" + path, content);
    if (!planted) throw std::runtime_error(planted.error().message());
  }
  void put_directory(const std::string& path) {
    static_cast<void>(tree->make_directory("/source/" + path, 0755, 0));
  }
  // A tree with what usually goes wrong: empty, one byte, several ranges, names that NTFS cannot hold, names
  // that differ in case only.
  void put_usual_tree() {
    put_directory("dir");
    put("a.bin", 150'000);
    put("empty", 0);
    put("one", 1);
    put("dir/b.bin", 70'000);
    put("dir/B.bin", 300);
    put("dir/what?.txt", 4096);
    put("z.bin", 200'000);
    tree->settle();
  }

  static std::vector<std::string> first_words() {
    return {"/j:/desk/d.jrn", "/id:session-1",        "/t:drive",        "/format",          "/encrypt",
            "/silentmode",    "/sk:c2VlZGJlZC1rZXk=", "/srcdir:/source", "/dstdir:box/tree/"};
  }
  static std::vector<std::string> with(std::initializer_list<const char*> words) {
    return {words.begin(), words.end()};
  }

  // One boot that gives one command. kill_at: the port call at which the machine dies (0: never).
  CommandEnd command(const std::vector<std::string>& words, uint64_t kill_at = 0, Cut cut = Cut::kill,
                     bool plan_only = false) {
    CommandEnd end;
    auto options = parse_prep_import(words);
    if (!options) {
      end.outcome = std::unexpected(options.error());
      return end;
    }
    Scheduler scheduler({.seed = sub_seed(seed, "schedule"), .start_ns = 1'000'000'000, .trace = {}});
    {
      VirtualRuntime machine(scheduler, {.name = "copy computer",
                                         .workers = 2,
                                         .utc_ns = 1'478'044'800'000'000'000 +
                                                   static_cast<int64_t>(incarnation) * 1'000'000'000'000,
                                         .costs = {}});
      machine.kill_at_port_call(kill_at);
      SimulatedFiles files(machine, tree);
      SeededEntropy entropy(seed, incarnation++);
      Task task;
      const auto body = [&] {
        const auto open = [&](const std::string& target) -> Result<std::unique_ptr<BlockDevice>> {
          if (target != "drive") return fail(ErrorCode::not_found, "no such drive", target);
          return std::make_unique<SimulatedDrive>(machine, drive);
        };
        PrepPorts ports{machine, files, entropy, person, shared_formatter(), open, &shared_stretcher()};
        end.outcome = prep_import(ports, *options, session, plan_only);
      };
      try {
        task = machine.spawn("command", body);
      } catch (const Killed&) {  // dead before it began
      }
      if (const Status ran = scheduler.run(); !ran) {
        end.stuck = ran.error().message();
        machine.kill();
        static_cast<void>(scheduler.run());
      }
      end.port_calls = machine.port_calls();
      task.reset();
    }
    if (kill_at != 0 && !end.outcome) {
      tree->kill();
      if (cut == Cut::host_power) {
        tree->power_cut();
        drive.power_cut();
      }
    }
    return end;
  }

  // What the journal says now; nothing when there is none or it cannot be believed.
  std::optional<DriveHistory> history() const {
    const auto handle = tree->open("/desk/d.jrn", OpenMode::read, 0, 0);
    if (!handle) return std::nullopt;
    Bytes text(1 * MiB);
    text.resize(tree->read(*handle, 0, text).value_or(0));
    tree->close(*handle);
    const auto parsed = parse_records(as_text(text));
    if (!parsed) return std::nullopt;
    auto read = read_history(parsed->records, "/desk/d.jrn");
    if (!read) return std::nullopt;
    return std::move(*read);
  }

  // The drive as a judge without engine code sees it, with the key that the journal holds.
  std::vector<std::string> judge(const std::vector<reference::SourceTree>& sources = {
                                     {"/source", "box/tree/"}}) {
    std::vector<std::string> findings;
    const auto known = history();
    if (!known) return {"the journal cannot be read"};
    Scheduler scheduler({.seed = 1, .start_ns = 1'000'000'000, .trace = {}});
    VirtualRuntime machine(scheduler, {.name = "judge", .workers = 1, .utc_ns = 0, .costs = {}});
    SimulatedFiles files(machine, tree);
    Task task = machine.spawn("judge", [&] {
      SimulatedDrive device(machine, drive);
      reference::DeviceSource whole(device);
      reference::DriveSecret secret;
      secret.kind = reference::DriveSecret::Kind::recovery_password;
      secret.text = SecretBytes::of_text(known->drive.recovery_password.text());
      auto opened = reference::Drive::open(whole, secret);
      if (!opened) {
        findings.push_back(opened.error().message());
        return;
      }
      reference::Expectations expected;
      expected.drive_id = drive.identity.serial;
      expected.sources = sources;
      expected.files = &files;
      const reference::Judgement judgement = reference::judge_drive(**opened, expected);
      for (const auto& finding : judgement.findings) findings.push_back(finding.place + ": " + finding.what);
    });
    if (const Status ran = scheduler.run(); !ran) findings.push_back(ran.error().message());
    task.reset();
    return findings;
  }

  uint64_t seed;
  uint64_t incarnation = 0;
  DriveState drive;
  std::shared_ptr<FileTree> tree;
  SessionOptions session;
  ScriptedOperator person;

 private:
  static DeviceContract contract_of(uint64_t capacity_bytes, uint32_t sector_bytes) {
    DeviceContract contract;
    contract.capacity_bytes = capacity_bytes;
    contract.logical_sector_bytes = sector_bytes;
    return contract;
  }
};

}  // namespace seedbed::testing_support
