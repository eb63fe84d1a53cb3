#include "scenarios/scenario_schema.h"

#include <nlohmann/json.hpp>

#include "scenarios/scenario_shape.h"

namespace seedbed {

namespace {

using Json = nlohmann::ordered_json;

// "" is the file itself.
std::string definition_of(const TableShape& shape) {
  return std::string("#/$defs/") + std::string(shape.name);
}

Json whole(const KeyShape& key) {
  return {{"type", "integer"}, {"minimum", key.least}, {"maximum", key.most}};
}

Json schema_of_key(const KeyShape& key) {
  switch (key.kind) {
    case KeyShape::Kind::text:
      return {{"type", "string"}, {"minLength", key.least}, {"maxLength", key.most}};
    case KeyShape::Kind::flag:
      return {{"type", "boolean"}};
    case KeyShape::Kind::number:
      return whole(key);
    case KeyShape::Kind::size:
      return {{"anyOf",
               {whole(key), {{"type", "string"}, {"pattern", "^[0-9]+(B|KiB|MiB|GiB|TiB|KB|MB|GB|TB)$"}}}}};
    case KeyShape::Kind::seconds:
      return {{"type", "number"}, {"minimum", key.least}, {"maximum", key.most}};
    case KeyShape::Kind::word:
      return {{"enum", key.words}};
    case KeyShape::Kind::texts:
      return {{"type", "array"}, {"items", {{"type", "string"}}}, {"maxItems", key.most}};
    case KeyShape::Kind::table:
      return {{"$ref", definition_of(*key.inner)}};
    case KeyShape::Kind::tables:
      return {{"type", "array"},
              {"items", {{"$ref", definition_of(*key.inner)}}},
              {"minItems", key.least},
              {"maxItems", key.most}};
    case KeyShape::Kind::nth:
      return {{"anyOf",
               {whole(key), {{"type", "array"}, {"items", whole(key)}, {"minItems", 2}, {"maxItems", 2}}}}};
    case KeyShape::Kind::times:
      return {{"anyOf", {whole(key), {{"const", "always"}}}}};
  }
  return Json::object();
}

Json schema_of_table(const TableShape& shape) {
  Json properties = Json::object(), required = Json::array();
  for (const KeyShape& key : shape.keys) {
    Json one = schema_of_key(key);
    one["description"] = key.says;
    properties[std::string(key.key)] = std::move(one);
    if (key.required) required.push_back(key.key);
  }
  Json out = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

void define(const TableShape& shape, Json& definitions) {
  for (const KeyShape& key : shape.keys) {
    if (key.inner == nullptr || definitions.contains(std::string(key.inner->name))) continue;
    definitions[std::string(key.inner->name)] = schema_of_table(*key.inner);
    define(*key.inner, definitions);
  }
}

}  // namespace

std::string schema_of(const TableShape& shape) {
  Json out = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "A seedbed scenario"},
              {"description", "docs/formats/scenario.md"}};
  out.update(schema_of_table(shape));
  Json definitions = Json::object();
  define(shape, definitions);
  out["$defs"] = std::move(definitions);
  return out.dump(2);
}

int schema_command(const RigContext& rig) {
  rig.console.result(schema_of(scenario_shape()));
  return 0;
}

}  // namespace seedbed
