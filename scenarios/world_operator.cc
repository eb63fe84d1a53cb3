#include "scenarios/world_operator.h"

#include <fmt/format.h>

#include <algorithm>

namespace seedbed {

void WorldOperator::say(std::string text) {
  said_.push_back(text);
  log_.note(EventKind::said, text);
}

// Whether this question is about a drive that was meant.
bool WorldOperator::may_format(std::string_view question) const {
  const Scenario& scenario = *world_.scenario;
  switch (scenario.operator_.formatting) {
    case Formatting::yes:
      return true;
    case Formatting::reads:
      for (size_t i = 0; i < scenario.drives.size(); i++)
        if ((world_.chain || scenario.drives[i].name == scenario.commands[world_.command].drive) &&
            question.find("serial " + world_.drives[i].identity.serial + ",") != question.npos)
          return true;
      return false;
    default:
      return false;
  }
}

Result<bool> WorldOperator::confirm(std::string_view question, std::string_view remedy_when_unattended) {
  if (!interactive()) return TRY(ask(question, remedy_when_unattended)).empty();
  say(std::string(question));
  const bool yes = !question.starts_with("Format ") || may_format(question);
  say(yes ? "answer: yes" : "answer: no");
  return yes;
}

Result<std::string> WorldOperator::ask(std::string_view question, std::string_view remedy_when_unattended) {
  say(std::string(question));
  const Scenario& scenario = *world_.scenario;
  if (interactive() && question.find("Which one (device or image)?") != question.npos) {
    const std::vector<std::string>& offered = scenario.operator_.offers;
    std::vector<std::string> others;
    for (const DriveSpec& drive : scenario.drives)
      if (!offered.empty() && std::ranges::find(offered, drive.name) == offered.end())
        others.push_back(world_.slot_of(drive.name));
    if (named_ < others.size()) {
      say("answer: " + others[named_]);
      return others[named_++];
    }
  }
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
  if (name != "warning" || !world_.chain || world_.chain->staged) return;
  for (const auto& [key, value] : fields)
    if (key == "path") world_.chain->told_unread.insert(value);
}

}  // namespace seedbed
