// What happens in a simulated world, event by event: every call that the engine makes of a drive, a file or
// the network, what services do with theirs, every promise to the operator, every fault. The log numbers
// events, keeps a running hash over them, and asks the world at each whether something befalls it (a fault).
// A replay of the same seed makes the same log.
//
// A port calls begin() before an effect and end() after it; both run in the calling fibre and do not park.
// begin() may throw Killed: the machine died before the effect. One log serves all machines of a world, in
// turn; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "simulator/trace_hash.h"

namespace seedbed {

enum class EventKind : uint8_t {
  boot,             // place: the command
  halt,             // the end of a boot; place: how it ended
  drive_open,       // place: serial
  drive_read,       // of drives: offset and length in bytes; at submission
  drive_write,      //
  drive_discard,    //
  drive_flush,      //
  drive_read_done,  // what was submitted came back; detail: the number of the event it answers
  drive_write_done,
  drive_discard_done,
  drive_flush_done,
  file_open,       // of files: place is the path
  file_read,       //
  file_write,      //
  file_truncate,   // length: the new size
  file_sync,       //
  file_lock,       //
  file_look,       // stat, list, read_link, free_bytes, real_path
  make_directory,  //
  rename,          // place: "from > to"
  remove,          //
  directory_sync,  //
  said,            // to the operator; place: what
  fault,           // place: which
  make_symlink,    // of files again: the new link
  make_hard_link,  // place: "existing > path"
  set_attributes,  // detail: a digest of them
  http_request,    // a client sends; place: "METHOD /path", nothing of the query; length: of the body, which
                   // detail is a digest of
  http_handled,    // on the service's machine: its handler has answered; place: "METHOD /path STATUS"
  http_answer,     // the client has its answer, place as above; or none (failed): "METHOD /path NOT-SENT",
                   // "METHOD /path MAYBE-APPLIED"
};
inline constexpr EventKind kLastEventKind = EventKind::http_answer;
// "drive.write", "file.sync", "directory.sync", … as scenario files spell it.
std::string_view event_name(EventKind kind) noexcept;
std::optional<EventKind> event_named(std::string_view name) noexcept;
// Whether such an event can change what a crash finds. Only these are crash points.
bool changes_state(EventKind kind) noexcept;

enum class EventSide : uint8_t { before, after };

struct Event {
  uint64_t number = 0;   // from 1, in order
  uint64_t time_ns = 0;  // virtual
  EventKind kind = EventKind::boot;
  std::string place;  // serial of a drive, path of a file
  uint64_t offset_bytes = 0, length_bytes = 0;
  uint64_t detail = 0;       // a digest of the bytes or text; of …_done: the event it answers
  std::string machine = {};  // whose event it is; "": the computer's
  bool failed = false;       // known at the end
};

// What befalls a request on its way. The client cannot tell what the service saw: no answer is
// HttpFailure::maybe_applied, unless there was no connection at all.
enum class HttpTrouble : uint8_t {
  none,
  lost_before,  // nothing reaches the service; the client waits until its timeout
  lost_after,   // the service acts, its answer is lost; the client waits until its timeout
  refused,      // no connection: not_sent
  cut,          // at a request: half of it was sent, the service does not act. At an answer: half of it came
  answer_429,   // answered on the way, with "Retry-After: 1"; the service is not asked
  answer_500,   //
  answer_503,   //
  duplicated,   // the service is asked twice, the client gets the second answer
  late,         // it arrives ten seconds after its client has stopped waiting
  answer_401,   // answered on the way: the token has expired
  answer_403,   // answered on the way: the account refuses
};

// What befalls the call that an event stands for.
struct Interference {
  // The call fails with this and has no effect (a write: none of its bytes).
  std::optional<Error> error;
  // A flush: answers "done" and makes nothing durable.
  bool lie = false;
  // At http_request all but none; at http_answer lost_after and cut.
  HttpTrouble trouble = HttpTrouble::none;
  // Of a drive: the request takes so much longer, and those behind it.
  uint64_t delay_ns = 0;
};

class EventLog {
 public:
  using Clock = std::function<uint64_t()>;
  // Asked on both sides of each event; what it answers on the side `after` has no effect. May kill the
  // machine and throw Killed.
  using Hook = std::function<Interference(const Event&, EventSide)>;

  // `counted_before`: events that an earlier log of the same world has numbered.
  explicit EventLog(bool keep_events = true, uint64_t counted_before = 0)
      : keep_events_(keep_events), count_(counted_before), first_(counted_before) {}
  void set_clock(Clock clock) { clock_ = std::move(clock); }
  void set_hook(Hook hook) { hook_ = std::move(hook); }

  // Numbers the event, mixes it into the hash and asks the hook. The event's `number` is set on return.
  Interference begin(Event& event);
  // After the effect (or its failure).
  void end(const Event& event, bool failed);
  // An event without an effect of its own: begin() and end() at once.
  void note(EventKind kind, std::string_view place, uint64_t detail = 0);

  // Events that are known to happen now, and are not gone through again: those behind them are numbered on.
  void pass_over(uint64_t events) noexcept { count_ += events; }

  uint64_t count() const noexcept { return count_; }
  uint64_t hash() const noexcept { return hash_.value(); }
  // Kept only when asked for.
  const std::vector<Event>& events() const noexcept { return events_; }

 private:
  bool keep_events_;
  Clock clock_;
  Hook hook_;
  uint64_t count_;
  uint64_t first_;  // events_[0] is number first_ + 1
  TraceHash hash_;
  std::vector<Event> events_;
};

// One line: number, virtual seconds, name, machine, place, range, detail, "failed".
std::string event_text(const Event& event);
// A short digest of bytes for Event::detail.
uint64_t detail_of(std::string_view bytes) noexcept;

}  // namespace seedbed
