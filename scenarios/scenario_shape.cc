#include "scenarios/scenario_shape.h"

#include "engine/base/bytes.h"
#include "simulator/fault_plan.h"

namespace seedbed {

namespace {

using Word = std::string_view;

constexpr int64_t kNumberMax = INT64_MAX;  // what a TOML integer holds
constexpr int64_t kYear_s = 366 * 24 * 3600;
constexpr int64_t kJumpMax_s = 10 * kYear_s;
constexpr int64_t kCountMax = 1'000'000'000;
constexpr int64_t kKiB = KiB, kMiB = MiB, kGiB = GiB, kTiB = TiB;

constexpr Word kSectors[] = {"512n", "512e", "4Kn", "any"};  // SectorKind
constexpr Word kFlaws[] = {"none",         "in use",          "no serial number",
                           "holds source", "another session", "file system"};  // DriveFlaw
constexpr Word kActions[] = {                                                  // CommandAction
    "prepare",    "resume",       "abort",          "backup",      "diskprep",   "ship",
    "deliver",    "import",       "send back",      "restore",     "edit",       "wait",
    "rotate key", "drop staging", "drop container", "cancel job",  "delete job", "edit job",
    "take name",  "stranger job", "renew token",    "allow writes"};
constexpr Word kBlobs[] = {"block", "page"};
constexpr Word kEdits[] = {"key", "manifest file", "manifest hash", "drive id"};  // JobEdit
constexpr Word kWays[] = {"same command", "resume", "abort"};                     // AfterInterruption
constexpr Word kAnswers[] = {"silent", "yes", "no", "reads"};                     // Formatting
constexpr Word kVerdicts[] = {"survived",       "refused", "lost",          "silently-wrong",
                              "broke-contract", "stuck",   "not-applicable"};
constexpr Word kMachines[] = {"computer", "service", "datacentre", "any"};
constexpr Word kSides[] = {"before", "after"};  // EventSide
constexpr Word kPhases[] = {"start",      "intent",   "build",    "metadata", "data",
                            "finalising", "proof",    "closing",  "undo",     "done",
                            "backup",     "shipping", "delivery", "import",   "restore"};
constexpr Word kStates[] = {"Creating",  "Shipping",  "Received", "Transferring",
                            "Packaging", "Completed", "Closed"};

KeyShape text(Word key, int64_t least, int64_t most, Word says, bool required = false) {
  return {.key = key,
          .kind = KeyShape::Kind::text,
          .least = least,
          .most = most,
          .required = required,
          .says = says};
}
KeyShape flag(Word key, Word says) {
  return {.key = key, .kind = KeyShape::Kind::flag, .says = says};
}
KeyShape number(Word key, int64_t least, int64_t most, Word says) {
  return {.key = key, .kind = KeyShape::Kind::number, .least = least, .most = most, .says = says};
}
KeyShape size(Word key, int64_t least, int64_t most, Word says) {
  return {.key = key, .kind = KeyShape::Kind::size, .least = least, .most = most, .says = says};
}
KeyShape word(Word key, std::span<const Word> words, Word says, bool required = false) {
  return {.key = key, .kind = KeyShape::Kind::word, .words = words, .required = required, .says = says};
}
KeyShape texts(Word key, int64_t most, Word says) {
  return {.key = key, .kind = KeyShape::Kind::texts, .most = most, .says = says};
}
KeyShape table(Word key, const TableShape& inner, Word says, bool required = false) {
  return {.key = key, .kind = KeyShape::Kind::table, .inner = &inner, .required = required, .says = says};
}
KeyShape tables(Word key, int64_t least, int64_t most, const TableShape& inner, Word says) {
  return {.key = key,
          .kind = KeyShape::Kind::tables,
          .least = least,
          .most = most,
          .inner = &inner,
          .says = says};
}

const std::vector<Word>& fault_words() {
  static const std::vector<Word> words = [] {
    std::vector<Word> all;
    for (int i = 0; i <= static_cast<int>(kLastFaultAction); i++)
      all.push_back(action_name(static_cast<FaultAction>(i)));
    return all;
  }();
  return words;
}

const std::vector<Word>& event_words() {
  static const std::vector<Word> words = [] {
    std::vector<Word> all;
    for (int i = 0; i <= static_cast<int>(kLastEventKind); i++)
      all.push_back(event_name(static_cast<EventKind>(i)));
    all.push_back(kJournalCommit);
    return all;
  }();
  return words;
}

const TableShape& source_shape() {
  static const TableShape file{.name = "file",
                               .keys = {text("path", 1, 4000, "relative, under /source", true),
                                        size("size", 0, 1 * kTiB, "bytes, drawn by the seed")}};
  static const TableShape shape{
      .name = "source",
      .keys = {flag("usual", "the odd little tree: empty, one byte, several ranges, names NTFS cannot hold"),
               tables("files", 0, 1000, file, "files besides"),
               number("random_files", 0, 10'000, "files besides, sizes and names by the seed"),
               size("random_bytes_max", 1, 1 * kGiB, "of each random file"),
               flag("unreadable_name", "besides: a file whose name is no UTF-8")}};
  return shape;
}

const TableShape& computer_shape() {
  static const TableShape shape{
      .name = "copy_computer",
      .keys = {number("workers", 1, 64, "tasks of its worker pool"),
               size("chunk", 4 * kKiB, 4 * kMiB, "a multiple of 4KiB"),
               size("queue", 4 * kKiB, 1 * kGiB, "in flight on the drive"),
               size("checkpoint", 4 * kKiB, 1 * kGiB, "between checkpoints"),
               size("redo", 4 * kKiB, 2 * kGiB, "at least checkpoint and one chunk"),
               size("buffers", 4 * kKiB, 2 * kGiB, "at least four chunks"),
               flag("proof", "whether a finished drive is read again")}};
  return shape;
}

const TableShape& drive_shape() {
  static const TableShape shape{
      .name = "drive",
      .keys = {text("name", 1, 64, "letters, digits, - and _; the slot that it stands in"),
               size("capacity", 5 * kMiB, 64 * kTiB, "a multiple of 4096"),
               word("sectors", kSectors, "any: by the seed"),
               flag("volatile_cache", "completed writes need a flush"),
               flag("power_loss_protected", "a power cut takes nothing that was completed"),
               size("real_capacity", 1 * kMiB, 64 * kTiB, "what is written beyond is forgotten"),
               word("flaw", kFlaws, "why it must not be written, or cannot be")}};
  return shape;
}

const TableShape& command_shape() {
  static const TableShape shape{
      .name = "command",
      .keys = {
          word("do", kActions, "what is typed, or done"), text("session", 1, 64, "the session's name"),
          text("drive", 1, 64, "the name of a drive"), text("source", 1, 4000, "/source or a path under it"),
          text("destination", 1, 1024, "container and folder"), word("blobs", kBlobs, "block or page blobs"),
          texts("drives", 16, "of deliver: what is in the box; of edit job: what is put wrong"),
          number("wait_s", 1, kYear_s, "of wait"),
          flag("accept_import_errors", "of backup: what arrived is taken, the rest sent from staging"),
          text("letter", 1, 64, "typed at the first try instead of where the drive stands"),
          text("tracking", 1, 64, "of deliver and stranger job: the number on the label"),
          word("wrong", kEdits, "of edit job: what is put wrong")}};
  return shape;
}

const TableShape& chain_shape() {
  static const TableShape shape{
      .name = "chain",
      .keys = {flag("two_computers", "the copy computer is not the source computer"),
               size("blob_max", 1 * kMiB, 1 * kTiB, "of a base blob"),
               size("chunk", 4 * kKiB, 4 * kMiB, "on average"),
               size("batch", 64 * kKiB, 1 * kGiB, "staged between two durable marks; at least 32 chunks"),
               text("container", 1, 63, "in the storage account")}};
  return shape;
}

const TableShape& operator_shape() {
  static const TableShape shape{
      .name = "operator",
      .keys = {word("after_interruption", kWays, "what is typed after one"),
               flag("heals_refusals", "puts right what was refused; the work must then complete"),
               number("boots_max", 1, 100, "more is stuck"),
               word("formatting", kAnswers, "the answer to whether a drive may be formatted"),
               texts("offers", 16, "the drives that diskprep is given")}};
  return shape;
}

const TableShape& expect_shape() {
  static const TableShape shape{.name = "expect",
                                .keys = {word("verdict", kVerdicts, "what must come of it"),
                                         text("refusal", 1, 500, "part of the refusal's message"),
                                         flag("or_refused", "a refusal with a cause will do as well")}};
  return shape;
}

}  // namespace

const TableShape& moment_shape() {
  static const TableShape shape{
      .name = "moment",
      .keys = {word("event", event_words(), "any, or the fault's usual one"),
               text("place", 1, 1000, "of the event; * stands for any run of characters"),
               word("phase", kPhases, "how far the session is"),
               number("boot", 1, 100, "1 is the first start"),
               {.key = "nth",
                .kind = KeyShape::Kind::nth,
                .least = 1,
                .most = kCountMax,
                .says = "of the events that fit; of a range one is drawn by the seed"},
               word("side", kSides, "of the effect"),
               {.key = "virtual_s",
                .kind = KeyShape::Kind::seconds,
                .least = 0,
                .most = kYear_s,
                .says = "not before this virtual time"},
               number("lba", 0, 64 * kTiB / 512, "touches this sector of 512 bytes"),
               size("offset", 0, 64 * kTiB, "touches this range, with length"),
               size("length", 1, 64 * kTiB, "of the range"),
               number("number", 1, kCountMax, "exactly this event of the log"),
               word("machine", kMachines, "whose event"),
               word("state", kStates, "of the import job, as the service last told")}};
  return shape;
}

const TableShape& trigger_shape() {
  static const TableShape shape = [] {
    TableShape made{.name = "trigger", .keys = moment_shape().keys};
    made.keys.push_back(tables("any", 2, 16, moment_shape(), "due when one of them is"));
    made.keys.push_back(tables("all", 2, 16, moment_shape(), "due when the last of them has come"));
    made.keys.push_back(text("after", 3, 100, "the name of a fault that must have fired before"));
    return made;
  }();
  return shape;
}

const TableShape& fault_shape() {
  static const TableShape shape{
      .name = "fault",
      .keys = {text("name", 3, 100, "for reports, and for after"),
               word("what", fault_words(), "what befalls", true),
               table("when", trigger_shape(), "when it is due", true),
               {.key = "times",
                .kind = KeyShape::Kind::times,
                .least = 1,
                .most = kCountMax,
                .says = "so often, at consecutive fitting events"},
               text("survivors", 1, 100, "none, all, prefix:EVENT, but:EVENT, torn:EVENT/UNITS, seeded:SEED"),
               text("place", 1, 4000, "of the action: a drive, a path"),
               number("by_s", -kJumpMax_s, kJumpMax_s, "of clock-jump: seconds, not 0")}};
  return shape;
}

const TableShape& scenario_shape() {
  static const TableShape shape{
      .name = "",
      .keys = {text("name", 3, 100, "what reports call it", true),
               text("proves", 3, 500, "one sentence", true), texts("tags", 16, "1 to 32 of a-z, 0-9 and -"),
               texts("requirements", 16, "ids of docs/requirements.md"),
               number("seed", 0, kNumberMax, "decides everything"),
               number("virtual_s_max", 1, kYear_s, "a world that lives longer is stuck"),
               table("source", source_shape(), "the tree under /source"),
               table("copy_computer", computer_shape(), "the computer that prepares drives"),
               tables("drive", 1, 16, drive_shape(), "the drives"),
               tables("command", 1, 64, command_shape(), "what is done, in order"),
               table("operator", operator_shape(), "who types"),
               tables("fault", 0, 1000, fault_shape(), "what befalls the world"),
               table("expect", expect_shape(), "what must come of it"),
               table("chain", chain_shape(), "staging, services and vault too")}};
  return shape;
}

}  // namespace seedbed
