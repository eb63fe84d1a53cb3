#include "engine/sectors/sector_writer.h"

#include "engine/sectors/checkpoint_ledger.h"
#include "engine/sectors/chunk_worker.h"
#include "engine/sectors/pipeline_shape.h"
#include "engine/sectors/transfer_queue.h"

namespace seedbed {
namespace {

// The calling task's part: takes what the workers have encrypted to the drive, in order, and sees to flushes
// and checkpoints.
class WriteRun {
 public:
  WriteRun(Runtime& runtime, BlockDevice& device, ChunkTable& table, TransferQueue& queue,
           const CheckpointCallback& checkpoint, const SectorWriterOptions& options)
      : runtime_(runtime),
        device_(device),
        table_(table),
        queue_(queue),
        checkpoint_(checkpoint),
        write_(options.write),
        ledger_(options.checkpoint_bytes, options.redo_bytes),
        epoch_(device.reset_epoch()) {}

  Status run() {
    for (;;) {
      if (auto failure = table_.failure()) return std::unexpected(*std::move(failure));
      TRY(begin_checkpoint());
      TRY(submit_ready());
      if (table_.drained() && !ended_) {
        ended_ = true;
        ledger_.end();
      } else if (ended_ && ledger_.complete()) {
        return {};
      } else if (!flush_allowed() || !ledger_.due()) {
        TRY(wait());
      }
    }
  }

  WriteTotals totals() const {
    return {.chunks = ledger_.chunk_count(),
            .ranges = ledger_.range_count(),
            .bytes = ledger_.bytes(),
            .flushes = flushes_,
            .times = times_};
  }

 private:
  // One flush at a time, so that each belongs to one checkpoint.
  bool flush_allowed() const noexcept { return !flushing_; }

  // Submitted only now that every write of the checkpoint was reaped: a flush covers nothing else.
  Status begin_checkpoint() {
    if (!flush_allowed() || !ledger_.due()) return {};
    if (!write_) return record_checkpoint();
    flushing_ = true;
    flush_start_ns_ = runtime_.now_ns();
    return queue_.submit_flush();
  }

  Status submit_ready() {
    while (ChunkSlot* slot = table_.front()) {
      const uint32_t length_bytes = slot->chunk.length_bytes;
      if (!ledger_.admits(length_bytes) || !queue_.has_room(length_bytes)) return {};
      table_.pop_front();
      ledger_.submitted(slot->chunk, slot->hashes);
      if (write_) {
        TRY(queue_.submit(IoKind::write, *slot));
      } else {
        finish(*slot);
      }
    }
    return {};
  }

  // With nothing on its way to the drive the next chunk can only come from the workers. Else completions come
  // first, and each is a chance to submit what has become ready.
  Status wait() {
    if (queue_.idle()) {
      table_.wait_front();
      return {};
    }
    const uint64_t start_ns = runtime_.now_ns();
    const TransferQueue::Finished finished = TRY(queue_.reap());
    times_.write_wait_ns += runtime_.now_ns() - start_ns;
    for (ChunkSlot* slot : finished.chunks) finish(*slot);
    if (finished.flushed) return end_flush();
    return {};
  }

  void finish(ChunkSlot& slot) {
    ledger_.finished(slot.position);
    table_.release(slot);
  }

  Status end_flush() {
    flushing_ = false;
    ++flushes_;
    times_.flush_ns += runtime_.now_ns() - flush_start_ns_;
    if (device_.reset_epoch() != epoch_) {
      return fail(ErrorCode::device_gone, "the drive lost power or was reset while it was being written",
                  device_.identity().path,
                  "Check cabling and power, then run the same command again to resume");
    }
    return record_checkpoint();
  }

  Status record_checkpoint() {
    const uint64_t start_ns = runtime_.now_ns();
    TRY(checkpoint_(ledger_.next()));
    times_.checkpoint_ns += runtime_.now_ns() - start_ns;
    ledger_.recorded();
    return {};
  }

  Runtime& runtime_;
  BlockDevice& device_;
  ChunkTable& table_;
  TransferQueue& queue_;
  const CheckpointCallback& checkpoint_;
  const bool write_;
  CheckpointLedger ledger_;
  const uint64_t epoch_;
  bool ended_ = false;
  bool flushing_ = false;
  uint64_t flush_start_ns_ = 0;
  uint64_t flushes_ = 0;
  StageTimes times_;
};

}  // namespace

Result<WriteTotals> write_sectors(Runtime& runtime, BlockDevice& device, uint64_t partition_offset_bytes,
                                  const SectorCipher& cipher, ChunkSource& source,
                                  const CheckpointCallback& checkpoint, const SectorWriterOptions& options) {
  const uint64_t start_ns = runtime.now_ns();
  const PipelineShape shape = TRY(pipeline_shape(device, partition_offset_bytes, cipher, options));
  const auto buffers = TRY(device.pool(shape.buffers, options.chunk_bytes));
  ChunkFeed feed(source, shape.limits);
  const std::unique_ptr<Monitor> feed_monitor = runtime.make_monitor();
  ChunkTable table(runtime, buffers, ChunkFlow::writing, shape.low_water, options.batch_ranges);
  TransferQueue queue(device, partition_offset_bytes, options.queue_bytes, table.slots());
  WriteRun run(runtime, device, table, queue, checkpoint, options);
  const WorkerContext context{.runtime = runtime,
                              .table = table,
                              .flow = ChunkFlow::writing,
                              .lanes = options.hash_lanes,
                              .cipher = options.write,
                              .source = &source,
                              .feed = &feed,
                              .feed_monitor = feed_monitor.get()};
  WorkerCrew crew(context, cipher);  // last, so that it goes first
  Status outcome = run.run();
  if (!outcome) {
    table.stop();
    queue.drain();
  }
  const StageTimes worked = crew.join();
  if (!outcome) return std::unexpected(std::move(outcome).error());

  WriteTotals totals = run.totals();
  totals.times.fill_ns = worked.fill_ns;
  totals.times.hash_ns = worked.hash_ns;
  totals.times.encrypt_ns = worked.encrypt_ns;
  totals.times.elapsed_ns = runtime.now_ns() - start_ns;
  return totals;
}

}  // namespace seedbed
