// The table of functions against the evaluator: every function that can be called is carried out.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "engine/expr/functions.h"
#include "model/functions.h"

namespace flyball::engine {
namespace {

TEST_CASE("every function of the table has an evaluator") {
  Interner in;
  const Value none = call(Fn::kNone, {}, in);
  const std::string unbound(in.text(none));
  for (const FunctionInfo& f : flyball::functions()) {
    for (std::size_t n = 0; n < 5; ++n) {
      const std::vector<Value> arguments(n, Value::null());
      const Value v = call(f.fn, arguments, in);
      INFO(f.signature << " with " << n << " nulls");
      if (v.is_error()) CHECK(in.text(v) != unbound);
    }
  }
}

}  // namespace
}  // namespace flyball::engine
