// A scenario's timeline as inline SVG: a lane per machine, drive and operator; phases as bars, what happened
// as marks; virtual seconds below. Its size is bounded however many entries there are: marks of one kind that
// fall on one spot are drawn once and counted. Colours are classes of the page's style. Pure functions; any
// thread.
#pragma once

#include <string>
#include <vector>

#include "reports/run_record.h"

namespace seedbed {

// The drawing and the names of its phases; "" without entries.
std::string timeline_drawing(const std::vector<TimelineEntry>& timeline);
// What the marks mean, once for a page.
std::string timeline_legend();

}  // namespace seedbed
