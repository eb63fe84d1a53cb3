// Where the conformance suite of FileStore runs: a folder of the real file system, or a simulated disk under
// fibres or under threads.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/ports/file_store.h"

namespace seedbed {

class FileWorld {
 public:
  virtual ~FileWorld() = default;
  virtual FileStore& files() = 0;
  virtual std::string root() = 0;  // an empty directory to work in
  // Runs `body` as a task of the machine.
  virtual void run(const std::function<void()>& body) { body(); }
  // Runs `body` as somebody whom permission bits bind (the real root is not).
  virtual void run_unprivileged(const std::function<void()>& body) { run(body); }
  // What the port cannot do.
  virtual void plant_symlink(const std::string& target, const std::string& path) = 0;
  virtual void plant_hard_link(const std::string& existing, const std::string& path) = 0;
  virtual void set_mode(const std::string& path, uint32_t mode) = 0;
  virtual void set_modified(const std::string& path, int64_t modified_ns) = 0;
};

std::unique_ptr<FileWorld> make_posix_world();
std::unique_ptr<FileWorld> make_simulated_world();
std::unique_ptr<FileWorld> make_simulated_world_on_threads();

}  // namespace seedbed
