// Events for programs: one JSON object a line (JSON Lines), "event" first. Escaping is nlohmann's; bytes that
// are no UTF-8 become U+FFFD, and everything beyond ASCII is written as it is. Numbers are JSON numbers where
// the port has numbers, texts where it has texts. Pure functions; each returns a line without its line break.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/ports/operator.h"

namespace seedbed {

// {"event":"progress","stage":"copy","done_bytes":1,"total_bytes":2,"resumed_bytes":0,"elapsed_ns":5,"rate_bytes_per_s":200000000}
std::string json_line(const Progress& progress);
// {"event":"notice","level":"warning","text":"…"}
std::string json_line(NoticeLevel level, std::string_view text);
// {"event":name, field: value, …}; of fields of one name the first counts, and none replaces "event".
std::string json_line(std::string_view name, const std::vector<std::pair<std::string, std::string>>& fields);

const char* notice_level_name(NoticeLevel level) noexcept;

}  // namespace seedbed
