#include "engine/base/log.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "engine/base/text.h"

namespace seedbed {

namespace {

class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(Logger::Sink sink) : sink_(std::move(sink)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    sink_({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

 private:
  Logger::Sink sink_;
};

constexpr char kLetters[] = {'D', 'I', 'W', 'E'};

}  // namespace

struct Logger::State {
  Clock clock;
  std::shared_ptr<spdlog::logger> logger;
  LogLevel least;
};

Logger::Logger() = default;

static std::shared_ptr<spdlog::logger> logger_over(spdlog::sink_ptr sink) {
  sink->set_pattern("%v");  // the stamp is ours: spdlog's own comes from the wall clock
  auto logger = std::make_shared<spdlog::logger>("seedbed", std::move(sink));
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::info);
  return logger;
}

Logger::Logger(Clock clock, Sink sink, LogLevel least)
    : state_(std::make_shared<State>(State{std::move(clock), logger_over(std::make_shared<FunctionSink>(std::move(sink))), least})) {}

Result<Logger> Logger::to_file(const std::string& path, Clock clock, LogLevel least) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno(errno, "open log", path);
  ::close(fd);
  Logger logger;
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path, false);
  logger.state_ = std::make_shared<State>(State{std::move(clock), logger_over(std::move(sink)), least});
  return logger;
}

void Logger::write(LogLevel level, std::string_view text) const {
  if (!state_ || level < state_->least) return;
  std::string line = utc_journal_text(state_->clock());
  line += ' ';
  line += kLetters[static_cast<int>(level)];
  line += ' ';
  line += text;
  state_->logger->log(spdlog::level::info, line);
}

}  // namespace seedbed
