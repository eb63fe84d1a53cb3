// A job as ARM writes it in JSON: read from PUT and PATCH bodies under the service's rules, and shown. Pure
// functions over values; any task. Errors: invalid_argument with the field, refused when the job's state does
// not allow the change.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "fakes/import_service/job_book.h"

namespace seedbed {

inline constexpr size_t kDrivesMax = 10;

// Fills a job (blank, or one in Creating that is replaced: its row, name and group stay) from a PUT body.
Status read_put_body(const nlohmann::json& body, bool old_version, int64_t now_ns, Job& job);
// Changes a job as a PATCH body says.
Status apply_patch_body(const nlohmann::json& body, bool old_version, int64_t now_ns, Job& job);

// Without keys.
nlohmann::json job_json(const Job& job, bool old_version);
nlohmann::json bitlocker_keys_json(const Job& job);

// A job's name: a letter, then letters, digits, '-', '_'; at most 64.
bool is_job_name(std::string_view name);

}  // namespace seedbed
