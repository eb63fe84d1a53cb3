#include "engine/base/log.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
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

// Its own descriptor rather than spdlog's file sink: that one opens by name again, with another mode and with
// exceptions.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit DescriptorSink(int fd) : fd_(fd) {}
  ~DescriptorSink() override { ::close(fd_); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string line(message.payload.data(), message.payload.size());
    line += '\n';
    for (std::string_view rest = line; !rest.empty();) {
      const ssize_t written_bytes = ::write(fd_, rest.data(), rest.size());
      if (written_bytes < 0 && errno == EINTR) continue;
      if (written_bytes <= 0) return;  // a full log disk must not stop a backup
      rest.remove_prefix(static_cast<size_t>(written_bytes));
    }
  }
  void flush_() override {}

 private:
  int fd_;
};

constexpr char kLetters[] = {'D', 'I', 'W', 'E'};

}  // namespace

struct Logger::State {
  Clock clock;
  std::shared_ptr<spdlog::logger> logger;
  LogLevel least;
};

Logger::Logger() = default;

// The stamp is ours: spdlog's own comes from the wall clock.
static std::shared_ptr<spdlog::logger> logger_over(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("seedbed", std::move(sink));
  logger->set_level(spdlog::level::trace);
  return logger;
}

Logger::Logger(Clock clock, Sink sink, LogLevel least)
    : state_(std::make_shared<State>(
          State{std::move(clock), logger_over(std::make_shared<FunctionSink>(std::move(sink))), least})) {}

Result<Logger> Logger::to_file(const std::string& path, Clock clock, LogLevel least) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail_errno(errno, "open log", path);
  auto sink = std::make_shared<DescriptorSink>(fd);
  if (::fchmod(fd, 0600) != 0) return fail_errno(errno, "chmod log", path);
  Logger logger;
  logger.state_ = std::make_shared<State>(State{std::move(clock), logger_over(std::move(sink)), least});
  return logger;
}

void Logger::write(LogLevel level, std::string_view text) const {
  if (!state_ || level < state_->least) return;
  std::string line = utc_journal_text(state_->clock());
  line += ' ';
  line += kLetters[static_cast<int>(level)];
  line += ' ';
  for (const char c : text) {  // file names may hold anything; a line break in one must not forge a log line
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f)
      line += "\\x" + hex_lower(as_bytes({&c, 1}));
    else
      line += c;
  }
  state_->logger->log(spdlog::level::info, line);
}

}  // namespace seedbed
