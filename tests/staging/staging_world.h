// A small world for staging: one computer with a source tree and a staging location, one command per boot on
// fibres and virtual time, killed at any port call, with or without a power cut. Judged by the reader that
// shares no code with the engine.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/staging/chunk_tree.h"
#include "engine/staging/restorer.h"
#include "engine/staging/staging_area.h"
#include "fakes/reference/sealed_tree.h"
#include "simulator/file_tree.h"
#include "simulator/scheduler.h"
#include "simulator/scripted_operator.h"
#include "simulator/seeded_entropy.h"
#include "simulator/simulated_files.h"
#include "simulator/virtual_runtime.h"

namespace seedbed::testing_support {

inline constexpr const char* kPassphrase = "correct horse battery staple";

// Derived once per process: the same salt in every world.
inline const KdfSpec& test_kdf() {
  static const KdfSpec kdf{.log2_n = 10, .r = 8, .p = 1, .salt = Bytes(16, 0x5a)};
  return kdf;
}
inline const ChunkKeys& test_keys() {
  static const ChunkKeys keys = derive_chunk_keys(SecretBytes::of_text(kPassphrase), test_kdf()).value();
  return keys;
}

struct Ports {
  VirtualRuntime& runtime;
  FileStore& files;
  Entropy& entropy;
};

struct BootEnd {
  bool ended = false;  // not killed
  uint64_t port_calls = 0;
  std::string stuck;
};

enum class Cut : uint8_t { kill, power, power_scattered };

class StagingWorld {
 public:
  explicit StagingWorld(uint64_t its_seed) : seed(its_seed), tree(std::make_shared<FileTree>()) {
    for (const char* directory : {"/source", "/staging", "/restored"})
      static_cast<void>(tree->make_directory(directory, 0755, 0));
    request.source.paths = {"/source"};
    request.staging_path = "/staging";
    request.inputs.job = "job1";
    request.inputs.account = "devstoreaccount1";
    request.inputs.container = "seeds";
    request.inputs.backup_id = "00112233445566778899aabbccddeeff";
    request.kdf = test_kdf();
    options.chunks = {.min_bytes = 4 * KiB, .average_bytes = 16 * KiB, .max_bytes = 64 * KiB};
    options.batch_bytes = 256 * KiB;
  }
  StagingWorld(const StagingWorld& other)
      : seed(other.seed),
        incarnation(other.incarnation),
        tree(std::make_shared<FileTree>(*other.tree)),
        request(other.request),
        options(other.options) {}
  StagingWorld& operator=(const StagingWorld&) = delete;

  void put_bytes(const std::string& path, ByteSpan content, int64_t modified_ns = 1'000'000'007) {
    const Status planted = tree->plant_file("/source/" + path, content, 0640, modified_ns);
    ASSERT_TRUE(planted) << planted.error().message();
  }
  // Half noise, half text, so that both codecs are used.
  void put(const std::string& path, size_t size_bytes) {
    Bytes content(size_bytes);
    Random random(sub_seed(seed, path));
    random.fill(content);
    for (size_t i = 0; i < size_bytes; i++)
      if (i / 3000 % 2 == 0) content[i] = static_cast<uint8_t>("abcd"[content[i] % 4]);
    put_bytes(path, content);
  }
  void put_usual_tree() {
    for (const char* directory : {"/source/d", "/source/d/deep", "/source/leer"})
      static_cast<void>(tree->make_directory(directory, 0755, 5'000'000'000));
    put("a.bin", 150'000);
    put("empty", 0);
    put("one", 1);
    for (int i = 0; i < 30; i++) put("d/small" + std::to_string(i), 700 + static_cast<size_t>(i) * 97);
    put("d/deep/b.bin", 420'000);
    put("d/Übermaß \xff\x01.txt", 5000);
    put("d/" + std::string(200, 'n'), 300);
    Bytes sparse(600'000);
    sparse[0] = 1;
    sparse[310'000] = 2;
    put_bytes("d/sparse", sparse);
    put_bytes("zeros", Bytes(100'000));
    put_bytes("d/copy of a", content("/source/a.bin"));
    EXPECT_TRUE(tree->plant_symlink("../a.bin", "/source/d/link"));
    EXPECT_TRUE(tree->plant_hard_link("/source/a.bin", "/source/d/other name"));
    EXPECT_TRUE(tree->plant_hard_link("/source/one", "/source/z one"));
    put("z.bin", 200'000);
    tree->settle();
  }

  Bytes content(const std::string& path) const {
    const auto handle = tree->open(path, OpenMode::read, 0, 0);
    if (!handle) return {};
    Bytes out(tree->size(*handle).value());
    EXPECT_TRUE(tree->read(*handle, 0, out));
    tree->close(*handle);
    return out;
  }
  void set_content(const std::string& path, ByteSpan bytes, int64_t modified_ns) {
    static_cast<void>(tree->remove(path, 0));
    ASSERT_TRUE(tree->plant_file(path, bytes, 0640, modified_ns));
    tree->settle();
  }

  BootEnd boot(const std::function<void(Ports&)>& body, uint64_t kill_at = 0, Cut cut = Cut::kill) {
    BootEnd end;
    Scheduler scheduler({.seed = sub_seed(seed + schedule, "schedule"),
                         .start_ns = 1'000'000'000,
                         .stacks = {},
                         .trace = {}});
    {
      VirtualRuntime machine(
          scheduler,
          {.name = "source computer", .workers = workers, .utc_ns = 1'478'044'800'000'000'000, .costs = {}});
      machine.kill_at_port_call(kill_at);
      SimulatedFiles files(machine, tree);
      SeededEntropy entropy(seed, incarnation++);
      Ports ports{machine, files, entropy};
      Task task;
      try {
        task = machine.spawn("command", [&] {
          body(ports);
          end.ended = true;
        });
      } catch (const Killed&) {  // dead before it began
      }
      if (const Status ran = scheduler.run(); !ran) {
        end.stuck = ran.error().message();
        machine.kill();
        static_cast<void>(scheduler.run());
      }
      end.port_calls = machine.port_calls();
      task.reset();
    }
    if (!end.ended) {
      tree->kill();
      if (cut == Cut::power) tree->power_cut();
      if (cut == Cut::power_scattered)
        tree->power_cut({.shape = Survivors::Shape::seeded, .seed = seed + kill_at});
    }
    return end;
  }

  std::optional<Result<StageReport>> stage_once(uint64_t kill_at = 0, Cut cut = Cut::kill,
                                                uint64_t* port_calls = nullptr) {
    std::optional<Result<StageReport>> outcome;
    const BootEnd end = boot(
        [&](Ports& ports) {
          outcome = stage({ports.runtime, ports.files, ports.files, ports.entropy, person}, request,
                          test_keys(), options);
        },
        kill_at, cut);
    EXPECT_EQ(end.stuck, "") << "killed at " << kill_at;
    if (port_calls != nullptr) *port_calls = end.port_calls;
    if (!end.ended) outcome.reset();
    return outcome;
  }

  // What is wrong with what was staged, by a judge without engine code.
  std::string judge(const std::vector<std::string>& but = {}) {
    std::string text;
    boot([&](Ports& ports) {
      const reference::StagedSeed seed_read =
          reference::read_staged_seed(ports.files, "/staging", request.inputs.job, kPassphrase);
      for (const auto& finding : seed_read.findings) text += finding.line() + "\n";
      if (!text.empty()) return;
      const auto keys = reference::derive_seal_keys(kPassphrase, seed_read.indexes.front().facts.stretch);
      for (const auto& finding : reference::compare_with_source(seed_read.tree, *keys, seed_read.fetch(),
                                                                ports.files, "/source", but))
        text += finding.line() + "\n";
    });
    return text;
  }

  uint64_t seed;
  uint64_t schedule = 0;
  uint64_t incarnation = 0;
  unsigned workers = 2;
  std::shared_ptr<FileTree> tree;
  StageRequest request;
  StageOptions options;
  ScriptedOperator person;
};

}  // namespace seedbed::testing_support
