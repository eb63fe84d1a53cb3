#include "scenarios/console.h"

#include <unistd.h>

#include <cstdio>

namespace seedbed {

static void write_line(std::FILE* where, const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), where);
  std::fputc('\n', where);
  std::fflush(where);
}

void Console::say(const std::string& line) const {
  if (!quiet_) write_line(json_ ? stderr : stdout, line);
}

void Console::result(const std::string& line) const {
  write_line(json_ ? stderr : stdout, line);
}

void Console::complain(const Error& error) const {
  write_line(stderr, "seedbed: " + error.message());
}

void Console::json(const std::string& line) const {
  if (json_) write_line(stdout, line);
}

void Console::progress(const std::string& line) const {
  if (quiet_) return;
  if (::isatty(STDERR_FILENO) == 0) return write_line(json_ ? stderr : stdout, line);
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
}

}  // namespace seedbed
