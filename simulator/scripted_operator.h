// The Operator of a test or a scenario: answers are queued beforehand, and everything said is kept in order.
// What was said is a promise: an oracle compares it with what is durable. Until the first answer is queued
// nobody is there (unattended). One task talks at a time.
#pragma once

#include <deque>
#include <variant>

#include "engine/ports/operator.h"

namespace seedbed {

class ScriptedOperator final : public Operator {
 public:
  struct Question {
    std::string text;
    std::string remedy_when_unattended;
    std::string answer;  // "" when it was refused
    bool refused = false;
  };
  struct Notice {
    NoticeLevel level;
    std::string text;
  };
  struct Event {
    std::string name;
    std::vector<std::pair<std::string, std::string>> fields;
  };
  using Promise = std::variant<Question, Notice, Progress, Event>;

  // The next answer in the queue: "yes" and "no" for confirm(), anything for ask().
  void answer(std::string text);

  // Everything said, oldest first, and the parts of one kind.
  const std::vector<Promise>& said() const noexcept { return said_; }
  template <typename Kind>
  std::vector<Kind> said_as() const {
    std::vector<Kind> out;
    for (const Promise& promise : said_)
      if (const auto* one = std::get_if<Kind>(&promise)) out.push_back(*one);
    return out;
  }

  bool interactive() const noexcept override { return attended_; }
  Result<bool> confirm(std::string_view question, std::string_view remedy_when_unattended) override;
  Result<std::string> ask(std::string_view question, std::string_view remedy_when_unattended) override;
  void notice(NoticeLevel level, std::string_view text) override;
  void progress(const Progress& progress) override;
  void event(std::string_view name, const std::vector<std::pair<std::string, std::string>>& fields) override;

 private:
  std::deque<std::string> answers_;
  std::vector<Promise> said_;
  bool attended_ = false;
};

}  // namespace seedbed
