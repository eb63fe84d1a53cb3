// NTFS compares names without case by its $UpCase table. fold() maps a UTF-16 name through the table
// libntfs-3g writes into new volumes, so that two names which NTFS holds for the same fold to the same. Pure
// function; any thread.
#pragma once

#include <string>
#include <string_view>

namespace seedbed {

std::u16string ntfs_fold(std::u16string_view name);

}  // namespace seedbed
