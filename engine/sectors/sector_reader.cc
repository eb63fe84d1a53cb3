#include "engine/sectors/chunk_worker.h"
#include "engine/sectors/pipeline_shape.h"
#include "engine/sectors/sector_writer.h"
#include "engine/sectors/transfer_queue.h"

namespace seedbed {
namespace {

// The calling task's part of the proof: keeps the drive reading, and hands what the workers have hashed to
// the verifier, in order.
class ProofRun {
 public:
  ProofRun(Runtime& runtime, ChunkTable& table, TransferQueue& queue, ChunkFeed& feed,
           const ProofCallback& verify)
      : runtime_(runtime), table_(table), queue_(queue), feed_(feed), verify_(verify) {}

  Status run() {
    for (;;) {
      if (auto failure = table_.failure()) return std::unexpected(*std::move(failure));
      TRY(submit_reads());
      if (ChunkSlot* slot = table_.front()) {
        TRY(verify(*slot));
      } else if (table_.drained()) {
        return {};
      } else {
        TRY(wait());
      }
    }
  }

  const WriteTotals& totals() const noexcept { return totals_; }

 private:
  Status submit_reads() {
    for (;;) {
      if (next_ == nullptr) TRY(begin_next());
      if (next_ == nullptr || !queue_.has_room(next_->chunk.length_bytes)) return {};
      TRY(queue_.submit(IoKind::read, *std::exchange(next_, nullptr)));
    }
  }

  // The next chunk in a buffer of its own, as long as there are both.
  Status begin_next() {
    ChunkSlot* slot = ended_ ? nullptr : table_.try_claim();
    if (slot == nullptr) return {};
    auto chunk = TRY(feed_.next());
    if (chunk) {
      table_.begin(*slot, *std::move(chunk));
      next_ = slot;
    } else {
      ended_ = true;
      table_.end(slot);
    }
    return {};
  }

  Status verify(ChunkSlot& slot) {
    table_.pop_front();
    const uint64_t start_ns = runtime_.now_ns();
    TRY(verify_(slot.chunk, slot.hashes));
    totals_.times.checkpoint_ns += runtime_.now_ns() - start_ns;
    ++totals_.chunks;
    totals_.ranges += slot.hashes.size();
    totals_.bytes += slot.chunk.length_bytes;
    table_.release(slot);
    return {};
  }

  // With nothing on its way from the drive the next chunk can only come from the workers.
  Status wait() {
    if (queue_.idle()) {
      table_.wait_front();
      return {};
    }
    const uint64_t start_ns = runtime_.now_ns();
    const TransferQueue::Finished finished = TRY(queue_.reap());
    totals_.times.write_wait_ns += runtime_.now_ns() - start_ns;
    for (ChunkSlot* slot : finished.chunks) table_.filled(*slot);
    return {};
  }

  Runtime& runtime_;
  ChunkTable& table_;
  TransferQueue& queue_;
  ChunkFeed& feed_;
  const ProofCallback& verify_;
  ChunkSlot* next_ = nullptr;  // begun, waiting for room in the queue
  bool ended_ = false;
  WriteTotals totals_;
};

}  // namespace

Result<WriteTotals> read_sectors(Runtime& runtime, BlockDevice& device, uint64_t partition_offset_bytes,
                                 const SectorCipher& cipher, ChunkSource& source, const ProofCallback& verify,
                                 const SectorWriterOptions& options) {
  const uint64_t start_ns = runtime.now_ns();
  const PipelineShape shape = TRY(pipeline_shape(device, partition_offset_bytes, cipher, options));
  const auto buffers = TRY(device.pool(shape.buffers, options.chunk_bytes));
  ChunkFeed feed(source, shape.limits);
  ChunkTable table(runtime, buffers, ChunkFlow::reading, shape.low_water, options.batch_ranges);
  TransferQueue queue(device, partition_offset_bytes, options.queue_bytes, table.slots());
  ProofRun run(runtime, table, queue, feed, verify);
  const WorkerContext context{.runtime = runtime,
                              .table = table,
                              .flow = ChunkFlow::reading,
                              .lanes = options.hash_lanes,
                              .cipher = true,
                              .source = nullptr,
                              .feed = nullptr,
                              .feed_monitor = nullptr};
  WorkerCrew crew(context, cipher);  // last, so that it goes first
  Status outcome = run.run();
  if (!outcome) {
    table.stop();
    queue.drain();
  }
  const StageTimes worked = crew.join();
  if (!outcome) return std::unexpected(std::move(outcome).error());

  WriteTotals totals = run.totals();
  totals.times.hash_ns = worked.hash_ns;
  totals.times.encrypt_ns = worked.encrypt_ns;
  totals.times.elapsed_ns = runtime.now_ns() - start_ns;
  return totals;
}

}  // namespace seedbed
