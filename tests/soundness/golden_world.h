// Today's engine makes a golden drive, or a golden staging location: from fixed entropy, on a clock that
// stands still, so that nothing but the engine's formats decides the bytes. One thread.
#pragma once

#include <gtest/gtest.h>

#include "engine/prep/prep_import.h"
#include "engine/staging/staging_area.h"
#include "fakes/reference/drive.h"
#include "scenarios/world_judge.h"
#include "simulator/scheduler.h"
#include "simulator/scripted_operator.h"
#include "simulator/seeded_entropy.h"
#include "simulator/simulated_drive.h"
#include "simulator/simulated_files.h"
#include "simulator/virtual_runtime.h"
#include "tests/soundness/golden_file.h"
#include "tests/support/stopped_clock.h"

namespace seedbed::soundness {

inline constexpr const char* kGoldenPassphrase = "frozen in the staging location";

struct GoldenSpec {
  const char* name;
  DeviceContract (*contract)(uint64_t);
  unsigned sessions;
  bool page_blobs;
};
inline constexpr GoldenSpec kGoldenDrives[] = {
    {"512n-one-session", contract_512n, 1, false},
    {"512e-two-sessions", contract_512e, 2, false},
    {"4kn-page-blobs", contract_4kn, 1, true},
};
inline constexpr const char* kGoldenStaging = "staging";

class GoldenWorld {
 public:
  explicit GoldenWorld(const std::string& name, uint64_t multiple_bytes = 1)
      : seed_(sub_seed(2016, name)), multiple_bytes_(multiple_bytes), tree_(std::make_shared<FileTree>()) {
    for (const char* directory : {"/source", "/source/dir", "/more", "/desk", "/staging"})
      EXPECT_TRUE(tree_->make_directory(directory, 0755, testing_support::kNoon_ns));
    put("/source/a.txt", 150'000);
    put("/source/empty", 0);
    put("/source/one", 1);
    put("/source/dir/b.txt", 70'000);
    put("/source/dir/B.txt", 300);  // another name for us, the same for Windows
    put("/source/dir/what?.txt", 4096);
    put("/source/Übermaß", 5000);
    put("/more/c.txt", 90'000);
    tree_->settle();
  }

  // Of the whole drive, and what the reader that shares nothing with the engine needs.
  GoldenDrive make_drive(const GoldenSpec& spec) {
    const DeviceContract contract = spec.contract(16 * MiB);
    DriveState state("GOLDEN" + std::to_string(contract.logical_sector_bytes) +
                         (contract.physical_sector_bytes == contract.logical_sector_bytes ? "N" : "E"),
                     contract);
    for (unsigned session = 0; session < spec.sessions; session++) {
      std::vector<std::string> words = {"/j:/desk/drive.jrn", "/id:session-" + std::to_string(session + 1)};
      if (session == 0)
        words.insert(words.end(), {"/t:drive", "/format", "/encrypt", "/silentmode",
                                   "/sk:c2VlZGJlZC1rZXk=", "/srcdir:/source", "/dstdir:box/tree/"});
      else
        words.insert(words.end(), {"/srcdir:/more", "/dstdir:box/more/"});
      if (spec.page_blobs) words.emplace_back("/BlobType:PageBlob");
      boot(session, [&](Runtime& runtime, FileStore& files, Entropy& entropy) {
        const auto open = [&](const std::string&) -> Result<std::unique_ptr<BlockDevice>> {
          return std::make_unique<SimulatedDrive>(runtime, state);
        };
        SessionOptions options;
        options.writer = {.chunk_bytes = 64 * KiB,
                          .queue_bytes = 128 * KiB,
                          .checkpoint_bytes = 128 * KiB,
                          .redo_bytes = 256 * KiB,
                          .buffer_bytes = 1 * MiB};
        const auto parsed = parse_prep_import(words);
        PrepPorts ports{runtime, files, entropy, person_, shared_formatter(), open, &shared_stretcher()};
        const auto outcome = prep_import(ports, *parsed, options, false);
        ASSERT_TRUE(outcome) << outcome.error().message();
      });
    }
    state.power_cut();
    GoldenDrive drive{.serial = state.identity.serial,
                      .recovery_password = recovery_password(),
                      .sector_bytes = contract.logical_sector_bytes,
                      .partition = {},
                      .volume_key = {},
                      .medium = state.cache.durable()};
    reference::MemorySource source(whole(drive.medium));
    drive.partition = reference::read_gpt(source).value().partitions.at(0).place;
    drive.volume_key = volume_key(source, drive);
    return drive;
  }

  // The files of the staging location, by name.
  std::map<std::string, Bytes> make_staging() {
    StageRequest request;
    request.source.paths = {"/source", "/more"};
    request.staging_path = "/staging";
    request.inputs.job = "job1";
    request.inputs.account = "devstoreaccount1";
    request.inputs.container = "seeds";
    request.inputs.backup_id = "00112233445566778899aabbccddeeff";
    request.kdf = {.log2_n = 10, .r = 8, .p = 1, .salt = Bytes(16, 0x5a)};
    StageOptions options;
    options.chunks = {.min_bytes = 4 * KiB, .average_bytes = 16 * KiB, .max_bytes = 64 * KiB};
    options.batch_bytes = 512 * KiB;
    std::map<std::string, Bytes> staged;
    boot(0, [&](Runtime& runtime, FileStore& files, Entropy& entropy) {
      const auto keys = derive_chunk_keys(SecretBytes::of_text(kGoldenPassphrase), request.kdf);
      const auto report = stage({runtime, files, files, entropy, person_}, request, *keys, options);
      ASSERT_TRUE(report) << report.error().message();
      const auto entries = files.list("/staging");
      for (const DirectoryEntry& entry : *entries)
        staged[entry.name] = read_file(files, "/staging/" + entry.name, 1 * MiB).value();
    });
    return staged;
  }

 private:
  using Body = std::function<void(Runtime&, FileStore&, Entropy&)>;

  // Text, so that what is frozen is small.
  void put(const std::string& path, size_t size_bytes) {
    std::string text;
    for (int line = 1; text.size() < size_bytes; line++) text += fmt::format("{}: line {}\n", path, line);
    text.resize(round_up(size_bytes, multiple_bytes_), ' ');
    EXPECT_TRUE(tree_->plant_file(path, as_bytes(text), 0644, 1'400'000'000'000'000'000));
  }
  void boot(uint64_t incarnation, const Body& body) {
    Scheduler scheduler({.seed = 1, .start_ns = 1'000'000'000, .trace = {}});
    VirtualRuntime machine(scheduler, {.name = "golden", .workers = 2, .utc_ns = 0, .costs = {}});
    testing_support::StoppedClock clock(
        machine, testing_support::kNoon_ns + static_cast<int64_t>(incarnation) * 3'600'000'000'000);
    SimulatedFiles files(clock, tree_, {.latency_ns = 0});
    SeededEntropy entropy(seed_, incarnation);
    Task task = machine.spawn("command", [&] { body(clock, files, entropy); });
    const Status ran = scheduler.run();
    ASSERT_TRUE(ran) << ran.error().message();
    task.reset();
  }
  std::string recovery_password() const {
    FileTree copy = *tree_;
    const auto handle = copy.open("/desk/drive.jrn", OpenMode::read, 0, 0);
    if (!handle) return "";
    Bytes journal(copy.size(*handle).value());
    EXPECT_TRUE(copy.read(*handle, 0, journal));
    const std::string text(as_text(journal));
    return text.substr(text.rfind("BitLockerKey: ") + 14, 55);
  }
  static Bytes volume_key(reference::ByteSource& source, const GoldenDrive& drive) {
    reference::WindowSource partition(source, drive.partition, "the partition");
    Bytes sector(512);
    EXPECT_TRUE(partition.read(0, sector));
    const auto header = reference::parse_fve_header(sector, partition.size_bytes());
    Bytes area(reference::kFveMetadataBytes);
    EXPECT_TRUE(partition.read(header->metadata_offset_bytes[0], area));
    const auto metadata = reference::parse_fve_metadata(area, *header, partition.size_bytes());
    reference::DriveSecret secret;
    secret.text = SecretBytes::of_text(drive.recovery_password);
    secret.memo = &shared_stretch_memo();
    const auto keys = reference::unlock_fve(*metadata, secret);
    return Bytes(keys->full_volume_key.span().begin(), keys->full_volume_key.span().end());
  }

  uint64_t seed_, multiple_bytes_;  // of each file: page blobs want 512
  std::shared_ptr<FileTree> tree_;
  ScriptedOperator person_;
};

}  // namespace seedbed::soundness
