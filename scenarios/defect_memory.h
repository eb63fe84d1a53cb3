// What a planted defect (planted_defect.h) remembers between calls, boots and crashes. Part of a world, and a
// value like it: copies of a world go on with the memory as it was then. One thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "simulator/medium.h"
#include "simulator/trace_hash.h"

namespace seedbed {

struct DefectMemory {
  std::map<std::string, uint64_t> numbers;
  std::map<std::string, std::string> texts;
  std::map<std::string, Medium> media;               // by serial: what somebody believes the drive to hold
  std::set<std::pair<std::string, uint64_t>> pages;  // of drives: serial and number of 4096 bytes
  // Events of whose effects a sync said that they are durable, and did nothing. For the rig: it changes
  // nothing that comes, and has no part in the hash.
  std::set<uint64_t> undone;

  bool empty() const noexcept { return numbers.empty() && texts.empty() && media.empty() && pages.empty(); }
  uint64_t hash() const {
    TraceHash hash;
    for (const auto& [name, number] : numbers) {
      hash.mix(name);
      hash.mix(number);
    }
    for (const auto& [name, text] : texts) {
      hash.mix(name);
      hash.mix(text);
    }
    for (const auto& [serial, medium] : media) {
      hash.mix(serial);
      hash.mix(medium.hash());
    }
    for (const auto& [serial, page] : pages) {
      hash.mix(serial);
      hash.mix(page);
    }
    return hash.value();
  }
};

}  // namespace seedbed
