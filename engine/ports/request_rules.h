// The rules that the BlockDevice port sets for every request, as the one check that all drives share, real
// and simulated. Pure functions; any thread may call them. Nothing here touches a drive.
#pragma once

#include "engine/ports/block_device.h"

namespace seedbed {

// invalid_argument for what breaks the contract, unsupported for a discard on a drive without; nothing has
// happened then. `in_flight` counts the requests submitted and not yet reaped.
Status check_request(const DeviceIdentity& identity, const DeviceContract& contract, const IoRequest& request,
                     uint32_t in_flight);

// "path @ byte 4096": where a completion's error happened.
std::string where_on(const std::string& path, uint64_t offset_bytes);

}  // namespace seedbed
