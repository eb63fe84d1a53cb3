// The table "what can be made to happen", row by row, and what of the language does it. The one place where
// the two meet.
#include <algorithm>

#include "scenarios/coverage.h"

namespace seedbed {

namespace {

bool place_has(const PlannedFault& fault, std::string_view part) noexcept {
  return fault.when.place.find(part) != std::string::npos || fault.place.find(part) != std::string::npos;
}

bool has_command(const Scenario& scenario, CommandAction action) noexcept {
  return std::ranges::find(scenario.commands, action, &CommandSpec::action) != scenario.commands.end();
}

bool has_sectors(const Scenario& scenario, SectorKind kind) noexcept {
  return std::ranges::find(scenario.drives, kind, &DriveSpec::sectors) != scenario.drives.end();
}

// Whether the box holds some drives of the scenario, and not all.
bool delivers_some(const Scenario& scenario) noexcept {
  return std::ranges::any_of(scenario.commands, [&](const CommandSpec& command) {
    return !command.drives.empty() && command.drives.size() < scenario.drives.size();
  });
}

bool has_flaw(const Scenario& scenario, DriveFlaw flaw) noexcept {
  return std::ranges::find(scenario.drives, flaw, &DriveSpec::flaw) != scenario.drives.end();
}

// Whether a command is given a tracking number other than the job's own.
bool labelled(const Scenario& scenario, CommandAction action) noexcept {
  return std::ranges::any_of(scenario.commands, [&](const CommandSpec& command) {
    return command.action == action && !command.tracking.empty();
  });
}

// One drive would have done for the job, and the box holds two.
bool delivers_more_than_one(const Scenario& scenario) noexcept {
  return std::ranges::any_of(scenario.commands, [](const CommandSpec& command) {
    return command.action == CommandAction::deliver && command.drives.size() > 1;
  });
}

bool puts_wrong(const Scenario& scenario, JobEdit what) noexcept {
  return std::ranges::any_of(scenario.commands, [&](const CommandSpec& command) {
    return command.action == CommandAction::edit_job && command.edit == what;
  });
}

bool expects(const Scenario& scenario, std::string_view refusal) noexcept {
  return scenario.expect.refusal.find(refusal) != std::string::npos;
}

}  // namespace

std::span<const FaultRow> fault_rows() {
  static const std::vector<FaultRow> rows = {
      {.where = "computer", .fault = "process killed", .actions = {"kill"}},
      {.where = "computer", .fault = "host power cut", .actions = {"host-power-cut"}},
      {.where = "computer",
       .fault = "disk full on staging",
       .actions = {"disk-full"},
       .planned = [](const PlannedFault& fault) { return place_has(fault, "/staging"); }},
      {.where = "computer",
       .fault = "disk full on journal",
       .actions = {"disk-full"},
       .planned = [](const PlannedFault& fault) { return place_has(fault, ".jrn"); }},
      {.where = "computer", .fault = "clock jump", .actions = {"clock-jump"}},
      {.where = "computer",
       .fault = "killed again during recovery",
       .actions = {"kill", "host-power-cut"},
       .planned = [](const PlannedFault& fault) { return fault.when.boot >= 2; }},
      {.where = "drive", .fault = "power cut alone", .actions = {"drive-power-cut"}},
      {.where = "drive", .fault = "unplugged", .actions = {"unplug"}},
      {.where = "drive", .fault = "re-plugged, same slot", .actions = {"replug"}},
      {.where = "drive", .fault = "re-plugged, other slot", .actions = {"replug-elsewhere"}},
      {.where = "drive", .fault = "another drive in the slot", .actions = {"swap-drive", "cloned-drive"}},
      {.where = "drive",
       .fault = "torn multi-sector write",
       .actions = {"host-power-cut", "kill", "drive-power-cut"},
       .planned =
           [](const PlannedFault& fault) {
             return fault.survivors.shape == Survivors::Shape::torn ||
                    fault.survivors.shape == Survivors::Shape::seeded;
           }},
      {.where = "drive",
       .fault = "lost volatile cache",
       .actions = {"host-power-cut", "drive-power-cut"},
       .planned = [](const PlannedFault& fault) { return fault.survivors.shape == Survivors::Shape::none; }},
      {.where = "drive", .fault = "flush that fails", .actions = {"flush-error"}},
      {.where = "drive", .fault = "flush that lies", .actions = {"flush-lie"}},
      {.where = "drive",
       .fault = "write error, once",
       .actions = {"write-error"},
       .planned = [](const PlannedFault& fault) { return fault.times == 1; }},
      {.where = "drive",
       .fault = "write error, n times",
       .actions = {"write-error"},
       .planned = [](const PlannedFault& fault) { return fault.times > 1; }},
      {.where = "drive",
       .fault = "write error, for ever",
       .actions = {"write-error"},
       .planned = [](const PlannedFault& fault) { return fault.times == 0; }},
      {.where = "drive", .fault = "read error", .actions = {"read-error"}},
      {.where = "drive", .fault = "latent error at an address", .actions = {"bad-sectors"}},
      {.where = "drive", .fault = "bit rot at rest", .actions = {"bit-rot"}},
      {.where = "drive", .fault = "misdirected write", .actions = {"misdirected-write"}},
      {.where = "drive", .fault = "stale block", .actions = {"stale-block"}},
      {.where = "drive", .fault = "slow", .actions = {"slow-drive"}},
      {.where = "drive", .fault = "stalled", .actions = {"drive-stalls"}},
      {.where = "drive", .fault = "link reset", .actions = {"link-reset"}},
      {.where = "drive",
       .fault = "smaller than it says",
       .arranged =
           [](const Scenario& scenario) {
             return std::ranges::any_of(
                 scenario.drives, [](const DriveSpec& drive) { return drive.real_capacity_bytes != 0; });
           }},
      {.where = "drive",
       .fault = "not a supported drive",
       .arranged =
           [](const Scenario& scenario) {
             return has_flaw(scenario, DriveFlaw::no_serial) || has_flaw(scenario, DriveFlaw::in_use);
           }},
      {.where = "drive",
       .fault = "512n",
       .arranged = [](const Scenario& scenario) { return has_sectors(scenario, SectorKind::n512); }},
      {.where = "drive",
       .fault = "512e",
       .arranged = [](const Scenario& scenario) { return has_sectors(scenario, SectorKind::e512); }},
      {.where = "drive",
       .fault = "4Kn",
       .arranged = [](const Scenario& scenario) { return has_sectors(scenario, SectorKind::n4k); }},
      {.where = "source", .fault = "share drops out", .actions = {"share-gone"}},
      {.where = "source", .fault = "share comes back", .actions = {"share-back"}},
      {.where = "source", .fault = "file changed", .actions = {"source-changed"}},
      {.where = "source", .fault = "file grown", .actions = {"source-grown"}},
      {.where = "source", .fault = "file vanished", .actions = {"source-vanished"}},
      {.where = "staging",
       .fault = "torn tail",
       .actions = {"host-power-cut"},
       .planned =
           [](const PlannedFault& fault) {
             return place_has(fault, "/staging") && fault.survivors.shape == Survivors::Shape::seeded;
           }},
      {.where = "staging", .fault = "rotten page", .actions = {"file-rot"}},
      {.where = "source", .fault = "permission denied", .actions = {"permission-denied"}},
      {.where = "source",
       .fault = "unreadable file",
       .actions = {"file-error"},
       .planned = [](const PlannedFault& fault) { return place_has(fault, "/source"); }},
      {.where = "source",
       .fault = "unreadable name",
       .arranged = [](const Scenario& scenario) { return scenario.source.unreadable_name; }},
      {.where = "network", .fault = "timeout before the service acted", .actions = {"timeout-before"}},
      {.where = "network", .fault = "timeout after the service acted", .actions = {"timeout-after"}},
      {.where = "network", .fault = "connection refused", .actions = {"connection-refused"}},
      {.where = "network", .fault = "connection cut mid-body", .actions = {"connection-cut"}},
      {.where = "network", .fault = "429 with Retry-After", .actions = {"answer-429"}},
      {.where = "network", .fault = "500", .actions = {"answer-500"}},
      {.where = "network", .fault = "503 with Retry-After", .actions = {"answer-503"}},
      {.where = "network", .fault = "duplicated request", .actions = {"duplicated-request"}},
      {.where = "network", .fault = "reordered request", .actions = {"late-request"}},
      {.where = "service",
       .fault = "killed between commit and answer",
       .actions = {"service-kill", "service-power-cut"},
       .planned = [](const PlannedFault& fault) { return fault.when.event == EventKind::http_handled; }},
      {.where = "service", .fault = "power cut", .actions = {"service-power-cut"}},
      {.where = "service", .fault = "token expired", .actions = {"token-expired"}},
      {.where = "service",
       .fault = "account key rotated",
       .arranged = [](const Scenario& scenario) { return has_command(scenario, CommandAction::rotate_key); }},
      {.where = "service",
       .fault = "job deleted",
       .arranged = [](const Scenario& scenario) { return has_command(scenario, CommandAction::delete_job); }},
      {.where = "service",
       .fault = "job cancelled",
       .arranged = [](const Scenario& scenario) { return has_command(scenario, CommandAction::cancel_job); }},
      {.where = "service",
       .fault = "name already taken",
       .arranged = [](const Scenario& scenario) { return has_command(scenario, CommandAction::take_name); }},
      {.where = "service",
       .fault = "job expired without a tracking number",
       .arranged =
           [](const Scenario& scenario) {
             return scenario.expect.verdict == Verdict::refused &&
                    std::ranges::any_of(scenario.commands, [](const CommandSpec& command) {
                      return command.wait_s > 14 * 24 * 3600;
                    });
           }},
      {.where = "shipment", .fault = "drive lost", .actions = {"lost-in-shipment"}},
      {.where = "shipment",
       .fault = "wrong drive in the box",
       .arranged = [](const Scenario& scenario) { return delivers_some(scenario); }},
      {.where = "shipment",
       .fault = "delayed past the limit",
       .arranged =
           [](const Scenario& scenario) {
             return has_command(scenario, CommandAction::deliver) &&
                    std::ranges::any_of(scenario.commands, [](const CommandSpec& command) {
                      return command.wait_s > 14 * 24 * 3600;
                    });
           }},
      {.where = "shipment",
       .fault = "two labels swapped",
       .arranged = [](const Scenario& scenario) { return labelled(scenario, CommandAction::deliver); }},
      {.where = "shipment",
       .fault = "two jobs with one tracking number",
       .arranged = [](const Scenario& scenario) { return labelled(scenario, CommandAction::stranger_job); }},
      {.where = "shipment",
       .fault = "extra drive",
       .arranged = [](const Scenario& scenario) { return delivers_more_than_one(scenario); }},
      {.where = "shipment", .fault = "damaged (latent errors)", .actions = {"damaged-in-shipment"}},
      {.where = "shipment", .fault = "dead on arrival", .actions = {"dead-on-arrival"}},
      {.where = "data centre",
       .fault = "wrong BitLocker key",
       .arranged = [](const Scenario& scenario) { return puts_wrong(scenario, JobEdit::key); }},
      {.where = "data centre",
       .fault = "manifest missing",
       .arranged = [](const Scenario& scenario) { return puts_wrong(scenario, JobEdit::manifest_file); }},
      {.where = "data centre",
       .fault = "manifest of another drive",
       .arranged = [](const Scenario& scenario) { return puts_wrong(scenario, JobEdit::manifest_hash); }},
      {.where = "data centre", .fault = "manifest damaged", .actions = {"manifest-damaged"}},
      {.where = "data centre", .fault = "no NTFS volume", .actions = {"volume-damaged"}},
      {.where = "data centre", .fault = "account refuses writes", .actions = {"account-refuses"}},
      {.where = "data centre",
       .fault = "container missing",
       .arranged =
           [](const Scenario& scenario) { return has_command(scenario, CommandAction::drop_container); }},
      {.where = "data centre",
       .fault = "container invalid",
       .arranged = [](const Scenario& scenario) { return expects(scenario, "container's name"); }},
      {.where = "data centre", .fault = "page range corrupted", .actions = {"damaged-in-shipment"}},
      {.where = "data centre",
       .fault = "crash in the middle of an import",
       .actions = {"datacentre-kill", "service-kill", "service-power-cut"},
       .planned =
           [](const PlannedFault& fault) {
             return fault.action == FaultAction::datacentre_kill || fault.when.phase == "import";
           }},
      {.where = "operator",
       .fault = "wrong drive letter",
       .arranged =
           [](const Scenario& scenario) {
             return std::ranges::any_of(scenario.commands,
                                        [](const CommandSpec& command) { return !command.letter.empty(); });
           }},
      {.where = "operator",
       .fault = "says no to formatting",
       .arranged = [](const Scenario& scenario) { return scenario.operator_.formatting == Formatting::no; }},
      {.where = "operator",
       .fault = "too few drives",
       .arranged = [](const Scenario& scenario) { return !scenario.operator_.offers.empty(); }},
      {.where = "operator",
       .fault = "formats a drive that holds another session",
       .arranged = [](const Scenario& scenario) { return has_flaw(scenario, DriveFlaw::another_session); }},
      {.where = "operator",
       .fault = "source = target",
       .arranged = [](const Scenario& scenario) { return has_flaw(scenario, DriveFlaw::holds_source); }},
      {.where = "operator",
       .fault = "drive or drives too small",
       .arranged = [](const Scenario& scenario) { return expects(scenario, "too small"); }},
  };
  return rows;
}

}  // namespace seedbed
