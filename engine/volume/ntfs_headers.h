// The headers of libntfs-3g as C++ can take them. They are C, rely on <sys/stat.h> and <time.h> being there
// already, and define min and max. Included by engine/volume/ntfs_*.cc only.
#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <cstdarg>
#include <ctime>

extern "C" {
#include <attrib.h>
#include <bitmap.h>
#include <device.h>
#include <dir.h>
#include <inode.h>
#include <layout.h>
#include <logging.h>
#include <runlist.h>
#include <types.h>
#include <unistr.h>
#include <volume.h>
}
#undef min
#undef max
