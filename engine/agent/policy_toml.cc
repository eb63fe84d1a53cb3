#include "engine/agent/policy_toml.h"

#include <fmt/format.h>

#include <toml++/toml.h>

#include <algorithm>

#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr size_t kLineBytesMax = 8 * 1024;
constexpr int kDepthMax = 8;

// Walks the text once and stops at what toml++ must not see. Keeps the place in lines and code points.
class Guard {
 public:
  Guard(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  Status run() {
    if (text_.size() > kPolicyBytesMax)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("the policy has {} bytes, allowed are {}", text_.size(), kPolicyBytesMax),
                  path_, "Is this the right file?");
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
    while (at_ < text_.size()) {
      const size_t end = std::min(text_.find('\n', at_), text_.size());
      TRY(line(text_.substr(at_, end - at_)));
      at_ = end + 1;
      place_.line++;
    }
    return {};
  }

 private:
  Status line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > kLineBytesMax)
      return flaw(line, 0, fmt::format("the line has {} bytes, allowed are {}", line.size(), kLineBytesMax),
                  "Break the line");
    if (!utf16_of(line)) return flaw(line, 0, "the line is not UTF-8", "Save the file as UTF-8");
    char open = 0;
    size_t opened_at = 0;
    for (size_t i = 0; i < line.size(); i++) {
      const auto c = static_cast<unsigned char>(line[i]);
      if ((c < 0x20 && c != '\t') || c == 0x7f)
        return flaw(line, i, "a control character stands here", "Remove it");
      if (open == '"' && c == '\\') {
        i++;
        if (i < line.size() && (static_cast<unsigned char>(line[i]) >= 0x80 || line[i] < 0x20))
          return flaw(line, i, "nothing of this kind can follow a backslash", "Write \\\\ for a backslash");
      } else if (open != 0) {
        if (static_cast<char>(c) == open) open = 0;
      } else if (c == '#') {
        return comment(line, i);
      } else if (c == '"' || c == '\'') {
        TRY(opening(line, i));
        open = static_cast<char>(c);
        opened_at = i;
      } else if (c >= 0x80) {
        return flaw(line, i, "only texts and comments may hold more than ASCII", "Put it in quotes");
      } else {
        TRY(bracket(line, i));
      }
    }
    if (open != 0) return flaw(line, opened_at, "the text that begins here has no end", "Close the quotes");
    return {};
  }

  Status opening(std::string_view line, size_t i) const {
    const char c = line[i];
    if (i + 2 < line.size() && line[i + 1] == c && line[i + 2] == c)
      return flaw(line, i, "texts over several lines are not allowed in a policy", "Write it in one line");
    if (i > 0 && std::string_view(" \t=[{,").find(line[i - 1]) == std::string_view::npos)
      return flaw(line, i, "a quote stands inside a word", "Put the whole of it in quotes");
    return {};
  }

  Status comment(std::string_view line, size_t i) const {
    for (; i < line.size(); i++)
      if (const auto c = static_cast<unsigned char>(line[i]); (c < 0x20 && c != '\t') || c == 0x7f)
        return flaw(line, i, "a control character stands here", "Remove it");
    return {};
  }

  Status bracket(std::string_view line, size_t i) {
    if (line[i] == '[' || line[i] == '{') depth_++;
    if ((line[i] == ']' || line[i] == '}') && depth_ > 0) depth_--;
    if (depth_ > kDepthMax)
      return flaw(line, i, "brackets are nested too deeply", "A policy needs no lists of lists");
    return {};
  }

  std::unexpected<Error> flaw(std::string_view line, size_t at, std::string what, std::string remedy) const {
    const auto before = std::ranges::count_if(line.substr(0, at), [](char c) { return (c & 0xc0) != 0x80; });
    return fail(ErrorCode::invalid_argument, "this is no policy: " + std::move(what),
                policy_where(path_, {place_.line, static_cast<uint32_t>(before) + 1}), std::move(remedy));
  }

  std::string_view text_;
  const std::string& path_;
  size_t at_ = 0;
  PolicyPlace place_;
  int depth_ = 0;
};

PolicyPlace place_of(const toml::source_region& region) {
  return {static_cast<uint32_t>(region.begin.line), static_cast<uint32_t>(region.begin.column)};
}

PolicyValue value_of(const toml::node& node) {
  using Kind = PolicyValue::Kind;
  PolicyValue out;
  out.place = place_of(node.source());
  if (const auto* text = node.as_string()) {
    out.kind = Kind::text;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = Kind::integer;
    out.integer = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    out.kind = Kind::real;
    out.real = real->get();
  } else if (const auto* flag = node.as_boolean()) {
    out.kind = Kind::flag;
    out.flag = flag->get();
  } else if (const auto* list = node.as_array()) {
    out.kind = Kind::list;
    for (const toml::node& item : *list) out.items.push_back(value_of(item));
  } else if (const auto* table = node.as_table()) {
    out.kind = Kind::table;
    for (const auto& [key, item] : *table) {
      PolicyValue value = value_of(item);
      value.key = std::string(key.str());
      value.key_place = place_of(key.source());
      out.items.push_back(std::move(value));
    }
    std::ranges::stable_sort(out.items, {}, &PolicyValue::key_place);
  }
  return out;
}

}  // namespace

const PolicyValue* PolicyValue::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(items, name, &PolicyValue::key);
  return found == items.end() ? nullptr : &*found;
}

Result<PolicyValue> parse_policy_toml(std::string_view text, const std::string& path) {
  TRY(Guard(text, path).run());
  try {
    return value_of(toml::parse(text, path));
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_argument, fmt::format("this is no policy: {}", error.description()),
                policy_where(path, place_of(error.source())), "Correct the line");
  }
}

std::string policy_where(const std::string& path, PolicyPlace place) {
  return fmt::format("{}:{}:{}", path, place.line, place.column);
}

std::optional<std::string_view> nearest_key(std::string_view word, std::span<const std::string_view> known) {
  std::optional<std::string_view> best;
  if (word.empty() || word.size() > 40) return best;
  size_t best_edits = (word.size() + 1) / 2 + 1;  // more edits than that is another word
  for (const std::string_view key : known) {
    // Levenshtein in one row.
    std::vector<size_t> row(key.size() + 1);
    for (size_t k = 0; k < row.size(); k++) row[k] = k;
    for (size_t i = 1; i <= word.size(); i++) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t k = 1; k <= key.size(); k++) {
        const size_t changed = diagonal + (word[i - 1] == key[k - 1] ? 0 : 1);
        diagonal = row[k];
        row[k] = std::min({row[k] + 1, row[k - 1] + 1, changed});
      }
    }
    if (row.back() < best_edits) {
      best_edits = row.back();
      best = key;
    }
  }
  return best;
}

}  // namespace seedbed
