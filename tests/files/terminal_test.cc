// The command line's Operator: at a terminal (a pseudo-terminal here), in a log, for a program.
#include "engine/linux/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/linux/descriptor.h"

namespace seedbed {
namespace {

constexpr uint64_t kSecond_ns = 1'000'000'000;

struct Pipe {
  Descriptor in, out;  // out is written, in is read
  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    in = Descriptor(ends[0]);
    out = Descriptor(ends[1]);
  }
  std::string close_and_read() {
    {
      const Descriptor closed = std::move(out);
    }
    return read_all(in.get());
  }
  static std::string read_all(int descriptor) {
    std::string text;
    char piece[4096];
    for (ssize_t got; (got = ::read(descriptor, piece, sizeof piece)) > 0;)
      text.append(piece, static_cast<size_t>(got));
    return text;
  }
};

// No terminal anywhere: input, output and error are pipes.
class TerminalInPipes : public testing::Test {
 protected:
  Terminal make(TerminalOptions options) {
    return Terminal(options, {input_.in.get(), output_.out.get(), error_.out.get()});
  }
  Pipe input_, output_, error_;
};

TEST_F(TerminalInPipes, QuestionsAreRefusedWithTheRemedy) {
  EXPECT_EQ(::write(input_.out.get(), "y\n", 2), 2);  // an answer nobody was there to give
  Terminal terminal = make({});
  EXPECT_FALSE(terminal.interactive());
  const auto confirmed = terminal.confirm("Erase the drive?", "Use --yes.");
  ASSERT_FALSE(confirmed);
  EXPECT_EQ(confirmed.error().code, ErrorCode::refused);
  EXPECT_EQ(confirmed.error().where, "Erase the drive?");
  EXPECT_EQ(confirmed.error().remedy, "Use --yes.");
  const auto asked = terminal.ask("Which drive?", "Use --drive.");
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().remedy, "Use --drive.");
  EXPECT_EQ(error_.close_and_read(), "");
}

TEST_F(TerminalInPipes, AssumeYesConfirmsAndSaysSo) {
  Terminal terminal = make({.assume_yes = true});
  EXPECT_EQ(terminal.confirm("Erase the drive?", "Use --yes."), true);
  EXPECT_FALSE(terminal.ask("Which drive?", "Use --drive."));
  EXPECT_EQ(error_.close_and_read(), "Erase the drive? [y/N] yes (by option)\n");
}

TEST_F(TerminalInPipes, PlainLinesGoToTheErrorStream) {
  {
    Terminal terminal = make({});
    terminal.notice(NoticeLevel::info, "3 drives");
    terminal.notice(NoticeLevel::warning, "name \x1b[31m");
    terminal.notice(NoticeLevel::error, "no space");
    terminal.event("started", {{"a", "b"}});
    for (uint64_t tenth = 0; tenth <= 20; tenth++)  // 2 s in steps of 0.1 s
      terminal.progress({"copy", tenth * 50, 1'000, tenth * kSecond_ns / 10, 0});
  }
  EXPECT_EQ(error_.close_and_read(),
            "3 drives\nwarning: name \\x1b[31m\nerror: no space\n"
            "copy: 0 %, 0 B of 1.00 kB\n"
            "copy: 10 %, 100 B of 1.00 kB, 500 B/s, 0:02 left\n"
            "copy: 20 %, 200 B of 1.00 kB, 500 B/s, 0:02 left\n"
            "copy: 30 %, 300 B of 1.00 kB, 500 B/s, 0:02 left\n"
            "copy: 40 %, 400 B of 1.00 kB, 500 B/s, 0:02 left\n"
            "copy: 50 %, 500 B of 1.00 kB, 500 B/s, 0:01 left\n"
            "copy: 60 %, 600 B of 1.00 kB, 500 B/s, 0:01 left\n"
            "copy: 70 %, 700 B of 1.00 kB, 500 B/s, 0:01 left\n"
            "copy: 80 %, 800 B of 1.00 kB, 500 B/s, 0:01 left\n"
            "copy: 90 %, 900 B of 1.00 kB, 500 B/s, 0:01 left\n"
            "copy: 100 %, 1.00 kB of 1.00 kB, 500 B/s, took 0:02\n");
  EXPECT_EQ(output_.close_and_read(), "");
}

TEST_F(TerminalInPipes, QuietKeepsWarningsAndErrors) {
  {
    Terminal terminal = make({.quiet = true, .assume_yes = true});
    terminal.notice(NoticeLevel::info, "chatter");
    terminal.notice(NoticeLevel::warning, "slow");
    terminal.notice(NoticeLevel::error, "broken");
    terminal.progress({"copy", 1, 1, 1, 0});
    EXPECT_EQ(terminal.confirm("Erase?", ""), true);
  }
  EXPECT_EQ(error_.close_and_read(), "warning: slow\nerror: broken\n");
  EXPECT_EQ(output_.close_and_read(), "");
}

TEST_F(TerminalInPipes, JsonGoesToTheOutputStreamAlone) {
  {
    Terminal terminal = make({.json = true, .quiet = true});
    terminal.notice(NoticeLevel::info, "hello");
    terminal.event("drive_ready", {{"drive_id", "WD\n1"}});
    terminal.progress({"copy", 5, 10, kSecond_ns, 0});
    terminal.progress({"copy", 5, 10, kSecond_ns + 1, 0});  // nothing new
    terminal.progress({"copy", 10, 10, 2 * kSecond_ns, 0});
  }
  EXPECT_EQ(error_.close_and_read(), "");
  std::istringstream lines(output_.close_and_read());
  std::vector<nlohmann::json> events;
  for (std::string line; std::getline(lines, line);) events.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0]["text"], "hello");
  EXPECT_EQ(events[1]["drive_id"], "WD\n1");
  EXPECT_EQ(events[2]["done_bytes"], 5);
  EXPECT_EQ(events[3]["done_bytes"], 10);
}

TEST_F(TerminalInPipes, AClosedReaderDoesNotStopTheWork) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  Terminal terminal = make({.json = true});
  {
    const Descriptor gone = std::move(output_.in);
  }
  {
    const Descriptor gone = std::move(error_.in);
  }
  terminal.notice(NoticeLevel::info, "into the void");
  ::signal(SIGPIPE, before);
}

// Input and error are a pseudo-terminal, echo off, 80 columns.
class TerminalAtATty : public testing::Test {
 protected:
  TerminalAtATty() {
    int master = -1, slave = -1;
    const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, &size), 0);
    master_ = Descriptor(master);
    slave_ = Descriptor(slave);
    termios settings{};
    ::tcgetattr(slave, &settings);
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    settings.c_oflag &= ~static_cast<tcflag_t>(OPOST);
    ::tcsetattr(slave, TCSANOW, &settings);
  }
  Terminal make(TerminalOptions options = {}) {
    return Terminal(options, {slave_.get(), output_.out.get(), slave_.get()});
  }
  void type(std::string_view text) {
    ASSERT_EQ(::write(master_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string seen() {
    ::fcntl(master_.get(), F_SETFL, O_NONBLOCK);
    return Pipe::read_all(master_.get());
  }
  Descriptor master_, slave_;
  Pipe output_;
};

TEST_F(TerminalAtATty, AsksAndTakesTheAnswer) {
  Terminal terminal = make();
  EXPECT_TRUE(terminal.interactive());
  type("y\n\nmaybe\nno\n/dev/sdb\n");
  EXPECT_EQ(terminal.confirm("Erase?", ""), true);
  EXPECT_EQ(terminal.confirm("Erase?", ""), false);  // just Enter: the safe answer
  EXPECT_EQ(terminal.confirm("Erase?", ""), false);
  EXPECT_EQ(terminal.ask("Which drive?", ""), "/dev/sdb");
  EXPECT_EQ(seen(),
            "Erase? [y/N] Erase? [y/N] Erase? [y/N] Please answer y or n.\nErase? [y/N] Which drive? ");
}

TEST_F(TerminalAtATty, TheEndOfInputIsNoAnswer) {
  Terminal terminal = make();
  type("\x04");  // Ctrl-D
  const auto confirmed = terminal.confirm("Erase?", "");
  ASSERT_FALSE(confirmed);
  EXPECT_EQ(confirmed.error().code, ErrorCode::refused);
}

TEST_F(TerminalAtATty, ProgressIsOneLineRedrawn) {
  {
    Terminal terminal = make();
    terminal.progress({"copy", 0, 1'000, 0, 0});
    terminal.progress({"copy", 1, 1'000, 1, 0});  // too soon to redraw
    terminal.progress({"copy", 500, 1'000, kSecond_ns, 0});
    terminal.notice(NoticeLevel::info, "a notice between");
    terminal.progress({"copy", 1'000, 1'000, 2 * kSecond_ns, 0});
    terminal.progress({"proof", 0, 1'000, 0, 0});
  }
  const std::string bar_0 = progress_bar({"copy", 0, 1'000, 0, 0}, 79);
  const std::string bar_50 = progress_bar({"copy", 500, 1'000, kSecond_ns, 0}, 79);
  const std::string bar_100 = progress_bar({"copy", 1'000, 1'000, 2 * kSecond_ns, 0}, 79);
  const std::string proof = progress_bar({"proof", 0, 1'000, 0, 0}, 79);
  const std::string blanks(bar_0.size() > bar_50.size() ? bar_0.size() - bar_50.size() : 0, ' ');
  EXPECT_EQ(seen(), "\r" + bar_0 + "\r" + bar_50 + blanks + "\r" + std::string(bar_50.size(), ' ') +
                        "\ra notice between\n" + "\r" + bar_100 + "\n" + "\r" + proof + "\n");
}

}  // namespace
}  // namespace seedbed
