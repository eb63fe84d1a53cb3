#include "fakes/import_service/job_book.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

namespace {

constexpr std::string_view kTables = R"sql(
CREATE TABLE IF NOT EXISTS job_jobs(
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  subscription TEXT NOT NULL, resource_group TEXT NOT NULL, name TEXT NOT NULL,
  subscription_key TEXT NOT NULL, group_key TEXT NOT NULL, name_key TEXT NOT NULL,
  location TEXT NOT NULL, account TEXT NOT NULL, tags TEXT NOT NULL, properties TEXT NOT NULL,
  state TEXT NOT NULL, cancelled INTEGER NOT NULL, had_errors INTEGER NOT NULL,
  carrier TEXT NOT NULL, tracking TEXT NOT NULL, tracking_key TEXT NOT NULL, ship_date TEXT NOT NULL,
  drive_count INTEGER NOT NULL, return_carrier TEXT NOT NULL, return_tracking TEXT NOT NULL,
  updated_ns INTEGER NOT NULL, shipped_ns INTEGER NOT NULL, ended_ns INTEGER NOT NULL,
  UNIQUE(subscription_key, group_key, name_key));
CREATE INDEX IF NOT EXISTS job_by_tracking ON job_jobs(tracking_key);
CREATE TABLE IF NOT EXISTS job_drives(
  job INTEGER NOT NULL, position INTEGER NOT NULL,
  drive_id TEXT NOT NULL, drive_key TEXT NOT NULL, bitlocker_key TEXT NOT NULL, manifest_file TEXT NOT NULL,
  manifest_hash TEXT NOT NULL, header_hash TEXT NOT NULL, state TEXT NOT NULL, copy_status TEXT NOT NULL,
  error_log_uri TEXT NOT NULL, verbose_log_uri TEXT NOT NULL, manifest_uri TEXT NOT NULL,
  percent_complete INTEGER NOT NULL, bytes_succeeded INTEGER NOT NULL, slot TEXT NOT NULL,
  started_ns INTEGER NOT NULL,
  PRIMARY KEY(job, position)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS job_by_drive ON job_drives(drive_key);
CREATE TABLE IF NOT EXISTS job_notes(row INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL);
)sql";

constexpr std::string_view kSelect =
    "SELECT row, subscription, resource_group, name, location, account, tags, properties, state, cancelled, "
    "had_errors, carrier, tracking, ship_date, drive_count, return_carrier, return_tracking, updated_ns, "
    "shipped_ns, ended_ns FROM job_jobs ";

constexpr int64_t kDay_ns = 86'400'000'000'000;
constexpr int64_t kUnshipped_ns = 14 * kDay_ns;  // Creating, and a package that does not arrive
constexpr int64_t kLost_ns = 30 * kDay_ns;       // Shipping without any sign of life
constexpr int64_t kKept_ns = 90 * kDay_ns;       // Completed and Closed

Job job_of(const Statement& row) {
  Job job;
  job.row = row.integer(0);
  job.subscription = row.text(1);
  job.group = row.text(2);
  job.name = row.text(3);
  job.location = row.text(4);
  job.account = row.text(5);
  job.tags = row.text(6);
  job.properties = row.text(7);
  job.state = row.text(8);
  job.cancelled = row.integer(9) != 0;
  job.had_errors = row.integer(10) != 0;
  job.carrier = row.text(11);
  job.tracking = row.text(12);
  job.ship_date = row.text(13);
  job.drive_count = row.integer(14);
  job.return_carrier = row.text(15);
  job.return_tracking = row.text(16);
  job.updated_ns = row.integer(17);
  job.shipped_ns = row.integer(18);
  job.ended_ns = row.integer(19);
  return job;
}

JobDrive drive_of(const Statement& row) {
  JobDrive drive;
  drive.drive_id = row.text(0);
  drive.bitlocker_key = row.text(1);
  drive.manifest_file = row.text(2);
  drive.manifest_hash = row.text(3);
  drive.header_hash = row.text(4);
  drive.state = row.text(5);
  drive.copy_status = row.text(6);
  drive.error_log_uri = row.text(7);
  drive.verbose_log_uri = row.text(8);
  drive.manifest_uri = row.text(9);
  drive.percent_complete = row.integer(10);
  drive.bytes_succeeded = row.integer(11);
  drive.slot = row.text(12);
  drive.started_ns = row.integer(13);
  return drive;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

Status JobBook::create_tables() {
  Locked held(*state_.lock);
  return state_.database->execute(kTables);
}

Result<Transaction> JobBook::begin() {
  Transaction transaction = TRY(state_.database->begin());
  TRY(let_time_pass());
  return transaction;
}

// Nobody watches the clock: whoever looks at the book next finds it as if somebody had.
Status JobBook::let_time_pass() {
  const int64_t now_ns = state_.utc_ns();
  const std::vector<Job> due = TRY(load(
      "WHERE (state='Creating' AND updated_ns<=?1) OR (state='Shipping' AND shipped_ns<=?1) OR (state IN "
      "('Completed','Closed') AND ended_ns<=?2) ORDER BY row",
      [&](Statement& statement) { statement.bind(1, now_ns - kUnshipped_ns).bind(2, now_ns - kKept_ns); }));
  for (Job job : due) {
    if (job.state != "Shipping") {
      TRY(note(fmt::format(
          "job {} is gone: {}", job.name,
          job.state == "Creating" ? "no tracking number for two weeks" : "finished 90 days ago")));
      TRY(erase(job.row));
      continue;
    }
    bool changed = false, arrived = false;
    for (JobDrive& drive : job.drives) {
      if (drive.state == "Specified") {
        drive.state = "NeverReceived";
        changed = true;
        TRY(note(fmt::format("drive {} of job {} has not arrived", drive.drive_id, job.name)));
      }
      arrived = arrived || drive.state == "Received";
    }
    if (arrived) {
      job.state = job.cancelled ? "Packaging" : "Received";
      changed = true;
    } else if (job.shipped_ns <= now_ns - kLost_ns) {
      job.state = "Closed";
      job.had_errors = true;
      job.ended_ns = job.shipped_ns + kLost_ns;
      changed = true;
      TRY(note(fmt::format("job {} is closed: nothing has arrived for 30 days", job.name)));
    }
    if (changed) TRY(store(job));
  }
  return {};
}

Result<std::vector<Job>> JobBook::load(std::string_view tail, const Bind& bind) {
  std::vector<Job> jobs;
  {
    Statement rows = TRY(state_.database->prepare(std::string(kSelect) + std::string(tail)));
    bind(rows);
    while (TRY(rows.step())) jobs.push_back(job_of(rows));
  }
  if (jobs.empty()) return jobs;
  Statement drives = TRY(state_.database->prepare(
      "SELECT drive_id, bitlocker_key, manifest_file, manifest_hash, header_hash, state, copy_status, "
      "error_log_uri, verbose_log_uri, manifest_uri, percent_complete, bytes_succeeded, slot, started_ns "
      "FROM "
      "job_drives WHERE job=?1 ORDER BY position"));
  for (Job& job : jobs) {
    drives.bind(1, job.row);
    while (TRY(drives.step())) job.drives.push_back(drive_of(drives));
  }
  return jobs;
}

Result<std::optional<Job>> JobBook::one(std::string_view tail, const Bind& bind) {
  Locked held(*state_.lock);
  Transaction transaction = TRY(begin());
  std::vector<Job> jobs = TRY(load(tail, bind));
  TRY(transaction.commit());
  if (jobs.empty()) return std::optional<Job>();
  return std::optional<Job>(std::move(jobs[0]));
}

static constexpr std::string_view kByName = "WHERE subscription_key=?1 AND group_key=?2 AND name_key=?3";

Result<std::optional<Job>> JobBook::find(const std::string& subscription, const std::string& group,
                                         const std::string& name) {
  return one(kByName, [&](Statement& statement) {
    statement.bind(1, lower_case(subscription)).bind(2, lower_case(group)).bind(3, lower_case(name));
  });
}

Result<std::optional<Job>> JobBook::find_row(int64_t row) {
  return one("WHERE row=?1", [&](Statement& statement) { statement.bind(1, row); });
}

Result<Job> JobBook::load_or_blank(const std::string& subscription, const std::string& group,
                                   const std::string& name) {
  std::vector<Job> jobs = TRY(load(kByName, [&](Statement& statement) {
    statement.bind(1, lower_case(subscription)).bind(2, lower_case(group)).bind(3, lower_case(name));
  }));
  if (!jobs.empty()) return std::move(jobs[0]);
  Job blank;
  blank.subscription = subscription;
  blank.group = group;
  blank.name = name;
  return blank;
}

Result<JobBook::Listing> JobBook::list(const std::string& subscription, const std::string& group,
                                       const std::string& state, int64_t after_row, size_t count_max) {
  Locked held(*state_.lock);
  Transaction transaction = TRY(begin());
  Listing listing;
  listing.jobs =
      TRY(load("WHERE row>?1 AND (?2='' OR subscription_key=?2) AND (?3='' OR group_key=?3) AND (?4='' OR "
               "lower(state)=?4) ORDER BY row LIMIT ?5",
               [&](Statement& statement) {
                 statement.bind(1, after_row)
                     .bind(2, lower_case(subscription))
                     .bind(3, lower_case(group))
                     .bind(4, lower_case(state))
                     .bind(5, static_cast<int64_t>(count_max) + 1);
               }));
  TRY(transaction.commit());
  if (listing.jobs.size() > count_max) {
    listing.jobs.resize(count_max);
    listing.next_after_row = count_max == 0 ? after_row : listing.jobs.back().row;
  }
  return listing;
}

// Two jobs never share a tracking number, nor a drive while both are live.
Status JobBook::check_unique(const Job& job) {
  if (!job.tracking.empty()) {
    const std::vector<Job> others = TRY(load("WHERE tracking_key=?1 AND row<>?2", [&](Statement& statement) {
      statement.bind(1, lower_case(job.tracking)).bind(2, job.row);
    }));
    if (!others.empty())
      return fail(ErrorCode::already_exists,
                  fmt::format("The tracking number is in use by job {}; one package belongs to one job.",
                              others[0].name),
                  "properties.deliveryPackage.trackingNumber");
  }
  if (!job.live()) return {};
  for (const JobDrive& drive : job.drives) {
    const std::vector<Job> others = TRY(load(
        "WHERE row<>?2 AND state NOT IN ('Completed','Closed') AND row IN (SELECT job FROM job_drives WHERE "
        "drive_key=?1)",
        [&](Statement& statement) { statement.bind(1, lower_case(drive.drive_id)).bind(2, job.row); }));
    if (!others.empty())
      return fail(ErrorCode::already_exists,
                  fmt::format("Drive {} belongs to job {}, which is in state {}.", drive.drive_id,
                              others[0].name, others[0].state),
                  "properties.driveList");
  }
  return {};
}

Status JobBook::store(Job& job) {
  Statement statement = TRY(state_.database->prepare(
      job.row == 0
          ? "INSERT INTO job_jobs(row, subscription, resource_group, name, subscription_key, group_key, "
            "name_key, "
            "location, account, tags, properties, state, cancelled, had_errors, carrier, tracking, "
            "tracking_key, "
            "ship_date, drive_count, return_carrier, return_tracking, updated_ns, shipped_ns, ended_ns) "
            "VALUES "
            "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24)"
          : "UPDATE job_jobs SET subscription=?2, resource_group=?3, name=?4, subscription_key=?5, "
            "group_key=?6, "
            "name_key=?7, location=?8, account=?9, tags=?10, properties=?11, state=?12, cancelled=?13, "
            "had_errors=?14, carrier=?15, tracking=?16, tracking_key=?17, ship_date=?18, drive_count=?19, "
            "return_carrier=?20, return_tracking=?21, updated_ns=?22, shipped_ns=?23, ended_ns=?24 WHERE "
            "row=?1"));
  if (job.row == 0) {
    statement.bind_null(1);
  } else {
    statement.bind(1, job.row);
  }
  statement.bind(2, job.subscription)
      .bind(3, job.group)
      .bind(4, job.name)
      .bind(5, lower_case(job.subscription))
      .bind(6, lower_case(job.group))
      .bind(7, lower_case(job.name))
      .bind(8, job.location)
      .bind(9, job.account)
      .bind(10, job.tags)
      .bind(11, job.properties)
      .bind(12, job.state)
      .bind(13, int64_t{job.cancelled})
      .bind(14, int64_t{job.had_errors})
      .bind(15, job.carrier)
      .bind(16, job.tracking)
      .bind(17, lower_case(job.tracking))
      .bind(18, job.ship_date)
      .bind(19, job.drive_count)
      .bind(20, job.return_carrier)
      .bind(21, job.return_tracking)
      .bind(22, job.updated_ns)
      .bind(23, job.shipped_ns)
      .bind(24, job.ended_ns);
  TRY(statement.run());
  if (job.row == 0) job.row = state_.database->last_insert_row();
  return store_drives(job);
}

Status JobBook::store_drives(const Job& job) {
  {
    Statement old = TRY(state_.database->prepare("DELETE FROM job_drives WHERE job=?1"));
    TRY(old.bind(1, job.row).run());
  }
  Statement statement = TRY(state_.database->prepare(
      "INSERT INTO job_drives(job, position, drive_id, drive_key, bitlocker_key, manifest_file, "
      "manifest_hash, "
      "header_hash, state, copy_status, error_log_uri, verbose_log_uri, manifest_uri, percent_complete, "
      "bytes_succeeded, slot, started_ns) VALUES "
      "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)"));
  int64_t position = 0;
  for (const JobDrive& drive : job.drives) {
    statement.bind(1, job.row)
        .bind(2, position++)
        .bind(3, drive.drive_id)
        .bind(4, lower_case(drive.drive_id))
        .bind(5, drive.bitlocker_key)
        .bind(6, drive.manifest_file)
        .bind(7, drive.manifest_hash)
        .bind(8, drive.header_hash)
        .bind(9, drive.state)
        .bind(10, drive.copy_status)
        .bind(11, drive.error_log_uri)
        .bind(12, drive.verbose_log_uri)
        .bind(13, drive.manifest_uri)
        .bind(14, drive.percent_complete)
        .bind(15, drive.bytes_succeeded)
        .bind(16, drive.slot)
        .bind(17, drive.started_ns);
    TRY(statement.run());
  }
  return {};
}

Status JobBook::erase(int64_t row) {
  for (const char* sql : {"DELETE FROM job_drives WHERE job=?1", "DELETE FROM job_jobs WHERE row=?1"}) {
    Statement statement = TRY(state_.database->prepare(sql));
    TRY(statement.bind(1, row).run());
  }
  return {};
}

Status JobBook::remove(const std::string& subscription, const std::string& group, const std::string& name) {
  Locked held(*state_.lock);
  Transaction transaction = TRY(begin());
  const Job job = TRY(load_or_blank(subscription, group, name));
  if (job.row == 0) {
    TRY(transaction.commit());  // what time has done stays done
    return fail(ErrorCode::not_found, fmt::format("The job {} does not exist.", name), name);
  }
  if (job.state != "Creating" && job.live())
    return fail(
        ErrorCode::refused,
        fmt::format("The job is in state {}; only jobs in Creating, Completed or Closed can be deleted.",
                    job.state),
        "properties.state");
  TRY(erase(job.row));
  return transaction.commit();
}

Status JobBook::note(const std::string& text) {
  Statement statement = TRY(state_.database->prepare("INSERT INTO job_notes(text) VALUES (?1)"));
  return statement.bind(1, text).run();
}

Result<std::vector<std::string>> JobBook::notes() {
  Locked held(*state_.lock);
  Statement rows = TRY(state_.database->prepare("SELECT text FROM job_notes ORDER BY row DESC LIMIT 1000"));
  std::vector<std::string> notes;
  while (TRY(rows.step())) notes.push_back(rows.text(0));
  std::reverse(notes.begin(), notes.end());
  return notes;
}

}  // namespace seedbed
