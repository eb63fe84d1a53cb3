// What libntfs-3g may know of the outside while it runs: the time, a place for its log lines, and a ledger of
// its memory.
//
// A context belongs to one volume. InsideLibrary arms it for the calling task, OutsideLibrary disarms it for
// the length of a port call (which may park: another task may then run on this thread and enter the library
// with a context of its own). Nothing is armed across a park.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

namespace seedbed {

struct LibraryContext {
  LibraryContext() = default;
  LibraryContext(const LibraryContext&) = delete;
  LibraryContext& operator=(const LibraryContext&) = delete;
  // libntfs-3g forgets memory on its error paths: what is still in the ledger when the volume goes is freed
  // with it.
  ~LibraryContext();

  int64_t now_ns = 0;  // what clock_gettime answers inside the library
  unsigned logged_errors = 0;
  std::string first_logged_error;
  std::unordered_set<void*> allocations;
};

// The context armed on this thread, or null.
LibraryContext* armed_library_context() noexcept;

class InsideLibrary {
 public:
  explicit InsideLibrary(LibraryContext& context) noexcept;
  ~InsideLibrary();
  InsideLibrary(const InsideLibrary&) = delete;
  InsideLibrary& operator=(const InsideLibrary&) = delete;

 private:
  LibraryContext* previous_;
};

class OutsideLibrary {
 public:
  OutsideLibrary() noexcept;
  ~OutsideLibrary();
  OutsideLibrary(const OutsideLibrary&) = delete;
  OutsideLibrary& operator=(const OutsideLibrary&) = delete;

 private:
  LibraryContext* armed_;
};

}  // namespace seedbed
