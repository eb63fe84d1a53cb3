// Text of any origin, made fit to be shown: in one line of a terminal, or inside XML and HTML. Bytes that are
// no UTF-8 and characters that do not print become \xHH and \u{H}, so nothing is dropped and nothing acts.
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace seedbed {

// Line breaks and tabs are escaped too: one line is one line.
std::string one_line(std::string_view text);
// Fit for element text and for quoted attributes of XML 1.0 and HTML: & < > " ' are escaped. Line feeds stay.
std::string markup_text(std::string_view text);
// The same for XML attributes, where a bare line feed would be read as a blank.
std::string markup_attribute(std::string_view text);
// A word for a POSIX shell, quoted if it must be.
std::string shell_word(std::string_view text);

}  // namespace seedbed
