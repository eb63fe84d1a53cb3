#include "fakes/store/service_state.h"

#include <utility>

#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr size_t kTokenBytes = 32;

Status save(Database& database, std::string_view key, std::string_view value) {
  auto statement =
      TRY(database.prepare("INSERT INTO state_values (key, value) VALUES (?1, ?2) "
                           "ON CONFLICT (key) DO UPDATE SET value = excluded.value"));
  statement.bind(1, key).bind(2, value);
  return statement.run();
}

Status read_or_draw(ServiceState& state) {
  Database& database = *state.database;
  TRY(
      database.execute("CREATE TABLE IF NOT EXISTS state_values (key TEXT PRIMARY KEY, value TEXT NOT NULL) "
                       "WITHOUT ROWID"));
  auto all = TRY(database.prepare("SELECT key, value FROM state_values"));
  while (TRY(all.step())) {
    const std::string key = all.text(0);
    if (key == "internal_token") state.internal_token = all.text(1);
    if (key == "clock_shift_ns") state.clock_shift_ns = all.integer(1);
  }
  if (!state.internal_token.empty()) return {};
  Bytes token(kTokenBytes);
  state.entropy.fill(token);
  state.internal_token = hex_lower(token);
  return save(database, "internal_token", state.internal_token);
}

}  // namespace

Result<std::unique_ptr<ServiceState>> ServiceState::open(Runtime& runtime, FileStore& files, Entropy& entropy,
                                                         std::string directory) {
  const auto made = files.make_directory(directory);
  if (!made && made.error().code != ErrorCode::already_exists) return std::unexpected(made.error());
  if (made) TRY(files.sync_directory(parent_of(directory)));
  auto database = TRY(Database::open(runtime, files, entropy, join_path(directory, "state.db")));
  auto lock = runtime.make_monitor();
  std::unique_ptr<ServiceState> state(new ServiceState{.runtime = runtime,
                                                       .files = files,
                                                       .entropy = entropy,
                                                       .directory = std::move(directory),
                                                       .database = std::move(database),
                                                       .lock = std::move(lock),
                                                       .internal_token = {},
                                                       .clock_shift_ns = 0});
  TRY(read_or_draw(*state));
  return state;
}

Status ServiceState::move_clock(int64_t by_ns) {
  int64_t shift_ns = 0;
  if (__builtin_add_overflow(clock_shift_ns, by_ns, &shift_ns))
    return fail(ErrorCode::invalid_argument, "the clock cannot be moved that far");
  TRY(save(*database, "clock_shift_ns", std::to_string(shift_ns)));
  clock_shift_ns = shift_ns;
  return {};
}

}  // namespace seedbed
