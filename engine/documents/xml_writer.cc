#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/documents/xml.h"

namespace seedbed {

static constexpr size_t kPieceBytes = 64 * KiB;

// Char of XML 1.0, production 2, on UTF-16 (surrogate pairs are checked by the conversion).
bool is_xml_text(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; })) return true;
  const auto utf16 = utf16_of(text);
  return utf16 && std::all_of(utf16->begin(), utf16->end(), [](char16_t c) {
           return (c >= 0x20 && c < 0xfffe) || c == '\t' || c == '\n' || c == '\r';
         });
}

std::string printable(std::string_view text) {
  const bool is_utf8 = utf16_of(text).has_value();
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7f || (!is_utf8 && byte >= 0x80))
      fmt::format_to(std::back_inserter(out), "\\x{:02X}", byte);
    else
      out += c;
  }
  return out;
}

// White space other than the blank is escaped too: a reader would turn it into blanks in attributes and CR LF
// into LF in text.
static void append_escaped(std::string_view text, std::string& out) {
  constexpr std::string_view kSpecial = "&<>\"\t\n\r";
  for (size_t at = 0;;) {
    const size_t special = text.find_first_of(kSpecial, at);
    out.append(text.substr(at, special == std::string_view::npos ? special : special - at));
    if (special == std::string_view::npos) return;
    switch (text[special]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "&#{};", static_cast<int>(text[special]));
    }
    at = special + 1;
  }
}

static std::unexpected<Error> not_xml_text(std::string_view name) {
  // Without the value: it may be a key. Whoever writes paths checks them first and names them.
  return fail(ErrorCode::invalid_argument, fmt::format("{} has characters that XML cannot hold", name));
}

XmlWriter::XmlWriter(Sink sink) : sink_(std::move(sink)) {
  buffer_.reserve(kPieceBytes + 4 * KiB);
}
XmlWriter::~XmlWriter() {
  wipe({reinterpret_cast<uint8_t*>(buffer_.data()), buffer_.size()});
}

Status XmlWriter::flush_beyond(size_t bytes) {
  if (buffer_.size() <= bytes) return {};
  const Status done = sink_(as_bytes(buffer_));
  buffer_.clear();
  return done;
}

Status XmlWriter::line(std::string_view open, std::string_view name, Attributes attributes,
                       std::string_view close) {
  buffer_.append(2 * depth_, ' ').append(open).append(name);
  for (const auto& [key, value] : attributes) {
    if (!is_xml_text(value)) return not_xml_text(key);
    buffer_.append(" ").append(key).append("=\"");
    append_escaped(value, buffer_);
    buffer_ += '"';
  }
  buffer_.append(close).append("\n");
  return flush_beyond(kPieceBytes);
}

Status XmlWriter::declaration() {
  buffer_ += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  return {};
}

Status XmlWriter::begin(std::string_view name, Attributes attributes) {
  TRY(line("<", name, attributes, ">"));
  depth_++;
  return {};
}

Status XmlWriter::end(std::string_view name) {
  depth_--;
  return line("</", name, {}, ">");
}

Status XmlWriter::empty(std::string_view name, Attributes attributes) {
  return line("<", name, attributes, " />");
}

Status XmlWriter::text(std::string_view name, std::string_view value) {
  if (!is_xml_text(value)) return not_xml_text(name);
  buffer_.append(2 * depth_, ' ').append("<").append(name).append(">");
  append_escaped(value, buffer_);
  buffer_.append("</").append(name).append(">\n");
  return flush_beyond(kPieceBytes);
}

Status XmlWriter::finish() {
  return flush_beyond(0);
}

}  // namespace seedbed
