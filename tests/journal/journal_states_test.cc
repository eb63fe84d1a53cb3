// The journal over files that crash: any order of appends, compactions, kills, power cuts and failed syncs.
// What append() returned from is there, in order, and what open() has shown stays.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <rapidcheck/state.h>

#include <algorithm>
#include <optional>

#include "engine/journal/journal.h"
#include "tests/journal/crashing_files.h"
#include "tests/journal/numbered_records.h"
#include "tests/journal/set_clock.h"

namespace seedbed {
namespace {

using test::CrashingFiles;
using test::ids_of;
using test::numbered;
using test::SetClock;

constexpr const char* kJournalPath = "drive.jrn";

struct Model {
  bool open = true;  // whether the process holds a journal
};

struct Machine {
  explicit Machine(uint64_t seed) : files(seed) {
    journal = Journal::create(files, clock, kJournalPath, "id").value();
  }

  CrashingFiles files;
  SetClock clock;
  std::optional<Journal> journal;
  bool failed = false;  // an append or compaction failed: in doubt until reopened
  uint64_t next_id = 1;
  std::vector<std::vector<uint64_t>> legal = {
      {}};  // what the file may hold; one entry but while something is in doubt

  void check_open() const { RC_ASSERT(ids_of(*journal) == legal[0]); }
  void reopen() {
    files.no_crash();
    files.no_failure();
    journal.reset();
    auto opened = Journal::open(files, clock, kJournalPath);
    if (!opened) RC_FAIL(opened.error().message());
    journal = std::move(*opened);
    const auto found = ids_of(*journal);
    RC_ASSERT(std::find(legal.begin(), legal.end(), found) != legal.end());
    legal = {found};  // what a reader has seen must stay
    failed = false;
  }
  // Runs a change that ends in `after`; true when it returned well.
  template <typename Change>
  void change(std::vector<uint64_t> after, Change change) {
    const bool was_failed = failed;
    try {
      const Status done = change();
      RC_ASSERT(!(was_failed && done));
      if (done)
        legal = {after};
      else if (!was_failed)
        doubt(after);
    } catch (const Killed&) {
      if (!was_failed) doubt(after);
      files.kill();
      journal.reset();
    }
  }
  void doubt(std::vector<uint64_t> after) {
    legal.push_back(std::move(after));
    failed = true;
  }
};

using Command = rc::state::Command<Model, Machine>;

enum class Trouble : uint8_t { none, sync_fails, killed, power_cut };

struct Troubled : Command {
  Trouble trouble = *rc::gen::weightedElement<Trouble>(
      {{6, Trouble::none}, {1, Trouble::sync_fails}, {2, Trouble::killed}, {3, Trouble::power_cut}});
  uint64_t at = *rc::gen::inRange<uint64_t>(0, 12);

  void arm(Machine& machine) const {
    if (trouble == Trouble::sync_fails) machine.files.fail_sync_at(at % 2);
    if (trouble == Trouble::killed || trouble == Trouble::power_cut) machine.files.crash_at(at);
  }
  // A compaction that fails before its rename leaves the journal usable, a failed append never does.
  void settle(Machine& machine) const {
    machine.files.no_crash();
    machine.files.no_failure();
    if (trouble == Trouble::power_cut) {
      machine.journal.reset();
      machine.files.power_cut();
    }
    if (!machine.journal) machine.reopen();
  }
  void describe(std::ostream& out, const char* name) const {
    out << name << " trouble=" << int(trouble) << " at=" << at;
  }
};

struct Append : Troubled {
  size_t length = *rc::gen::weightedOneOf<size_t>(
      {{3, rc::gen::inRange<size_t>(0, 50)}, {1, rc::gen::inRange<size_t>(0, 9000)}});
  void run(const Model&, Machine& machine) const override {
    auto after = machine.legal[0];
    const uint64_t id = machine.next_id++;
    after.push_back(id);
    arm(machine);
    machine.change(after, [&] { return machine.journal->append(numbered(id, std::string(length, 'x'))); });
    settle(machine);
  }
  void show(std::ostream& out) const override { describe(out, "Append"); }
};

struct Compact : Troubled {
  uint64_t mask = *rc::gen::arbitrary<uint64_t>();
  void run(const Model&, Machine& machine) const override {
    const auto keep = [this](size_t index) { return (mask >> (index % 64) & 1) == 1; };
    const auto before = ids_of(*machine.journal);
    std::vector<uint64_t> after;
    for (size_t i = 0; i < before.size(); i++)
      if (keep(i + 1)) after.push_back(before[i]);
    arm(machine);
    if (machine.failed) return settle(machine);
    machine.change(after, [&] { return machine.journal->compact(keep); });
    settle(machine);
    if (machine.failed) machine.reopen();
  }
  void show(std::ostream& out) const override { describe(out, "Compact"); }
};

struct Reopen : Troubled {
  void run(const Model&, Machine& machine) const override {
    machine.journal.reset();
    if (trouble != Trouble::none) {  // opening is cut short itself
      arm(machine);
      try {
        (void)Journal::open(machine.files, machine.clock, kJournalPath);
      } catch (const Killed&) {
        machine.files.kill();
      }
      if (trouble == Trouble::power_cut) machine.files.power_cut();
    }
    machine.reopen();
  }
  void show(std::ostream& out) const override { describe(out, "Reopen"); }
};

struct Look : Command {
  void run(const Model&, Machine& machine) const override {
    if (!machine.failed) machine.check_open();
  }
  void show(std::ostream& out) const override { out << "Look"; }
};

RC_GTEST_PROP(JournalStates, WhatAppendReturnedFromIsThereInOrder, ()) {
  Machine machine(*rc::gen::arbitrary<uint64_t>());
  rc::state::check(Model{}, machine,
                   rc::state::gen::execOneOfWithArgs<Append, Append, Compact, Reopen, Look>());
  machine.reopen();
  machine.journal.reset();
  machine.files.power_cut();
  machine.reopen();
}

}  // namespace
}  // namespace seedbed
