// The machine that runs Code. One pass over the instructions; the body of a comprehension is a run of its own, so
// depth of recursion is the nesting of comprehensions in the source (at most the parser's kMaxNesting).
#include "engine/expr/eval.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

#include "engine/expr/calendar_clock.h"
#include "engine/expr/collect.h"
#include "engine/expr/compare_bits.h"
#include "engine/expr/count_interval.h"
#include "engine/expr/functions.h"
#include "engine/expr/kernel.h"
#include "engine/expr/operators.h"
#include "model/compare.h"
#include "model/text_pattern.h"

namespace flyball::engine {

namespace {

constexpr std::uint32_t kInlineTemps = 32;

Value passed_on(const Value& error) { return as_count_interval(error) ? Value::unknown() : error; }

class Machine {
 public:
  Machine(const Code& code, const Frame& frame, Value* temps)
      : code_(code), frame_(frame), instructions_(code.instructions().data()), temps_(temps) {
    bases_[static_cast<std::size_t>(Space::kTemp)] = temps;
    bases_[static_cast<std::size_t>(Space::kConstant)] = code.constants();
    bases_[static_cast<std::size_t>(Space::kLet)] = frame.lets;
    bases_[static_cast<std::size_t>(Space::kInput)] = frame.input;
    bases_[static_cast<std::size_t>(Space::kVariable)] = frame.variables;
    bases_[static_cast<std::size_t>(Space::kAggregate)] = frame.aggregates;
  }

  Value run(std::uint32_t pc);

 private:
  Value load(const Operand& o) const {
    if (o.space == Space::kRow) return frame_.rows[o.binding][o.index];
    return bases_[static_cast<std::size_t>(o.space)][o.index];
  }
  Interner& in() const { return *frame_.interner; }

  // Takes a truth as the instruction's mode says; gives the next instruction.
  std::uint32_t settle(const Instruction& i, const Value& r, std::uint32_t pc) {
    Value& dst = temps_[i.dst];
    switch (i.mode) {
      case Mode::kPlain: dst = r; return pc + 1;
      case Mode::kAndFirst: dst = r; return r.is_false() ? i.target : pc + 1;
      case Mode::kOrFirst: dst = r; return r.is_true() ? i.target : pc + 1;
      case Mode::kAndNext:
        if (r.is_false()) {
          dst = r;
          return i.target;
        }
        if (dst.is_true()) dst = r;
        return pc + 1;
      case Mode::kOrNext:
        if (r.is_true()) {
          dst = r;
          return i.target;
        }
        if (dst.is_false()) dst = r;
        return pc + 1;
    }
    return pc + 1;
  }

  Value truth(const Value& v) const {
    if (v.is(Kind::kBool)) return v;
    return v.is_error() ? passed_on(v) : no_overload(in());
  }

  std::span<const Value> flags(const Instruction& i) const {
    return i.b.index == kNoHandle ? std::span<const Value>() : in().items(code_.constants()[i.b.index]);
  }

  Value call_function(const Instruction& i) const {
    if (i.n > 2) return call(i.fn, {temps_ + i.a.index, i.n}, in());
    Value args[2];
    if (i.n > 0) args[0] = load(i.a);
    if (i.n > 1) args[1] = load(i.b);
    return call(i.fn, {args, i.n}, in());
  }

  Value in_set(const Instruction& i) const;
  Value matches(const Instruction& i) const;
  Value same_fact(const Instruction& i) const;
  Value fact_map(const Instruction& i) const;
  Value comprehend(const Instruction& i);
  Value quantified(Macro macro, const Loop& loop, const Value& over);
  Value transformed(Macro macro, const Loop& loop, const Value& over);
  Value optional_mapped(Macro macro, const Loop& loop, const Value& over);

  // Sets the loop's variables for element `at` and gives the key (or index) and the element.
  MapEntry bind(const Loop& loop, const Value& over, std::size_t at);
  std::size_t count(const Value& over) const { return over.is(Kind::kList) ? in().items(over).size() : in().entries(over).size(); }
  bool spend() { return iterations_++ < kMaxIterations; }

  const Code& code_;
  const Frame& frame_;
  const Instruction* instructions_;
  Value* temps_;
  const Value* bases_[6];
  std::uint64_t iterations_ = 0;
};

Value Machine::run(std::uint32_t pc) {
  for (;;) {
    const Instruction& i = instructions_[pc];
    switch (i.op) {
      case Opcode::kReturn: return load(i.a);
      case Opcode::kMove:
        temps_[i.dst] = load(i.a);
        if (temps_[i.dst].is_error()) temps_[i.dst] = passed_on(temps_[i.dst]);
        ++pc;
        break;
      case Opcode::kCompareBits: {
        const Value a = load(i.a), b = load(i.b);
        if (a.kind == i.kind && b.kind == i.kind) [[likely]] {
          pc = settle(i, Value::boolean(compares(i.sub, a.bits, b.bits)), pc);
        } else {
          pc = settle(i, compare(static_cast<Compare>(i.sub), a, b, in()), pc);
        }
        break;
      }
      case Opcode::kCompareDouble: {
        const Value a = load(i.a), b = load(i.b);
        if (a.is(Kind::kDouble) && b.is(Kind::kDouble)) [[likely]] {
          pc = settle(i, Value::boolean(compares(i.sub, a.as_double(), b.as_double())), pc);
        } else {
          pc = settle(i, compare(static_cast<Compare>(i.sub), a, b, in()), pc);
        }
        break;
      }
      case Opcode::kCompareSame: {
        const Value a = load(i.a), b = load(i.b);
        if (a.kind == i.kind && b.kind == i.kind) [[likely]] {
          pc = settle(i, Value::boolean((a == b) == (i.sub == static_cast<std::uint8_t>(Compare::kEqual))), pc);
        } else {
          pc = settle(i, compare(static_cast<Compare>(i.sub), a, b, in()), pc);
        }
        break;
      }
      case Opcode::kCompare: pc = settle(i, compare(static_cast<Compare>(i.sub), load(i.a), load(i.b), in()), pc); break;
      case Opcode::kAddInt: {
        const Value a = load(i.a), b = load(i.b);
        std::int64_t r = 0;
        if (a.is(Kind::kInt) && b.is(Kind::kInt) && !__builtin_add_overflow(a.bits, b.bits, &r)) [[likely]] {
          temps_[i.dst] = Value::integer(r);
        } else {
          temps_[i.dst] = arithmetic(Arithmetic::kAdd, a, b, in());
        }
        ++pc;
        break;
      }
      case Opcode::kSubtractInt: {
        const Value a = load(i.a), b = load(i.b);
        std::int64_t r = 0;
        if (a.is(Kind::kInt) && b.is(Kind::kInt) && !__builtin_sub_overflow(a.bits, b.bits, &r)) [[likely]] {
          temps_[i.dst] = Value::integer(r);
        } else {
          temps_[i.dst] = arithmetic(Arithmetic::kSubtract, a, b, in());
        }
        ++pc;
        break;
      }
      case Opcode::kMultiplyInt: {
        const Value a = load(i.a), b = load(i.b);
        std::int64_t r = 0;
        if (a.is(Kind::kInt) && b.is(Kind::kInt) && !__builtin_mul_overflow(a.bits, b.bits, &r)) [[likely]] {
          temps_[i.dst] = Value::integer(r);
        } else {
          temps_[i.dst] = arithmetic(Arithmetic::kMultiply, a, b, in());
        }
        ++pc;
        break;
      }
      case Opcode::kArithmetic:
        temps_[i.dst] = arithmetic(static_cast<Arithmetic>(i.sub), load(i.a), load(i.b), in());
        ++pc;
        break;
      case Opcode::kNegate:
        temps_[i.dst] = negate(load(i.a), in());
        ++pc;
        break;
      case Opcode::kNot: {
        const Value t = truth(load(i.a));
        pc = settle(i, t.is_error() ? t : Value::boolean(!t.as_bool()), pc);
        break;
      }
      case Opcode::kTruth: pc = settle(i, truth(load(i.a)), pc); break;
      case Opcode::kJump: pc = i.target; break;
      case Opcode::kBranch: {
        const Value t = truth(load(i.a));
        if (t.is_error()) {
          temps_[i.dst] = t;
          pc = i.c;
        } else {
          pc = t.as_bool() ? pc + 1 : i.target;
        }
        break;
      }
      case Opcode::kCoalesce: {
        const Value a = load(i.a);
        temps_[i.dst] = a.is_error() ? passed_on(a) : a;
        pc = a.is_null() ? pc + 1 : i.target;
        break;
      }
      case Opcode::kCall:
        temps_[i.dst] = call_function(i);
        ++pc;
        break;
      case Opcode::kIndex:
      case Opcode::kIndexOptional:
        temps_[i.dst] = index(load(i.a), load(i.b), i.op == Opcode::kIndexOptional, in());
        ++pc;
        break;
      case Opcode::kSelect:
      case Opcode::kSelectOptional: {
        const Value a = load(i.a);
        // Only maps and optionals have members; a list is not indexed by a name.
        const bool has_members = a.is(Kind::kMap) || a.is(Kind::kOptional) || a.is_error();
        temps_[i.dst] = has_members ? index(a, load(i.b), i.op == Opcode::kSelectOptional, in()) : no_overload(in());
        ++pc;
        break;
      }
      case Opcode::kHas: pc = settle(i, has_member(load(i.a), load(i.b), in()), pc); break;
      case Opcode::kIsPresent: {
        const Value a = load(i.a);
        pc = settle(i, a.is_error() ? passed_on(a) : Value::boolean(!a.is_null()), pc);
        break;
      }
      case Opcode::kStale: pc = settle(i, Value::boolean(load(i.a).is_error()), pc); break;
      case Opcode::kStaleFact: {
        const Row row = frame_.rows[i.a.binding];
        bool stale = false;
        for (std::uint32_t f = 0; f < i.n; ++f) stale = stale || row[f].is_error();
        pc = settle(i, Value::boolean(stale), pc);
        break;
      }
      case Opcode::kSameFact: pc = settle(i, same_fact(i), pc); break;
      case Opcode::kFactMap:
        temps_[i.dst] = fact_map(i);
        ++pc;
        break;
      case Opcode::kNow:
        temps_[i.dst] = to_value(frame_.now);
        ++pc;
        break;
      case Opcode::kList:
        temps_[i.dst] = make_list({temps_ + i.a.index, i.n}, flags(i), in());
        ++pc;
        break;
      case Opcode::kMap:
        temps_[i.dst] = make_map({temps_ + i.a.index, i.n}, flags(i), in());
        ++pc;
        break;
      case Opcode::kRange:
        temps_[i.dst] = make_range(load(i.a), load(i.b), i.sub != 0, in());
        ++pc;
        break;
      case Opcode::kIn: pc = settle(i, is_in(load(i.a), load(i.b), in()), pc); break;
      case Opcode::kInCalendar: {
        const Value a = load(i.a);
        const CalendarClock& calendar = code_.calendar(i.c);
        pc = settle(i,
                    a.is_error()             ? passed_on(a)
                    : a.is(Kind::kTimestamp) ? Value::boolean(calendar.contains_second(a.bits))
                                             : no_overload(in()),
                    pc);
        break;
      }
      case Opcode::kInRange: {
        const Value* bounds = (i.b.space == Space::kConstant ? code_.constants() : temps_) + i.b.index;
        pc = settle(i, is_in_range(load(i.a), bounds[0], bounds[1], i.sub != 0, in()), pc);
        break;
      }
      case Opcode::kInSet: pc = settle(i, in_set(i), pc); break;
      case Opcode::kLike:
      case Opcode::kMatches:
      case Opcode::kLikeDynamic: pc = settle(i, matches(i), pc); break;
      case Opcode::kConcat:
        temps_[i.dst] = concatenate({temps_ + i.a.index, i.n}, in());
        ++pc;
        break;
      case Opcode::kComprehend: pc = settle(i, comprehend(i), pc); break;
    }
  }
}

Value Machine::in_set(const Instruction& i) const {
  const Value a = load(i.a);
  if (a.is_error()) return passed_on(a);
  const Value* set = code_.constants() + i.b.index;
  if (a.kind != i.kind) {
    return Value::boolean(std::any_of(set, set + i.n, [&](const Value& v) { return cel_equal(a, v, in()); }));
  }
  if (i.n <= 8) return Value::boolean(std::find(set, set + i.n, a) != set + i.n);
  const auto less = [](const Value& x, const Value& y) { return x.bits != y.bits ? x.bits < y.bits : x.aux < y.aux; };
  return Value::boolean(std::binary_search(set, set + i.n, a, less));
}

Value Machine::matches(const Instruction& i) const {
  const Value a = load(i.a);
  if (a.is_error()) return passed_on(a);
  if (i.op == Opcode::kLikeDynamic) {
    const Value b = load(i.b);
    if (b.is_error()) return passed_on(b);
    if (!a.is(Kind::kString) || !b.is(Kind::kString)) return no_overload(in());
    if (in().text(b).size() > kMaxGlobBytes) return bad_pattern(TextPattern::glob(in().text(b)), in());
    return Value::boolean(glob_matches(in().text(b), in().text(a)));
  }
  if (!a.is(Kind::kString)) return no_overload(in());
  const TextPattern& p = code_.pattern(i.c);
  return p.ok() ? Value::boolean(p.matches(in().text(a))) : bad_pattern(p, in());
}

Value Machine::same_fact(const Instruction& i) const {
  const Row a = frame_.rows[i.a.binding], b = frame_.rows[i.b.binding];
  const bool wanted = static_cast<Compare>(i.sub) == Compare::kEqual;
  if (a == b) return Value::boolean(wanted);
  if (i.c == kNoHandle) return Value::boolean(!wanted);
  for (const Value& field : in().items(code_.constants()[i.c])) {
    const auto f = static_cast<std::size_t>(field.as_int());
    if (a[f].is_error() || b[f].is_error()) return Value::unknown();
    if (a[f] != b[f]) return Value::boolean(!wanted);
  }
  return Value::boolean(wanted);
}

Value Machine::fact_map(const Instruction& i) const {
  const Row row = frame_.rows[i.a.binding];
  const auto names = in().items(code_.constants()[i.b.index]);
  std::vector<Value> pairs;
  for (std::size_t f = 0; f < names.size(); ++f) {
    pairs.push_back(names[f]);
    pairs.push_back(row[f]);
  }
  return make_map(pairs, {}, in());
}

MapEntry Machine::bind(const Loop& loop, const Value& over, std::size_t at) {
  MapEntry e;
  if (over.is(Kind::kList)) {
    e = {Value::integer(static_cast<std::int64_t>(at)), in().items(over)[at]};
  } else {
    e = in().entries(over)[at];
  }
  if (loop.two_variables) {
    temps_[loop.first_variable] = e.key;
    temps_[loop.second_variable] = e.value;
  } else {
    temps_[loop.first_variable] = over.is(Kind::kList) ? e.value : e.key;
  }
  return e;
}

Value Machine::comprehend(const Instruction& i) {
  const Value over = load(i.a);
  if (over.is_error()) return passed_on(over);
  const auto macro = static_cast<Macro>(i.sub);
  const Loop& loop = code_.loops()[i.c];
  if (macro == Macro::kOptMap || macro == Macro::kOptFlatMap) return optional_mapped(macro, loop, over);
  if (!over.is(Kind::kList) && !over.is(Kind::kMap)) return no_overload(in());
  if (macro == Macro::kAll || macro == Macro::kExists || macro == Macro::kExistsOne) return quantified(macro, loop, over);
  return transformed(macro, loop, over);
}

Value Machine::quantified(Macro macro, const Loop& loop, const Value& over) {
  const std::size_t n = count(over);
  Value unknown = Value::null();  // the first one
  std::size_t found = 0;
  for (std::size_t at = 0; at < n; ++at) {
    if (!spend()) return in().error("too many iterations");
    bind(loop, over, at);
    const Value t = truth(run(loop.predicate));
    if (t.is_error()) {
      if (macro == Macro::kExistsOne) return t;
      if (unknown.is_null()) unknown = t;
    } else if (macro == Macro::kAll ? !t.as_bool() : macro == Macro::kExists && t.as_bool()) {
      return t;
    } else if (t.as_bool()) {
      ++found;
    }
  }
  if (!unknown.is_null()) return unknown;
  return Value::boolean(macro == Macro::kAll || (macro == Macro::kExistsOne && found == 1));
}

Value Machine::transformed(Macro macro, const Loop& loop, const Value& over) {
  const std::size_t n = count(over);
  const bool to_map = macro == Macro::kTransformMap || macro == Macro::kTransformMapEntry;
  std::vector<Value> out;
  for (std::size_t at = 0; at < n; ++at) {
    if (!spend()) return in().error("too many iterations");
    const MapEntry e = bind(loop, over, at);
    if (loop.predicate != kNoHandle) {
      const Value t = truth(run(loop.predicate));
      if (t.is_error()) return t;
      if (!t.as_bool()) continue;
    }
    if (macro == Macro::kFilter) {
      out.push_back(over.is(Kind::kList) ? e.value : e.key);
      continue;
    }
    const Value v = run(loop.transform);
    if (v.is_error()) return passed_on(v);
    if (macro == Macro::kTransformMapEntry) {
      if (!v.is(Kind::kMap)) return no_overload(in());
      for (const MapEntry& made : in().entries(v)) {
        out.push_back(made.key);
        out.push_back(made.value);
      }
    } else {
      if (to_map) out.push_back(e.key);
      out.push_back(v);
    }
    if (out.size() > kMaxValueItems) return in().error("list too long");
  }
  return to_map ? make_map(out, {}, in()) : in().list(out);
}

Value Machine::optional_mapped(Macro macro, const Loop& loop, const Value& over) {
  if (!over.is(Kind::kOptional)) return no_overload(in());
  if (over.aux == kNoHandle) return over;
  temps_[loop.first_variable] = in().optional_value(over);
  const Value v = run(loop.transform);
  if (v.is_error()) return passed_on(v);
  if (macro == Macro::kOptMap) return in().optional_of(v);
  return v.is(Kind::kOptional) ? v : no_overload(in());
}

}  // namespace

Value evaluate_by_machine(const Code& code, const Frame& frame) {
  if (code.temp_count() <= kInlineTemps) [[likely]] {
    // Not initialised: every temp is written before it is read.
    alignas(Value) std::byte temps[kInlineTemps * sizeof(Value)];
    return Machine(code, frame, reinterpret_cast<Value*>(temps)).run(0);
  }
  std::vector<Value> temps(code.temp_count());
  return Machine(code, frame, temps.data()).run(0);
}

Value evaluate(const Code& code, const Frame& frame) {
  if (const Kernel* kernel = code.kernel()) {
    std::int64_t bits = 0;
    if (kernel->run(frame, bits)) return {kernel->kind(), 0, 0, 0, bits};
  }
  // Most of what a rule writes is a field of what it matched.
  const Instruction& first = code.instructions().front();
  if (first.op == Opcode::kReturn && first.a.space == Space::kRow) return frame.rows[first.a.binding][first.a.index];
  return evaluate_by_machine(code, frame);
}

namespace {

// Code::is_comparisons(): fields against constants or fields, joined by one `and` or one `or`, without the machine.
Truth run_comparisons(const Code& code, const Frame& frame) {
  const Value* constants = code.constants();
  const auto bits_of = [&](const Operand& o, Kind kind, std::int64_t& out) {
    return o.space == Space::kRow ? frame.rows[o.binding].bits(o.index, kind, out) : Row(constants).bits(o.index, kind, out);
  };
  const auto value_of = [&](const Operand& o) { return o.space == Space::kRow ? frame.rows[o.binding][o.index] : constants[o.index]; };
  Truth all = Truth::kUnknown;
  for (const Instruction* i = code.instructions().data(); i->op != Opcode::kReturn; ++i) {
    std::int64_t x = 0, y = 0;
    Truth t = Truth::kUnknown;
    if (!bits_of(i->a, i->kind, x) || !bits_of(i->b, i->kind, y)) [[unlikely]] {
      t = truth_of(compare(static_cast<Compare>(i->sub), value_of(i->a), value_of(i->b), *frame.interner));
    } else if (i->op == Opcode::kCompareBits) {
      t = compares(i->sub, x, y) ? Truth::kTrue : Truth::kFalse;
    } else if (i->op == Opcode::kCompareSame) {
      t = (x == y) == (i->sub == static_cast<std::uint8_t>(Compare::kEqual)) ? Truth::kTrue : Truth::kFalse;
    } else {
      t = compares(i->sub, std::bit_cast<double>(x), std::bit_cast<double>(y)) ? Truth::kTrue : Truth::kFalse;
    }
    switch (i->mode) {
      case Mode::kPlain: return t;
      case Mode::kAndFirst: all = Truth::kTrue; [[fallthrough]];
      case Mode::kAndNext:
        if (t == Truth::kFalse) return t;
        all = truth_and(all, t);
        break;
      case Mode::kOrFirst: all = Truth::kFalse; [[fallthrough]];
      case Mode::kOrNext:
        if (t == Truth::kTrue) return t;
        all = truth_or(all, t);
        break;
    }
  }
  return all;
}

}  // namespace

Truth test(const Code& code, const Frame& frame) {
  if (code.is_comparisons()) return run_comparisons(code, frame);
  if (const Kernel* kernel = code.kernel(); kernel != nullptr && kernel->kind() == Kind::kBool) {
    std::int64_t bits = 0;
    if (kernel->run(frame, bits)) return bits != 0 ? Truth::kTrue : Truth::kFalse;
    return truth_of(evaluate_by_machine(code, frame));
  }
  return truth_of(evaluate(code, frame));
}

}  // namespace flyball::engine
