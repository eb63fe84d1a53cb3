#include "engine/staging/staging_area.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/staging/staged_blobs.h"
#include "engine/staging/staging_writer.h"

namespace seedbed {

namespace {

Status check_options(const StageOptions& options) {
  TRY(check_sizes(options.chunks));
  if (options.blob_bytes_max % kBlobPageBytes != 0 || options.blob_bytes_max < 16 * KiB ||
      options.blob_bytes_max > 8 * TiB)
    return fail(ErrorCode::invalid_argument, "the largest size of a base blob makes no sense", {},
                "A multiple of 512, from 16 KiB to 8 TiB");
  if (options.batch_bytes < 8ULL * options.chunks.max_bytes || options.batch_bytes > 1 * GiB)
    return fail(ErrorCode::invalid_argument, "the size of a batch makes no sense", {},
                "From eight chunks of the largest size to 1 GiB");
  if (!(options.assume_ratio >= 0 && options.assume_ratio <= 1))
    return fail(ErrorCode::invalid_argument, "the assumed ratio must be above 0 and at most 1", {},
                "0.5 says: half of the source's size");
  return {};
}

uint64_t staged_bytes_of(const CatalogLog& log) {
  uint64_t bytes = 0;
  for (const auto& [path, entry] : log.entries()) bytes += entry.size_bytes;
  for (const auto& [number, open] : log.open()) bytes += open.entry.size_bytes;
  return bytes;
}

Status check_space(FileStore& staging, const StageRequest& request, const StageOptions& options,
                   uint64_t source_bytes, uint64_t staged_bytes) {
  uint64_t needed_bytes = source_bytes - std::min(source_bytes, staged_bytes);
  if (options.assume_ratio > 0)
    needed_bytes = static_cast<uint64_t>(static_cast<double>(needed_bytes) * options.assume_ratio);
  const uint64_t free_bytes = TRY(staging.free_bytes(request.staging_path));
  if (free_bytes >= needed_bytes) return {};
  return fail(ErrorCode::out_of_space,
              fmt::format("the staging location has {} free, and what is to be staged is {}{}",
                          human_bytes(free_bytes), human_bytes(needed_bytes),
                          options.assume_ratio > 0 ? " by the assumed ratio" : ""),
              request.staging_path,
              options.assume_ratio > 0
                  ? "Free some space, or choose another staging location"
                  : "Free some space, choose another staging location, or say how well the data compresses "
                    "(assume_ratio)");
}

void count_entries(const CatalogLog& log, StageReport& report) {
  for (const auto& [path, entry] : log.entries()) {
    if (entry.kind == FileKind::directory) report.directories++;
    if (entry.kind == FileKind::symlink) report.symlinks++;
    if (entry.kind != FileKind::file) continue;
    (entry.hard_link_of.empty() ? report.files : report.hard_links)++;
    report.source_bytes += entry.size_bytes;
  }
}

class Staging {
 public:
  Staging(StagePorts& ports, const StageRequest& request, const ChunkKeys& keys, const StageOptions& options)
      : ports_(ports), request_(request), keys_(keys), options_(options) {}

  Result<StageReport> run() {
    TRY(check_inputs(request_.inputs));
    TRY(check_kdf(request_.kdf));
    TRY(check_options(options_));
    const FileStat place = TRY(ports_.staging.stat(TRY(ports_.staging.real_path(request_.staging_path))));
    if (place.kind != FileKind::directory)
      return fail(ErrorCode::invalid_argument, "the staging location is no directory", request_.staging_path,
                  "Name an existing directory");
    StagedJob job =
        TRY(read_staged_job(ports_.staging, request_.staging_path, request_.inputs, request_.kdf, keys_));
    for (StagedBlob& blob : job.closed) TRY(write_closed(blob));
    if (job.complete) return tell_complete(job);
    return go_on(std::move(job));
  }

 private:
  // Seeing an index does not make it durable: what this run builds upon is written once more.
  Status write_closed(StagedBlob& blob) {
    const Bytes bytes = TRY(encode_aib({blob.head, blob.entries}));
    TRY(replace_file(ports_.staging, aib_path(request_.staging_path, blob.name), bytes, 0644));
    report_.blobs.push_back(summary_of(blob.head, blob.entries, bytes.size()));
    return {};
  }

  Result<StageReport> tell_complete(const StagedJob& job) {
    if (!job.log.finished())
      return fail(ErrorCode::corrupt, "the job is said to be complete, but its catalog has no end",
                  request_.staging_path, "Remove the job's files and run the backup again");
    report_.already_complete = true;
    count_entries(job.log, report_);
    report_what_is_missing(job.log, TRY(selection()));
    for (const BlobSummary& blob : report_.blobs) report_.base_bytes += blob.base_bytes;
    return std::move(report_);
  }

  Result<SourceSelection> selection() {
    SourceSelection selection = request_.source;
    if (&ports_.source == &ports_.staging)
      selection.hidden.push_back(TRY(ports_.staging.real_path(request_.staging_path)));
    return selection;
  }

  // An earlier run read the source to its end and may have died before anybody heard what it could not read.
  void report_what_is_missing(const CatalogLog& log, const SourceSelection& selected) {
    SourceTree tree(ports_.source, selected);
    auto source = tree.next();
    for (; source && *source; source = tree.next())
      if (!log.entries().contains((*source)->path))
        report_.problems.push_back(
            {(*source)->path, "it is not in the backup: it could not be read, or came later"});
    report_.problems.insert(report_.problems.end(), tree.problems().begin(), tree.problems().end());
    if (!source)
      report_.problems.push_back(
          {source.error().where, source.error().what + ": what of it the backup lacks is not known"});
    for (const auto& [path, entry] : log.entries())
      if (entry.changed_while_read) report_.changed.push_back(path);
  }

  Result<StageReport> go_on(StagedJob job) {
    const SourceSelection selected = TRY(selection());
    const SourceTotals totals = TRY(measure_source(ports_.source, selected));
    const uint64_t staged_bytes = staged_bytes_of(job.log);
    TRY(check_space(ports_.staging, request_, options_, totals.bytes, staged_bytes));
    report_.resumed = job.growing || !job.closed.empty() || job.begun_again;
    if (report_.resumed) options_.log.info(fmt::format("staging goes on behind {} bytes", staged_bytes));

    StagingWriter writer(
        {ports_.runtime, ports_.staging, ports_.entropy, ports_.person, request_, options_, keys_},
        {totals.bytes, staged_bytes});
    if (job.growing) {
      TRY(writer.resume(base_blob_path(request_.staging_path, job.growing->name),
                        *std::move(job.growing->scan), std::move(report_.blobs)));
    } else {
      TRY(writer.start(std::move(report_.blobs)));
    }
    if (job.log.finished()) {
      count_entries(job.log, report_);
      report_what_is_missing(job.log, selected);
    } else {
      TRY(stream(selected, job, writer));
    }
    TRY(writer.finish(report_.source_bytes));
    report_.blobs = writer.blobs();
    for (const BlobSummary& blob : report_.blobs) report_.base_bytes += blob.base_bytes;
    report_.times.write_ns = writer.write_ns();
    report_.times.sync_ns = writer.sync_ns();
    return std::move(report_);
  }

  // Read again after a cut: what was read since the last mark (a part of a batch and a chunk), what is under
  // way (the same, and one waiting), and what the reader has ahead (two chunks). Together a batch.
  Status stream(const SourceSelection& selection, const StagedJob& job, StagingWriter& writer) {
    const uint64_t part_bytes = options_.batch_bytes / 2 - 2ULL * options_.chunks.max_bytes;
    const StreamOptions options{options_.chunks, options_.compression_level, part_bytes, part_bytes};
    const StreamBase base{&job.log.entries(), &job.log.open(), job.log.next_number(), true};
    const StreamReport streamed = TRY(stream_tree(
        ports_.runtime, ports_.source, selection, base, keys_,
        [&](const ChunkId& id) { return job.chunks.contains(id); }, options, writer));
    report_.files = streamed.files;
    report_.directories = streamed.directories;
    report_.symlinks = streamed.symlinks;
    report_.hard_links = streamed.hard_links;
    report_.source_bytes = streamed.source_bytes;
    report_.read_bytes = streamed.read_bytes;
    report_.chunks = streamed.chunks;
    report_.duplicate_bytes = streamed.duplicate_bytes;
    report_.zero_bytes = streamed.zero_bytes;
    report_.problems = streamed.problems;
    report_.changed = streamed.changed;
    report_.times = streamed.times;
    return {};
  }

  StagePorts& ports_;
  const StageRequest& request_;
  const ChunkKeys& keys_;
  const StageOptions& options_;
  StageReport report_;
};

}  // namespace

Result<StageReport> stage(StagePorts ports, const StageRequest& request, const ChunkKeys& keys,
                          const StageOptions& options) {
  return Staging(ports, request, keys, options).run();
}

}  // namespace seedbed
