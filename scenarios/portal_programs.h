// What people do at the portal: to import jobs, to the storage account, to their token. Programs of a world's
// computer "portal", over the world's network. The world outlives the calls.
#pragma once

#include <string>

#include "engine/documents/import_job.h"
#include "scenarios/world_boot.h"

namespace seedbed {

// Where the drives of everybody here go back to.
PostalAddress return_address();

Status cancel_job(World& world, BootPorts& ports);
Status delete_job(World& world, BootPorts& ports);
// Somebody else makes a job of a drive that nobody here has: under this job's name, or under another
// subscription with that tracking number.
Status take_job_name(World& world, BootPorts& ports);
Status make_strangers_job(World& world, BootPorts& ports, const std::string& tracking);
// What the job says of its drives is put wrong, as by a slip of the hand.
Status edit_job(World& world, const CommandSpec& command, BootPorts& ports);
// As an administrator does: the old one goes, and the new one lies where the engine looks.
Status renew_token(World& world);
Status drop_container(World& world, BootPorts& ports);

}  // namespace seedbed
