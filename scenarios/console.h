// Where a command of the rig speaks: words for people, and JSON Lines for programs. With --json standard
// output is JSON alone and words go to standard error; --quiet keeps only what was asked for. One thread's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/ports/file_store.h"
#include "reports/run_record.h"

namespace seedbed {

class Console {
 public:
  Console(bool json, bool quiet) : json_(json), quiet_(quiet) {}
  void say(const std::string& line) const;     // not when quiet
  void result(const std::string& line) const;  // always
  void complain(const Error& error) const;     // standard error, always
  void json(const std::string& line) const;    // only with --json
  // A line that the next one overwrites, on a terminal; elsewhere an ordinary one.
  void progress(const std::string& line) const;
  bool wants_json() const noexcept { return json_; }

 private:
  bool json_, quiet_;
};

// What every command of the rig works with; main makes it.
struct RigContext {
  Console console;
  FileStore& files;
  std::function<uint64_t()> real_us;  // since some start
  std::string started_utc;            // "2016-11-02T18:24:14Z"
  std::string version;
};

// Exit codes that are not exit_code_of(record).
inline constexpr int kUsage = 2;

}  // namespace seedbed
