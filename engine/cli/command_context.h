// What every command of offseed is given: the production adaptors of this process. Made by main, used by one
// command.
#pragma once

#include "engine/linux/mkntfs.h"
#include "engine/linux/os_entropy.h"
#include "engine/linux/posix_files.h"
#include "engine/linux/terminal.h"
#include "engine/linux/thread_runtime.h"
#include "engine/ports/http.h"

namespace seedbed {

struct CommandContext {
  ThreadRuntime& runtime;
  PosixFiles& files;
  OsEntropy& entropy;
  Terminal& person;
  HttpTransport& http;
};

}  // namespace seedbed
