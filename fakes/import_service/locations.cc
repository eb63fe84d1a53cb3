#include "fakes/import_service/locations.h"

#include <nlohmann/json.hpp>
#include <string>

#include "fakes/import_service/job_book.h"

namespace seedbed {

using nlohmann::json;

namespace {

constexpr std::string_view kService = "Microsoft Azure Import/Export Service";

// The first three are those of the published examples; the streets of the others are invented.
constexpr LocationEntry kLocations[] = {
    {"West US", "westus", kService, "2045 Lafayette Street", "Santa Clara", "CA", "95050", "USA",
     "408 352 7600", "FedEx"},
    {"Australia East", "australiaeast", "Windows Azure Import/Export Service",
     "Customer-A c/o NEXTDC Ltd, Delivery code ABCDEFG, 4 Eden Park Drive", "Macquarie Park", "NSW", "2113",
     "Australia", "612 0000 0000", "DHL"},
    {"Australia Southeast", "australiasoutheast", kService,
     "Microsoft, c/o NEXTDC Ltd, Delivery code ABCDEFG, 826-830 Lorimer St, Port", "Melbourne", "Melbourne",
     "3207", "Australia", "61 0 0000 0000", "DHL"},
    {"East US", "eastus", kService, "1 Loading Dock Road", "Ashburn", "VA", "20147", "USA", "703 000 0000",
     "FedEx"},
    {"North Europe", "northeurope", kService, "1 Loading Dock Lane", "Dublin", "", "D22", "Ireland",
     "353 1 000 0000", "FedEx"},
    {"West Europe", "westeurope", kService, "1 Laadperron", "Middenmeer", "", "1775", "Netherlands",
     "31 0 000 0000", "FedEx"},
    {"Southeast Asia", "southeastasia", kService, "1 Loading Dock Drive", "Singapore", "", "609930",
     "Singapore", "65 0000 0000", "DHL"},
};

}  // namespace

std::span<const LocationEntry> import_locations() {
  return kLocations;
}

const LocationEntry* find_location(std::string_view name) {
  std::string id = lower_case(name);
  std::erase(id, ' ');
  for (const LocationEntry& location : kLocations)
    if (location.id == id) return &location;
  return nullptr;
}

json shipping_information_json(const LocationEntry& location) {
  return {{"recipientName", location.recipient},
          {"streetAddress1", location.street},
          {"streetAddress2", ""},
          {"city", location.city},
          {"stateOrProvince", location.state},
          {"postalCode", location.postal_code},
          {"countryOrRegion", location.country},
          {"phone", location.phone},
          {"additionalInformation", ""}};
}

json location_json(const LocationEntry& location) {
  const std::string id = "/providers/Microsoft.ImportExport/locations/" + std::string(location.id);
  json properties = shipping_information_json(location);
  properties.erase("additionalInformation");
  properties["additionalShippingInformation"] = "";
  properties["supportedCarriers"] = json::array({location.carrier});
  properties["alternateLocations"] = json::array({id});
  return {{"id", id},
          {"name", location.name},
          {"type", "Microsoft.ImportExport/locations"},
          {"properties", std::move(properties)}};
}

}  // namespace seedbed
