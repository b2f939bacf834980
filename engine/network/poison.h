// Memory of a pool that is nobody's at present, told to AddressSanitizer: to it, all that a pool took is in use. Nothing where it does
// not run.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define FB_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FB_POISONS 1
#endif
#endif

#ifdef FB_POISONS
#include <sanitizer/asan_interface.h>
#endif

namespace flyball::engine {

#ifdef FB_POISONS
inline void poison(const void* memory, std::size_t bytes) { __asan_poison_memory_region(memory, bytes); }
inline void unpoison(const void* memory, std::size_t bytes) { __asan_unpoison_memory_region(memory, bytes); }
#else
inline void poison(const void*, std::size_t) {}
inline void unpoison(const void*, std::size_t) {}
#endif

}  // namespace flyball::engine
