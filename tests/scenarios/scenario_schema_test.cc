// The schema of scenario files: what the suites and the page of faults write, it accepts; what it refuses,
// the reader refuses too, key by key; and the page of the format names every key.
#include "scenarios/scenario_schema.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "scenarios/scenario_file.h"
#include "scenarios/scenario_shape.h"
#include "scenarios/size_text.h"
#include "scenarios/toml_reader.h"
#include "tests/scenarios/whole_file.h"

namespace seedbed {
namespace {

using Schema = nlohmann::ordered_json;
using Toml = TomlValue::Kind;

const Schema& the_schema() {
  static const Schema schema = Schema::parse(schema_of(scenario_shape()));
  return schema;
}

// What is wrong by the schema; "" when nothing is. Knows the words that our schema uses, and no others.
std::string schema_flaw(const Schema& schema, const TomlValue& value);

std::string table_flaw(const Schema& schema, const TomlValue& value) {
  if (value.kind != Toml::table) return "no object";
  for (const TomlValue& item : value.items) {
    const auto known = schema["properties"].find(item.key);
    if (known == schema["properties"].end()) {
      EXPECT_EQ(schema["additionalProperties"], false);
      return "unknown key " + item.key;
    }
    if (const std::string flaw = schema_flaw(*known, item); !flaw.empty()) return item.key + ": " + flaw;
  }
  if (schema.contains("required"))
    for (const auto& key : schema["required"])
      if (std::ranges::find(value.items, key.get<std::string>(), &TomlValue::key) == value.items.end())
        return "no " + key.get<std::string>();
  return "";
}

std::string array_flaw(const Schema& schema, const TomlValue& value) {
  if (value.kind != Toml::list) return "no array";
  if (value.items.size() > schema["maxItems"].get<size_t>()) return "too many items";
  if (value.items.size() < schema.value("minItems", size_t{0})) return "too few items";
  for (const TomlValue& item : value.items)
    if (const std::string flaw = schema_flaw(schema["items"], item); !flaw.empty()) return flaw;
  return "";
}

std::string schema_flaw(const Schema& schema, const TomlValue& value) {
  if (schema.contains("$ref")) {
    const std::string name = schema["$ref"].get<std::string>().substr(std::string("#/$defs/").size());
    return schema_flaw(the_schema()["$defs"].at(name), value);
  }
  if (schema.contains("enum"))
    return value.kind == Toml::text && std::ranges::find(schema["enum"], value.text) != schema["enum"].end()
               ? ""
               : "no such word";
  if (schema.contains("const"))
    return value.kind == Toml::text && value.text == schema["const"] ? "" : "not it";
  if (schema.contains("anyOf")) {
    for (const Schema& one : schema["anyOf"])
      if (schema_flaw(one, value).empty()) return "";
    return "none of the forms";
  }
  const std::string type = schema.at("type");
  if (type == "object") return table_flaw(schema, value);
  if (type == "array") return array_flaw(schema, value);
  if (type == "boolean") return value.kind == Toml::flag ? "" : "no boolean";
  if (type == "string") {
    if (value.kind != Toml::text) return "no string";
    if (schema.contains("pattern")) return parse_size(value.text) ? "" : "no size";
    const auto length = std::ranges::count_if(value.text, [](char c) { return (c & 0xc0) != 0x80; });
    return !schema.contains("minLength") || (length >= schema["minLength"] && length <= schema["maxLength"])
               ? ""
               : "too short or too long";
  }
  const bool whole = type == "integer";
  if (value.kind != Toml::integer && (whole || value.kind != Toml::real)) return "no number";
  const double number = value.kind == Toml::integer ? static_cast<double>(value.integer) : value.real;
  return number >= schema["minimum"].get<double>() && number <= schema["maximum"].get<double>()
             ? ""
             : "out of bounds";
}

std::string text_flaw(std::string_view text) {
  const auto root = parse_toml(text, "x.toml");
  return root ? schema_flaw(the_schema(), *root) : root.error().message();
}

TEST(ScenarioSchema, says_what_it_is_and_forbids_what_it_does_not_name) {
  EXPECT_EQ(the_schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
  for (const auto& [name, table] : the_schema()["$defs"].items()) {
    EXPECT_EQ(table["additionalProperties"], false) << name;
    for (const auto& [key, shape] : table["properties"].items())
      EXPECT_FALSE(shape["description"].get<std::string>().empty()) << name << "." << key;
  }
}

TEST(ScenarioSchema, accepts_what_uses_every_key) {
  EXPECT_EQ(text_flaw(test::kWholeFile), "");
}

TEST(ScenarioSchema, accepts_every_scenario_of_the_suites) {
  size_t files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(SEEDBED_SOURCE_DIR "/scenarios/suites")) {
    if (entry.path().extension() != ".toml") continue;
    std::ifstream in(entry.path());
    std::stringstream text;
    text << in.rdbuf();
    EXPECT_EQ(text_flaw(text.str()), "") << entry.path();
    files++;
  }
  EXPECT_GT(files, 80u);
}

// Every key of every table is put wrong in turn, and a key that there is not is put into each.
TEST(ScenarioSchema, refuses_what_the_reader_refuses_key_by_key) {
  const std::string head = "name = \"a name\"\nproves = \"a sentence\"\n";
  const auto both_refuse = [&](const std::string& text) {
    EXPECT_NE(text_flaw(text), "") << text;
    EXPECT_FALSE(parse_scenario(text, "x.toml")) << text;
  };
  const std::pair<const char*, std::string> tables[] = {
      {"source", "[source]\n"}, {"copy_computer", "[copy_computer]\n"},
      {"drive", "[[drive]]\n"}, {"command", "[[command]]\n"},
      {"chain", "[chain]\n"},   {"operator", "[operator]\n"},
      {"expect", "[expect]\n"}, {"fault", "[[fault]]\n"}};
  for (const auto& [name, opening] : tables) {
    both_refuse(head + opening + "no_such_key = 1\n");
    for (const std::string_view key : scenario_shape().find(name)->inner->key_names())
      both_refuse(head + opening + std::string(key) + " = 1979-05-27\n");
  }
  both_refuse(head + "no_such_key = 1\n");
  const std::string fault = head + "[[fault]]\nwhat = \"kill\"\nwhen = { ";
  both_refuse(fault + "no_such_key = 1 }\n");
  for (const std::string_view key : trigger_shape().key_names())
    both_refuse(fault + std::string(key) + " = 1979-05-27 }\n");
  both_refuse("name = \"a name\"\n");
  both_refuse(head + "[[fault]]\nwhat = \"kill\"\n");
  both_refuse(head + "[[fault]]\nwhat = \"kil\"\nwhen = { nth = 1 }\n");
  both_refuse(head + "[copy_computer]\nworkers = 65\n");
  both_refuse(head + "[copy_computer]\nchunk = \"8 MiB\"\n");
  both_refuse(fault + "any = [ { nth = 1 } ] }\n");
}

TEST(ScenarioSchema, the_page_of_the_format_names_every_key_and_every_word) {
  std::ifstream in(SEEDBED_SOURCE_DIR "/docs/formats/scenario.md");
  std::stringstream stream;
  stream << in.rdbuf();
  const std::string page = stream.str();
  const std::function<void(const TableShape&)> look = [&](const TableShape& shape) {
    for (const KeyShape& key : shape.keys) {
      EXPECT_NE(page.find("`" + std::string(key.key) + "`"), page.npos) << shape.name << "." << key.key;
      for (const std::string_view word : key.words)
        EXPECT_TRUE(page.find("`" + std::string(word) + "`") != page.npos ||
                    page.find("`\"" + std::string(word) + "\"`") != page.npos)
            << shape.name << "." << key.key << " may be " << word;
      if (key.inner != nullptr && shape.name != "trigger") look(*key.inner);
    }
  };
  for (const KeyShape& key : scenario_shape().keys)
    if (key.inner != nullptr) look(*key.inner);
}

}  // namespace
}  // namespace seedbed
