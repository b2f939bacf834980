// FB_CHECK(condition) (Catch2 owns the name CHECK): our own mistake if it does not hold. On in release builds: a wrong action is worse than
// a stop.
#pragma once

namespace flyball::internal {
[[noreturn]] void check_failed(const char* file, int line, const char* condition);
}

#define FB_CHECK(condition)                                              \
  do {                                                                   \
    if (!(condition)) [[unlikely]]                                       \
      ::flyball::internal::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)
