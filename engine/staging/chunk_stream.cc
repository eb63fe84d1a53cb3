#include "engine/staging/chunk_stream.h"

#include <algorithm>

#include "engine/staging/tree_reader.h"
#include "engine/staging/unit_line.h"

namespace seedbed {

namespace {

struct WorkTimes {
  uint64_t name_ns = 0, compress_ns = 0;
};

void work(Runtime& runtime, UnitLine& line, const ChunkKeys& keys, const KnownChunk& known, int level,
          WorkTimes& times) {
  ChunkNamer namer(keys);
  Compressor compressor(level);
  while (StreamUnit* const unit = line.take()) {
    const uint64_t start_ns = runtime.now_ns();
    unit->id = namer.name(unit->plain);
    runtime.spend(Work::hash_sha256, unit->plain.size());
    const uint64_t named_ns = runtime.now_ns();
    unit->known = known(unit->id) || line.seen(unit->id);
    if (!unit->known) {
      unit->packed = compressor.pack(unit->plain);
      runtime.spend(Work::compress, unit->plain.size());
    }
    times.name_ns += named_ns - start_ns;
    times.compress_ns += runtime.now_ns() - named_ns;
    line.done(*unit);
  }
}

// Tasks that are let go and joined whatever happens; the line must outlive them.
class Crew {
 public:
  explicit Crew(UnitLine& line) : line_(line) {}
  ~Crew() {
    line_.stop();
    tasks_.clear();
  }
  void add(Task task) { tasks_.push_back(std::move(task)); }
  void join() {
    for (const Task& task : tasks_) task->join();
  }

 private:
  UnitLine& line_;
  std::vector<Task> tasks_;
};

class Taker {
 public:
  Taker(UnitLine& line, const KnownChunk& known, StreamSink& sink, StreamReport& report)
      : line_(line), known_(known), sink_(sink), report_(report) {}

  Status run() {
    while (const auto unit = line_.pop()) TRY(take(*unit));
    return {};
  }

 private:
  Status take(StreamUnit& unit) {
    if (!unit.plain.empty()) {
      if (unit.known || known_(unit.id) || line_.seen(unit.id)) {
        report_.duplicate_bytes += unit.plain.size();
      } else {
        TRY(sink_.chunk(unit.id, unit.plain, unit.packed));
        line_.add_seen(unit.id);
        report_.chunks++;
      }
    }
    for (CatalogItem& item : unit.items) {
      for (CatalogExtent& extent : item.entry.extents)
        if (extent.kind == CatalogExtent::Kind::pending) {
          extent.kind = CatalogExtent::Kind::data;
          extent.chunk = unit.id;
        }
      TRY(sink_.item(std::move(item)));
    }
    if (unit.mark) TRY(sink_.mark(unit.source_bytes));
    return {};
  }

  UnitLine& line_;
  const KnownChunk& known_;
  StreamSink& sink_;
  StreamReport& report_;
};

}  // namespace

Result<StreamReport> stream_tree(Runtime& runtime, FileStore& source, const SourceSelection& selection,
                                 const StreamBase& base, const ChunkKeys& keys, const KnownChunk& known,
                                 const StreamOptions& options, StreamSink& sink) {
  TRY(check_sizes(options.chunks));
  UnitLine line(runtime, options.in_flight_bytes);
  TreeReader reader(runtime, source, selection, base, options, line);
  std::vector<WorkTimes> times(std::max(runtime.workers(), 1U));
  StreamReport taken;
  Status read, written;
  {
    Crew crew(line);
    crew.add(runtime.spawn("source reader", [&] {
      read = reader.run();
      if (!read) line.stop();
    }));
    for (WorkTimes& its : times)
      crew.add(runtime.spawn("chunk worker", [&runtime, &line, &keys, &known, &options, &its] {
        work(runtime, line, keys, known, options.compression_level, its);
      }));
    written = Taker(line, known, sink, taken).run();
    if (!written) line.stop();
    crew.join();
  }
  TRY(std::move(written));
  TRY(std::move(read));
  StreamReport report = reader.report();
  report.chunks = taken.chunks;
  report.duplicate_bytes = taken.duplicate_bytes;
  for (const WorkTimes& its : times) {
    report.times.name_ns += its.name_ns;
    report.times.compress_ns += its.compress_ns;
  }
  return report;
}

}  // namespace seedbed
