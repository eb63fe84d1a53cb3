// libntfs-3g forgets inodes, attributes and buffers on its error paths: about 1 kB for each failed read. Its
// static library is linked with
// --wrap for the C allocator (cmake/house.cmake): what is allocated inside a library call is written down in
// the volume's ledger, and what is still there when the volume goes is freed. Everybody else's memory passes
// through.
#include <cstddef>
#include <exception>

#include "engine/volume/ntfs_library.h"

extern "C" {
void* __real_malloc(size_t size);
void* __real_calloc(size_t count, size_t size);
void* __real_realloc(void* memory, size_t size);
void __real_free(void* memory);
}

namespace seedbed {
namespace {

// The ledger's own memory is not the library's: it is disarmed meanwhile.
void* written_down(LibraryContext& context, void* memory) noexcept {
  if (!memory) return nullptr;
  const OutsideLibrary outside;
  try {
    context.allocations.insert(memory);
    return memory;
  } catch (const std::exception&) {  // no memory for the ledger is no memory for the library
    __real_free(memory);
    return nullptr;
  }
}

void cross_out(LibraryContext& context, void* memory) noexcept {
  const OutsideLibrary outside;
  context.allocations.erase(memory);
}

}  // namespace

LibraryContext::~LibraryContext() {
  for (void* memory : allocations) __real_free(memory);
}

}  // namespace seedbed

extern "C" {

void* __wrap_malloc(size_t size) {
  seedbed::LibraryContext* context = seedbed::armed_library_context();
  return context ? seedbed::written_down(*context, __real_malloc(size)) : __real_malloc(size);
}

void* __wrap_calloc(size_t count, size_t size) {
  seedbed::LibraryContext* context = seedbed::armed_library_context();
  return context ? seedbed::written_down(*context, __real_calloc(count, size)) : __real_calloc(count, size);
}

void* __wrap_realloc(void* memory, size_t size) {
  seedbed::LibraryContext* context = seedbed::armed_library_context();
  if (!context) return __real_realloc(memory, size);
  if (memory) seedbed::cross_out(*context, memory);
  void* moved = __real_realloc(memory, size);
  if (!moved && memory && size != 0) seedbed::written_down(*context, memory);  // the old block stands
  return seedbed::written_down(*context, moved);
}

void __wrap_free(void* memory) {
  seedbed::LibraryContext* context = seedbed::armed_library_context();
  if (context && memory) seedbed::cross_out(*context, memory);
  __real_free(memory);
}
}
