// Official clients under Node against a running fakeazure. The packages of package-lock.json are installed
// once into the build directory, and again when the lock file changes.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/command.h"
#include "tests/support/temp_directory.h"

namespace seedbed::testing_support {

// `fakeazure serve` over a directory of its own, on a port that was free; killed with the object.
class FakeAzure {
 public:
  explicit FakeAzure(std::vector<std::string> arguments = {}) : arguments_(std::move(arguments)) { start(); }
  FakeAzure(const FakeAzure&) = delete;
  FakeAzure& operator=(const FakeAzure&) = delete;
  ~FakeAzure() { end(SIGKILL); }

  const std::string& origin() const { return origin_; }  // "": it did not start; see output()
  const std::string& output() const { return output_; }
  std::string data() const { return directory_.file("data"); }
  std::string certificate() const { return data() + "/tls-certificate.pem"; }
  // Sends the signal and waits; its wait status.
  int end(int signal) {
    if (child_ <= 0) return 0;
    kill(child_, signal);
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = 0;
    close(output_end_);
    return status;
  }
  void start() {
    std::vector<std::string> words = {
        std::string(SEEDBED_BIN) + "/fakeazure", "serve", "--data", data(), "--listen", "127.0.0.1:0"};
    words.insert(words.end(), arguments_.begin(), arguments_.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    child_ = fork();
    if (child_ == 0) {
      dup2(ends[1], 1);
      dup2(ends[1], 2);
      close(ends[0]);
      close(ends[1]);
      execv(pointers[0], pointers.data());
      _exit(127);
    }
    close(ends[1]);
    output_end_ = ends[0];
    await_origin();
  }

 private:
  // Until it says where it listens, or its output ends.
  void await_origin() {
    constexpr const char* said = "listening on ";
    origin_.clear();
    output_.clear();
    char buffer[512];
    for (ssize_t got = 0; (got = read(output_end_, buffer, sizeof buffer)) > 0;) {
      output_.append(buffer, static_cast<size_t>(got));
      const size_t at = output_.find(said);
      const size_t line_end = at == std::string::npos ? at : output_.find('\n', at);
      if (line_end == std::string::npos) continue;
      origin_ = output_.substr(at + std::string(said).size(), line_end - at - std::string(said).size());
      return;
    }
  }

  TempDirectory directory_;
  std::vector<std::string> arguments_;
  pid_t child_ = 0;
  int output_end_ = -1;
  std::string origin_, output_;
};

inline std::string whole_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The directory with node_modules and the scripts of tests/clients; "" and a failed test when npm cannot.
inline std::string node_directory() {
  namespace fs = std::filesystem;
  const fs::path source = fs::path(SEEDBED_SOURCE_DIR) / "tests/clients";
  const fs::path directory = fs::path(SEEDBED_BIN).parent_path() / "clients";
  fs::create_directories(directory);
  // tests run side by side: one installs, the others wait
  const int lock = open((directory / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  flock(lock, LOCK_EX);
  std::string out = directory.string();
  const std::string wanted = whole_file(source / "package-lock.json");
  if (whole_file(directory / "installed") != wanted) {
    for (const char* name : {"package.json", "package-lock.json"})
      fs::copy_file(source / name, directory / name, fs::copy_options::overwrite_existing);
    const auto installed =
        run_command({"npm", "ci", "--prefix", directory.string(), "--no-audit", "--no-fund",
                     "--ignore-scripts", "--omit-lockfile-registry-resolved=true"});
    if (installed.ok()) {
      std::ofstream(directory / "installed") << wanted;
    } else {
      ADD_FAILURE() << "npm ci: " << installed.text();
      out.clear();
    }
  }
  for (const auto& entry : fs::directory_iterator(source))
    if (entry.path().extension() == ".mjs" &&
        whole_file(directory / entry.path().filename()) != whole_file(entry.path()))
      fs::copy_file(entry.path(), directory / entry.path().filename(), fs::copy_options::overwrite_existing);
  close(lock);
  return out;
}

// Runs one of tests/clients/*.mjs against the service; https is believed by its own certificate.
inline CommandResult run_node(const FakeAzure& azure, const std::string& script,
                              const std::vector<std::string>& arguments = {}) {
  const std::string directory = node_directory();
  std::vector<std::string> words = {"env", "NODE_EXTRA_CA_CERTS=" + azure.certificate(), "node",
                                    directory + "/" + script, azure.origin()};
  if (!azure.origin().starts_with("https")) words.erase(words.begin() + 1);
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_command(words);
}

}  // namespace seedbed::testing_support
