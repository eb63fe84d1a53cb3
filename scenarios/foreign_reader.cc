#include "scenarios/foreign_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace seedbed {

namespace {

struct Ended {
  bool ok = false;
  Bytes output;
  std::string errors;
};

Bytes whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Found by PATH; output and errors go to files in the scratch directory, so that nobody waits for a pipe.
Result<Ended> run_foreign(std::vector<std::string> words, const std::string& scratch) {
  const std::string out = scratch + "/output", errors = scratch + "/errors";
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::string locale = "LC_ALL=C.UTF-8",
              path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {locale.data(), path.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = -1;
  const int failed = posix_spawnp(&child, words[0].c_str(), &actions, nullptr, pointers.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return fail_errno(failed, "start", words[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return fail_errno(errno, "wait for", words[0]);
  const Bytes said = whole_file(errors);
  return Ended{WIFEXITED(status) && WEXITSTATUS(status) == 0, whole_file(out), std::string(as_text(said))};
}

}  // namespace

std::string ForeignReader::missing() {
  for (const auto& [program, package] :
       {std::pair{"dislocker-file", "dislocker"}, {"ntfsls", "ntfs-3g"}, {"ntfscat", "ntfs-3g"}}) {
    const auto there = [program = program](const char* directory) {
      return ::access(fmt::format("{}/{}", directory, program).c_str(), X_OK) == 0;
    };
    if (!there("/usr/local/bin") && !there("/usr/bin") && !there("/bin") && !there("/usr/sbin"))
      return fmt::format("the program {} is not installed: apt-get install {}", program, package);
  }
  return "";
}

Result<std::unique_ptr<ForeignReader>> ForeignReader::open(const std::string& image,
                                                           uint64_t partition_offset_bytes,
                                                           const std::string& recovery_password,
                                                           const std::string& scratch) {
  std::unique_ptr<ForeignReader> reader(new ForeignReader(scratch));
  std::error_code ignored;
  std::filesystem::remove(reader->volume(), ignored);
  const Ended ended =
      TRY(run_foreign({"dislocker-file", "-V", image, "-O", std::to_string(partition_offset_bytes),
                       "-p" + recovery_password, "--", reader->volume()},
                      scratch));
  if (!ended.ok)
    return fail(
        ErrorCode::permission_denied,
        fmt::format("dislocker does not unlock the volume: {}{}", as_text(ended.output), ended.errors),
        image);
  return reader;
}

ForeignReader::~ForeignReader() {
  std::error_code ignored;
  for (const std::string& path : {volume(), scratch_ + "/output", scratch_ + "/errors"})
    std::filesystem::remove(path, ignored);
}

// Sections, each of a directory: "/session-1/:", then its names, those of directories with a slash behind.
Result<std::vector<std::string>> ForeignReader::list() const {
  const Ended ended = TRY(run_foreign({"ntfsls", "-q", "-R", "-F", volume()}, scratch_));
  if (!ended.ok)
    return fail(ErrorCode::corrupt, "ntfsls does not read the volume: " + ended.errors, volume());
  std::vector<std::string> files;
  std::string directory = "/";
  std::string_view rest = as_text(ended.output);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.starts_with('/') && line.ends_with("/:"))
      directory = line.substr(0, line.size() - 1);
    else if (!line.empty() && !line.ends_with('/'))
      files.push_back(directory + std::string(line));
  }
  std::ranges::sort(files);
  return files;
}

Result<Bytes> ForeignReader::read(const std::string& path) const {
  Ended ended = TRY(run_foreign({"ntfscat", "-q", volume(), path}, scratch_));
  if (!ended.ok) return fail(ErrorCode::corrupt, "ntfscat does not read the file: " + ended.errors, path);
  return std::move(ended.output);
}

}  // namespace seedbed
