// The language server: one client over two streams, from `initialize` to `exit`. Messages are answered in order; after changes the
// diagnostics of every open file of the package are published, once nothing more waits to be read. A message that is no JSON, a method
// that is not known or a place that is not there gets an error or null; the server goes on. Not thread-safe.
#pragma once

#include <cstdio>

namespace flyball::app::lsp {

// 0 after `shutdown` and `exit`; 1 when the stream ended before them.
int serve(std::FILE* in, std::FILE* out);

}  // namespace flyball::app::lsp
