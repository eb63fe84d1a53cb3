#include "simulator/scripted_operator.h"

namespace seedbed {

void ScriptedOperator::answer(std::string text) {
  answers_.push_back(std::move(text));
  attended_ = true;
}

Result<std::string> ScriptedOperator::ask(std::string_view question,
                                          std::string_view remedy_when_unattended) {
  Question asked{std::string(question), std::string(remedy_when_unattended), "", answers_.empty()};
  if (!answers_.empty()) {
    asked.answer = std::move(answers_.front());
    answers_.pop_front();
  }
  said_.emplace_back(asked);
  if (asked.refused)
    return fail(ErrorCode::refused, attended_ ? "the script has no answer left" : "nobody can be asked",
                asked.text, asked.remedy_when_unattended);
  return asked.answer;
}

Result<bool> ScriptedOperator::confirm(std::string_view question, std::string_view remedy_when_unattended) {
  const std::string answer = TRY(ask(question, remedy_when_unattended));
  if (answer == "yes") return true;
  if (answer == "no") return false;
  return fail(ErrorCode::invalid_argument, "the script answers \"" + answer + "\" to a yes-or-no question",
              std::string(question));
}

void ScriptedOperator::notice(NoticeLevel level, std::string_view text) {
  said_.emplace_back(Notice{level, std::string(text)});
}

void ScriptedOperator::progress(const Progress& progress) {
  said_.emplace_back(progress);
}

void ScriptedOperator::event(std::string_view name,
                             const std::vector<std::pair<std::string, std::string>>& fields) {
  said_.emplace_back(Event{std::string(name), fields});
}

}  // namespace seedbed
