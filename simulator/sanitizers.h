// Which sanitizer this is compiled for: GCC says so by macros, clang by __has_feature.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define SEEDBED_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEEDBED_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define SEEDBED_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SEEDBED_TSAN 1
#endif
#endif
