#include "scenarios/scenario_document.h"

#include <stdexcept>

#include "scenarios/scenario_shape.h"

namespace seedbed {

namespace {

using Kind = TomlValue::Kind;
using Word = std::string_view;

// One table, key by key.
class Document {
 public:
  explicit Document(const TableShape& shape) : shape_(&shape) {}

  void text(Word key, const std::string& text) {
    if (!text.empty()) put(key, Kind::text).text = text;
  }
  void flag(Word key, bool flag) { put(key, Kind::flag).flag = flag; }
  void number(Word key, int64_t number) { put(key, Kind::integer).integer = number; }
  void size(Word key, uint64_t bytes) { number(key, static_cast<int64_t>(bytes)); }
  void real(Word key, double real) { put(key, Kind::real).real = real; }
  // The shape's word of that number.
  template <typename Enum>
  void word(Word key, Enum which) {
    text(key, std::string(shape_of(key).words[static_cast<size_t>(which)]));
  }
  void texts(Word key, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    TomlValue& list = put(key, Kind::list);
    for (const std::string& text : texts) {
      list.items.emplace_back().kind = Kind::text;
      list.items.back().text = text;
    }
  }
  void table(Word key, TomlValue table) {
    table.key = key;
    table_.items.push_back(std::move(table));
  }
  template <typename Range, typename Make>
  void tables(Word key, const Range& range, const Make& make) {
    if (range.empty()) return;
    TomlValue& list = put(key, Kind::list);
    for (const auto& one : range) list.items.push_back(make(one));
  }
  const TableShape& inner(Word key) const { return *shape_of(key).inner; }
  TomlValue take() { return std::move(table_); }

 private:
  const KeyShape& shape_of(Word key) const {
    const KeyShape* shape = shape_->find(key);
    if (shape == nullptr) throw std::logic_error("a scenario has no such key: " + std::string(key));
    return *shape;
  }
  TomlValue& put(Word key, Kind kind) {
    shape_of(key);
    TomlValue& value = table_.items.emplace_back();
    value.kind = kind;
    value.key = key;
    return value;
  }

  const TableShape* shape_;
  TomlValue table_;
};

TomlValue source_document(const TableShape& shape, const SourceSpec& source) {
  Document out(shape);
  out.flag("usual", source.usual);
  if (source.unreadable_name) out.flag("unreadable_name", true);
  out.number("random_files", static_cast<int64_t>(source.random_files));
  out.size("random_bytes_max", source.random_bytes_max);
  out.tables("files", source.files, [&](const SourceFile& file) {
    Document entry(out.inner("files"));
    entry.text("path", file.path);
    entry.size("size", file.size_bytes);
    return entry.take();
  });
  return out.take();
}

TomlValue computer_document(const TableShape& shape, const ComputerSpec& computer) {
  Document out(shape);
  out.number("workers", computer.workers);
  out.size("chunk", computer.chunk_bytes);
  out.size("queue", computer.queue_bytes);
  out.size("checkpoint", computer.checkpoint_bytes);
  out.size("redo", computer.redo_bytes);
  out.size("buffers", computer.buffer_bytes);
  if (!computer.proof) out.flag("proof", false);
  return out.take();
}

TomlValue drive_document(const TableShape& shape, const DriveSpec& drive) {
  Document out(shape);
  out.text("name", drive.name);
  out.size("capacity", drive.capacity_bytes);
  out.word("sectors", drive.sectors);
  out.flag("volatile_cache", drive.volatile_cache);
  out.flag("power_loss_protected", drive.power_loss_protected);
  if (drive.real_capacity_bytes != 0) out.size("real_capacity", drive.real_capacity_bytes);
  if (drive.flaw != DriveFlaw::none) out.word("flaw", drive.flaw);
  return out.take();
}

TomlValue command_document(const TableShape& shape, const CommandSpec& command) {
  Document out(shape);
  out.word("do", command.action);
  if (!of_the_chain(command.action)) {
    out.text("session", command.session);
    out.text("drive", command.drive);
    out.text("source", command.source);
    out.text("destination", command.destination);
    out.word("blobs", command.page_blobs);
  }
  out.text("letter", command.letter);
  out.texts("drives", command.drives);
  out.text("tracking", command.tracking);
  if (command.action == CommandAction::edit_job) out.word("wrong", command.edit);
  if (command.wait_s != 0) out.number("wait_s", static_cast<int64_t>(command.wait_s));
  if (command.accept_import_errors) out.flag("accept_import_errors", true);
  return out.take();
}

TomlValue chain_document(const TableShape& shape, const ChainSpec& chain) {
  Document out(shape);
  out.flag("two_computers", chain.two_computers);
  out.size("blob_max", chain.blob_bytes_max);
  out.size("chunk", chain.chunk_bytes);
  out.size("batch", chain.batch_bytes);
  out.text("container", chain.container);
  return out.take();
}

TomlValue operator_document(const TableShape& shape, const OperatorSpec& person) {
  Document out(shape);
  out.word("after_interruption", person.after_interruption);
  out.flag("heals_refusals", person.heals_refusals);
  out.number("boots_max", static_cast<int64_t>(person.boots_max));
  out.word("formatting", person.formatting);
  out.texts("offers", person.offers);
  return out.take();
}

TomlValue expect_document(const TableShape& shape, const ExpectSpec& expect) {
  Document out(shape);
  out.text("verdict", std::string(verdict_name(expect.verdict)));
  out.text("refusal", expect.refusal);
  if (expect.or_refused) out.flag("or_refused", true);
  return out.take();
}

std::string machine_word(const std::optional<std::string>& machine) {
  if (!machine || *machine == "*") return "any";
  return machine->empty() ? "computer" : *machine;
}

void put_moment(Document& out, const FaultTrigger& when) {
  if (when.event) out.text("event", std::string(event_name(*when.event)));
  out.text("place", when.place);
  if (when.event_number == 0 || when.machine) out.text("machine", machine_word(when.machine));
  out.text("phase", when.phase);
  if (when.boot != 0) out.number("boot", static_cast<int64_t>(when.boot));
  if (when.nth_to != 0) {
    TomlValue list;
    list.kind = Kind::list;
    for (const uint64_t bound : {when.nth, when.nth_to}) {
      list.items.emplace_back().kind = Kind::integer;
      list.items.back().integer = static_cast<int64_t>(bound);
    }
    out.table("nth", std::move(list));
  } else if (when.nth != 1) {
    out.number("nth", static_cast<int64_t>(when.nth));
  }
  if (when.side != EventSide::before) out.word("side", when.side);
  if (when.time_ns) out.real("virtual_s", static_cast<double>(*when.time_ns) / 1e9);
  if (when.extent) {
    out.size("offset", when.extent->offset_bytes);
    out.size("length", when.extent->length_bytes);
  }
  if (when.event_number != 0) out.number("number", static_cast<int64_t>(when.event_number));
  out.text("state", when.job_state);
}

TomlValue moment_document(const FaultTrigger& when) {
  Document out(moment_shape());
  put_moment(out, when);
  return out.take();
}

}  // namespace

TomlValue fault_document(const PlannedFault& fault) {
  Document when(trigger_shape());
  if (fault.when.any.empty() && fault.when.all.empty()) put_moment(when, fault.when);
  when.tables("any", fault.when.any, moment_document);
  when.tables("all", fault.when.all, moment_document);
  when.text("after", fault.when.after);

  Document out(fault_shape());
  out.text("name", fault.name);
  out.text("what", std::string(action_name(fault.action)));
  out.table("when", when.take());
  if (fault.times == 0)
    out.text("times", "always");
  else if (fault.times != 1)
    out.number("times", static_cast<int64_t>(fault.times));
  if (fault.survivors.text() != Survivors().text()) out.text("survivors", fault.survivors.text());
  out.text("place", fault.place);
  if (fault.by_s != 0) out.number("by_s", fault.by_s);
  return out.take();
}

TomlValue scenario_document(const Scenario& scenario) {
  Document out(scenario_shape());
  out.text("name", scenario.name);
  out.text("proves", scenario.proves);
  out.texts("tags", scenario.tags);
  out.texts("requirements", scenario.requirements);
  if (scenario.seed <= static_cast<uint64_t>(INT64_MAX)) out.size("seed", scenario.seed);
  out.size("virtual_s_max", scenario.virtual_s_max);
  out.table("source", source_document(out.inner("source"), scenario.source));
  out.table("copy_computer", computer_document(out.inner("copy_computer"), scenario.computer));
  if (scenario.chain) out.table("chain", chain_document(out.inner("chain"), *scenario.chain));
  out.table("operator", operator_document(out.inner("operator"), scenario.operator_));
  out.table("expect", expect_document(out.inner("expect"), scenario.expect));
  out.tables("drive", scenario.drives,
             [&](const DriveSpec& drive) { return drive_document(out.inner("drive"), drive); });
  out.tables("command", scenario.commands,
             [&](const CommandSpec& command) { return command_document(out.inner("command"), command); });
  out.tables("fault", scenario.faults, fault_document);
  return out.take();
}

}  // namespace seedbed
