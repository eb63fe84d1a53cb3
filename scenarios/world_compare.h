// Two directories of simulated disks held against each other, entry by entry: what a restore must give back.
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "simulator/file_tree.h"

namespace seedbed {

// Every difference in names, kinds, modes, times, sizes, bytes, link targets and which names are one file; at
// most `most`. Directories' own modes and times count too, also the two roots'.
std::vector<std::string> compare_trees(const FileTree& was, const std::string& was_root, const FileTree& is,
                                       const std::string& is_root, size_t most = 20);

}  // namespace seedbed
