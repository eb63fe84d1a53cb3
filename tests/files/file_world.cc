#include "tests/files/file_world.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "engine/linux/posix_files.h"
#include "engine/linux/thread_runtime.h"
#include "simulator/simulated_files.h"
#include "simulator/virtual_runtime.h"

namespace seedbed {

namespace {

class PosixWorld final : public FileWorld {
 public:
  PosixWorld() {
    root_ = std::filesystem::canonical(testing::TempDir()).string() + "/filesXXXXXX";
    if (::mkdtemp(root_.data()) == nullptr) ADD_FAILURE() << "no temporary directory";
    set_mode(root_, 0755);
  }
  ~PosixWorld() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  FileStore& files() override { return files_; }
  std::string root() override { return root_; }
  void run_unprivileged(const std::function<void()>& body) override {
    constexpr uid_t kNobody = 65534;
    const bool is_root = ::geteuid() == 0;
    if (is_root) {
      ASSERT_EQ(::seteuid(kNobody), 0);
    }
    body();
    if (is_root) {
      ASSERT_EQ(::seteuid(0), 0);
    }
  }
  void plant_symlink(const std::string& target, const std::string& path) override {
    ASSERT_EQ(::symlink(target.c_str(), path.c_str()), 0);
  }
  void plant_hard_link(const std::string& existing, const std::string& path) override {
    ASSERT_EQ(::link(existing.c_str(), path.c_str()), 0);
  }
  void set_mode(const std::string& path, uint32_t mode) override {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  void set_modified(const std::string& path, int64_t modified_ns) override {
    const timespec times[2] = {{0, UTIME_OMIT}, {modified_ns / 1'000'000'000, modified_ns % 1'000'000'000}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  }

 private:
  std::string root_;
  PosixFiles files_;
};

class SimulatedWorld : public FileWorld {
 public:
  SimulatedWorld(std::unique_ptr<Runtime> runtime, uint64_t latency_ns)
      : runtime_(std::move(runtime)), files_(*runtime_, tree_, {.latency_ns = latency_ns}) {
    EXPECT_TRUE(tree_->make_directory("/desk", 0755, 0));
  }
  FileStore& files() override { return files_; }
  std::string root() override { return "/desk"; }
  void run(const std::function<void()>& body) override { runtime_->spawn("test", body)->join(); }
  void plant_symlink(const std::string& target, const std::string& path) override {
    ASSERT_TRUE(tree_->plant_symlink(target, path));
  }
  void plant_hard_link(const std::string& existing, const std::string& path) override {
    ASSERT_TRUE(tree_->plant_hard_link(existing, path));
  }
  void set_mode(const std::string& path, uint32_t mode) override { ASSERT_TRUE(tree_->set_mode(path, mode)); }
  void set_modified(const std::string& path, int64_t modified_ns) override {
    ASSERT_TRUE(tree_->set_modified(path, modified_ns));
  }

 private:
  std::unique_ptr<Runtime> runtime_;
  std::shared_ptr<FileTree> tree_ = std::make_shared<FileTree>();
  SimulatedFiles files_;
};

class FibreWorld final : public FileWorld {
 public:
  FileStore& files() override { return simulated_.files(); }
  std::string root() override { return simulated_.root(); }
  void run(const std::function<void()>& body) override { simulated_.run(body); }
  void plant_symlink(const std::string& target, const std::string& path) override {
    simulated_.plant_symlink(target, path);
  }
  void plant_hard_link(const std::string& existing, const std::string& path) override {
    simulated_.plant_hard_link(existing, path);
  }
  void set_mode(const std::string& path, uint32_t mode) override { simulated_.set_mode(path, mode); }
  void set_modified(const std::string& path, int64_t modified_ns) override {
    simulated_.set_modified(path, modified_ns);
  }

 private:
  Scheduler scheduler_;
  SimulatedWorld simulated_{std::make_unique<VirtualRuntime>(scheduler_), 20'000};
};

}  // namespace

std::unique_ptr<FileWorld> make_posix_world() {
  return std::make_unique<PosixWorld>();
}
std::unique_ptr<FileWorld> make_simulated_world() {
  return std::make_unique<FibreWorld>();
}
std::unique_ptr<FileWorld> make_simulated_world_on_threads() {
  return std::make_unique<SimulatedWorld>(std::make_unique<ThreadRuntime>(), 0);
}

}  // namespace seedbed
