// Contents
//   stage_once SOURCE STAGING [WORKERS]   stages SOURCE into the directory STAGING, once, as `offseed backup`
//   does
//                                         before anything is shipped: a whole process to be timed beside
//                                         others
//
// Standard output: `durable BYTES TOTAL` whenever more of the source is durable (bench/compare kills it by
// that), then `name value` lines: seconds, CPU seconds, peak memory, and each stage's busy seconds, summed
// over its tasks. A STAGING that a killed run left is gone on with. The passphrase is a constant; it is
// stretched as the agent's is.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "engine/linux/os_entropy.h"
#include "engine/linux/posix_files.h"
#include "engine/linux/thread_runtime.h"
#include "engine/staging/staging_area.h"

namespace seedbed {
namespace {

class Teller final : public Operator {
 public:
  bool interactive() const noexcept override { return false; }
  Result<bool> confirm(std::string_view, std::string_view) override { return false; }
  Result<std::string> ask(std::string_view, std::string_view) override { return std::string(); }
  void notice(NoticeLevel, std::string_view text) override {
    std::fprintf(stderr, "stage_once: %.*s\n", static_cast<int>(text.size()), text.data());
  }
  void progress(const Progress& progress) override {
    std::printf("durable %llu %llu\n", static_cast<unsigned long long>(progress.done_bytes),
                static_cast<unsigned long long>(progress.total_bytes));
    std::fflush(stdout);
  }
  void event(std::string_view, const std::vector<std::pair<std::string, std::string>>&) override {}
};

double seconds(uint64_t ns) {
  return static_cast<double>(ns) / 1e9;
}
double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

Status run(const char* source, const char* staging, unsigned workers) {
  ThreadRuntime runtime({.workers = workers, .utc_clock = {}});
  PosixFiles files;
  OsEntropy entropy;
  Teller person;
  const uint64_t start_ns = runtime.now_ns();
  StageRequest request;
  request.source.paths = {source};
  request.staging_path = staging;
  request.inputs.job = "bench";
  request.inputs.backup_id = std::string(32, '0');
  const auto there = TRY(find_staging_job(files, staging, request.inputs.job));
  if (there) {
    request.kdf = there->kdf;
  } else {
    request.kdf.salt.resize(16);
    entropy.fill(request.kdf.salt);
  }
  const ChunkKeys keys = TRY(derive_chunk_keys(SecretBytes::of_text("benchmark"), request.kdf));
  StageOptions options;
  options.assume_ratio = 0.8;
  const StageReport report = TRY(stage({runtime, files, files, entropy, person}, request, keys, options));
  const uint64_t end_ns = runtime.now_ns();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto count = [](const char* name, uint64_t value) {
    std::printf("%s %llu\n", name, static_cast<unsigned long long>(value));
  };
  const auto time = [](const char* name, double value) { std::printf("%s %.3f\n", name, value); };
  count("source_bytes", report.source_bytes);
  count("read_bytes", report.read_bytes);
  count("base_bytes", report.base_bytes);
  count("chunks", report.chunks);
  count("duplicate_bytes", report.duplicate_bytes);
  count("zero_bytes", report.zero_bytes);
  time("wall_s", seconds(end_ns - start_ns));
  time("cpu_s", seconds(usage.ru_utime) + seconds(usage.ru_stime));
  time("system_s", seconds(usage.ru_stime));
  count("rss_mib", static_cast<uint64_t>(usage.ru_maxrss) / 1024);
  time("read_s", seconds(report.times.read_ns));
  time("cut_s", seconds(report.times.cut_ns));
  time("name_s", seconds(report.times.name_ns));
  time("compress_s", seconds(report.times.compress_ns));
  time("write_s", seconds(report.times.write_ns));
  time("sync_s", seconds(report.times.sync_ns));
  return {};
}

}  // namespace
}  // namespace seedbed

int main(int count, char** arguments) {
  if (count < 3 || count > 4) {
    std::fprintf(stderr, "usage: stage_once SOURCE STAGING [WORKERS]\n");
    return 2;
  }
  try {
    const auto workers =
        static_cast<unsigned>(count > 3 ? std::strtoul(arguments[3], nullptr, 10) : 0);  // 0: the hardware's
    const seedbed::Status done = seedbed::run(arguments[1], arguments[2], workers);
    if (done) return 0;
    std::fprintf(stderr, "stage_once: %s\n", done.error().message().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stage_once: %s\n", error.what());
  }
  return 1;
}
