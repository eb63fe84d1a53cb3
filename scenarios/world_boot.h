// One boot of a world's computer: the operator gives one command to the real engine, on fibres and virtual
// time, and it runs to its end or its death. The faults of the world's plan happen on the way. Deterministic:
// the same world and the same words make the same events.
//
// Owned by the caller, one thread. What survives is in the world afterwards; nothing of the boot is left
// alive.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/log.h"
#include "engine/ports/entropy.h"
#include "engine/ports/http.h"
#include "engine/ports/operator.h"
#include "engine/prep/copy_session.h"
#include "scenarios/world.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {

inline constexpr int64_t kFirstDay_ns = 1'478'044'800'000'000'000;  // 2016-11-02: when worlds begin

struct Death {
  bool power = false;  // else only the process
  Survivors survivors;
  uint64_t event = 0;
};

struct BootEnd {
  std::optional<Status> outcome;  // nothing: it died
  std::optional<Death> death;
  std::string stuck;              // deadlock or livelock, with the fibres' names
  std::vector<std::string> said;  // every text a person or a log could see, errors included
  bool done() const noexcept { return outcome && *outcome; }
  const Error* error() const noexcept { return outcome && !*outcome ? &outcome->error() : nullptr; }
};

// Sees every event on both sides, before the fault plan does. May copy the world; must not change it.
using Watch = std::function<void(const World&, const Event&, EventSide)>;

// What a booted computer runs: a command of the engine or of a service, given that computer's ports.
struct BootPorts {
  Runtime& runtime;
  FileStore& files;
  Entropy& entropy;
  Operator& person;
  HttpTransport* http;  // null in a world without services
  std::function<Result<std::unique_ptr<BlockDevice>>(const std::string& target)> open_drive;
  Logger log;
  EventLog& events;
  std::string internal_token;  // of the services, for who is inside
};
struct Program {
  std::string computer;  // "source computer", "copy computer", "data centre", …
  std::string words;     // for the event log
  std::string drive;     // whose journal tells the phase; "": the phase is `phase`
  std::string phase = "start";
  bool inside = false;  // the services trust its requests
  std::function<Status(BootPorts&)> run;
};

// How the scenario's computer writes drives.
SessionOptions session_options(const ComputerSpec& computer);

BootEnd boot_program(World& world, const Program& program, EventLog& log, const Watch& watch);
// PrepImport with these words.
BootEnd boot(World& world, const std::vector<std::string>& words, EventLog& log, const Watch& watch);

// The computer dies at that virtual time, whatever it was doing: caches and page caches are cut, files
// closed. What boot() does at a fatal fault, and exploration to a copy of the world.
void die_at(World& world, const Death& death, uint64_t time_ns);
// Puts right what can be put right: no fault fires any more, drives are in their slots, there is space,
// shares are back, the source is as it was. What has rotted stays rotten.
void heal(World& world);

}  // namespace seedbed
