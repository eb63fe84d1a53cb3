// The real process on real block devices: loop devices with 512 and 4096-byte sectors.
#include "tests/cli/engine_process.h"

namespace seedbed {
namespace {

using namespace testing_support;

// Attached for the life of the object; a machine without loop devices fails the test with losetup's own
// words.
class LoopDevice {
 public:
  LoopDevice(const std::string& image, uint32_t sector_bytes) {
    const CommandResult made = run_command(
        {"losetup", "-f", "--show", "--direct-io=on", "--sector-size", std::to_string(sector_bytes), image});
    if (!made.ok()) throw std::runtime_error("losetup: " + made.text());
    path_ = made.output.substr(0, made.output.find('\n'));
  }
  ~LoopDevice() { run_command({"losetup", "-d", path_}); }
  LoopDevice(const LoopDevice&) = delete;
  LoopDevice& operator=(const LoopDevice&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void prepare_and_judge(uint32_t sector_bytes) {
  TempDirectory directory;
  make_tree(directory.file("source"), sector_bytes, 30, 200'000);
  ASSERT_TRUE(run_binary("offseed", {"drive", "create", directory.file("d.img"), "--size", "96MiB",
                                     "--sector-bytes", std::to_string(sector_bytes)})
                  .ok());
  const LoopDevice loop(directory.file("d.img"), sector_bytes);
  const std::vector<std::string> words = {"waimportexport",
                                          "PrepImport",
                                          "/j:" + directory.file("d.jrn"),
                                          "/id:session-1",
                                          "/t:" + loop.path(),
                                          "/format",
                                          "/encrypt",
                                          "/silentmode",
                                          "/sk:a2V5",
                                          "/srcdir:" + directory.file("source"),
                                          "/dstdir:box/tree/"};
  const CommandResult prepared = run_binary("offseed", words);
  ASSERT_TRUE(prepared.ok()) << prepared.text();
  write_key(directory.file("d.jrn"), directory.file("key"));
  const CommandResult judged =
      run_binary("drivereader", {"check", loop.path(), "--recovery-password-file", directory.file("key"),
                                 "--source", directory.file("source"), "--prefix", "box/tree/"});
  EXPECT_TRUE(judged.ok()) << judged.text();
  // While the loop device holds it, the image itself is refused.
  const CommandResult image =
      run_binary("offseed", {"waimportexport", "PrepImport", "/j:" + directory.file("e.jrn"), "/id:session-1",
                             "/t:" + directory.file("d.img"), "/format", "/encrypt", "/silentmode",
                             "/sk:a2V5", "/srcdir:" + directory.file("source"), "/dstdir:box/tree/"});
  EXPECT_EQ(image.exit_code, 3) << image.text();
}

TEST(LoopDrive, IsPreparedWith512ByteSectors) {
  prepare_and_judge(512);
}
TEST(LoopDrive, IsPreparedWith4096ByteSectors) {
  prepare_and_judge(4096);
}

}  // namespace
}  // namespace seedbed
