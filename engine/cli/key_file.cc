#include "engine/cli/key_file.h"

#include <unistd.h>

namespace seedbed {

static constexpr uint64_t kKeyFileBoundBytes = 4096;

static SecretBytes first_line(ByteSpan content) {
  size_t length_bytes = 0;
  while (length_bytes < content.size() && content[length_bytes] != '\n' && content[length_bytes] != '\r')
    length_bytes++;
  return SecretBytes(content.first(length_bytes));
}

Result<SecretBytes> read_key_file(FileStore& files, const std::string& path) {
  SecretBytes key;
  if (path == "-") {
    SecretBytes line(kKeyFileBoundBytes);
    const ssize_t got_bytes = ::read(STDIN_FILENO, line.mutable_span().data(), line.size());
    if (got_bytes > 0) key = first_line(line.span().first(static_cast<size_t>(got_bytes)));
  } else {
    Bytes content = TRY(read_file(files, path, kKeyFileBoundBytes));
    key = first_line(content);
    wipe(content);
  }
  if (key.empty()) return fail(ErrorCode::invalid_argument, "the first line holds no key", path);
  return key;
}

}  // namespace seedbed
