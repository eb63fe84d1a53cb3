#include "scenarios/stop_signal.h"

#include <signal.h>

namespace seedbed {

static volatile sig_atomic_t signals_seen = 0;
static constexpr int kPatience = 2;  // signals that are taken for "when you are ready"

extern "C" {
static void on_stop_signal(int number) {
  if (signals_seen < kPatience) {
    signals_seen = signals_seen + 1;
    return;
  }
  ::signal(number, SIG_DFL);
  ::raise(number);
}
}

void watch_for_stop() noexcept {
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  sigemptyset(&action.sa_mask);  // no SA_RESTART: what waits is to look
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool stop_asked() noexcept {
  return signals_seen > 0;
}

}  // namespace seedbed
