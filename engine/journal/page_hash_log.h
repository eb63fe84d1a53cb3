// The page hashes of one session, beside the journal ("<journal>.<session number>.hashes"): 16 bytes of MD5
// per range, append-only, in range order. A checkpoint record in the journal carries the log's length and
// digest, and is written only after append() has synced, so whatever the journal speaks of is here. Owned by
// one task; mode 0600. [docs/formats/page-hash-log.md]
#pragma once

#include <memory>
#include <span>

#include "engine/base/checksum.h"
#include "engine/ports/file_store.h"

namespace seedbed {

class PageHashLog {
 public:
  // A new, empty log (an old file of that name is replaced); durable on return, the name included.
  static Result<PageHashLog> create(FileStore& store, const std::string& path);
  // Opens at a length the journal vouches for: checks the digest of that much (corrupt otherwise) and cuts
  // off what lies beyond.
  static Result<PageHashLog> open(FileStore& store, const std::string& path, uint64_t length_bytes,
                                  std::string_view sha256_hex);
  PageHashLog(PageHashLog&&) noexcept;
  PageHashLog& operator=(PageHashLog&&) noexcept;
  ~PageHashLog();

  Status append(std::span<const Md5> hashes);  // durable on return
  uint64_t count() const noexcept;
  uint64_t length_bytes() const noexcept;
  std::string sha256_hex() const;  // of everything so far, upper-case
  Result<std::vector<Md5>> read(uint64_t first, uint64_t count);

 private:
  struct State;
  explicit PageHashLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace seedbed
