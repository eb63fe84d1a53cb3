#include "engine/prep/staging_source.h"

#include <fmt/format.h>

#include "engine/prep/source_plan.h"
#include "engine/staging/staging_area.h"

namespace seedbed {

Result<bool> is_staging_location(FileStore& files, const std::string& directory) {
  for (const DirectoryEntry& entry : TRY(files.list(TRY(find_source(files, directory)))))
    if (entry.kind == FileKind::file && entry.name.ends_with(".AIBBlob")) return true;
  return false;
}

Status check_staging_source(FileStore& files, const PrepImportOptions& options) {
  if (!TRY(is_staging_location(files, options.source_directory))) return {};
  const std::string& where = options.source_directory;
  if (options.blob_type != BlobType::page_blob)
    return fail(
        ErrorCode::refused,
        "the source directory is the staging location of an offline backup: this workflow will succeed "
        "only if the PageBlob option is specified",
        where, "Give /BlobType:PageBlob, or use offseed diskprep s:" + where);
  const std::vector<StagingJob> jobs = TRY(find_staging_jobs(files, TRY(files.real_path(where))));
  for (const StagingJob& job : jobs) {
    const auto of_job = [&](const std::string& file) {
      return file.starts_with(job.inputs.job + '_') || options.only.empty();
    };
    if (!options.only.empty() && std::ranges::none_of(options.only, of_job)) continue;
    if (!job.complete)
      return fail(ErrorCode::refused,
                  fmt::format("the initial backup of the import job {} is not complete yet", job.inputs.job),
                  where, "Run offseed backup until it says where the backup lies");
    const std::string wanted = job.inputs.container + '/';
    if (options.destination != wanted)
      return fail(ErrorCode::refused,
                  fmt::format("/dstdir:{} is not where the backup of the import job {} belongs",
                              options.destination, job.inputs.job),
                  where, "Give /dstdir:" + wanted + ", or use offseed diskprep s:" + where);
    const std::string_view sas = options.container_sas.text();
    if (!sas.empty() && !sas.starts_with(job.inputs.container + '?'))
      return fail(ErrorCode::refused,
                  fmt::format("/csas is not of the container {} that the import job {} goes to",
                              job.inputs.container, job.inputs.job),
                  where, "Give a SAS of that container, or the account's key by /sk");
  }
  return {};
}

}  // namespace seedbed
