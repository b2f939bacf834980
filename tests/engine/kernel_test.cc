// Kernels: what they answer is what the machine answers, for random expressions over fields of all sorts.
#include "engine/expr/kernel.h"

#include <catch2/catch.hpp>
#include <random>

#include "tests/engine/expr_harness.h"

namespace flyball::engine {
namespace {

using namespace flyball::engine::testing;

class Expressions {
 public:
  explicit Expressions(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  std::string number(std::uint32_t depth) {
    if (depth == 0 || below(4) == 0) return pick({"i", "j", "k", "0", "1", "-1", "7", "1000", "9223372036854775807"});
    if (below(8) == 0) return "(" + truth(depth - 1) + " ? " + number(depth - 1) + " : " + number(depth - 1) + ")";
    if (below(8) == 0) return "-(" + number(depth - 1) + ")";
    return "(" + number(depth - 1) + pick({" + ", " - ", " * ", " / ", " % "}) + number(depth - 1) + ")";
  }
  std::string real(std::uint32_t depth) {
    if (depth == 0 || below(4) == 0) return pick({"x", "y", "0.5", "-0.0", "1e300"});
    return "(" + real(depth - 1) + pick({" + ", " - ", " * ", " / "}) + real(depth - 1) + ")";
  }
  std::string truth(std::uint32_t depth) {
    const std::string op = pick({" == ", " != ", " < ", " <= ", " > ", " >= "});
    if (depth == 0) return pick({"b", "c", "s == t", "s != \"a\"", "i < j", "x >= y"});
    switch (below(8)) {
      case 0: return "(" + truth(depth - 1) + " && " + truth(depth - 1) + ")";
      case 1: return "(" + truth(depth - 1) + " || " + truth(depth - 1) + ")";
      case 2: return "!(" + truth(0) + ")";
      case 3: return "(" + truth(depth - 1) + " && " + truth(depth - 1) + " && " + truth(depth - 1) + ")";
      case 4: return number(1) + " in [1, 7, 1000]";
      case 5: return "(" + real(depth - 1) + op + real(depth - 1) + ")";
      default: return "(" + number(depth - 1) + op + number(depth - 1) + ")";
    }
  }
  std::vector<Bound> bindings(Interner& in) {
    const auto integer = [&] {
      static constexpr std::int64_t kInts[] = {0, 1, -1, 7, 1000, 12345, INT64_MAX, INT64_MIN, -1000};
      return odd() ? odd_value(in) : Value::integer(kInts[below(9)]);
    };
    const auto real = [&] {
      static constexpr double kReals[] = {0.0, -0.0, 0.5, 1e300, -3.25};
      return odd() ? odd_value(in) : Value::real(kReals[below(5)]);
    };
    const auto text = [&] { return odd() ? odd_value(in) : in.string(below(2) == 0 ? "a" : "b"); };
    const auto boolean = [&] { return odd() ? odd_value(in) : Value::boolean(below(2) == 0); };
    return {
        {"i", Type::of(TypeTag::kInt), integer()}, {"j", Type::of(TypeTag::kInt), integer()},  {"k", Type::of(TypeTag::kInt), integer()},
        {"x", Type::of(TypeTag::kDouble), real()}, {"y", Type::of(TypeTag::kDouble), real()},  {"s", Type::of(TypeTag::kString), text()},
        {"t", Type::of(TypeTag::kString), text()}, {"b", Type::of(TypeTag::kBool), boolean()}, {"c", Type::of(TypeTag::kBool), boolean()}};
  }

 private:
  bool odd() { return below(12) == 0; }
  Value odd_value(Interner& in) {
    switch (below(3)) {
      case 0: return Value::null();
      case 1: return Value::unknown();
      default: return in.error("as it were");
    }
  }
  std::string pick(std::initializer_list<const char*> of) { return *(of.begin() + below(static_cast<std::uint32_t>(of.size()))); }
  std::mt19937 random_;
};

TEST_CASE("a kernel answers as the machine does, or not at all", "[kernel]") {
  std::size_t kernels = 0, answered = 0, left = 0;
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    Expressions make(seed);
    Interner in;
    const std::string text = make.below(3) == 0 ? make.number(4) : make.truth(4);
    INFO("seed " << seed << ": " << text);
    const Compiled compiled = compile_text(text, in, make.bindings(in));
    REQUIRE(compiled.trouble.empty());
    const Kernel* kernel = compiled.code.kernel();
    if (kernel == nullptr) continue;
    ++kernels;
    for (int round = 0; round < 20; ++round) {
      const std::vector<Bound> bound = make.bindings(in);
      std::vector<Value> values;
      for (const Bound& b : bound) values.push_back(b.value);
      Frame frame;
      frame.variables = values.data();
      frame.interner = &in;
      const Value wanted = evaluate_by_machine(compiled.code, frame);
      std::int64_t bits = 0;
      if (kernel->run(frame, bits)) {
        ++answered;
        REQUIRE(to_source(wanted, in) == to_source(Value{kernel->kind(), 0, 0, 0, bits}, in));
      } else {
        ++left;
      }
      REQUIRE(evaluate(compiled.code, frame) == wanted);
      REQUIRE(test(compiled.code, frame) == truth_of(wanted));
    }
  }
  CHECK(kernels > 1500);
  CHECK(answered > 10'000);
  CHECK(left > 5000);
}

TEST_CASE("a subexpression that stands twice is computed once", "[kernel]") {
  Interner in;
  const std::vector<Bound> bound = {{"i", Type::of(TypeTag::kInt), Value::integer(3)}};
  const Compiled compiled = compile_text("(i * i + 1) * (i * i + 1) == 100", in, bound);
  REQUIRE(compiled.code.kernel() != nullptr);
  CHECK(compiled.code.kernel()->size() == 5);  // i * i, + 1, *, ==, and the answer
  CHECK(run_code(compiled.code, in, bound).is_true());
}

TEST_CASE("what has no kernel is left to the machine", "[kernel]") {
  Interner in;
  for (const char* text : {"size(s)", "s + s == s", "[i].exists(e, e > 1)", "duration(\"1s\") + duration(\"1s\") == duration(\"2s\")"}) {
    INFO(text);
    const std::vector<Bound> bound = {{"s", Type::of(TypeTag::kString), in.string("a")}, {"i", Type::of(TypeTag::kInt), Value::integer(2)}};
    const Compiled compiled = compile_text(text, in, bound);
    REQUIRE(compiled.trouble.empty());
    CHECK(compiled.code.kernel() == nullptr);
  }
}

}  // namespace
}  // namespace flyball::engine
