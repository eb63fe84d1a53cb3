#include "tests/house/allowances.h"

#include <algorithm>

namespace seedbed::house {

const std::vector<Allowance>& allowances() {
  static const std::vector<Allowance> list = {
      {Rule::banned_name, "engine/base/log.cc", "std::mutex",
       "the parameter of spdlog's sinks; no port is called under it"},
      {Rule::banned_name, "engine/volume/ntfs_library.cc", "thread_local",
       "the context that libntfs-3g's callbacks find; disarmed for every port call"},
      {Rule::banned_name, "engine/volume/ntfs_library.h", "std::unordered_set",
       "a ledger of memory to be freed; its order shows nowhere"},
      {Rule::banned_name, "engine/volume/sector_overlay.h", "std::unordered_map",
       "looked up only; what is written is sorted first"},
      {Rule::banned_name, "simulator/fibre.cc", "thread_local",
       "which fibre an OS thread runs: the one file that owns the switch"},
      {Rule::banned_name, "simulator/seeded_entropy.h", "std::mutex",
       "tests draw from OS threads too; held around a memory operation only"},
      {Rule::banned_name, "simulator/simulated_files.cc", "std::mutex",
       "tests run it on OS threads too; held around memory operations, after the wait"},
      {Rule::catch_keeps, "engine/documents/xml_reader.cc", "", "libxml2's frames are in the way"},
      {Rule::catch_keeps, "engine/volume/ntfs_device.cc", "", "libntfs-3g's frames are in the way"},
      {Rule::catch_keeps, "engine/volume/ntfs_directory.cc", "", "libntfs-3g's frames are in the way"},
      {Rule::catch_keeps, "tests/drives/subject.cc", "", "carries an assertion's exception out of a fibre"},
      {Rule::catch_ends, "simulator/virtual_runtime.cc", "",
       "the floor of every fibre: the process dies there, as it does on an OS thread"},
      {Rule::catch_ends, "engine/linux/thread_runtime.cc", "",
       "the floor of every thread: the process ends there"},
      {Rule::catch_ends, "tests/runtime/fibre_test.cc", "", "the mistake that the watchdog is tested with"},
  };
  return list;
}

bool allowed(Rule rule, const std::string& path, const std::string& detail) {
  return std::any_of(allowances().begin(), allowances().end(), [&](const Allowance& entry) {
    return entry.rule == rule && entry.path == path && entry.detail == detail;
  });
}

}  // namespace seedbed::house
