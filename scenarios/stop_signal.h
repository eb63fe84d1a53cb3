// Whether somebody wants this process to end: Ctrl-C or SIGTERM, once asked to be told. Long commands look
// between two pieces of work, keep what they have and say how much is left. The main thread's.
#pragma once

namespace seedbed {

// From now on neither signal ends the process by itself; a third one does.
void watch_for_stop() noexcept;
bool stop_asked() noexcept;

}  // namespace seedbed
