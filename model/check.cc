// What FB_CHECK does when it fails: says where, then stops the process. No unwinding: the state is not to be trusted.
#include "model/check.h"

#include <cstdio>
#include <cstdlib>

namespace flyball::internal {

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "flyball: internal error at %s:%d: %s does not hold\n", file, line, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace flyball::internal
