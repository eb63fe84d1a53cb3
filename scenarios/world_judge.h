// The independent reader's word on a world's drive: what it finds on the medium alone, as if the drive had
// just been unplugged for shipping. Uses fakes/reference, no engine code; the key comes from the journal, as
// a person would take it from there.
#pragma once

#include <string>
#include <vector>

#include "fakes/reference/fve_keys.h"
#include "scenarios/world.h"

namespace seedbed {

struct ShippedSession {
  std::string source, destination;
};

// Everything wrong with a drive that holds these sessions, complete; `manifest_hash` "" is not compared.
std::vector<std::string> judge_shipped(const World& world, const std::string& drive,
                                       const std::string& recovery_password,
                                       const std::vector<ShippedSession>& sessions,
                                       const std::string& manifest_hash);
// Everything wrong with a drive whose only session was aborted: a whole, empty volume.
std::vector<std::string> judge_empty(const World& world, const std::string& drive,
                                     const std::string& recovery_password);

// Stretched keys of this process, for readers that open the same volumes again and again.
reference::StretchMemo& shared_stretch_memo();

// Whether the medium's drive marker says that no session is open: other computers take such a drive.
bool marked_closed(const DriveState& drive);
// Whether a drive that was blank when the session began carries anything but its marker without carrying
// that: then nothing on it says whose it is.
bool unmarked(const DriveState& drive);

}  // namespace seedbed
