#include "fakes/store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "fakes/store/sqlite_vfs.h"

namespace seedbed {

namespace {

constexpr uint64_t kLogBytesMax = 256 * MiB;  // of a write-ahead log found at opening
constexpr size_t kIdleStatementsMax = 128;

ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
      return ErrorCode::out_of_space;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::busy;
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return ErrorCode::permission_denied;
    case SQLITE_CONSTRAINT:
      return ErrorCode::already_exists;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return ErrorCode::io_error;
    default:
      return ErrorCode::internal;
  }
}

// A process that ended after a failed sync leaves a log whose frames can be read but are on no disk, and the
// next sync would say yes all the same: written anew they are durable, before anything builds on them.
Status write_log_anew(FileStore& files, const std::string& path) {
  const auto stat = files.stat(path);
  if (!stat && stat.error().code == ErrorCode::not_found) return {};
  if (!stat) return std::unexpected(stat.error());
  if (stat->size_bytes == 0) return {};
  const Bytes log = TRY(read_file(files, path, kLogBytesMax));
  return replace_file(files, path, log);
}

}  // namespace

struct Database::State {
  State(Runtime& runtime, FileStore& files, Entropy& entropy, std::string where)
      : vfs(runtime, files, entropy), path(std::move(where)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    vfs.retire();  // the log stays; the next opening reads it
    for (const auto& [sql, statement] : idle) sqlite3_finalize(statement);
    sqlite3_close_v2(connection);
  }

  // SQLite's generator is one for the whole process: each call starts it anew, from this database's own seed,
  // so that what is drawn (salts of the log) does not depend on other databases.
  void seed_chance() {
    seed = seed * 1'664'525 + 1'013'904'223;
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed | 1),
                         static_cast<sqlite3*>(nullptr));
  }
  std::unexpected<Error> failure(int sqlite_code) {
    auto error = vfs.take_error();
    if (error) return std::unexpected(std::move(*error));
    return fail(code_of(sqlite_code),
                fmt::format("SQLite: {}",
                            connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(sqlite_code)),
                path);
  }
  Status execute(const std::string& sql) {
    seed_chance();
    const int code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
    vfs.rethrow_killed();
    if (code != SQLITE_OK) return failure(code);
    vfs.take_error();
    return {};
  }

  SqliteVfs vfs;  // outlives the connection
  std::string path;
  // Takes back a statement that nobody uses any more: parsing costs more than most statements do.
  void keep(std::string sql, sqlite3_stmt* statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (idle.size() < kIdleStatementsMax)
      idle.emplace(std::move(sql), statement);
    else
      sqlite3_finalize(statement);
  }

  sqlite3* connection = nullptr;
  std::multimap<std::string, sqlite3_stmt*, std::less<>> idle;  // by their text
  uint32_t seed = 0;
};

struct Statement::State {
  std::shared_ptr<Database::State> database;
  std::string sql;
  sqlite3_stmt* statement = nullptr;
  int bind_code = SQLITE_OK;
  bool at_row = false;

  State(std::shared_ptr<Database::State> owner, std::string text, sqlite3_stmt* prepared)
      : database(std::move(owner)), sql(std::move(text)), statement(prepared) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (statement != nullptr) database->keep(std::move(sql), statement);
  }

  void begin_anew() {
    sqlite3_reset(statement);
    if (!at_row) return;
    at_row = false;
  }
  void bound(int code) {
    if (code != SQLITE_OK && bind_code == SQLITE_OK) bind_code = code;
  }
};

Statement::Statement(std::unique_ptr<State> state) : state_(std::move(state)) {}
Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;
Statement::~Statement() = default;

Statement& Statement::bind(int index, int64_t value) {
  state_->begin_anew();
  state_->bound(sqlite3_bind_int64(state_->statement, index, value));
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  state_->begin_anew();
  state_->bound(sqlite3_bind_text64(state_->statement, index, text.data() != nullptr ? text.data() : "",
                                    text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(int index, ByteSpan bytes) {
  state_->begin_anew();
  state_->bound(bytes.empty() ? sqlite3_bind_zeroblob(state_->statement, index, 0)
                              : sqlite3_bind_blob64(state_->statement, index, bytes.data(), bytes.size(),
                                                    SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_null(int index) {
  state_->begin_anew();
  state_->bound(sqlite3_bind_null(state_->statement, index));
  return *this;
}

Result<bool> Statement::step() {
  if (state_->bind_code != SQLITE_OK)
    return fail(ErrorCode::internal,
                fmt::format("a parameter of the statement cannot be bound: {}",
                            sqlite3_errstr(std::exchange(state_->bind_code, SQLITE_OK))),
                state_->database->path);
  Database::State& database = *state_->database;
  database.seed_chance();
  const int code = sqlite3_step(state_->statement);
  database.vfs.rethrow_killed();
  state_->at_row = code == SQLITE_ROW;
  if (state_->at_row) return true;
  if (code != SQLITE_DONE) {
    auto failed = database.failure(code);  // before the reset, which changes the message
    sqlite3_reset(state_->statement);
    sqlite3_clear_bindings(state_->statement);
    return failed;
  }
  sqlite3_reset(state_->statement);
  sqlite3_clear_bindings(state_->statement);
  database.vfs.rethrow_killed();
  database.vfs.take_error();
  return false;
}

Status Statement::run() {
  while (TRY(step())) {
  }
  return {};
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(state_->statement, column);
}

std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(state_->statement, column);
  const int length = sqlite3_column_bytes(state_->statement, column);
  return text == nullptr ? std::string()
                         : std::string(reinterpret_cast<const char*>(text), static_cast<size_t>(length));
}

Bytes Statement::blob(int column) const {
  const auto* bytes = static_cast<const uint8_t*>(sqlite3_column_blob(state_->statement, column));
  const int length = sqlite3_column_bytes(state_->statement, column);
  return bytes == nullptr ? Bytes() : Bytes(bytes, bytes + length);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(state_->statement, column) == SQLITE_NULL;
}

Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ == nullptr || database_->state_->connection == nullptr) return;
  if (sqlite3_get_autocommit(database_->state_->connection) == 0)
    sqlite3_exec(database_->state_->connection, "ROLLBACK", nullptr, nullptr, nullptr);
}

Status Transaction::commit() {
  if (database_ == nullptr) return fail(ErrorCode::internal, "the transaction is over already");
  TRY(database_->state_->execute("COMMIT"));  // where it fails the destructor rolls back
  database_ = nullptr;
  return {};
}

Database::Database(std::shared_ptr<State> state) : state_(std::move(state)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(Runtime& runtime, FileStore& files, Entropy& entropy,
                                                 const std::string& path) {
  sqlite3_initialize();
  // Held before the log is touched, given up again so that SQLite can take it: another process that comes
  // between the two finds a whole log.
  if (auto taken = files.open(path, OpenMode::read_write)) {
    TRY((*taken)->lock());
    TRY(write_log_anew(files, path + "-wal"));
  } else if (taken.error().code != ErrorCode::not_found) {
    return std::unexpected(taken.error());
  }
  auto state = std::make_shared<State>(runtime, files, entropy, path);
  Bytes seed(4);
  entropy.fill(seed);
  state->seed = load_le<uint32_t>(seed, 0);
  const int code =
      sqlite3_open_v2(path.c_str(), &state->connection,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, state->vfs.name());
  state->vfs.rethrow_killed();
  if (code != SQLITE_OK) return state->failure(code);
  sqlite3_extended_result_codes(state->connection, 1);
  sqlite3_db_config(state->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(state->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  std::unique_ptr<Database> database(new Database(std::move(state)));
  TRY(database->execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY"));
  auto mode = TRY(database->prepare("PRAGMA journal_mode=WAL"));
  const bool answered = TRY(mode.step());
  if (!answered || mode.text(0) != "wal")
    return fail(ErrorCode::io_error, "the database cannot keep a write-ahead log", path);
  TRY(mode.run());
  TRY(database->execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"));
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  if (const auto known = state_->idle.find(sql); known != state_->idle.end()) {
    auto again = std::make_unique<Statement::State>(state_, known->first, known->second);
    state_->idle.erase(known);
    return Statement(std::move(again));
  }
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(state_->connection, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  auto owned = std::make_unique<Statement::State>(state_, std::string(sql), statement);
  state_->vfs.rethrow_killed();
  if (code != SQLITE_OK) return state_->failure(code);
  if (statement == nullptr) return fail(ErrorCode::internal, "the statement is empty", state_->path);
  return Statement(std::move(owned));
}

Status Database::execute(std::string_view sql) {
  return state_->execute(std::string(sql));
}

Result<Transaction> Database::begin() {
  TRY(state_->execute("BEGIN IMMEDIATE"));
  return Transaction(*this);
}

int64_t Database::changes() const {
  return sqlite3_changes64(state_->connection);
}

int64_t Database::last_insert_row() const {
  return sqlite3_last_insert_rowid(state_->connection);
}

}  // namespace seedbed
