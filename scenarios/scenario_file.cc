#include "scenarios/scenario_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "scenarios/file_path.h"
#include "scenarios/planned_fault_file.h"
#include "scenarios/requirements.h"
#include "scenarios/scenario_shape.h"
#include "scenarios/size_text.h"
#include "scenarios/toml_fields.h"

namespace seedbed {

using Word = std::string_view;

static Status read_tags(const TomlFields& top, std::vector<std::string>& out) {
  std::set<std::string> seen;
  for (std::string& tag : TRY(top.texts("tags"))) {
    const bool word = !tag.empty() && tag.size() <= 32 && std::ranges::all_of(tag, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!word) return top.wrong("tags", "a tag is 1 to 32 of a-z, 0-9 and \"-\"");
    if (!seen.insert(tag).second) return top.wrong("tags", "\"" + tag + "\" stands twice");
    out.push_back(std::move(tag));
  }
  return {};
}

// Whether an id is listed in docs/requirements.md is not the reader's business.
static Status read_requirements(const TomlFields& top, std::vector<std::string>& out) {
  for (std::string& id : TRY(top.texts("requirements"))) {
    if (!is_requirement_id(id))
      return top.wrong("requirements", "\"" + id + "\" is no requirement",
                       "Write \"R-STAGE-1\", for example");
    if (std::ranges::find(out, id) != out.end())
      return top.wrong("requirements", "\"" + id + "\" stands twice");
    out.push_back(std::move(id));
  }
  return {};
}

static Status read_source(const TomlFields& top, SourceSpec& out) {
  const auto table = TRY(top.table("source"));
  if (!table) return {};
  TRY(table->flag("usual", out.usual));
  TRY(table->flag("unreadable_name", out.unreadable_name));
  TRY(table->number("random_files", out.random_files));
  TRY(table->size("random_bytes_max", out.random_bytes_max));
  for (const TomlFields& entry : TRY(table->tables("files"))) {
    SourceFile file;
    TRY(entry.require());
    TRY(entry.text("path", file.path));
    if (!is_plain_path(file.path))
      return entry.wrong("path",
                         "it must be relative, without empty parts, \".\" and \"..\", parts up to 255 bytes");
    TRY(entry.size("size", file.size_bytes));
    for (const SourceFile& other : out.files)
      if (file.path == other.path || is_under(file.path, other.path) || is_under(other.path, file.path))
        return entry.wrong("path", "\"" + other.path + "\" is there already", "Give it another name");
    out.files.push_back(std::move(file));
  }
  return {};
}

static Status read_computer(const TomlFields& top, ComputerSpec& out) {
  const auto table = TRY(top.table("copy_computer"));
  if (!table) return {};
  TRY(table->number("workers", out.workers));
  TRY(table->size("chunk", out.chunk_bytes));
  if (out.chunk_bytes % (4 * KiB) != 0) return table->wrong("chunk", "it must be a multiple of 4KiB");
  TRY(table->size("queue", out.queue_bytes));
  TRY(table->size("checkpoint", out.checkpoint_bytes));
  TRY(table->size("redo", out.redo_bytes));
  TRY(table->size("buffers", out.buffer_bytes));
  TRY(table->flag("proof", out.proof));
  // the one that was given is the one to look at
  const auto given = [&](Word first, Word second) { return table->has(first) ? first : second; };
  const uint64_t redo_least = out.checkpoint_bytes + out.chunk_bytes;
  if (out.redo_bytes < redo_least)
    return table->wrong(given("redo", given("checkpoint", "chunk")),
                        fmt::format("redo ({}) must be at least checkpoint and one chunk together ({})",
                                    size_text(out.redo_bytes), size_text(redo_least)),
                        fmt::format("Write redo = \"{}\" or more", size_text(redo_least)));
  const uint64_t buffers_least = uint64_t{4} * out.chunk_bytes;
  if (out.buffer_bytes < buffers_least)
    return table->wrong(given("buffers", "chunk"),
                        fmt::format("buffers ({}) must hold four chunks ({})", size_text(out.buffer_bytes),
                                    size_text(buffers_least)),
                        fmt::format("Write buffers = \"{}\" or more", size_text(buffers_least)));
  return {};
}

static Status read_drives(const TomlFields& top, std::vector<DriveSpec>& out) {
  if (!top.has("drive")) return {};
  out.clear();
  for (const TomlFields& table : TRY(top.tables("drive"))) {
    DriveSpec drive;
    TRY(table.text("name", drive.name));
    const bool word = std::ranges::all_of(drive.name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_';
    });
    if (!word) return table.wrong("name", "a drive's name is letters, digits, \"-\" and \"_\"");
    if (std::ranges::find(out, drive.name, &DriveSpec::name) != out.end())
      return table.wrong("name", "there is a drive \"" + drive.name + "\" already",
                         "Give each drive its own name");
    TRY(table.size("capacity", drive.capacity_bytes));
    if (drive.capacity_bytes % 4096 != 0)
      return table.wrong("capacity", "it must be a multiple of 4096 bytes");
    if (const auto kind = TRY(table.word("sectors"))) drive.sectors = static_cast<SectorKind>(*kind);
    TRY(table.flag("volatile_cache", drive.volatile_cache));
    TRY(table.flag("power_loss_protected", drive.power_loss_protected));
    TRY(table.size("real_capacity", drive.real_capacity_bytes, drive.capacity_bytes));
    if (drive.real_capacity_bytes % 4096 != 0)
      return table.wrong("real_capacity", "it must be a multiple of 4096 bytes");
    if (const auto flaw = TRY(table.word("flaw"))) drive.flaw = static_cast<DriveFlaw>(*flaw);
    out.push_back(std::move(drive));
  }
  if (out.empty())
    return top.wrong("drive", "there must be at least one drive", "Leave the key out for the usual one");
  return {};
}

// What the operator does when a scenario of the whole chain says nothing else.
static std::vector<CommandSpec> usual_chain() {
  std::vector<CommandSpec> out;
  for (const CommandAction action : {CommandAction::backup, CommandAction::diskprep, CommandAction::ship,
                                     CommandAction::deliver, CommandAction::import, CommandAction::send_back,
                                     CommandAction::edit, CommandAction::backup, CommandAction::restore})
    out.push_back({.action = action, .drives = {}});
  return out;
}

static Status read_chain(const TomlFields& top, std::optional<ChainSpec>& out) {
  const auto table = TRY(top.table("chain"));
  if (!table) return {};
  out.emplace();
  TRY(table->flag("two_computers", out->two_computers));
  TRY(table->size("blob_max", out->blob_bytes_max));
  TRY(table->size("chunk", out->chunk_bytes));
  TRY(table->size("batch", out->batch_bytes));
  TRY(table->text("container", out->container));
  if (out->container.find_first_of("\"\\") != std::string::npos)
    return table->wrong("container", "a policy could not hold it");
  if (out->batch_bytes < 32 * out->chunk_bytes)
    return table->wrong(table->has("batch") ? "batch" : "chunk", "a batch must hold thirty-two chunks");
  return {};
}

static Status read_commands(const TomlFields& top, const std::vector<DriveSpec>& drives, bool chain,
                            std::vector<CommandSpec>& out) {
  std::vector<Word> names;
  for (const DriveSpec& drive : drives) names.push_back(drive.name);
  // A world whose drives all have names of their own still has usual commands: for its first drive.
  CommandSpec usual;
  if (std::ranges::find(names, usual.drive) == names.end()) usual.drive = drives.front().name;
  out = chain ? usual_chain() : std::vector<CommandSpec>{usual};
  if (!top.has("command")) return {};
  out.clear();
  for (const TomlFields& table : TRY(top.tables("command"))) {
    CommandSpec command = usual;
    if (const auto action = TRY(table.word("do"))) command.action = static_cast<CommandAction>(*action);
    if (of_the_chain(command.action) != chain)
      return table.wrong(
          "do", chain ? "the whole chain prepares drives by \"diskprep\"" : "this needs the whole chain",
          chain ? "Leave out [chain], or the command" : "Write [chain] too");
    command.drives = TRY(table.texts("drives"));
    for (const std::string& drive : command.drives)
      if (std::ranges::find(names, drive) == names.end())
        return table.wrong("drives", "there is no drive \"" + drive + "\"");
    if (!command.drives.empty() && command.action != CommandAction::deliver &&
        command.action != CommandAction::edit_job)
      return table.wrong("drives", "only what is delivered stands in a box, and only a job lists drives");
    if (const auto edit = TRY(table.word("wrong"))) command.edit = static_cast<JobEdit>(*edit);
    if (table.has("wrong") && command.action != CommandAction::edit_job)
      return table.wrong("wrong", "only \"edit job\" puts something wrong", "Leave it out");
    TRY(table.text("tracking", command.tracking));
    if (table.has("tracking") && command.action != CommandAction::deliver &&
        command.action != CommandAction::stranger_job)
      return table.wrong("tracking", "only what is delivered, and a stranger's job, bears another number",
                         "Leave it out");
    TRY(table.text("letter", command.letter));
    if (table.has("letter") && command.action != CommandAction::prepare &&
        command.action != CommandAction::diskprep)
      return table.wrong("letter", "only who prepares drives types one", "Leave it out");
    TRY(table.number("wait_s", command.wait_s));
    TRY(table.flag("accept_import_errors", command.accept_import_errors));
    TRY(table.text("session", command.session));
    if (const auto drive = TRY(table.word_of("drive", names))) command.drive = names[*drive];
    TRY(table.text("source", command.source));
    if (command.source != "/source" && !(command.source.starts_with("/source/") &&
                                         is_plain_path(std::string_view(command.source).substr(8))))
      return table.wrong("source",
                         "it must be /source or a path under it, without empty parts, \".\" and \"..\"");
    TRY(table.text("destination", command.destination));
    if (const auto blobs = TRY(table.word("blobs"))) command.page_blobs = *blobs == 1;
    out.push_back(std::move(command));
  }
  if (out.empty())
    return top.wrong("command", "there must be at least one command", "Leave the key out for the usual one");
  return {};
}

static Status read_operator(const TomlFields& top, const std::vector<DriveSpec>& drives, OperatorSpec& out) {
  const auto table = TRY(top.table("operator"));
  if (!table) return {};
  if (const auto way = TRY(table->word("after_interruption")))
    out.after_interruption = static_cast<AfterInterruption>(*way);
  TRY(table->flag("heals_refusals", out.heals_refusals));
  TRY(table->number("boots_max", out.boots_max));
  if (const auto answer = TRY(table->word("formatting"))) out.formatting = static_cast<Formatting>(*answer);
  out.offers = TRY(table->texts("offers"));
  for (const std::string& drive : out.offers)
    if (std::ranges::find(drives, drive, &DriveSpec::name) == drives.end())
      return table->wrong("offers", "there is no drive \"" + drive + "\"");
  return {};
}

static Status read_expect(const TomlFields& top, ExpectSpec& out) {
  const auto table = TRY(top.table("expect"));
  if (!table) return {};
  if (const auto which = TRY(table->word("verdict"))) {
    const auto verdict = verdict_named(table->words_of("verdict")[*which]);
    if (!verdict) return table->wrong("verdict", "the reports know no such verdict");
    out.verdict = *verdict;
  }
  TRY(table->text("refusal", out.refusal));
  TRY(table->flag("or_refused", out.or_refused));
  if (!out.refusal.empty() && out.verdict != Verdict::refused)
    return table->wrong("refusal", "only a refusal has such a text", "Write verdict = \"refused\" too");
  return {};
}

Result<Scenario> parse_scenario(std::string_view text, const std::string& path) {
  const TomlValue root = TRY(parse_toml(text, path));
  const TomlFields top = TRY(TomlFields::of(root, "", path, scenario_shape()));
  Scenario scenario;
  scenario.file = path;
  TRY(top.require());
  TRY(top.text("name", scenario.name));
  TRY(top.text("proves", scenario.proves));
  TRY(read_tags(top, scenario.tags));
  TRY(read_requirements(top, scenario.requirements));
  TRY(top.number("seed", scenario.seed));
  TRY(top.number("virtual_s_max", scenario.virtual_s_max));
  TRY(read_source(top, scenario.source));
  TRY(read_computer(top, scenario.computer));
  TRY(read_drives(top, scenario.drives));
  TRY(read_chain(top, scenario.chain));
  TRY(read_commands(top, scenario.drives, scenario.chain.has_value(), scenario.commands));
  TRY(read_operator(top, scenario.drives, scenario.operator_));
  scenario.faults = TRY(read_faults(top, scenario));
  TRY(read_expect(top, scenario.expect));
  return scenario;
}

}  // namespace seedbed
