// The trust table (docs/trust.md) against a model: random walks through a drive's life, where each record
// either follows from what stands before it or is refused, and the generations a drive may show are those the
// model allows.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/prep/drive_history.h"

namespace seedbed {
namespace {

enum class Step : uint8_t {
  intent,
  begin,
  built,
  files_prepared,
  files_applied,
  checkpoint,
  data_done,
  manifest_prepared,
  manifest_applied,
  finalised,
  complete,
  aborting,
  files_undone,
  manifest_undone,
  aborted,
  info
};
constexpr int kSteps = 16;

struct Model;
std::optional<SavedFile> hashes_of(const Model& model);

// The life of a drive in the plainest form: what has happened to it and to its open session.
struct Model {
  bool intent = false, built = false, open = false;
  int sessions = 0, settled = 0;
  SetState files = SetState::none, manifest = SetState::none;
  bool data_done = false, finalised = false, aborting = false;
  uint64_t ranges = 0;
  int flavour = 0;                                  // which sessions record volume hashes
  std::optional<SavedFile> hashes, pending_hashes;  // of the last complete session or building; of Finalised

  bool allows(Step step) const {
    const bool in_session = open && built;
    switch (step) {
      case Step::intent:
        return !built;
      case Step::begin:
        return intent && !open && (built || sessions == 0);
      case Step::built:
        return intent && !built;
      case Step::files_prepared:
        return in_session && files == SetState::none;
      case Step::files_applied:
        return in_session && files == SetState::prepared;
      case Step::checkpoint:
        return in_session && !aborting && files == SetState::applied;
      case Step::data_done:
        return in_session && !aborting && files == SetState::applied;
      case Step::manifest_prepared:
        return in_session && data_done && manifest == SetState::none;
      case Step::manifest_applied:
        return in_session && manifest == SetState::prepared;
      case Step::finalised:
        return in_session && !aborting && manifest == SetState::applied;
      case Step::complete:
        return in_session && !aborting && finalised;
      case Step::aborting:
        return in_session && !aborting;
      case Step::files_undone:
        return in_session && files != SetState::none;
      case Step::manifest_undone:
        return in_session && manifest != SetState::none;
      case Step::aborted:
        return in_session && aborting;
      case Step::info:
        return true;
    }
    return false;
  }

  void take(Step step) {
    switch (step) {
      case Step::intent:
        intent = true;
        break;
      case Step::begin:
        sessions++;
        open = true;
        files = manifest = SetState::none;
        data_done = finalised = aborting = false;
        ranges = 0;
        break;
      case Step::built:
        hashes = hashes_of(*this);
        built = true;
        break;
      case Step::files_prepared:
        files = SetState::prepared;
        break;
      case Step::files_applied:
        files = SetState::applied;
        break;
      case Step::checkpoint:
        ranges++;
        break;
      case Step::data_done:
        data_done = true;
        break;
      case Step::manifest_prepared:
        manifest = SetState::prepared;
        break;
      case Step::manifest_applied:
        manifest = SetState::applied;
        break;
      case Step::finalised:
        finalised = true;
        pending_hashes = hashes_of(*this);
        break;
      case Step::complete:
        open = false;
        settled = sessions;
        hashes = pending_hashes;
        break;
      case Step::aborting:
        aborting = true;
        break;
      case Step::files_undone:
        files = SetState::undone;
        break;
      case Step::manifest_undone:
        manifest = SetState::undone;
        break;
      case Step::aborted:
        open = false;
        break;
      case Step::info:
        break;
    }
  }

  std::vector<uint64_t> generations() const {
    const auto now = static_cast<uint64_t>(sessions), before = static_cast<uint64_t>(settled);
    if (!open || files == SetState::none) return {before};
    if (files == SetState::applied && !aborting) return {now};
    return {before, now};
  }
};

// The volume hashes that building (session 0) or a session records; every third has none, as in old journals.
std::optional<SavedFile> hashes_of(const Model& model) {
  const int session = model.built ? model.sessions : 0;
  if ((session + model.flavour) % 3 == 2) return std::nullopt;
  return SavedFile{"volume", static_cast<uint64_t>(session) + 1, std::string(64, 'F')};
}

Record record_of(Step step, const Model& model) {
  SessionHistory session;
  session.id = "session-x";
  session.number = static_cast<uint64_t>(step == Step::begin ? model.sessions + 1 : model.sessions);
  session.plan_digest = std::string(64, 'A');
  const SavedFile saved{"set", 1, std::string(64, 'B')};
  const std::optional<SavedFile> hashes = hashes_of(model);
  switch (step) {
    case Step::intent: {
      DriveFacts facts;
      facts.serial = "S";
      facts.capacity_bytes = 1;
      facts.recovery_password = SecretBytes::of_text("1");
      return intent_record(facts);
    }
    case Step::begin:
      return session_begin_record(session);
    case Step::built:
      return volume_built_record(hashes);
    case Step::files_prepared:
      return metadata_set_record(session, "files", SetState::prepared, saved);
    case Step::files_applied:
      return metadata_set_record(session, "files", SetState::applied, saved);
    case Step::files_undone:
      return metadata_set_record(session, "files", SetState::undone, saved);
    case Step::manifest_prepared:
      return metadata_set_record(session, "manifest", SetState::prepared, saved);
    case Step::manifest_applied:
      return metadata_set_record(session, "manifest", SetState::applied, saved);
    case Step::manifest_undone:
      return metadata_set_record(session, "manifest", SetState::undone, saved);
    case Step::checkpoint: {
      const uint64_t ranges = model.ranges + 1;
      return checkpoint_record(session, {.chunks = ranges,
                                         .ranges = ranges,
                                         .bytes = ranges,
                                         .hash_log_bytes = ranges * 16,
                                         .hash_log_sha256 = std::string(64, 'C')});
    }
    case Step::data_done:
      return data_done_record(session);
    case Step::finalised:
      return finalised_record(session, std::string(32, 'D'), "0:1:E", hashes);
    case Step::complete:
      return session_complete_record(session);
    case Step::aborting:
      return session_aborting_record(session);
    case Step::aborted:
      return session_aborted_record(session);
    case Step::info:
      return {.utc_ns = 0, .type = "ActivityRecord", .fields = {{"ActivityId", "DriveInfo"}}};
  }
  return {};
}

Record first_record() {
  return {
      .utc_ns = 0,
      .type = "NewJournalFile",
      .fields = {{"VocabularyVersion", "seedbed-1"}, {"JournalId", "4967d63b-2e29-4ad8-8399-f6a339e3d001"}}};
}

RC_GTEST_PROP(TrustModel, ARecordIsTakenExactlyWhenItFollows,
              (const std::vector<uint8_t>& choices, uint8_t flavour)) {
  DriveHistory history;
  Model model;
  model.flavour = flavour % 3;
  RC_ASSERT(apply_record(history, first_record(), 0, "j").has_value());
  size_t index = 1;
  for (const uint8_t choice : choices) {
    // Mostly a step that is allowed, so that walks get far; sometimes any.
    auto step = static_cast<Step>(choice % kSteps);
    if (choice % 4 != 0)
      for (int i = 0; i < kSteps && !model.allows(step); i++)
        step = static_cast<Step>((static_cast<int>(step) + 1) % kSteps);
    const Record record = record_of(step, model);
    if (model.allows(step)) {
      const Status taken = apply_record(history, record, index, "j");
      RC_ASSERT(taken.has_value());
      model.take(step);
      index++;
      RC_ASSERT(history.built == model.built);
      RC_ASSERT((history.open_session() != nullptr) == model.open);
      RC_ASSERT(history.legal_generations() == model.generations());
      const SavedFile* hashes = history.volume_hashes();
      RC_ASSERT((hashes != nullptr) == model.hashes.has_value());
      if (hashes != nullptr) RC_ASSERT(*hashes == *model.hashes);
    } else {
      const Status taken = apply_record(history, record, index, "j");
      RC_ASSERT(!taken.has_value());
      RC_ASSERT(taken.error().code == ErrorCode::corrupt);
      return;  // a history is believed whole or not at all
    }
  }
}

// Of the three fields that name a volume hash file a record has all or none.
RC_GTEST_PROP(TrustModel, VolumeHashesNamedInPartAreRefused, (bool at_the_end, uint8_t missing)) {
  std::vector<Record> records{first_record()};
  Model model;
  const auto add = [&](Step step) {
    records.push_back(record_of(step, model));
    model.take(step);
  };
  add(Step::intent);
  add(Step::begin);
  add(Step::built);
  if (at_the_end)
    for (const Step step : {Step::files_prepared, Step::files_applied, Step::data_done,
                            Step::manifest_prepared, Step::manifest_applied, Step::finalised})
      add(step);
  RC_ASSERT(read_history(records, "j").has_value());
  const bool all = missing % 8 == 0, none = missing % 8 == 7;
  const char* names[] = {"VolumeHashFile", "VolumeHashBytes", "VolumeHashSha256"};
  for (int i = 0; i < 3; i++)
    if ((missing >> i & 1) != 0)
      std::erase_if(records.back().fields, [&](const auto& field) { return field.first == names[i]; });
  const auto read = read_history(records, "j");
  RC_ASSERT(read.has_value() == (all || none));
  if (!read) RC_ASSERT(read.error().code == ErrorCode::corrupt);
}

RC_GTEST_PROP(TrustModel, CompactionChangesNothingThatIsBelieved, (uint8_t checkpoints)) {
  std::vector<Record> records{first_record()};
  Model model;
  DriveHistory history;
  const auto add = [&](Step step) {
    records.push_back(record_of(step, model));
    model.take(step);
  };
  for (const Step step : {Step::intent, Step::begin, Step::built, Step::files_prepared, Step::files_applied})
    add(step);
  for (int i = 0; i < checkpoints; i++) add(Step::checkpoint);
  const std::vector<bool> keep = worth_keeping(records);
  std::vector<Record> kept;
  for (size_t i = 0; i < records.size(); i++)
    if (keep[i]) kept.push_back(records[i]);
  const auto before = read_history(records, "j"), after = read_history(kept, "j");
  RC_ASSERT(before.has_value());
  RC_ASSERT(after.has_value());
  RC_ASSERT(kept.size() == 6u + (checkpoints > 0 ? 1u : 0u));
  RC_ASSERT(before->sessions[0].checkpoint.has_value() == after->sessions[0].checkpoint.has_value());
  if (checkpoints > 0)
    RC_ASSERT(before->sessions[0].checkpoint->ranges == after->sessions[0].checkpoint->ranges);
}

}  // namespace
}  // namespace seedbed
