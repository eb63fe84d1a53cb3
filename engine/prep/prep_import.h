// PrepImport: one command from words to a complete copy session. The same command again resumes;
// /ResumeSession and /AbortSession do what they say. Owned by the main task. What it returns is durable
// (copy_session.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "engine/prep/copy_session.h"
#include "engine/prep/prep_options.h"

namespace seedbed {

struct PrepPorts {
  Runtime& runtime;
  FileStore& files;
  Entropy& entropy;
  Operator& person;
  Formatter& formatter;
  // Opens the drive a path names, for writing.
  std::function<Result<std::unique_ptr<BlockDevice>>(const std::string& target)> open_drive;
  KeyStretcher* stretcher = nullptr;
};

// What --plan shows: decided, nothing touched.
struct PrepPlan {
  SourcePlan source;
  DeviceIdentity drive;
  uint64_t capacity_bytes = 0, needed_bytes = 0, free_after_bytes = 0, manifest_bytes = 0;
  uint32_t cluster_bytes = 4096;
  uint64_t extents = 0, ranges = 0, chunks = 0;
  uint64_t predicted_s = 0;  // write and proof at the mean rate of a 7200 rpm drive
  std::string drive_holds;   // "" when blank
};

struct PrepOutcome {
  enum class Kind : uint8_t { completed, already_complete, aborted, planned };
  Kind kind = Kind::completed;
  SessionReport report;          // completed
  std::optional<PrepPlan> plan;  // planned
  DeviceIdentity drive;
};

// Whether the files fit on the drive once it is empty; nothing is touched.
Result<bool> fits_on_empty(PrepPorts& ports, BlockDevice& device, const SourcePlan& plan,
                           const PrepImportOptions& options);

Result<PrepOutcome> prep_import(PrepPorts ports, const PrepImportOptions& options,
                                const SessionOptions& session_options, bool plan_only);

}  // namespace seedbed
