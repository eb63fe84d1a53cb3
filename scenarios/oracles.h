// The oracles that judge a run: what must hold after a crash and at the end, whatever was planned. Numbers
// and words are those of docs/oracles.md. They ask the medium, the disk and the event log, never the engine's
// opinion of itself; drives are read by fakes/reference. One run's.
#pragma once

#include <string>
#include <vector>

#include "reports/run_record.h"
#include "scenarios/conduct.h"
#include "scenarios/world.h"

namespace seedbed {

class Oracles {
 public:
  // `chain`: those of staging, services and vault, too (1, 7, 10).
  explicit Oracles(bool chain = false);

  void see(const World& world, const Event& event, EventSide side) { conduct_.see(world, event, side); }
  // Texts that a person or a log could see.
  void heard(const std::vector<std::string>& said);
  // The computer has died and its caches are cut: every promise must be kept by what is left (2).
  void after_death(const World& world);
  // A command of the chain has come to its end: how the job stands is looked at.
  void after_command(const World& world);
  // The rest of the work is known: what has been is judged, for nothing to come will show it.
  void at_crossroads(const World& world);
  // The work is over. `stuck`: why it never came to an end (9); "" when it did.
  void at_end(const World& world, const std::string& stuck);

  const std::vector<std::string>& job_states() const noexcept { return job_states_; }
  const std::vector<OracleRecord>& records() const noexcept { return records_; }
  // The worst verdict that findings ask for; nothing when there are none. `why` gets the first finding.
  std::optional<Verdict> verdict(std::string& why) const;

 private:
  OracleRecord& oracle(int number);
  void find(int number, std::string what);
  void judge_drives(const World& world, int number);
  void judge_drive_info(const World& world, const std::string& drive);
  void judge_journal(const World& world, const std::string& drive);
  void judge_work(const World& world);
  void judge_past(const World& world);
  void judge_secrets(const World& world);
  void judge_chain_promises(const World& world);
  void judge_chain(const World& world);
  void note(int number, std::vector<std::string> findings);

  Conduct conduct_;
  std::vector<OracleRecord> records_;
  std::vector<std::string> heard_;
  std::vector<std::string> job_states_;  // as they were seen
};

}  // namespace seedbed
