#include "fakes/import_service/blob_import.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/text.h"
#include "engine/base/url.h"
#include "fakes/import_service/attachment.h"

namespace seedbed {

namespace {

using reference::ManifestAttachment;
using reference::ManifestEntry;
using reference::ManifestPiece;
using reference::NtfsStream;

constexpr uint64_t kPieceBytesMax = 4 * MiB;
constexpr uint64_t kWindowBytes = 256 * MiB;  // of page ranges asked for at a time
constexpr unsigned kRenamesMax = 1000;
constexpr uint64_t kPageBytes = 512;
constexpr std::string_view kOverwritten = "/overwritten";  // an import id says so, for the log

class BlobImport {
 public:
  BlobImport(ImportContext& context, const ManifestEntry& entry, std::string import_id)
      : context_(context), entry_(entry), import_id_(std::move(import_id)) {
    log_.blob_path = entry.blob_path;
    log_.pieces.assign(entry.pieces.size(), "Cancelled");
    const size_t slash = entry.blob_path.find('/');
    container_ = entry.blob_path.substr(0, slash);
    name_ = slash == std::string::npos ? "" : entry.blob_path.substr(slash + 1);
  }

  Result<BlobLog> run() {
    TRY(open_file());
    if (log_.good()) TRY(read_attachments());
    if (log_.good()) TRY(choose_target());
    if (log_.good() && !skipped_) TRY(entry_.page_blob ? put_pages() : put_blocks());
    if (!log_.good() && !made_) log_.disposition_status = "Cancelled";
    return std::move(log_);
  }

 private:
  void give_up(const char* status) { log_.status = status; }
  void spoil() { log_.status = "CompletedWithErrors"; }
  // What an answer of the account means for the blob.
  void refused(int status) {
    if (status == 403) context_.forbidden = true;
    give_up(status == 403                    ? "BlobRequestForbidden"
            : status == 409 || status == 412 ? "BlobUnexpectedChange"
                                             : "BlobRequestFailed");
  }

  bool pieces_fit() const {
    uint64_t at = 0;
    for (const ManifestPiece& piece : entry_.pieces) {
      const uint64_t unit = entry_.page_blob ? kPageBytes : 1;
      if (piece.length_bytes == 0 || piece.length_bytes > kPieceBytesMax || piece.offset_bytes % unit != 0 ||
          piece.length_bytes % unit != 0 || piece.offset_bytes < at ||
          piece.offset_bytes > entry_.length_bytes ||
          piece.length_bytes > entry_.length_bytes - piece.offset_bytes ||
          (!entry_.page_blob && piece.offset_bytes != at))
        return false;
      at = piece.offset_bytes + piece.length_bytes;
    }
    return entry_.has_pieces_list &&
           (entry_.page_blob ? entry_.length_bytes % kPageBytes == 0 : at == entry_.length_bytes);
  }

  Status open_file() {
    const std::string& how = entry_.disposition;
    if (name_.empty() || !pieces_fit() ||
        (!how.empty() && how != "rename" && how != "no-overwrite" && how != "overwrite")) {
      give_up("Failed");
      return {};
    }
    if (entry_.file_path.empty() || entry_.file_path[0] != '\\') {
      give_up("FileNameInvalid");
      return {};
    }
    auto found = context_.volume.find(entry_.file_path);
    if (found) {
      auto opened = context_.volume.open_file(*found);
      if (opened) {
        file_ = std::move(*opened);
        return {};
      }
      found = std::unexpected(opened.error());
    }
    if (found.error().code == ErrorCode::device_gone) return std::unexpected(found.error());
    give_up(found.error().code == ErrorCode::not_found ? "FileNotFound" : "IOFailed");
    return {};
  }

  Status read_attachment(const char* element, AttachmentLog& log, Result<HttpHeaders> (*parse)(ByteSpan)) {
    const auto pick = [&](const std::vector<ManifestAttachment>& some) -> const ManifestAttachment* {
      for (const ManifestAttachment& each : some)
        if (each.element == element) return &each;
      return nullptr;
    };
    const ManifestAttachment* chosen = pick(entry_.attachments);
    log.global = !chosen;
    if (!chosen) chosen = pick(entry_.list_attachments);
    if (!chosen) return {};
    log.there = true;
    log.path = chosen->path;
    log.hash = chosen->hash;
    const auto found = context_.volume.find(chosen->path);
    auto file = found ? context_.volume.open_file(*found)
                      : Result<std::unique_ptr<NtfsStream>>(std::unexpected(found.error()));
    Bytes content(file ? std::min<uint64_t>((*file)->size_bytes(), kAttachmentBytesMax) : 0);
    const Status read = file ? (*file)->read(0, content) : Status(std::unexpected(file.error()));
    if (!read && read.error().code == ErrorCode::device_gone) return read;
    if (!read) {
      log.status = read.error().code == ErrorCode::not_found ? "FileNotFound" : "IOFailed";
    } else if (parse_hex(chosen->hash) != Bytes(md5_bytes(content))) {
      log.status = "Corrupted";
    } else if (auto headers = parse(content); !headers) {
      log.status = "XmlReadFailed";
    } else {
      headers_.insert(headers_.end(), headers->begin(), headers->end());
      return {};
    }
    attachments_spoilt_ = true;
    return {};
  }

  static Bytes md5_bytes(ByteSpan bytes) {
    const Md5 md5 = md5_of(bytes);
    return {md5.begin(), md5.end()};
  }

  Status read_attachments() {
    TRY(read_attachment("MetadataPath", log_.metadata, metadata_headers));
    return read_attachment("PropertiesPath", log_.properties, properties_headers);
  }

  // Finds the name that the blob goes under, and makes it there if it is a page blob.
  Status choose_target() {
    if (!context_.containers.contains(container_)) {
      const int refusal = TRY(context_.account.ensure_container(container_));
      if (refusal == 403) refused(refusal);
      if (refusal != 0 && refusal != 403) give_up("Failed");
      if (refusal != 0) return {};
      context_.containers.insert(container_);
    }
    std::string candidate = name_;
    for (unsigned number = 2; number < kRenamesMax;) {
      const AccountClient::Look look = TRY(context_.account.look(container_, candidate));
      if (look.status != 200 && look.status != 404) {
        refused(look.status);
        return {};
      }
      const bool foreign = look.found && look.found->import_id != import_id_ &&
                           look.found->import_id != import_id_ + std::string(kOverwritten);
      if (foreign && entry_.disposition == "no-overwrite") {
        skipped_ = true;
        log_.disposition_status = "Skipped";
        log_.pieces.assign(log_.pieces.size(), "Completed");
        count_all_done();
        return {};
      }
      if (foreign && entry_.disposition != "overwrite") {
        candidate = renamed(name_, number++);
        continue;
      }
      target_ = candidate;
      if (candidate != name_) {
        log_.disposition_status = "Renamed";
        log_.blob_path = container_ + "/" + candidate;
      }
      if (look.found && !foreign) return go_on(*look.found);
      guard_ = foreign ? std::pair<std::string, std::string>("If-Match", look.found->etag)
                       : std::pair<std::string, std::string>("If-None-Match", "*");
      if (foreign) {
        import_id_ += kOverwritten;
        log_.disposition_status = "Overwritten";
      }
      if (!entry_.page_blob) return {};
      HttpHeaders headers = making_headers();
      headers.emplace_back("x-ms-blob-type", "PageBlob");
      headers.emplace_back("x-ms-blob-content-length", std::to_string(entry_.length_bytes));
      const HttpResponse answer =
          TRY(context_.account.send("PUT", container_, target_, "", std::move(headers)));
      if (answer.status == 201) {
        made_ = true;
        return {};
      }
      // Somebody was there first, or it was done by a try whose answer got lost: look again.
      if ((answer.status == 409 || answer.status == 412) && number < kRenamesMax - 1) {
        if (foreign) import_id_.resize(import_id_.size() - kOverwritten.size());
        number++;
        continue;
      }
      refused(answer.status);
      return {};
    }
    give_up("RenameFailed");
    return {};
  }

  // The blob is our own, of an earlier round.
  Status go_on(const AccountClient::Found& found) {
    made_ = true;
    resumed_ = true;
    if (found.import_id.ends_with(kOverwritten)) log_.disposition_status = "Overwritten";
    if ((found.type == "PageBlob") != entry_.page_blob || found.length_bytes != entry_.length_bytes)
      give_up("BlobUnexpectedChange");
    return {};
  }

  HttpHeaders making_headers() const {
    HttpHeaders headers = headers_;
    headers.push_back(guard_);
    headers.emplace_back("x-seedbed-import-id", import_id_);
    return headers;
  }

  void count_all_done() {
    for (const ManifestPiece& piece : entry_.pieces) count(piece, true);
  }
  void count(const ManifestPiece& piece, bool good) {
    context_.bytes_done += piece.length_bytes;
    if (good) context_.bytes_good += piece.length_bytes;
  }

  // --- page blobs ---

  Result<bool> there_already(const ManifestPiece& piece) {
    if (!resumed_) return false;
    const uint64_t end_bytes = piece.offset_bytes + piece.length_bytes;
    if (piece.offset_bytes < window_.offset_bytes || end_bytes > window_.end_bytes()) {
      window_ = {.offset_bytes = piece.offset_bytes,
                 .length_bytes = std::min(kWindowBytes, entry_.length_bytes - piece.offset_bytes)};
      present_ = TRY(context_.account.page_ranges(container_, target_, window_));
    }
    return std::any_of(present_.begin(), present_.end(), [&](const Extent& range) {
      return range.offset_bytes <= piece.offset_bytes && range.end_bytes() >= end_bytes;
    });
  }

  Status put_pages() {
    std::vector<size_t> group;  // neighbours that are not there yet
    uint64_t group_bytes = 0;
    const auto flush = [&]() -> Status {
      if (!group.empty()) TRY(put_group(group));
      group.clear();
      group_bytes = 0;
      return {};
    };
    for (size_t i = 0; i < entry_.pieces.size() && !context_.forbidden; i++) {
      const ManifestPiece& piece = entry_.pieces[i];
      const bool there = TRY(there_already(piece));
      if (there) {
        log_.pieces[i] = "Completed";
        context_.bytes_found += piece.length_bytes;
        count(piece, true);
        continue;
      }
      const bool neighbour = !group.empty() && entry_.pieces[group.back()].offset_bytes +
                                                       entry_.pieces[group.back()].length_bytes ==
                                                   piece.offset_bytes;
      if (!group.empty() && (!neighbour || group_bytes + piece.length_bytes > context_.batch_bytes))
        TRY(flush());
      group.push_back(i);
      group_bytes += piece.length_bytes;
    }
    if (!context_.forbidden) TRY(flush());
    if (attachments_spoilt_ && log_.good()) spoil();
    return {};
  }

  // Reads and checks a piece; its status says what is wrong with it.
  Status read_piece(size_t index, MutableByteSpan out) {
    const ManifestPiece& piece = entry_.pieces[index];
    if (piece.offset_bytes + piece.length_bytes > file_->size_bytes()) {
      log_.pieces[index] = "FileUnexpectedEnd";
      return {};
    }
    const Status read = file_->read(piece.offset_bytes, out);
    if (!read && read.error().code == ErrorCode::device_gone) return read;
    if (!read) {
      log_.pieces[index] = "IOFailed";
      return {};
    }
    context_.runtime.spend(Work::hash_md5, out.size());
    log_.pieces[index] = parse_hex(piece.hash) == md5_bytes(out) ? "Uncommitted" : "Corrupted";
    return {};
  }
  bool checked(size_t index) const { return std::string_view(log_.pieces[index]) == "Uncommitted"; }

  Status put_group(const std::vector<size_t>& group) {
    const auto& pieces = entry_.pieces;
    const uint64_t begin_bytes = pieces[group[0]].offset_bytes;
    Bytes data(pieces[group.back()].offset_bytes + pieces[group.back()].length_bytes - begin_bytes);
    for (const size_t i : group)
      TRY(read_piece(
          i, MutableByteSpan(data).subspan(pieces[i].offset_bytes - begin_bytes, pieces[i].length_bytes)));
    for (size_t first = 0; first < group.size();) {
      if (!checked(group[first])) {
        spoil();
        first++;
        continue;
      }
      size_t last = first;
      uint64_t length_bytes = pieces[group[first]].length_bytes;
      while (last + 1 < group.size() && checked(group[last + 1]) &&
             length_bytes + pieces[group[last + 1]].length_bytes <= kPieceBytesMax)
        length_bytes += pieces[group[++last]].length_bytes;
      const uint64_t at = pieces[group[first]].offset_bytes;
      const ByteSpan page = ByteSpan(data).subspan(at - begin_bytes, length_bytes);
      const HttpResponse answer =
          TRY(context_.account.send("PUT", container_, target_, "comp=page",
                                    {{"x-ms-page-write", "update"},
                                     {"x-ms-range", fmt::format("bytes={}-{}", at, at + length_bytes - 1)},
                                     {"Content-MD5", base64(md5_bytes(page))}},
                                    Bytes(page.begin(), page.end())));
      const bool good = answer.status == 201;
      if (good) context_.bytes_put += length_bytes;
      if (!good) refused(answer.status);
      for (; first <= last; first++) log_.pieces[group[first]] = good ? "Completed" : "BlobRequestFailed";
      if (!good) break;
    }
    for (const size_t i : group) count(pieces[i], std::string_view(log_.pieces[i]) == "Completed");
    return context_.progress();
  }

  // --- block blobs ---

  Status put_blocks() {
    if (resumed_) {  // a block blob is there at once or not at all
      log_.pieces.assign(log_.pieces.size(), "Completed");
      for (const ManifestPiece& piece : entry_.pieces) context_.bytes_found += piece.length_bytes;
      count_all_done();
      if (attachments_spoilt_) spoil();
      return context_.progress();
    }
    std::vector<std::string> ids;
    Bytes data;
    const bool whole = entry_.pieces.size() <= 1;  // in one request, with its id
    for (size_t i = 0; i < entry_.pieces.size() && log_.good(); i++) {
      const ManifestPiece& piece = entry_.pieces[i];
      data.resize(piece.length_bytes);
      TRY(read_piece(i, data));
      count(piece, checked(i));
      ids.push_back(piece.id.empty() ? block_id(import_id_, static_cast<uint32_t>(i)) : piece.id);
      if (!checked(i)) {
        spoil();
      } else if (!whole) {
        const HttpResponse answer = TRY(context_.account.send(
            "PUT", container_, target_, "comp=block&blockid=" + percent_encode(ids.back()),
            {{"Content-MD5", base64(md5_bytes(data))}}, Bytes(data)));
        if (answer.status != 201) {
          log_.pieces[i] = "BlobRequestFailed";
          refused(answer.status);
        } else {
          context_.bytes_put += piece.length_bytes;
        }
      }
      TRY(context_.progress());
    }
    if (!log_.good()) return {};  // what is bad is not put together: the good blocks stay uncommitted
    HttpHeaders headers = making_headers();
    if (whole) headers.emplace_back("x-ms-blob-type", "BlockBlob");
    const HttpResponse answer =
        TRY(context_.account.send("PUT", container_, target_, whole ? "" : "comp=blocklist",
                                  std::move(headers), whole ? data : block_list_body(ids)));
    if (answer.status != 201) {
      // A try whose answer got lost may have done it.
      const AccountClient::Look look = TRY(context_.account.look(container_, target_));
      if (!look.found || look.found->import_id != import_id_) {
        refused(answer.status);
        return {};
      }
    }
    if (whole) context_.bytes_put += data.size();
    made_ = true;
    log_.pieces.assign(log_.pieces.size(), "Committed");
    if (attachments_spoilt_) spoil();
    return {};
  }

  ImportContext& context_;
  const ManifestEntry& entry_;
  std::string import_id_;
  std::string container_, name_, target_;
  std::unique_ptr<NtfsStream> file_;
  HttpHeaders headers_;  // metadata and properties
  std::pair<std::string, std::string> guard_;
  bool skipped_ = false, made_ = false, resumed_ = false, attachments_spoilt_ = false;
  Extent window_;
  std::vector<Extent> present_;
  BlobLog log_;
};

}  // namespace

std::string renamed(const std::string& blob, unsigned number) {
  const size_t slash = blob.rfind('/');
  const size_t begin = slash == std::string::npos ? 0 : slash + 1;
  const size_t dot = blob.rfind('.');
  const std::string mark = fmt::format(" ({})", number);
  if (dot == std::string::npos || dot < begin) return blob + mark;
  return blob.substr(0, dot) + mark + blob.substr(dot);
}

Result<BlobLog> import_blob(ImportContext& context, const ManifestEntry& entry,
                            const std::string& import_id) {
  BlobImport import(context, entry, import_id);
  return import.run();
}

}  // namespace seedbed
