// The book of import jobs: rows of jobs and drives, the states they may move through, and what time alone
// does to them (a job that nobody shipped is gone after two weeks, a finished one after 90 days). Strict: a
// move that the service's documentation does not draw is refused.
//
// Every call takes the ServiceState's lock, looks at the clock first, and is one transaction: durable on
// return, or nothing was done.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fakes/store/service_state.h"

namespace seedbed {

struct JobDrive {
  std::string drive_id, bitlocker_key, manifest_file, manifest_hash, header_hash;
  std::string state = "Specified";
  std::string copy_status, error_log_uri, verbose_log_uri, manifest_uri;
  int64_t percent_complete = 0, bytes_succeeded = 0;
  std::string slot;        // of the bay, once it has arrived
  int64_t started_ns = 0;  // when its transfer was first reported
};

struct Job {
  int64_t row = 0;                        // 0: not in the book yet. Never used for another job.
  std::string subscription, group, name;  // as first written; compared without case
  std::string location;
  std::string account;     // of storageAccountId
  std::string tags;        // JSON object
  std::string properties;  // JSON object: what the customer set, but drives, delivery and cancelRequested
  std::string state = "Creating";
  bool cancelled = false;
  bool had_errors = false;  // at the end: Closed instead of Completed
  std::string carrier, tracking, ship_date;
  int64_t drive_count = 0;
  std::string return_carrier, return_tracking;
  int64_t updated_ns = 0, shipped_ns = 0, ended_ns = 0;
  std::vector<JobDrive> drives;

  bool live() const { return state != "Completed" && state != "Closed"; }
};

// What the data centre says about a drive it works on.
struct DriveReport {
  std::string state;  // Transferring, Completed, CompletedMoreInfo
  std::string copy_status, error_log_uri, verbose_log_uri, manifest_uri;
  int64_t percent_complete = 0, bytes_succeeded = 0;
};

class JobBook {
 public:
  explicit JobBook(ServiceState& state) : state_(state) {}
  Status create_tables();

  Result<std::optional<Job>> find(const std::string& subscription, const std::string& group,
                                  const std::string& name);
  Result<std::optional<Job>> find_row(int64_t row);
  struct Listing {
    std::vector<Job> jobs;
    int64_t next_after_row = 0;  // 0: that was all
  };
  // Jobs of a subscription ("": all), of one group, in one state ("": any), in the order they were made.
  Result<Listing> list(const std::string& subscription, const std::string& group, const std::string& state,
                       int64_t after_row, size_t count_max);

  // Looks at the job of that name (nothing: none) and changes it, in one transaction: `change` gets the job,
  // or a blank one with its name, and returns whether to keep what it made of it. Errors of `change` and of
  // the book's own rules (already_exists: a tracking number or a drive that another job has) undo it all.
  template <typename Change>
  Result<Job> change(const std::string& subscription, const std::string& group, const std::string& name,
                     Change make_change) {
    Locked held(*state_.lock);
    Transaction transaction = TRY(begin());
    Job job = TRY(load_or_blank(subscription, group, name));
    TRY(make_change(job));
    TRY(check_unique(job));
    TRY(store(job));
    TRY(transaction.commit());
    return job;
  }
  // Creating, Completed and Closed only: else refused; not_found.
  Status remove(const std::string& subscription, const std::string& group, const std::string& name);

  // --- the loading dock and the data centre ---

  struct Arrival {
    std::string slot, serial;
  };
  struct Delivery {
    std::optional<Job> job;          // nothing: nobody waits for this tracking number
    std::vector<std::string> notes;  // wrong drives, extra drives, missing drives
  };
  Result<Delivery> deliver(const std::string& carrier, const std::string& tracking,
                           const std::vector<Arrival>& drives);
  // Jobs that have work for the data centre: Received or Transferring, not cancelled.
  Result<std::vector<Job>> work();
  // refused when the drive may not move there. Repeating a report is fine.
  Result<Job> report(int64_t row, const std::string& drive_id, const DriveReport& report);
  // Every job in Packaging goes home: Completed, or Closed when something went wrong.
  Result<std::vector<Job>> return_packages(const std::string& carrier, const std::string& tracking);
  Result<std::vector<std::string>> notes();

 private:
  using Bind = std::function<void(Statement&)>;
  Result<Transaction> begin();  // and what time has done
  Status let_time_pass();
  Result<std::vector<Job>> load(std::string_view tail, const Bind& bind);
  Result<Job> load_or_blank(const std::string& subscription, const std::string& group,
                            const std::string& name);
  Result<std::optional<Job>> one(std::string_view tail, const Bind& bind);  // locks
  Status check_unique(const Job& job);
  Status store(Job& job);
  Status store_drives(const Job& job);
  Status erase(int64_t row);
  Status note(const std::string& text);

  ServiceState& state_;
};

// ASCII letters in lower case: names of jobs, groups and drives are compared so.
std::string lower_case(std::string_view text);

}  // namespace seedbed
