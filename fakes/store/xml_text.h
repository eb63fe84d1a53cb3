// XML as the service writes it: elements and text, escaped. What XML cannot hold becomes U+FFFD. One task.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"

namespace seedbed {

class XmlText {
 public:
  XmlText() : text_("<?xml version=\"1.0\" encoding=\"utf-8\"?>") {}
  // `attributes` as they are to stand: names and escaped values with a blank before each.
  void open(std::string_view name, std::string_view attributes = {});
  void close();  // what was opened last
  void leaf(std::string_view name, std::string_view text);
  Bytes bytes() const;
  static std::string escaped(std::string_view text);

 private:
  std::string text_;
  std::vector<std::string> open_;
};

}  // namespace seedbed
