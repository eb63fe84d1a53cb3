#include "fakes/store/xml_text.h"

namespace seedbed {

std::string XmlText::escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
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
      case '\r':
        out += "&#13;";
        break;
      default: {
        const auto byte = static_cast<uint8_t>(c);
        if (byte < 0x20 && c != '\n' && c != '\t')
          out += "\xef\xbf\xbd";
        else
          out += c;
      }
    }
  }
  return out;
}

void XmlText::open(std::string_view name, std::string_view attributes) {
  text_ += '<';
  text_ += name;
  text_ += attributes;
  text_ += '>';
  open_.emplace_back(name);
}

void XmlText::close() {
  text_ += "</" + open_.back() + ">";
  open_.pop_back();
}

void XmlText::leaf(std::string_view name, std::string_view text) {
  open(name);
  text_ += escaped(text);
  close();
}

Bytes XmlText::bytes() const {
  const ByteSpan span = as_bytes(text_);
  return {span.begin(), span.end()};
}

}  // namespace seedbed
