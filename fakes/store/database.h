// One SQLite database on a FileStore, as the services keep their state in. A statement is prepared, bound,
// stepped; a Transaction commits or is rolled back when it goes. Used under one lock: a Database is one
// connection, and one task at a time may use it. Destructors do no I/O but a rollback's: the write-ahead log
// stays and is read by the next opening.
//
// Durability: commit() returns after the write-ahead log is synced (synchronous=FULL): what was committed
// survives kill -9 and a power cut. After a failed sync every call fails until the database is opened anew. A
// machine that dies inside a call throws Killed out of it once SQLite has returned.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/ports/entropy.h"
#include "engine/ports/file_store.h"
#include "engine/ports/runtime.h"

namespace seedbed {

class Database;

// Errors of binding and reading are bugs of the caller and come out of the next step().
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();
  // Parameters from 1; text is UTF-8, all are copied. Binding while a row is there begins anew.
  Statement& bind(int index, int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, ByteSpan bytes);
  Statement& bind_null(int index);
  // True: a row is there; false: done (and ready to be bound anew).
  Result<bool> step();
  // For statements without rows: runs to the end.
  Status run();
  // Of the row, columns from 0.
  int64_t integer(int column) const;
  std::string text(int column) const;
  Bytes blob(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct State;
  explicit Statement(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// BEGIN IMMEDIATE … COMMIT. Not nested. Its destructor rolls back what was not committed; inert on a dead
// machine.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit();

 private:
  friend class Database;
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

class Database {
 public:
  // Opens or makes the file; takes it for this process (busy when another has it). corrupt when it is no
  // database.
  static Result<std::unique_ptr<Database>> open(Runtime& runtime, FileStore& files, Entropy& entropy,
                                                const std::string& path);
  ~Database();
  Result<Statement> prepare(std::string_view sql);
  Status execute(std::string_view sql);  // several statements, no parameters
  Result<Transaction> begin();
  int64_t changes() const;  // rows touched by the last statement
  int64_t last_insert_row() const;

 private:
  friend class Statement;
  friend class Transaction;
  struct State;
  explicit Database(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // its statements hold it too
};

}  // namespace seedbed
