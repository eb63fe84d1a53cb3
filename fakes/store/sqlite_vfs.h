// SQLite's door to the world: a VFS over the FileStore, Runtime and Entropy ports, registered under a name of
// its own for as long as this lives. One connection uses it, one task at a time.
//
// No exception crosses SQLite: a callback that meets Killed remembers it and answers SQLITE_IOERR; from then
// on, after a failed sync, and once retired, every callback answers so at once and touches no port. Who
// called SQLite asks rethrow_killed() when it has returned.
//
// Locks are no-ops: opening a main database takes its file for the process (File::lock). sync of a file that
// may be new makes its name durable too.
#pragma once

#include <memory>
#include <optional>

#include "engine/base/result.h"
#include "engine/ports/entropy.h"
#include "engine/ports/file_store.h"
#include "engine/ports/runtime.h"

namespace seedbed {

class SqliteVfs {
 public:
  SqliteVfs(Runtime& runtime, FileStore& files, Entropy& entropy);
  SqliteVfs(const SqliteVfs&) = delete;
  SqliteVfs& operator=(const SqliteVfs&) = delete;
  ~SqliteVfs();  // the connection is closed before

  const char* name() const noexcept;
  void rethrow_killed() const;  // throws Killed when a callback met it
  // What a port last answered that was no success; asking forgets it.
  std::optional<Error> take_error();
  void retire() noexcept;  // no callback touches a port from now on

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace seedbed
