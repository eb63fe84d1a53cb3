// A secret from a file or standard input ("-"): its first line, so that no key stands in a command line. At
// most 4 KiB are read.
#pragma once

#include <string>

#include "engine/base/secret.h"
#include "engine/ports/file_store.h"

namespace seedbed {

Result<SecretBytes> read_key_file(FileStore& files, const std::string& path);

}  // namespace seedbed
