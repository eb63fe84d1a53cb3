// The fields of one table of a scenario file, taken by key and type. Every error says where it stands, what
// is there, what is allowed and what to do. A view: table, path and shape outlive it. Pure; any thread.
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

#include "scenarios/table_shape.h"
#include "scenarios/toml_reader.h"

namespace seedbed {

class TomlFields {
 public:
  using Words = std::span<const std::string_view>;
  static constexpr uint64_t kNoBound = ~uint64_t{0};

  // `name` leads the messages: "drive" gives "drive.capacity is …"; "" at the top of the file. What is no
  // table, or has a key that its shape does not know, is refused.
  static Result<TomlFields> of(const TomlValue& value, std::string_view name, std::string_view path,
                               const TableShape& shape);

  bool has(std::string_view key) const noexcept { return find(key) != nullptr; }
  const TomlValue* find(std::string_view key) const noexcept;
  // Every key that the shape requires is there.
  Status require() const;

  // Bounds and words are the shape's. Lengths count code points. No text has control characters.
  Status text(std::string_view key, std::string& out) const;
  Status flag(std::string_view key, bool& out) const;
  template <std::integral T>
  Status number(std::string_view key, T& out, uint64_t most = kNoBound) const {
    if (const TomlValue* value = find(key)) out = static_cast<T>(TRY(number_of(key, *value, most)));
    return {};
  }
  // Bytes as a number, or a text that parse_size() reads. `most`: less than the shape's, where other values
  // bound it.
  template <std::unsigned_integral T>
  Status size(std::string_view key, T& out, uint64_t most = kNoBound) const {
    if (const TomlValue* value = find(key)) out = static_cast<T>(TRY(size_of(key, *value, most)));
    return {};
  }
  Status seconds(std::string_view key, std::optional<uint64_t>& out_ns, uint64_t most_s) const;
  // One of the shape's words: which.
  Result<std::optional<size_t>> word(std::string_view key) const;
  Words words_of(std::string_view key) const { return shape_of(key).words; }
  // One of these, which the file itself gave.
  Result<std::optional<size_t>> word_of(std::string_view key, Words words) const;
  Result<std::vector<std::string>> texts(std::string_view key) const;
  // A table within, and a list of tables ([[key]]); nothing when absent.
  Result<std::optional<TomlFields>> table(std::string_view key) const;
  Result<std::vector<TomlFields>> tables(std::string_view key) const;

  // An error at the value of `key`; when that is absent, at the table. `problem` goes on "drive.capacity is
  // 7: …".
  std::unexpected<Error> wrong(std::string_view key, std::string_view problem,
                               std::string_view remedy = {}) const;
  // A number that stands at the key, or in its list.
  Result<int64_t> number_of(std::string_view key, const TomlValue& value, uint64_t most = kNoBound) const;

 private:
  TomlFields(const TomlValue& table, std::string_view name, std::string_view path, const TableShape& shape)
      : table_(&table), name_(name), path_(path), shape_(&shape) {}
  const KeyShape& shape_of(std::string_view key) const;
  Result<uint64_t> size_of(std::string_view key, const TomlValue& value, uint64_t most) const;
  std::string full(std::string_view key) const;

  const TomlValue* table_;
  std::string name_;
  std::string_view path_;
  const TableShape* shape_;
};

// "a", "b" or "c", in quotes.
std::string any_of_words(TomlFields::Words words);

}  // namespace seedbed
