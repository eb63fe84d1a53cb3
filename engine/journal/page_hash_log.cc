#include "engine/journal/page_hash_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/base/text.h"

namespace seedbed {

static constexpr uint64_t kHashBytes = sizeof(Md5);

struct PageHashLog::State {
  std::string path;
  std::unique_ptr<File> file;
  uint64_t length_bytes = 0;
  Digest digest{DigestKind::sha256};
  // Set while bytes beyond length_bytes may or may not be in the file, for good when a write or sync failed.
  std::optional<Error> in_doubt;

  void doubt(const Error& cause) {
    in_doubt = Error{
        cause.code, "an earlier write of the page hashes failed, so nothing more is written: " + cause.what,
        path,
        "Free the cause and resume the session: the hashes since the last checkpoint are then made again."};
  }
};

Result<PageHashLog> PageHashLog::create(FileStore& store, const std::string& path) {
  TRY(replace_file(store, path, {}, 0600));
  auto state = std::make_unique<State>();
  state->path = path;
  state->file = TRY(store.open(path, OpenMode::read_write));
  return PageHashLog(std::move(state));
}

static std::unexpected<Error> lost(std::string what, const std::string& path) {
  return fail(ErrorCode::corrupt, std::move(what), path,
              "Restore the file from a copy, or prepare the drive again with a new journal.");
}

Result<PageHashLog> PageHashLog::open(FileStore& store, const std::string& path, uint64_t length_bytes,
                                      std::string_view sha256_hex) {
  auto state = std::make_unique<State>();
  state->path = path;
  auto opened = store.open(path, OpenMode::read_write);
  if (!opened && opened.error().code == ErrorCode::not_found)
    return lost("the journal speaks of page hashes, and their file is missing", path);
  state->file = TRY(std::move(opened));
  const uint64_t size_bytes = TRY(state->file->size());
  if (length_bytes % kHashBytes != 0 || length_bytes > size_bytes)
    return lost(fmt::format("the journal speaks of {} bytes of page hashes, the file has {}", length_bytes,
                            size_bytes),
                path);
  Bytes chunk(std::min<uint64_t>(MiB, length_bytes));
  while (state->length_bytes < length_bytes) {
    const size_t want_bytes = std::min<uint64_t>(chunk.size(), length_bytes - state->length_bytes);
    const size_t got_bytes =
        TRY(state->file->read_at(state->length_bytes, MutableByteSpan(chunk).first(want_bytes)));
    if (got_bytes == 0) return lost("the file of page hashes became shorter while it was read", path);
    state->digest.update(ByteSpan(chunk).first(got_bytes));
    state->length_bytes += got_bytes;
  }
  if (hex_upper(state->digest.snapshot()) != sha256_hex)
    return lost(
        fmt::format("the first {} bytes of page hashes are not those the journal speaks of", length_bytes),
        path);
  // Not synced by itself: a power cut may bring the tail back, for the next open() to cut, until an append's
  // sync settles both.
  TRY(state->file->truncate(length_bytes));
  return PageHashLog(std::move(state));
}

Status PageHashLog::append(std::span<const Md5> hashes) {
  State& state = *state_;
  if (state.in_doubt) return std::unexpected(*state.in_doubt);
  if (hashes.empty()) return {};
  const ByteSpan bytes(hashes.front().data(), hashes.size_bytes());
  state.doubt({ErrorCode::io_error, "it did not return", state.path, {}});
  Status done = state.file->write_at(state.length_bytes, bytes);
  if (done) done = state.file->sync();
  if (!done) {
    state.doubt(done.error());
    return done;
  }
  state.in_doubt.reset();
  state.digest.update(bytes);
  state.length_bytes += bytes.size();
  return {};
}

Result<std::vector<Md5>> PageHashLog::read(uint64_t first, uint64_t count) {
  const uint64_t have = this->count();
  if (first > have || count > have - first)
    return fail(ErrorCode::invalid_argument,
                fmt::format("page hashes {} to {} of {} do not exist", first, first + count, have),
                state_->path);
  std::vector<Md5> hashes(count);
  if (count == 0) return hashes;
  const MutableByteSpan bytes(hashes.front().data(), count * kHashBytes);
  if (TRY(state_->file->read_at(first * kHashBytes, bytes)) != bytes.size())
    return lost("the file of page hashes became shorter than it was", state_->path);
  return hashes;
}

PageHashLog::PageHashLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
PageHashLog::PageHashLog(PageHashLog&&) noexcept = default;
PageHashLog& PageHashLog::operator=(PageHashLog&&) noexcept = default;
PageHashLog::~PageHashLog() = default;

uint64_t PageHashLog::count() const noexcept {
  return state_->length_bytes / kHashBytes;
}
uint64_t PageHashLog::length_bytes() const noexcept {
  return state_->length_bytes;
}
std::string PageHashLog::sha256_hex() const {
  return hex_upper(state_->digest.snapshot());
}

}  // namespace seedbed
