#include "fakes/carrier/directory_bay.h"

#include <algorithm>

namespace seedbed {

namespace {

constexpr std::string_view kIdentitySuffix = ".identity.toml";
constexpr uint64_t kIdentityMax = 4096;

// The value of `serial = "…"`, the only line of the sidecar that matters here.
std::string serial_in(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with("serial")) continue;
    const size_t open = line.find('"'), close = line.find('"', open + 1);
    if (open == std::string_view::npos || close == std::string_view::npos) continue;
    return std::string(line.substr(open + 1, close - open - 1));
  }
  return {};
}

}  // namespace

std::string DirectoryBay::path_of(const std::string& slot) const {
  if (slot.starts_with('/')) return slot;
  if (path_.empty() || slot.empty() || slot == "." || slot == ".." || slot.find('/') != std::string::npos)
    return {};
  return join_path(path_, slot);
}

std::vector<std::string> DirectoryBay::slots() {
  std::vector<std::string> slots;
  if (path_.empty()) return slots;
  const auto entries = files_.list(path_);
  if (!entries) return slots;
  for (const DirectoryEntry& entry : *entries)
    if (entry.kind != FileKind::directory && !entry.name.starts_with('.') &&
        !entry.name.ends_with(kIdentitySuffix))
      slots.push_back(entry.name);
  return slots;
}

std::string DirectoryBay::serial_of(const std::string& slot) {
  const std::string path = path_of(slot);
  if (path.empty() || !files_.stat(path)) return {};
  const auto text = read_file(files_, path + std::string(kIdentitySuffix), kIdentityMax);
  std::string serial = text ? serial_in(as_text(*text)) : std::string();
  if (!serial.empty()) return serial;
  const std::string name = slot.substr(slot.rfind('/') + 1);  // npos + 1 is 0
  return name.substr(0, name.find('.'));
}

Result<std::unique_ptr<reference::ByteSource>> DirectoryBay::open(const std::string& slot) {
  const std::string path = path_of(slot);
  if (path.empty()) return fail(ErrorCode::not_found, "the bay has no such slot", slot.substr(0, 200));
  return TRY(reference::FileSource::open(files_, path));
}

}  // namespace seedbed
