#include "engine/journal/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace seedbed {

// Ours: the vocabulary of the original is not public, so its version is not claimed.
static constexpr std::string_view kVocabularyVersion = "seedbed-1";
static constexpr const char* kNewJournalFile = "NewJournalFile";
static constexpr int64_t kNsPerMs = 1'000'000;

struct Journal::State {
  FileStore& store;
  Runtime& runtime;
  std::string path;         // as the caller named it
  std::string target_path;  // what a rename replaces: symlinks resolved
  std::unique_ptr<File> file = nullptr;
  std::vector<Record> records = {};
  uint64_t size_bytes = 0;
  uint32_t last_checksum = 0;
  bool was_torn = false;
  // Set while it is open what a power cut would leave: from the first write until its sync has returned, and
  // for good when one failed.
  std::optional<Error> in_doubt = std::nullopt;

  Status stamp(Record& record) const;
  Status install(std::string_view text, bool must_be_new);
  Status fill_and_rename(File& fresh, const std::string& fresh_path, std::string_view text, bool must_be_new);
  void doubt(const Error& cause) {
    in_doubt =
        Error{cause.code, "an earlier write of the journal failed, so nothing more is written: " + cause.what,
              path, "Free the cause and resume the session: the journal is then read again from its file."};
  }
};

// Whole milliseconds, as the file tells them, so that records() is the same before and after opening again.
Status Journal::State::stamp(Record& record) const {
  const int64_t utc_ns = runtime.utc_ns();
  record.utc_ns = utc_ns - (utc_ns % kNsPerMs + kNsPerMs) % kNsPerMs;
  if (!records.empty()) record.utc_ns = std::max(record.utc_ns, records.back().utc_ns);
  return check_record(record);
}

Status Journal::State::fill_and_rename(File& fresh, const std::string& fresh_path, std::string_view text,
                                       bool must_be_new) {
  TRY(fresh.lock());  // before it gets the journal's name, so that the journal is never without its lock
  // Looked at again under the lock: two processes that create the same journal both found nothing at first.
  if (must_be_new && store.stat(target_path))
    return fail(ErrorCode::already_exists, "the journal exists", path, "Name a new journal file.");
  TRY(fresh.truncate(0));  // may be left over from a compaction that was cut short
  TRY(fresh.write_at(0, as_bytes(text)));
  TRY(fresh.sync());
  doubt({ErrorCode::io_error, "the new file did not get the journal's name", path, {}});
  TRY(store.rename(fresh_path, target_path));
  TRY(store.sync_directory(parent_of(target_path)));
  in_doubt.reset();
  return {};
}

// Makes `text` the journal: a new file, durable before it takes the name. Whatever fails before the rename
// leaves the old one as it was.
Status Journal::State::install(std::string_view text, bool must_be_new = false) {
  const std::string fresh_path = target_path + ".new";
  auto fresh = TRY(store.open(fresh_path, OpenMode::create, 0600));
  if (const Status done = fill_and_rename(*fresh, fresh_path, text, must_be_new); !done) {
    if (!in_doubt && done.error().code != ErrorCode::busy) (void)store.remove(fresh_path);
    if (in_doubt) doubt(done.error());
    return done;
  }
  file = std::move(fresh);
  size_bytes = text.size();
  return {};
}

Result<Journal> Journal::create(FileStore& store, Runtime& runtime, const std::string& path,
                                const std::string& journal_id) {
  if (store.stat(path))
    return fail(ErrorCode::already_exists, "the journal exists", path, "Name a new journal file.");
  auto state =
      std::make_unique<State>(State{.store = store, .runtime = runtime, .path = path, .target_path = path});
  Record record{
      .type = kNewJournalFile,
      .fields = {{"VocabularyVersion", std::string(kVocabularyVersion)}, {"JournalId", journal_id}}};
  TRY(state->stamp(record));
  std::string text;
  state->last_checksum = encode_record(record, 1, 0, text);
  TRY(state->install(text, true));
  state->records.push_back(std::move(record));
  return Journal(std::move(state));
}

// The file of that name, locked. The name is looked up before and after: a process that held the lock may
// have compacted in between, and the lock would be one on a file without a name.
static Result<std::unique_ptr<File>> open_locked(FileStore& store, const std::string& path) {
  const FileStat before = TRY(store.stat(path));
  auto file = TRY(store.open(path, OpenMode::read_write));
  TRY(file->lock());
  const FileStat after = TRY(store.stat(path));
  if (before.inode != after.inode || before.device != after.device)
    return fail(ErrorCode::busy, "another process is at work on the journal", path, "Wait for it to end.");
  return file;
}

static Result<std::string> read_text(File& file, const std::string& path) {
  const uint64_t size_bytes = TRY(file.size());
  if (size_bytes > kJournalBoundBytes)
    return fail(ErrorCode::corrupt, fmt::format("the file has {} bytes, too many for a journal", size_bytes),
                path, "Name the journal file (.jrn) of the drive.");
  std::string text(size_bytes, '\0');
  const size_t got_bytes = TRY(file.read_at(0, {reinterpret_cast<uint8_t*>(text.data()), text.size()}));
  text.resize(got_bytes);
  return text;
}

Result<Journal> Journal::open(FileStore& store, Runtime& runtime, const std::string& path) {
  const std::string target_path = TRY(store.real_path(path));
  auto state = std::make_unique<State>(
      State{.store = store, .runtime = runtime, .path = path, .target_path = target_path});
  state->file = TRY(open_locked(store, target_path));
  std::string text = TRY(read_text(*state->file, path));
  auto parsed = parse_records(text);
  if (!parsed) {
    parsed.error().where = path + ": " + parsed.error().where;
    return std::unexpected(std::move(parsed).error());
  }
  if (parsed->records.empty() || parsed->records[0].type != kNewJournalFile)
    return fail(
        ErrorCode::corrupt, "the file is no journal: it does not begin with a whole NewJournalFile record",
        path + ": line 1, byte 0", "Name the journal file (.jrn) of the drive, or begin with a new one.");
  if (parsed->records[0].get("VocabularyVersion") != kVocabularyVersion)
    return fail(ErrorCode::unsupported, "the journal has a vocabulary that this program does not know", path,
                "Use the program version that wrote it.");
  state->was_torn = parsed->torn_tail;
  state->records = std::move(parsed->records);
  state->last_checksum = parsed->last_checksum;
  text.resize(parsed->good_bytes);
  // What was read need not be durable: its writer may have died between write and sync, or gone on to die
  // after a sync (of the file or of the directory) that failed and left clean-looking pages. So all of it is
  // written anew, which cuts the torn tail off as well.
  TRY(state->install(text));
  return Journal(std::move(state));
}

Status Journal::append(Record record) {
  State& state = *state_;
  if (state.in_doubt) return std::unexpected(*state.in_doubt);
  TRY(state.stamp(record));
  std::string text;
  const uint32_t checksum = encode_record(record, state.records.size() + 1, state.last_checksum, text);
  if (text.size() > kJournalRecordBytesMax)
    return fail(ErrorCode::invalid_argument,
                fmt::format("a journal record has {} bytes, more than the {} it may have", text.size(),
                            kJournalRecordBytesMax),
                state.path);
  if (state.size_bytes + text.size() > kJournalBoundBytes)
    return fail(ErrorCode::out_of_space,
                fmt::format("the journal would pass its bound of {} bytes", kJournalBoundBytes), state.path,
                "Prepare the drive with a new journal, in fewer sessions.");
  state.doubt({ErrorCode::io_error, "it did not return", state.path, {}});
  Status done = state.file->write_at(state.size_bytes, as_bytes(text));
  if (done) done = state.file->sync();
  if (!done) {
    state.doubt(done.error());
    return done;
  }
  state.in_doubt.reset();
  state.size_bytes += text.size();
  state.last_checksum = checksum;
  state.records.push_back(std::move(record));
  return {};
}

Status Journal::compact(const std::function<bool(size_t index)>& keep) {
  State& state = *state_;
  if (state.in_doubt) return std::unexpected(*state.in_doubt);
  std::vector<Record> kept;
  std::string text;
  uint32_t checksum = 0;
  for (size_t i = 0; i < state.records.size(); i++) {
    if (i != 0 && !keep(i)) continue;  // without its first record it would be no journal
    checksum = encode_record(state.records[i], kept.size() + 1, checksum, text);
    kept.push_back(state.records[i]);
  }
  TRY(state.install(text));
  state.records = std::move(kept);
  state.last_checksum = checksum;
  return {};
}

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

const std::string& Journal::path() const noexcept {
  return state_->path;
}
const std::vector<Record>& Journal::records() const noexcept {
  return state_->records;
}
bool Journal::was_torn() const noexcept {
  return state_->was_torn;
}
uint64_t Journal::size_bytes() const noexcept {
  return state_->size_bytes;
}

}  // namespace seedbed
