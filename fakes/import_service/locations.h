// Where the service takes drives: the regions with the address a package goes to. A constant table; any task.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

namespace seedbed {

struct LocationEntry {
  std::string_view name;  // "West US"
  std::string_view id;    // "westus": the name without spaces, lower case
  std::string_view recipient, street, city, state, postal_code, country, phone, carrier;
};

std::span<const LocationEntry> import_locations();
// By name or id, whatever the case and the spaces; null: none.
const LocationEntry* find_location(std::string_view name);

// As ARM shows it, and the address part alone, as a job's shippingInformation.
nlohmann::json location_json(const LocationEntry& location);
nlohmann::json shipping_information_json(const LocationEntry& location);

}  // namespace seedbed
