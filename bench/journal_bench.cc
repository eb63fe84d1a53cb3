// Contents
//   RecordEncode/<value bytes>     one checkpoint-like record to text
//   RecordParse/<records>          a journal's text to records, checksums verified
//   JournalAppendMemory            append on a store in memory: the journal's own cost
//   JournalAppendPosix             append on the temporary directory's file system: write and fdatasync with
//   it SyncPosix                      that fdatasync alone: a write of the same size, then sync
//   JournalOpen/<records>          open (and rewrite) on a store in memory
//   PageHashAppend/<hashes>        append on a store in memory
//   ManifestWrite                  a page blob of 100,000 ranges to a sink that counts
//   ManifestRead                   the same text read back
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <stdexcept>

#include "engine/documents/drive_manifest.h"
#include "engine/documents/xml.h"
#include "engine/journal/journal.h"
#include "engine/journal/page_hash_log.h"
#include "engine/linux/posix_files.h"
#include "engine/linux/thread_runtime.h"

namespace seedbed {
namespace {

// One flat directory without crashes, syncs for nothing.
class MemoryFiles final : public FileStore {
  struct MemoryFile final : File {
    explicit MemoryFile(std::shared_ptr<Bytes> content) : bytes(std::move(content)) {}
    Result<uint64_t> size() override { return bytes->size(); }
    Result<size_t> read_at(uint64_t offset_bytes, MutableByteSpan out) override {
      const size_t got_bytes =
          offset_bytes < bytes->size() ? std::min<size_t>(out.size(), bytes->size() - offset_bytes) : 0;
      if (got_bytes != 0) std::memcpy(out.data(), bytes->data() + offset_bytes, got_bytes);
      return got_bytes;
    }
    Status write_at(uint64_t offset_bytes, ByteSpan data) override {
      if (bytes->size() < offset_bytes + data.size()) bytes->resize(offset_bytes + data.size());
      if (!data.empty()) std::memcpy(bytes->data() + offset_bytes, data.data(), data.size());
      return {};
    }
    Status truncate(uint64_t size_bytes) override {
      bytes->resize(size_bytes);
      return {};
    }
    Status sync() override { return {}; }
    Status lock() override { return {}; }
    std::shared_ptr<Bytes> bytes;
  };

 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode, uint32_t) override {
    auto& content = files_[path];
    if (!content) content = std::make_shared<Bytes>();
    return std::make_unique<MemoryFile>(content);
  }
  Result<FileStat> stat(const std::string& path) override {
    if (!files_.contains(path)) return fail(ErrorCode::not_found, "stat", path);
    return FileStat{};
  }
  Status rename(const std::string& from, const std::string& to) override {
    files_[to] = std::move(files_[from]);
    files_.erase(from);
    return {};
  }
  Status remove(const std::string& path) override {
    files_.erase(path);
    return {};
  }
  Status sync_directory(const std::string&) override { return {}; }
  Result<std::string> real_path(const std::string& path) override { return path; }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override {
    return fail(ErrorCode::unsupported, "list", path);
  }
  Status make_directory(const std::string& path, uint32_t) override {
    return fail(ErrorCode::unsupported, "mkdir", path);
  }
  Result<std::string> read_link(const std::string& path) override {
    return fail(ErrorCode::unsupported, "readlink", path);
  }
  Result<uint64_t> free_bytes(const std::string& path) override {
    return fail(ErrorCode::unsupported, "statvfs", path);
  }

 private:
  std::map<std::string, std::shared_ptr<Bytes>> files_;
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* base = std::getenv("TMPDIR");
    path_ = std::string(base == nullptr ? P_tmpdir : base) + "/seedbed-journal-bench-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary directory");
  }
  ~TemporaryDirectory() {
    for (const char* name : {"/journal.jrn", "/plain"}) ::unlink((path_ + name).c_str());
    ::rmdir(path_.c_str());
  }
  std::string file(const char* name) const { return path_ + name; }

 private:
  std::string path_;
};

void must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message());
}

Record checkpoint(size_t value_bytes = 64) {
  return {1'478'111'054'735'000'000,
          "ActivityRecord",
          {{"ActivityId", "Checkpoint"},
           {"SessionId", "session#1"},
           {"DurableBytes", "123456789012"},
           {"HashesLength", "1234560"},
           {"HashesDigest", std::string(value_bytes, 'A')}}};
}

void RecordEncode(benchmark::State& state) {
  const Record record = checkpoint(static_cast<size_t>(state.range(0)));
  std::string text;
  for (auto _ : state) {
    text.clear();
    benchmark::DoNotOptimize(encode_record(record, 7, 0x12345678, text));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(RecordEncode)->Arg(64)->Arg(4096);

void RecordParse(benchmark::State& state) {
  std::string text;
  uint32_t checksum = 0;
  for (int64_t i = 1; i <= state.range(0); i++)
    checksum = encode_record(checkpoint(), static_cast<uint64_t>(i), checksum, text);
  for (auto _ : state) benchmark::DoNotOptimize(parse_records(text).value().last_checksum);
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(RecordParse)->Arg(10)->Arg(1000);

void append(benchmark::State& state, FileStore& store, const std::string& path) {
  ThreadRuntime runtime;
  auto journal = Journal::create(store, runtime, path, "bench").value();
  for (auto _ : state) {
    must(journal.append(checkpoint()));
    if (journal.records().size() < 5000) continue;
    state.PauseTiming();
    must(journal.compact([](size_t) { return false; }));
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations());
}

void JournalAppendMemory(benchmark::State& state) {
  MemoryFiles store;
  append(state, store, "journal.jrn");
}
BENCHMARK(JournalAppendMemory);

void JournalAppendPosix(benchmark::State& state) {
  const TemporaryDirectory directory;
  PosixFiles store;
  append(state, store, directory.file("/journal.jrn"));
}
BENCHMARK(JournalAppendPosix)->UseRealTime();

void SyncPosix(benchmark::State& state) {
  const TemporaryDirectory directory;
  PosixFiles store;
  auto file = store.open(directory.file("/plain"), OpenMode::create).value();
  std::string text;
  encode_record(checkpoint(), 1, 0, text);
  uint64_t offset_bytes = 0;
  for (auto _ : state) {
    must(file->write_at(offset_bytes, as_bytes(text)));
    must(file->sync());
    offset_bytes += text.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(SyncPosix)->UseRealTime();

void JournalOpen(benchmark::State& state) {
  MemoryFiles store;
  ThreadRuntime runtime;
  {
    auto journal = Journal::create(store, runtime, "journal.jrn", "bench").value();
    for (int64_t i = 1; i < state.range(0); i++) must(journal.append(checkpoint()));
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(Journal::open(store, runtime, "journal.jrn").value().size_bytes());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(JournalOpen)->Arg(1000);

void PageHashAppend(benchmark::State& state) {
  MemoryFiles store;
  const std::vector<Md5> hashes(static_cast<size_t>(state.range(0)));
  auto log = PageHashLog::create(store, "hashes").value();
  for (auto _ : state) {
    must(log.append(hashes));
    if (log.length_bytes() < 64 * MiB) continue;
    state.PauseTiming();
    log = PageHashLog::create(store, "hashes").value();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(PageHashAppend)->Arg(8)->Arg(256);

constexpr uint64_t kRanges = 100'000;

void write_manifest(const ManifestWriter::Sink& sink) {
  ManifestWriter writer(sink);
  must(writer.begin("9WM35C2V", "a2V5", ""));
  must(writer.begin_list("session#1-0"));
  must(writer.begin_blob(
      {"backup/a.BaseBlob", "\\session#1\\a.BaseBlob", kRanges * 4 * MiB, "rename", BlobType::page_blob}));
  for (uint64_t i = 0; i < kRanges; i++) must(writer.range({i * 4 * MiB, 4 * MiB, {}}));
  must(writer.end_blob());
  must(writer.end_list());
  must(writer.finish());
}

void ManifestWrite(benchmark::State& state) {
  uint64_t bytes = 0;
  for (auto _ : state)
    write_manifest([&bytes](ByteSpan piece) -> Status {
      bytes += piece.size();
      return {};
    });
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRanges));
}
BENCHMARK(ManifestWrite)->Unit(benchmark::kMillisecond);

void ManifestRead(benchmark::State& state) {
  std::string text;
  write_manifest([&text](ByteSpan piece) -> Status {
    text += as_text(piece);
    return {};
  });
  uint64_t ranges = 0;
  const ManifestHandler counting{[](auto...) { return Status(); }, [](auto) { return Status(); },
                                 [](const auto&) { return Status(); },
                                 [&ranges](const auto&) {
                                   ranges++;
                                   return Status();
                                 },
                                 [] { return Status(); }};
  for (auto _ : state) must(read_manifest(xml_source_of(text), counting, "manifest"));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
  state.SetItemsProcessed(static_cast<int64_t>(ranges));
}
BENCHMARK(ManifestRead)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace seedbed
