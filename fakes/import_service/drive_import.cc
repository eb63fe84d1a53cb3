#include "fakes/import_service/drive_import.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "fakes/import_service/blob_import.h"
#include "fakes/import_service/job_book.h"
#include "fakes/reference/fve.h"
#include "fakes/reference/gpt.h"

namespace seedbed {

namespace {

using namespace reference;

constexpr size_t kReadBytes = 64 * KiB;

// A drive that cannot be imported, by the service's word for it.
struct Failed {
  const char* status;
};

// The layers of a drive, opened one after the other: which one fails decides what the customer is told.
struct OpenedDrive {
  Gpt table;
  std::unique_ptr<WindowSource> partition;
  std::unique_ptr<FveVolume> bitlocker;
  std::unique_ptr<NtfsVolume> ntfs;
};

Result<std::optional<Failed>> failed_by(const Error& error, const char* otherwise) {
  if (error.code == ErrorCode::device_gone) return std::unexpected(error);  // it may come back
  if (error.code == ErrorCode::io_error) return std::optional(Failed{"DiskOperationFailed"});
  return std::optional(Failed{otherwise});
}

Result<std::optional<Failed>> open_drive(ByteSource& whole, const SecretBytes& key, StretchMemo* memo,
                                         OpenedDrive& drive) {
  auto table = read_gpt(whole, 0);
  if (!table) return failed_by(table.error(), "BitLockerVolumeNotFound");
  drive.table = std::move(*table);
  const GptPartition* found = nullptr;
  for (const GptPartition& partition : drive.table.partitions) {
    Bytes head(11);
    const Status read = whole.read(partition.place.offset_bytes, head);
    if (!read && read.error().code != ErrorCode::corrupt)
      return failed_by(read.error(), "DiskOperationFailed");
    if (read && as_text(ByteSpan(head).subspan(3)) == "-FVE-FS-") {
      found = &partition;
      break;  // the first data volume only
    }
  }
  if (!found) return std::optional(Failed{"BitLockerVolumeNotFound"});
  drive.partition = std::make_unique<WindowSource>(whole, found->place, "volume of " + whole.name());
  DriveSecret secret;
  secret.text = key.clone();
  secret.memo = memo;
  auto bitlocker = FveVolume::open(*drive.partition, secret);
  if (!bitlocker)
    return failed_by(bitlocker.error(), bitlocker.error().code == ErrorCode::permission_denied
                                            ? "BitLockerKeyInvalid"
                                            : "BitLockerUnlockVolumeFailed");
  drive.bitlocker = std::move(*bitlocker);
  auto ntfs = NtfsVolume::open(*drive.bitlocker);
  if (!ntfs) return failed_by(ntfs.error(), "VolumeNotNtfs");
  drive.ntfs = std::move(*ntfs);
  return std::optional<Failed>();
}

// The manifest as a whole, before a blob is touched.
struct CheckedManifest {
  std::unique_ptr<NtfsStream> file;
  ManifestHead head;
  uint64_t bytes_total = 0;
};

Result<std::optional<Failed>> check_manifest(NtfsVolume& volume, const BayWork& work,
                                             CheckedManifest& manifest) {
  if (work.manifest_file.size() > 260) return std::optional(Failed{"ManifestNameTooLong"});
  const auto entry = volume.find(work.manifest_file);
  auto file =
      entry ? volume.open_file(*entry) : Result<std::unique_ptr<NtfsStream>>(std::unexpected(entry.error()));
  if (!file)
    return failed_by(file.error(),
                     file.error().code == ErrorCode::not_found ? "ManifestNotFound" : "ReadManifestFailed");
  manifest.file = std::move(*file);
  const auto wanted = parse_hex(work.manifest_hash);
  Digest digest(wanted && wanted->size() == 32 ? DigestKind::sha256 : DigestKind::md5);
  Bytes chunk(kReadBytes);
  const uint64_t size_bytes = manifest.file->size_bytes();
  for (uint64_t at = 0; at < size_bytes; at += kReadBytes) {
    const MutableByteSpan part =
        MutableByteSpan(chunk).first(std::min<uint64_t>(kReadBytes, size_bytes - at));
    const Status read = manifest.file->read(at, part);
    if (!read) return failed_by(read.error(), "ReadManifestFailed");
    digest.update(part);
  }
  if (!wanted || digest.snapshot() != *wanted) return std::optional(Failed{"ManifestCorrupted"});
  auto head = read_manifest(*manifest.file, [&](ManifestEntry&& blob) -> Status {
    for (const ManifestPiece& piece : blob.pieces) manifest.bytes_total += piece.length_bytes;
    return {};
  });
  if (!head) return failed_by(head.error(), "ManifestFormatInvalid");
  manifest.head = std::move(*head);
  if (lower_case(manifest.head.drive_id) != lower_case(work.drive_id))
    return std::optional(Failed{"ManifestDriveIdMismatch"});
  if (manifest.head.has_account_key == manifest.head.has_container_sas)
    return std::optional(Failed{"ManifestFormatInvalid"});
  return std::optional<Failed>();
}

// "20130921-034307-902" of the services' time.
std::string log_time(int64_t utc_ns) {
  std::string text = utc_journal_text(utc_ns);  // 2013/09/21 03:43:07.902
  std::erase_if(text, [](char c) { return c == '/' || c == ':'; });
  std::replace(text.begin(), text.end(), ' ', '-');
  std::replace(text.begin(), text.end(), '.', '-');
  return text;
}

class DriveImport {
 public:
  DriveImport(Runtime& runtime, HttpTransport& inside, const DatacenterOptions& options, const BayWork& work,
              const std::function<Status(const DriveOutcome&)>& report)
      : runtime_(runtime), inside_(inside), options_(options), work_(work), report_(report) {}

  Result<DriveOutcome> run(ByteSource& whole) {
    OpenedDrive drive;
    if (const auto failed = TRY(open_drive(whole, work_.bitlocker_key, options_.memo, drive)))
      return over(failed->status);
    CheckedManifest manifest;
    if (const auto failed = TRY(check_manifest(*drive.ntfs, work_, manifest))) return over(failed->status);
    outcome_.bytes_total = manifest.bytes_total;
    AccountAccess access;
    access.endpoint = options_.origin + "/" + work_.account;
    access.account = work_.account;
    access.internal_token = options_.internal_token;
    access.clock_shift_ns = work_.clock_shift_ns;
    if (const Status read = read_credential(manifest.head, access); !read)
      return over("ManifestFormatInvalid");
    AccountClient account(runtime_, inside_, std::move(access),
                          {.tries_max = options_.tries_max, .wait_ns = options_.wait_ns});
    return import(*drive.ntfs, manifest, account);
  }

 private:
  DriveOutcome over(std::string status) {
    outcome_.copy_status = std::move(status);
    return outcome_;
  }

  Status read_credential(const ManifestHead& head, AccountAccess& access) {
    if (head.has_account_key) {
      const auto key = parse_base64(head.account_key.text());
      if (!key) return fail(ErrorCode::corrupt, "the account key is no base64");
      access.key = SecretBytes(*key);
      return {};
    }
    const std::string_view sas = head.container_sas.text();
    const size_t mark = sas.find('?');
    if (mark == std::string_view::npos || mark == 0)
      return fail(ErrorCode::corrupt, "the container's SAS has no container");
    sas_container_ = sas.substr(0, mark);
    access.sas = sas.substr(mark + 1);
    return {};
  }

  Result<DriveOutcome> import(NtfsVolume& volume, const CheckedManifest& manifest, AccountClient& account) {
    CopyLogText log(work_.drive_id, work_.verbose);
    uint64_t reported_bytes = 0;
    ImportContext context{.runtime = runtime_,
                          .account = account,
                          .volume = volume,
                          .batch_bytes = options_.batch_bytes,
                          .progress = {},
                          .containers = {}};
    const auto take_figures = [&] {
      outcome_.bytes_done = context.bytes_done;
      outcome_.bytes_good = context.bytes_good;
      outcome_.bytes_put = context.bytes_put;
      outcome_.bytes_found = context.bytes_found;
    };
    context.progress = [&]() -> Status {
      if (context.bytes_done - reported_bytes < options_.progress_bytes) return {};
      reported_bytes = context.bytes_done;
      take_figures();
      return report_(outcome_);
    };
    uint64_t index = 0;
    bool interrupted = false;
    const auto head = read_manifest(*manifest.file, [&](ManifestEntry&& entry) -> Status {
      const std::string id = fmt::format("{}/{}/{}", work_.job_row, work_.drive_id, index++);
      if (context.forbidden && !account.by_sas()) {  // the key opens nothing: no use to go on asking
        BlobLog cancelled;
        cancelled.blob_path = entry.blob_path;
        cancelled.status = "BlobRequestForbidden";
        cancelled.disposition_status = "Cancelled";
        log.add(entry, cancelled);
        return {};
      }
      const auto blob = import_blob(context, entry, id);
      if (!blob) {
        interrupted = true;
        return std::unexpected(blob.error());
      }
      log.add(entry, *blob);
      return {};
    });
    take_figures();
    if (!head && (interrupted || head.error().code == ErrorCode::device_gone))
      return std::unexpected(head.error());
    if (!head) return over("ReadManifestFailed");  // it could be read a moment ago
    const bool forbidden = context.forbidden && (!account.by_sas() || context.bytes_good == 0);
    const std::string status = forbidden          ? "BlobRequestForbidden"
                               : log.has_errors() ? "CompletedWithErrors"
                                                  : "Completed";
    TRY(leave_logs(log, status, manifest, account));
    return over(status);
  }

  Status leave_logs(const CopyLogText& log, const std::string& status, const CheckedManifest& manifest,
                    AccountClient& account) {
    std::string container = work_.diagnostics_path, folder;
    if (account.by_sas()) {
      container = sas_container_;
      folder = "waimportexport/";
      if (work_.diagnostics_path != "waimportexport") folder += work_.diagnostics_path + "/";
    } else if (const size_t slash = container.find('/'); slash != std::string::npos) {
      folder = container.substr(slash + 1);
      if (!folder.empty() && folder.back() != '/') folder += '/';
      container.resize(slash);
    }
    const int refusal = TRY(account.ensure_container(container));
    if (refusal != 0) return {};  // no place for logs: the status alone tells
    const std::string stem =
        fmt::format("{}waies/{}_{}_{}", folder, work_.job_name, work_.drive_id, log_time(work_.started_ns));
    // The time is that of the drive's first round, so a log is never left twice.
    const auto leave = [&](const char* kind, ByteSource& content, std::string& uri) -> Status {
      const std::string name = fmt::format("{}_{}.xml", stem, kind);
      const int refused = TRY(account.put_document(container, name, content));
      if (refused == 0) uri = account.url_of(container, name);
      return {};
    };
    const auto leave_text = [&](const char* kind, const std::string& text, std::string& uri) -> Status {
      MemorySource content(Bytes(text.begin(), text.end()));
      return leave(kind, content, uri);
    };
    if (log.has_errors()) TRY(leave_text("error", log.error_text(status), outcome_.error_log_uri));
    if (work_.verbose) TRY(leave_text("verbose", log.verbose_text(status), outcome_.verbose_log_uri));
    if (work_.backup_manifest) TRY(leave("manifest", *manifest.file, outcome_.manifest_uri));
    return {};
  }

  Runtime& runtime_;
  HttpTransport& inside_;
  const DatacenterOptions& options_;
  const BayWork& work_;
  const std::function<Status(const DriveOutcome&)>& report_;
  std::string sas_container_;
  DriveOutcome outcome_;
};

}  // namespace

Result<DriveOutcome> import_drive(Runtime& runtime, HttpTransport& inside, const DatacenterOptions& options,
                                  ByteSource& whole, const BayWork& work,
                                  const std::function<Status(const DriveOutcome&)>& report) {
  DriveImport import(runtime, inside, options, work, report);
  return import.run(whole);
}

}  // namespace seedbed
