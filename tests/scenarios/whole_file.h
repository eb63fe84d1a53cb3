// A scenario file that uses every key, for tests to read, cut and spoil.
#pragma once

#include <string_view>

namespace seedbed::test {

inline constexpr std::string_view kWholeFile = R"(name = "power cut between the flush and the journal"
proves = "a checkpoint is recorded only after its bytes are on the drive"
tags = ["power", "data"]
seed = 7
virtual_s_max = 7200
[source]
usual = false
random_files = 3
random_bytes_max = "100KB"
files = [ { path = "big.bin", size = "1MiB" }, { path = "a/ä", size = 17 } ]
[copy_computer]
workers = 3
chunk = "32KiB"
queue = "96KiB"
checkpoint = "64KiB"
redo = "128KiB"
buffers = "2MiB"
proof = false
[[drive]]
name = "first"
capacity = "64MiB"
sectors = "4Kn"
volatile_cache = false
power_loss_protected = true
[[drive]]
[[command]]
do = "prepare"
session = "one"
drive = "first"
source = "/source/a"
destination = "box/"
blobs = "page"
[[command]]
do = "abort"
[operator]
after_interruption = "resume"
heals_refusals = true
boots_max = 20
[[fault]]
what = "host-power-cut"
when = { event = "drive.flush.done", place = "SB*", phase = "data", boot = 1, nth = [3, 9], side = "after", virtual_s = 12.3 }
times = 2
survivors = "torn:431/3"
[[fault]]
name = "a rotten sector"
what = "bit-rot"
when = { event = "drive.write", lba = 2048 }
times = "always"
[[fault]]
what = "source-changed"
place = "/source/a/ä"
when = { number = 431 }
[[fault]]
what = "unplug"
place = "drive"
when = { event = "journal.commit", nth = 2 }
[[fault]]
what = "read-error"
when = { offset = "1MiB", length = "64KiB" }
[expect]
verdict = "refused"
refusal = "not the drive"
)";

}  // namespace seedbed::test
