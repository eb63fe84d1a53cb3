#include "engine/base/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/text.h"

namespace seedbed {

namespace {

constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> kDays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};  // from 1970

bool unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Host and port of "host[:port]"; false when ill-formed.
bool split_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) return false;
  size_t colon = authority.rfind(':');
  if (authority.starts_with('[')) {  // an IPv6 address
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return false;
    colon = close + 1 < authority.size() ? close + 1 : std::string_view::npos;
    if (colon != std::string_view::npos && authority[colon] != ':') return false;
  }
  url.host = lower(authority.substr(0, colon));
  url.port = url.scheme == "https" ? 443 : 80;
  if (colon != std::string_view::npos) {
    const auto port = parse_u64(authority.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return false;
    url.port = static_cast<uint16_t>(*port);
  }
  return !url.host.empty();
}

}  // namespace

std::string percent_encode(std::string_view text, std::string_view also_kept) {
  std::string out;
  for (const char c : text) {
    if (unreserved(c) || also_kept.find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<uint8_t>(c));
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = i + 2 < text.size() ? parse_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (!byte) return std::nullopt;
    out += static_cast<char>((*byte)[0]);
    i += 2;
  }
  return out;
}

std::string Url::origin() const {
  const bool usual = port == (scheme == "https" ? 443 : 80);
  return usual ? scheme + "://" + host : fmt::format("{}://{}:{}", scheme, host, port);
}

std::string Url::target() const {
  return query.empty() ? path : path + "?" + query;
}

std::vector<std::pair<std::string, std::string>> Url::parameters() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (size_t at = 0; at < query.size();) {
    const size_t end = std::min(query.find('&', at), query.size());
    const std::string_view part = std::string_view(query).substr(at, end - at);
    at = end + 1;
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    const auto key = percent_decode(part.substr(0, equals));
    const auto value =
        percent_decode(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
    if (key && value) out.emplace_back(*key, *value);  // parse_url has refused ill-formed ones
  }
  return out;
}

std::optional<Url> parse_url(std::string_view text) {
  if (std::ranges::any_of(text,
                          [](char c) { return static_cast<uint8_t>(c) <= ' ' || c == 0x7f || c == '#'; }))
    return std::nullopt;
  Url url;
  if (!text.starts_with('/')) {
    const size_t colon = text.find("://");
    if (colon == std::string_view::npos) return std::nullopt;
    url.scheme = lower(text.substr(0, colon));
    if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
    text.remove_prefix(colon + 3);
    const size_t end = std::min(text.find_first_of("/?"), text.size());
    if (!split_authority(text.substr(0, end), url)) return std::nullopt;
    text.remove_prefix(end);
  }
  const size_t question = text.find('?');
  const std::string_view path = text.substr(0, question);
  url.path = path.empty() ? "/" : std::string(path);
  if (question != std::string_view::npos) url.query = text.substr(question + 1);
  if (!percent_decode(url.path) || !percent_decode(url.query)) return std::nullopt;
  return url;
}

std::optional<std::string> query_value(const Url& url, std::string_view key) {
  for (auto& [name, value] : url.parameters())
    if (name == key) return value;
  return std::nullopt;
}

std::string http_date(int64_t unix_ns) {
  const std::string text = utc_journal_text(unix_ns);  // "2016/11/02 18:24:14.735"
  int64_t seconds = unix_ns / 1'000'000'000;
  if (unix_ns < 0 && unix_ns % 1'000'000'000 != 0) seconds--;
  int64_t day = seconds / 86'400;
  if (seconds % 86'400 < 0) day--;
  return fmt::format("{}, {} {} {} {} GMT", kDays[static_cast<size_t>(((day % 7) + 7) % 7)],
                     text.substr(8, 2), kMonths[*parse_u64(text.substr(5, 2)) - 1], text.substr(0, 4),
                     text.substr(11, 8));
}

std::optional<int64_t> parse_http_date(std::string_view text) {
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT") || text[7] != ' ' ||
      text[11] != ' ' || text[16] != ' ')
    return std::nullopt;
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  const auto time =
      parse_utc_journal_text(fmt::format("{}/{:02}/{} {}.000", text.substr(12, 4),
                                         month - kMonths.begin() + 1, text.substr(5, 2), text.substr(17, 8)));
  if (!time || http_date(*time) != text) return std::nullopt;  // a wrong day of the week
  return time;
}

std::string iso_date(int64_t unix_ns) {
  const std::string text = utc_journal_text(unix_ns);
  return fmt::format("{}-{}-{}T{}0000Z", text.substr(0, 4), text.substr(5, 2), text.substr(8, 2),
                     text.substr(11));
}

std::optional<int64_t> parse_iso_date(std::string_view text) {
  if (text.size() < 20 || text.size() > 28 || !text.ends_with('Z') || text[4] != '-' || text[7] != '-' ||
      text[10] != 'T')
    return std::nullopt;
  std::string fraction = "000";
  if (text.size() > 20) {
    if (text[19] != '.' || text.size() == 21 || !parse_u64(text.substr(20, text.size() - 21)))
      return std::nullopt;
    fraction = std::string(text.substr(20, text.size() - 21)) + "00";
    fraction.resize(3);
  }
  return parse_utc_journal_text(fmt::format("{}/{}/{} {}.{}", text.substr(0, 4), text.substr(5, 2),
                                            text.substr(8, 2), text.substr(11, 8), fraction));
}

}  // namespace seedbed
