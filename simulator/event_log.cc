#include "simulator/event_log.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <utility>

namespace seedbed {

static constexpr std::array<std::pair<EventKind, std::string_view>, 30> kEventNames = {{
    {EventKind::boot, "boot"},
    {EventKind::halt, "halt"},
    {EventKind::drive_open, "drive.open"},
    {EventKind::drive_read, "drive.read"},
    {EventKind::drive_write, "drive.write"},
    {EventKind::drive_discard, "drive.discard"},
    {EventKind::drive_flush, "drive.flush"},
    {EventKind::drive_read_done, "drive.read.done"},
    {EventKind::drive_write_done, "drive.write.done"},
    {EventKind::drive_discard_done, "drive.discard.done"},
    {EventKind::drive_flush_done, "drive.flush.done"},
    {EventKind::file_open, "file.open"},
    {EventKind::file_read, "file.read"},
    {EventKind::file_write, "file.write"},
    {EventKind::file_truncate, "file.truncate"},
    {EventKind::file_sync, "file.sync"},
    {EventKind::file_lock, "file.lock"},
    {EventKind::file_look, "file.look"},
    {EventKind::make_directory, "directory.make"},
    {EventKind::rename, "file.rename"},
    {EventKind::remove, "file.remove"},
    {EventKind::directory_sync, "directory.sync"},
    {EventKind::said, "said"},
    {EventKind::fault, "fault"},
    {EventKind::make_symlink, "file.symlink"},
    {EventKind::make_hard_link, "file.hardlink"},
    {EventKind::set_attributes, "file.attributes"},
    {EventKind::http_request, "http.request"},
    {EventKind::http_handled, "http.handled"},
    {EventKind::http_answer, "http.answer"},
}};

std::string_view event_name(EventKind kind) noexcept {
  return kEventNames[static_cast<size_t>(kind)].second;
}

std::optional<EventKind> event_named(std::string_view name) noexcept {
  for (const auto& [kind, its_name] : kEventNames)
    if (its_name == name) return kind;
  return std::nullopt;
}

bool changes_state(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::drive_write:
    case EventKind::drive_discard:
    case EventKind::drive_flush:
    case EventKind::drive_write_done:
    case EventKind::drive_discard_done:
    case EventKind::drive_flush_done:
    case EventKind::file_open:
    case EventKind::file_write:
    case EventKind::file_truncate:
    case EventKind::file_sync:
    case EventKind::make_directory:
    case EventKind::rename:
    case EventKind::remove:
    case EventKind::directory_sync:
    case EventKind::make_symlink:
    case EventKind::make_hard_link:
    case EventKind::set_attributes:
    case EventKind::http_request:
      return true;
    default:
      return false;
  }
}

Interference EventLog::begin(Event& event) {
  event.number = ++count_;
  event.time_ns = clock_ ? clock_() : 0;
  hash_.mix(event.time_ns);
  hash_.mix(static_cast<uint64_t>(event.kind));
  hash_.mix(detail_of(event.place));
  hash_.mix(event.offset_bytes);
  hash_.mix(event.length_bytes);
  hash_.mix(event.detail);
  if (!event.machine.empty()) hash_.mix(event.machine);
  if (keep_events_) events_.push_back(event);
  return hook_ ? hook_(event, EventSide::before) : Interference{};
}

void EventLog::end(const Event& event, bool failed) {
  hash_.mix(event.number * 2 + (failed ? 1 : 0));
  if (failed && keep_events_) events_[event.number - first_ - 1].failed = true;
  if (hook_) (void)hook_(event, EventSide::after);
}

void EventLog::note(EventKind kind, std::string_view place, uint64_t detail) {
  Event event{.kind = kind, .place = std::string(place), .detail = detail};
  (void)begin(event);
  end(event, false);
}

std::string event_text(const Event& event) {
  std::string text = fmt::format("{:>7} {:>6}.{:09} {:<18} ", event.number, event.time_ns / 1'000'000'000,
                                 event.time_ns % 1'000'000'000, event_name(event.kind));
  if (!event.machine.empty()) text += event.machine + ": ";
  text += event.place;
  if (event.length_bytes != 0 || event.offset_bytes != 0)
    text += fmt::format(" @ {} + {}", event.offset_bytes, event.length_bytes);
  if (event.kind >= EventKind::drive_read_done && event.kind <= EventKind::drive_flush_done)
    text += fmt::format(" #{}", event.detail);
  else if (event.detail != 0)
    text += fmt::format(" [{:016x}]", event.detail);
  if (event.failed) text += " failed";
  return text;
}

// Every byte that is written comes through here, so it goes by 32 bytes, in two lanes that do not wait for
// each other: the halves of a product of 128 bits, folded.
uint64_t detail_of(std::string_view bytes) noexcept {
  constexpr uint64_t kFactor = 0x9e3779b97f4a7c15u, kOther = 0xbf58476d1ce4e5b9u;
  const auto folded = [](uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  const auto word_at = [&](size_t at, size_t length_bytes = 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, length_bytes);
    return word;
  };
  uint64_t one = bytes.size() * kFactor,
           two = 0x94d049bb133111ebu;  // not kOther: a factor 0 would take all else along
  size_t at = 0;
  for (; at + 32 <= bytes.size(); at += 32) {
    one = folded(word_at(at) ^ kFactor, word_at(at + 8) ^ one);
    two = folded(word_at(at + 16) ^ kOther, word_at(at + 24) ^ two);
  }
  for (; at + 8 <= bytes.size(); at += 8) one = folded(word_at(at) ^ kFactor, one ^ kOther);
  if (at < bytes.size()) one = folded(word_at(at, bytes.size() - at) ^ kFactor, one ^ kOther);
  return folded(one ^ kFactor, two ^ kOther);
}

}  // namespace seedbed
