#include "reports/json_archive.h"

#include <algorithm>

#include "engine/base/text.h"

namespace seedbed {

namespace {

// Walks the text without building anything: where it ceases to be JSON, or is nested too deep. Building comes
// after, when nothing can go wrong any more.
class Checker final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(size_t) override { return enter(); }
  bool start_array(size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) override {
    position_bytes = position;
    return false;
  }

  size_t position_bytes = 0;  // bytes read when it went wrong
  bool too_deep = false;

 private:
  static constexpr size_t kDepthMax = 32;
  bool enter() {
    too_deep = ++depth_ > kDepthMax;
    return !too_deep;
  }
  bool leave() {
    depth_--;
    return true;
  }
  size_t depth_ = 0;
};

std::string place(std::string_view text, size_t position_bytes) {
  // the parser counts the byte that it stumbled over, and one more at the end
  const size_t at = std::min(position_bytes == 0 ? 0 : position_bytes - 1, text.size());
  const auto before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t start = before.rfind('\n');
  const size_t column = start == std::string_view::npos ? at + 1 : at - start;
  return fmt::format("line {}, column {}, byte {}", line, column, at);
}

}  // namespace

Result<nlohmann::json> parse_json_object(std::string_view text, size_t max_bytes, const std::string& where) {
  if (text.size() > max_bytes)
    return fail(ErrorCode::corrupt,
                fmt::format("{} is more than a record may have ({})", human_bytes(text.size()),
                            human_bytes(max_bytes)),
                where);
  Checker checker;
  if (!nlohmann::json::sax_parse(text, &checker)) {
    if (checker.too_deep) return fail(ErrorCode::corrupt, "nested deeper than any record", where);
    const bool ended = checker.position_bytes > text.size();
    return fail(ErrorCode::corrupt,
                fmt::format("{}: {}", ended ? "the text ends too early" : "this is no JSON",
                            place(text, checker.position_bytes)),
                where);
  }
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::corrupt, "this is JSON, but no object", where);
  return json;
}

}  // namespace seedbed
