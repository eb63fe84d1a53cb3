#include "engine/cli/session_table.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace seedbed {

namespace {

std::string rate(uint64_t bytes, uint64_t elapsed_ns) {
  return elapsed_ns == 0 ? "-"
                         : fmt::format("{:.0f} MB/s",
                                       static_cast<double>(bytes) * 1000 / static_cast<double>(elapsed_ns));
}
std::string seconds(uint64_t ns) {
  return fmt::format("{:.2f} s", static_cast<double>(ns) / 1e9);
}

void row(std::string& out, std::string_view name, std::string_view value) {
  out += fmt::format("  {:<22}{}\n", name, value);
}

constexpr size_t kListedMax = 10;

void listing(std::string& out, const char* title,
             const std::vector<std::pair<std::string, std::string>>& entries, const char* arrow) {
  row(out, title, entries.empty() ? "none" : with_commas(entries.size()));
  for (size_t i = 0; i < entries.size() && i < kListedMax; i++)
    out += fmt::format("    {} {} {}\n", entries[i].first, arrow, entries[i].second);
  if (entries.size() > kListedMax)
    out += fmt::format("    … and {} more (all are in the --json output)\n", entries.size() - kListedMax);
}

}  // namespace

std::string session_table(const PrepOutcome& outcome) {
  const SessionReport& report = outcome.report;
  std::string out;
  row(out, "session", report.session_id);
  row(out, "drive",
      fmt::format("{}{}", report.drive_id,
                  outcome.drive.rehearsal ? "  (an image: a rehearsal, nothing that can be shipped)" : ""));
  row(out, "files", with_commas(report.files));
  row(out, "bytes of source",
      fmt::format("{} ({})", with_commas(report.source_bytes), human_bytes(report.source_bytes)));
  row(out, "manifest hash", report.manifest_hash);
  if (outcome.kind != PrepOutcome::Kind::completed) return out;
  row(out, "resumed from",
      report.resumed   ? with_commas(report.resumed_bytes) + " bytes durable"
      : report.rebuilt ? "the building of the volume"
                       : "-");
  row(out, "redone",
      report.resumed
          ? with_commas(report.redone_bytes) + " bytes (were on the drive beyond the last checkpoint)"
          : "-");
  for (const StageFigures& stage : report.stages) {
    const StageTimes& times = stage.times;
    row(out, "stage " + stage.name,
        fmt::format("{:>12} in {:>8}  {:>10}   hash {} · encrypt {} · read {} · drive waits {} · flush {} · "
                    "journal {}",
                    human_bytes(stage.bytes), seconds(times.elapsed_ns), rate(stage.bytes, times.elapsed_ns),
                    seconds(times.hash_ns), seconds(times.encrypt_ns), seconds(times.fill_ns),
                    seconds(times.write_wait_ns), seconds(times.flush_ns), seconds(times.checkpoint_ns)));
  }
  listing(out, "skipped", report.skipped, ":");
  listing(out, "renamed on the drive", report.renamed, "→");
  return out;
}

std::string plan_table(const PrepPlan& plan) {
  std::string out;
  row(out, "drive",
      fmt::format("{} ({}, {})", plan.drive.serial, plan.drive.model, human_bytes(plan.capacity_bytes)));
  row(out, "holds", plan.drive_holds.empty() ? "nothing, or what this journal wrote" : plan.drive_holds);
  row(out, "files", with_commas(plan.source.files.size()));
  row(out, "bytes of source",
      fmt::format("{} ({})", with_commas(plan.source.total_bytes), human_bytes(plan.source.total_bytes)));
  row(out, "on the drive",
      fmt::format("{} in {} runs, clusters of {}", human_bytes(plan.needed_bytes), with_commas(plan.extents),
                  human_bytes(plan.cluster_bytes)));
  row(out, "manifest", human_bytes(plan.manifest_bytes));
  row(out, "page ranges", fmt::format("{} in {} writes", with_commas(plan.ranges), with_commas(plan.chunks)));
  row(out, "free afterwards", human_bytes(plan.free_after_bytes));
  row(out, "predicted time",
      fmt::format("{} s to write and prove at 184.5 MB/s, the mean of a 7200 rpm drive",
                  with_commas(plan.predicted_s)));
  listing(out, "skipped", plan.source.skipped, ":");
  listing(out, "renamed on the drive", plan.source.renamed, "→");
  out += "Nothing was touched.\n";
  return out;
}

std::vector<std::pair<std::string, std::string>> session_event(const PrepOutcome& outcome) {
  const SessionReport& report = outcome.report;
  std::vector<std::pair<std::string, std::string>> fields = {
      {"session", report.session_id},
      {"drive_id", report.drive_id},
      {"files", std::to_string(report.files)},
      {"source_bytes", std::to_string(report.source_bytes)},
      {"manifest_hash", report.manifest_hash},
      {"resumed", report.resumed ? "true" : "false"},
      {"resumed_bytes", std::to_string(report.resumed_bytes)},
      {"redone_bytes", std::to_string(report.redone_bytes)},
      {"skipped", std::to_string(report.skipped.size())},
      {"renamed", std::to_string(report.renamed.size())}};
  for (const StageFigures& stage : report.stages) {
    fields.emplace_back(stage.name + "_bytes", std::to_string(stage.bytes));
    fields.emplace_back(stage.name + "_ns", std::to_string(stage.times.elapsed_ns));
  }
  return fields;
}

}  // namespace seedbed
