// What the oracles ask of a world of the whole chain: the services' disk opened as after a restart, the
// staging location and the restored tree, read by the independent readers. A judge works on copies; the world
// stays.
#pragma once

#include <string>
#include <vector>

#include "scenarios/world.h"

namespace seedbed {

// Whether that drive was hurt on its way, as the scenario wanted.
bool damaged_in_shipment(const World& world, const std::string& drive);

// Findings; empty: fine.

// The staging location's base blobs hold the source as it was when "staged" was said.
std::vector<std::string> judge_staging(const World& world);
// The job stands in the book, once, with a state. `state` gets it ("" when there is none).
std::vector<std::string> judge_job(const World& world, std::string& state);
// Blobs in the account are those of the staging location: page for page the same, or never written and told
// so.
std::vector<std::string> judge_account(const World& world);
// The vault's point as an independent reader opens it is the source as it was backed up.
std::vector<std::string> judge_point(const World& world, const std::string& point);
// The restored tree is the source as it was backed up.
std::vector<std::string> judge_restored(const World& world);
// No chunk of the seed travelled over the network, unless the import said that it came damaged.
std::vector<std::string> judge_travel(const World& world);
// No (key, nonce) sealed two different records.
std::vector<std::string> judge_nonces(const World& world);
// States moved along the documented machine only.
std::vector<std::string> judge_job_states(const std::vector<std::string>& states);

}  // namespace seedbed
