#include "fakes/store/sqlite_vfs.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <string>

namespace seedbed {

struct SqliteVfs::State {
  Runtime& runtime;
  FileStore& files;
  Entropy& entropy;
  std::string name;
  sqlite3_vfs vfs{};
  std::optional<Error> error;
  bool killed = false;
  bool sync_failed = false;  // what the disk holds is unknown: nothing more is promised
  bool retired = false;

  bool inert() const noexcept { return killed || sync_failed || retired; }
  int note(const Error& what, int otherwise) {
    error = what;
    switch (what.code) {
      case ErrorCode::out_of_space:
        return SQLITE_FULL;
      case ErrorCode::busy:
        return SQLITE_BUSY;
      case ErrorCode::permission_denied:
        return SQLITE_PERM;
      default:
        return otherwise;
    }
  }
};

namespace {

constexpr int kPathBytesMax = 4096;
constexpr int kSectorBytes = 4096;

// What SQLite allocates for a file (szOsFile bytes); it has no destructor run, so the handle is a bare
// pointer that xClose deletes.
struct OpenFile {
  sqlite3_file base;
  SqliteVfs::State* state;
  File* file;
  std::string* directory;  // its name is made durable by the next sync; nullptr: it is already
};

OpenFile& open_file(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file);
}
SqliteVfs::State& state_of(sqlite3_vfs* vfs) {
  return *static_cast<SqliteVfs::State*>(vfs->pAppData);
}

// Runs a callback's body; nothing flies out of it.
template <typename Body>
int guarded(SqliteVfs::State& state, Body body) noexcept {
  if (state.inert()) return SQLITE_IOERR;
  try {
    return body();
  } catch (const Killed&) {
    state.killed = true;
    return SQLITE_IOERR;
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
}

int close_file(sqlite3_file* file) noexcept {
  OpenFile& self = open_file(file);
  delete self.file;
  delete self.directory;
  self.file = nullptr;
  self.directory = nullptr;
  return SQLITE_OK;
}

int read_file_bytes(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) noexcept {
  OpenFile& self = open_file(file);
  return guarded(*self.state, [&] {
    const MutableByteSpan span(static_cast<uint8_t*>(out), static_cast<size_t>(amount));
    const auto got = self.file->read_at(static_cast<uint64_t>(offset), span);
    if (!got) return self.state->note(got.error(), SQLITE_IOERR_READ);
    if (*got == span.size()) return SQLITE_OK;
    std::memset(span.data() + *got, 0, span.size() - *got);
    return SQLITE_IOERR_SHORT_READ;
  });
}

int write_file_bytes(sqlite3_file* file, const void* data, int amount, sqlite3_int64 offset) noexcept {
  OpenFile& self = open_file(file);
  return guarded(*self.state, [&] {
    const auto done = self.file->write_at(static_cast<uint64_t>(offset),
                                          {static_cast<const uint8_t*>(data), static_cast<size_t>(amount)});
    return done ? SQLITE_OK : self.state->note(done.error(), SQLITE_IOERR_WRITE);
  });
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) noexcept {
  OpenFile& self = open_file(file);
  return guarded(*self.state, [&] {
    const auto done = self.file->truncate(static_cast<uint64_t>(size));
    return done ? SQLITE_OK : self.state->note(done.error(), SQLITE_IOERR_TRUNCATE);
  });
}

int sync_file(sqlite3_file* file, int) noexcept {
  OpenFile& self = open_file(file);
  return guarded(*self.state, [&] {
    Status done = self.file->sync();
    if (done && self.directory != nullptr) {
      done = self.state->files.sync_directory(*self.directory);
      if (done) {
        delete self.directory;
        self.directory = nullptr;
      }
    }
    if (done) return SQLITE_OK;
    self.state->sync_failed = true;
    self.state->note(done.error(), SQLITE_IOERR_FSYNC);
    return SQLITE_IOERR_FSYNC;
  });
}

int file_size(sqlite3_file* file, sqlite3_int64* out) noexcept {
  OpenFile& self = open_file(file);
  return guarded(*self.state, [&] {
    const auto size_bytes = self.file->size();
    if (!size_bytes) return self.state->note(size_bytes.error(), SQLITE_IOERR_FSTAT);
    *out = static_cast<sqlite3_int64>(*size_bytes);
    return SQLITE_OK;
  });
}

int no_lock(sqlite3_file*, int) noexcept {
  return SQLITE_OK;
}
int nobody_reserved(sqlite3_file*, int* out) noexcept {
  *out = 0;
  return SQLITE_OK;
}
int no_control(sqlite3_file*, int, void*) noexcept {
  return SQLITE_NOTFOUND;
}
int sector_size(sqlite3_file*) noexcept {
  return kSectorBytes;
}
// The FileStore port: a cut harms no durable byte beside the range that was being written.
int device_characteristics(sqlite3_file*) noexcept {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

// Version 1: no shared memory, so the index of the write-ahead log lives on the heap (exclusive locking).
const sqlite3_io_methods kMethods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file_bytes,
    .xWrite = write_file_bytes,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = no_lock,
    .xUnlock = no_lock,
    .xCheckReservedLock = nobody_reserved,
    .xFileControl = no_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_by_name(sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags, int* out_flags) noexcept {
  SqliteVfs::State& state = state_of(vfs);
  OpenFile& self = open_file(out);
  self = {};  // pMethods stays null unless it is open: SQLite then does not close it
  return guarded(state, [&] {
    if (name == nullptr || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0)
      return SQLITE_CANTOPEN;  // temporaries live in memory (temp_store)
    const bool creates = (flags & SQLITE_OPEN_CREATE) != 0;
    const OpenMode how = (flags & SQLITE_OPEN_READONLY) != 0               ? OpenMode::read
                         : creates && (flags & SQLITE_OPEN_EXCLUSIVE) != 0 ? OpenMode::create_new
                         : creates                                         ? OpenMode::create
                                                                           : OpenMode::read_write;
    auto file = state.files.open(name, how);
    if (!file) return state.note(file.error(), SQLITE_CANTOPEN);
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0)
      if (const auto locked = (*file)->lock(); !locked) return state.note(locked.error(), SQLITE_CANTOPEN);
    auto directory = creates ? std::make_unique<std::string>(parent_of(name)) : nullptr;
    self.state = &state;
    self.file = file->release();
    self.directory = directory.release();
    self.base.pMethods = &kMethods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  });
}

int remove_by_name(sqlite3_vfs* vfs, const char* name, int sync_directory) noexcept {
  SqliteVfs::State& state = state_of(vfs);
  return guarded(state, [&] {
    const auto removed = state.files.remove(name);
    if (!removed && removed.error().code == ErrorCode::not_found) return SQLITE_IOERR_DELETE_NOENT;
    if (!removed) return state.note(removed.error(), SQLITE_IOERR_DELETE);
    if (sync_directory == 0) return SQLITE_OK;
    const auto synced = state.files.sync_directory(parent_of(name));
    if (synced) return SQLITE_OK;
    state.sync_failed = true;
    return state.note(synced.error(), SQLITE_IOERR_DIR_FSYNC);
  });
}

// An empty journal counts as none, as SQLite wants it.
int access_by_name(sqlite3_vfs* vfs, const char* name, int wanted, int* out) noexcept {
  SqliteVfs::State& state = state_of(vfs);
  *out = 0;
  return guarded(state, [&] {
    const auto stat = state.files.stat(name);
    if (!stat && stat.error().code != ErrorCode::not_found)
      return state.note(stat.error(), SQLITE_IOERR_ACCESS);
    *out = stat && (wanted != SQLITE_ACCESS_EXISTS || stat->size_bytes > 0) ? 1 : 0;
    return SQLITE_OK;
  });
}

int full_path_name(sqlite3_vfs*, const char* name, int out_bytes, char* out) noexcept {
  const size_t length = std::strlen(name);
  if (length + 1 > static_cast<size_t>(out_bytes)) return SQLITE_CANTOPEN;
  std::memcpy(out, name, length + 1);
  return SQLITE_OK;
}

int fill_randomly(sqlite3_vfs* vfs, int amount, char* out) noexcept {
  SqliteVfs::State& state = state_of(vfs);
  std::memset(out, 0, static_cast<size_t>(amount));
  const int done = guarded(state, [&] {
    state.entropy.fill({reinterpret_cast<uint8_t*>(out), static_cast<size_t>(amount)});
    return SQLITE_OK;
  });
  return done == SQLITE_OK ? amount : 0;
}

int sleep_microseconds(sqlite3_vfs* vfs, int duration_us) noexcept {
  SqliteVfs::State& state = state_of(vfs);
  guarded(state, [&] {
    state.runtime.sleep_ns(static_cast<uint64_t>(duration_us) * 1000);
    return SQLITE_OK;
  });
  return duration_us;
}

int current_time_ms(sqlite3_vfs* vfs, sqlite3_int64* out) noexcept {
  constexpr sqlite3_int64 julian_1970_ms = 210'866'760'000'000;
  SqliteVfs::State& state = state_of(vfs);
  *out = julian_1970_ms;
  return guarded(state, [&] {
    *out += state.runtime.utc_ns() / 1'000'000;
    return SQLITE_OK;
  });
}

int current_time(sqlite3_vfs* vfs, double* out) noexcept {
  sqlite3_int64 time_ms = 0;
  const int done = current_time_ms(vfs, &time_ms);
  *out = static_cast<double>(time_ms) / 86'400'000.0;
  return done;
}

int last_error(sqlite3_vfs*, int, char*) noexcept {
  return 0;
}

std::string next_name() {
  static std::atomic<uint64_t> counter{0};  // names show nowhere: they only keep two connections apart
  return fmt::format("seedbed-{}", counter.fetch_add(1) + 1);
}

}  // namespace

SqliteVfs::SqliteVfs(Runtime& runtime, FileStore& files, Entropy& entropy)
    : state_(new State{.runtime = runtime,
                       .files = files,
                       .entropy = entropy,
                       .name = next_name(),
                       .error = std::nullopt}) {
  sqlite3_vfs& vfs = state_->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(OpenFile);
  vfs.mxPathname = kPathBytesMax;
  vfs.zName = state_->name.c_str();
  vfs.pAppData = state_.get();
  vfs.xOpen = open_by_name;
  vfs.xDelete = remove_by_name;
  vfs.xAccess = access_by_name;
  vfs.xFullPathname = full_path_name;
  vfs.xRandomness = fill_randomly;
  vfs.xSleep = sleep_microseconds;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error;
  vfs.xCurrentTimeInt64 = current_time_ms;
  sqlite3_vfs_register(&vfs, 0);
}

SqliteVfs::~SqliteVfs() {
  sqlite3_vfs_unregister(&state_->vfs);
}

const char* SqliteVfs::name() const noexcept {
  return state_->name.c_str();
}

void SqliteVfs::rethrow_killed() const {
  if (state_->killed) throw Killed{};
}

std::optional<Error> SqliteVfs::take_error() {
  return std::exchange(state_->error, std::nullopt);
}

void SqliteVfs::retire() noexcept {
  state_->retired = true;
}

}  // namespace seedbed
