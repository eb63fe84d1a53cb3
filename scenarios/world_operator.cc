#include "scenarios/world_operator.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

void WorldOperator::say(std::string text) {
  said_.push_back(text);
  log_.note(EventKind::said, text);
}

Result<bool> WorldOperator::confirm(std::string_view question, std::string_view remedy_when_unattended) {
  TRY(ask(question, remedy_when_unattended));
  return false;
}

Result<std::string> WorldOperator::ask(std::string_view question, std::string_view remedy_when_unattended) {
  say(std::string(question));
  return fail(ErrorCode::refused, "nobody can be asked", std::string(question),
              std::string(remedy_when_unattended));
}

void WorldOperator::notice(NoticeLevel, std::string_view text) {
  say("notice: " + std::string(text));
}

void WorldOperator::progress(const Progress& progress) {
  say(fmt::format("{}: {} of {} bytes", progress.stage, progress.done_bytes, progress.total_bytes));
  if (progress.stage == "copy")
    world_.promises.durable_bytes = std::max(world_.promises.durable_bytes, progress.done_bytes);
}

void WorldOperator::event(std::string_view name,
                          const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text(name);
  for (const auto& [key, value] : fields) text += fmt::format(" {}={}", key, value);
  say(std::move(text));
}

}  // namespace seedbed
