// The fields of one table of a scenario file, taken by key and type. Every error says where it stands, what
// is there, what is allowed and what to do. A view: table and path outlive it. Pure; any thread.
//
// The takers leave `out` alone when the key is absent: what stands in `out` is the default.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/toml_reader.h"

namespace seedbed {

class TomlFields {
 public:
  using Words = std::span<const std::string_view>;

  // `name` leads the messages: "drive" gives "drive.capacity is …"; "" at the top of the file. What is no
  // table, or has a key that is not among `known`, is refused.
  static Result<TomlFields> of(const TomlValue& value, std::string_view name, std::string_view path,
                               Words known);

  bool has(std::string_view key) const noexcept { return find(key) != nullptr; }
  const TomlValue* find(std::string_view key) const noexcept;
  Status require(std::string_view key) const;

  // Lengths count code points. No text has control characters.
  Status text(std::string_view key, std::string& out, size_t least, size_t most) const;
  Status flag(std::string_view key, bool& out) const;
  template <std::unsigned_integral T>
  Status number(std::string_view key, T& out, uint64_t least, uint64_t most) const {
    if (const TomlValue* value = find(key)) out = static_cast<T>(TRY(number_of(key, *value, least, most)));
    return {};
  }
  Status integer(std::string_view key, int64_t& out, int64_t least, int64_t most) const;
  // Bytes as a number, or a text that parse_size() reads.
  template <std::unsigned_integral T>
  Status size(std::string_view key, T& out, uint64_t least, uint64_t most) const {
    if (const TomlValue* value = find(key)) out = static_cast<T>(TRY(size_of(key, *value, least, most)));
    return {};
  }
  Status seconds(std::string_view key, std::optional<uint64_t>& out_ns, uint64_t most_s) const;
  // One of `words`: which.
  Result<std::optional<size_t>> word(std::string_view key, Words words) const;
  Result<std::vector<std::string>> texts(std::string_view key, size_t count_max) const;
  // A table within, and a list of tables ([[key]]); nothing when absent.
  Result<std::optional<TomlFields>> table(std::string_view key, Words known) const;
  Result<std::vector<TomlFields>> tables(std::string_view key, Words known, size_t count_max) const;

  // An error at the value of `key`; when that is absent, at the table. `problem` goes on "drive.capacity is
  // 7: …".
  std::unexpected<Error> wrong(std::string_view key, std::string_view problem,
                               std::string_view remedy = {}) const;
  Result<uint64_t> number_of(std::string_view key, const TomlValue& value, uint64_t least,
                             uint64_t most) const;

 private:
  TomlFields(const TomlValue& table, std::string_view name, std::string_view path)
      : table_(&table), name_(name), path_(path) {}
  Result<uint64_t> size_of(std::string_view key, const TomlValue& value, uint64_t least, uint64_t most) const;
  std::string full(std::string_view key) const;

  const TomlValue* table_;
  std::string name_;
  std::string_view path_;
};

// "a", "b" or "c", in quotes.
std::string any_of_words(TomlFields::Words words);

}  // namespace seedbed
