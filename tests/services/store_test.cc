// The services' database: what it promises when its machine dies, its disk lies or fills, and its errors.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "engine/base/random.h"
#include "engine/linux/os_entropy.h"
#include "engine/linux/posix_files.h"
#include "engine/linux/thread_runtime.h"
#include "fakes/store/service_state.h"
#include "tests/services/service_world.h"
#include "tests/support/temp_directory.h"

namespace seedbed {
namespace {

using testing_support::Machine;
using testing_support::ServiceWorld;
using testing_support::TempDirectory;

using Rows = std::map<int64_t, Bytes>;

// Statements fail by ASSERT inside a fibre's lambda; this says so in one line.
template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}
void must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message());
}

Rows rows_of(Database& database) {
  Rows rows;
  auto all = must(database.prepare("SELECT id, content FROM things ORDER BY id"));
  while (must(all.step())) rows[all.integer(0)] = all.blob(1);
  return rows;
}

struct Step {
  int64_t id = 0;
  std::optional<Bytes> content;  // nothing: the row goes
};

std::vector<Step> draw_steps(Random& random) {
  std::vector<Step> steps(1 + random.below(6));
  for (Step& step : steps) {
    step.id = static_cast<int64_t>(random.below(40));
    if (random.chance(1, 4)) continue;
    step.content = Bytes(random.below(9000));
    random.fill(*step.content);
  }
  return steps;
}

Rows after(Rows rows, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (step.content)
      rows[step.id] = *step.content;
    else
      rows.erase(step.id);
  }
  return rows;
}

// One transaction of several statements.
void change(Database& database, const std::vector<Step>& steps) {
  auto transaction = must(database.begin());
  auto put = must(database.prepare("INSERT OR REPLACE INTO things (id, content) VALUES (?1, ?2)"));
  auto remove = must(database.prepare("DELETE FROM things WHERE id = ?1"));
  for (const Step& step : steps)
    must(step.content ? put.bind(1, step.id).bind_blob(2, *step.content).run()
                      : remove.bind(1, step.id).run());
  must(transaction.commit());
}

std::unique_ptr<Database> opened(Machine& machine) {
  auto database = must(Database::open(machine.runtime, machine.files, machine.entropy, "/state.db"));
  must(
      database->execute("CREATE TABLE IF NOT EXISTS things (id INTEGER PRIMARY KEY, content BLOB);"
                        "PRAGMA wal_autocheckpoint=12; PRAGMA cache_size=6"));  // spills, often checkpoints
  return database;
}

// Whatever dies wherever, the next opening finds what was committed, and of the transaction under way all or
// nothing.
void survives(uint64_t seed) {
  Random random(seed);
  ServiceWorld world(seed);
  Rows known;            // committed
  Rows perhaps;          // the state that the transaction under way would make
  uint64_t calls = 400;  // of a boot, about
  for (int boot = 0; boot < 12; boot++) {
    const uint64_t dies_at = 1 + random.below(calls);
    if (random.chance(1, 5)) world.fail_sync(1 + random.below(12));
    bool failed = false;
    world.boot(
        [&](Machine& machine) {
          try {
            const auto database = opened(machine);
            const Rows found = rows_of(*database);
            if (found != known && found != perhaps)
              ADD_FAILURE() << "seed " << seed << ", boot " << boot << ": " << found.size()
                            << " rows, expected " << known.size() << " or " << perhaps.size();
            known = perhaps = found;
            for (int i = 0; i < 20; i++) {
              const auto steps = draw_steps(random);
              perhaps = after(known, steps);
              change(*database, steps);
              known = perhaps;
            }
          } catch (const std::runtime_error&) {
            failed = true;  // a failed sync: everything after it fails too
          }
        },
        dies_at);
    world.fail_sync(0);
    if (random.chance(1, 3))
      world.kill();
    else
      world.power_cut({.shape = Survivors::Shape::seeded, .seed = random.next()});
    if (!failed) calls = std::max<uint64_t>(calls, world.port_calls());
  }
}

RC_GTEST_PROP(Store, EveryCommittedTransactionSurvivesAndNoOther, (uint64_t seed)) {
  survives(seed);
}

TEST(Store, AFailedSyncEndsEverythingUntilItIsOpenedAnew) {
  ServiceWorld world(7);
  ASSERT_TRUE(world.boot([&](Machine& machine) {
    const auto database = opened(machine);
    must(database->execute("INSERT INTO things VALUES (1, x'01')"));
    world.fail_sync(1);
    const auto failed = database->execute("INSERT INTO things VALUES (2, x'02')");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::io_error);
    EXPECT_NE(failed.error().message().find("fdatasync"), std::string::npos) << failed.error().message();
    EXPECT_FALSE(database->execute("INSERT INTO things VALUES (3, x'03')"));
  }));
  world.kill();  // the frames of the failed sync can still be read
  Rows seen;
  ASSERT_TRUE(world.boot([&](Machine& machine) { seen = rows_of(*opened(machine)); }));
  world.power_cut({.shape = Survivors::Shape::none});
  ASSERT_TRUE(world.boot([&](Machine& machine) { EXPECT_EQ(rows_of(*opened(machine)), seen); }));
}

TEST(Store, TheSameSeedMakesTheSameBytes) {
  const auto hash = [] {
    ServiceWorld world(11);
    EXPECT_TRUE(world.boot([](Machine& machine) {
      const auto database = opened(machine);
      Random random(3);
      for (int i = 0; i < 30; i++) change(*database, draw_steps(random));
    }));
    return world.tree().hash();
  };
  const uint64_t first = hash();
  {
    ServiceWorld other(12);  // draws from SQLite's one generator between the two
    EXPECT_TRUE(other.boot([](Machine& machine) { opened(machine); }));
  }
  EXPECT_EQ(hash(), first);
}

TEST(Store, AFullDiskRollsBackAndGoesOnWhenThereIsRoom) {
  ServiceWorld world(5);
  ASSERT_TRUE(world.boot([&](Machine& machine) {
    const auto database = opened(machine);
    must(database->execute("INSERT INTO things VALUES (1, x'01')"));
    world.tree().set_capacity(64 * KiB);
    const auto full = database->execute("INSERT INTO things VALUES (2, zeroblob(500000))");
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, ErrorCode::out_of_space) << full.error().message();
    world.tree().set_capacity(1 * GiB);
    must(database->execute("INSERT INTO things VALUES (3, x'03')"));
    EXPECT_EQ(rows_of(*database), (Rows{{1, {1}}, {3, {3}}}));
  }));
}

TEST(Store, WhatIsNoDatabaseIsCorrupt) {
  ServiceWorld world(5);
  ASSERT_TRUE(world.tree().plant_file("/state.db", as_bytes(std::string(9000, 'x'))));
  ASSERT_TRUE(world.tree().set_mode("/state.db", 0600));
  ASSERT_TRUE(world.boot([&](Machine& machine) {
    const auto database = Database::open(machine.runtime, machine.files, machine.entropy, "/state.db");
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().code, ErrorCode::corrupt) << database.error().message();
    EXPECT_EQ(database.error().where, "/state.db");
  }));
}

class StoreOnLinux : public testing::Test {
 protected:
  Result<std::unique_ptr<ServiceState>> open() {
    return ServiceState::open(runtime_, files_, entropy_, directory_.file("data"));
  }
  TempDirectory directory_;
  ThreadRuntime runtime_;
  PosixFiles files_;
  OsEntropy entropy_;
};

TEST_F(StoreOnLinux, ASecondProcessIsTurnedAway) {
  const auto state = must(open());
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::busy) << second.error().message();
}

TEST_F(StoreOnLinux, TheTokenAndTheClockAreKept) {
  std::string token;
  {
    const auto state = must(open());
    token = state->internal_token;
    EXPECT_EQ(token.size(), 64u);
    must(state->move_clock(1'000'000'000'000));
    must(state->move_clock(-1));
    EXPECT_FALSE(state->move_clock(INT64_MAX));
  }
  const auto state = must(open());
  EXPECT_EQ(state->internal_token, token);
  EXPECT_EQ(state->clock_shift_ns, 999'999'999'999);
}

TEST_F(StoreOnLinux, StatementsBindReadAndComplain) {
  const auto state = must(open());
  Database& database = *state->database;
  must(database.execute("CREATE TABLE t (a INTEGER UNIQUE, b TEXT, c BLOB); "));
  auto insert = must(database.prepare("INSERT INTO t VALUES (?1, ?2, ?3)"));
  must(insert.bind(1, int64_t{-5}).bind(2, "text \xc3\xa4").bind_blob(3, Bytes{0, 1, 2}).run());
  EXPECT_EQ(database.changes(), 1);
  EXPECT_EQ(database.last_insert_row(), 1);
  must(insert.bind(1, int64_t{6}).bind(2, "").bind_blob(3, {}).run());
  must(insert.bind(1, int64_t{7}).bind_null(2).run());  // 3 is unbound again: NULL
  auto select = must(database.prepare("SELECT a, b, c FROM t WHERE a = ?1"));
  ASSERT_TRUE(must(select.bind(1, int64_t{-5}).step()));
  EXPECT_EQ(select.integer(0), -5);
  EXPECT_EQ(select.text(1), "text \xc3\xa4");
  EXPECT_EQ(select.blob(2), (Bytes{0, 1, 2}));
  ASSERT_TRUE(must(select.bind(1, int64_t{6}).step()));  // bound anew while a row is there
  EXPECT_FALSE(select.is_null(1));
  EXPECT_TRUE(select.blob(2).empty());
  ASSERT_TRUE(must(select.bind(1, int64_t{7}).step()));
  EXPECT_TRUE(select.is_null(1));
  EXPECT_TRUE(select.is_null(2));
  EXPECT_FALSE(must(select.step()));
  const auto twice = insert.bind(1, int64_t{7}).run();
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, ErrorCode::already_exists);
  const auto no_such_parameter = select.bind(9, int64_t{1}).step();
  ASSERT_FALSE(no_such_parameter);
  EXPECT_EQ(no_such_parameter.error().code, ErrorCode::internal);
  EXPECT_FALSE(database.prepare("SELECT nonsense FROM t"));
  EXPECT_FALSE(database.prepare("   "));
  {
    const auto dropped = must(database.begin());
    must(database.execute("DELETE FROM t"));
  }
  auto count = must(database.prepare("SELECT count(*) FROM t"));
  ASSERT_TRUE(must(count.step()));
  EXPECT_EQ(count.integer(0), 3);
}

}  // namespace
}  // namespace seedbed
