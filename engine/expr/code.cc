// What Code tells about itself. See code.h.
#include "engine/expr/code.h"

#include <algorithm>

#include "engine/expr/kernel.h"
#include "model/text_pattern.h"

namespace flyball::engine {

Code::Code() {
  constants_.push_back(Value::unknown());
  instructions_.push_back({});  // return constant 0
}
Code::~Code() = default;
Code::Code(Code&&) noexcept = default;
Code& Code::operator=(Code&&) noexcept = default;

std::uint64_t Code::fields_of(std::uint32_t binding) const {
  for (const Read& r : reads_) {
    if (r.binding == binding) return r.fields;
  }
  return 0;
}

const Value* Code::constant() const {
  const Instruction& first = instructions_.front();
  return first.op == Opcode::kReturn && first.a.space == Space::kConstant ? &constants_[first.a.index] : nullptr;
}

const Code::More& Code::more() const {
  static const More kNone;
  return more_ == nullptr ? kNone : *more_;
}

Code::More& Code::add_more() {
  if (more_ == nullptr) more_ = std::make_unique<More>();
  return *more_;
}

const TextPattern& Code::pattern(std::uint32_t i) const { return *more().patterns[i]; }

namespace {

const char* word(Opcode op) {
  switch (op) {
    case Opcode::kReturn: return "return";
    case Opcode::kMove: return "move";
    case Opcode::kCompareBits: return "compare_bits";
    case Opcode::kCompareDouble: return "compare_double";
    case Opcode::kCompareSame: return "compare_same";
    case Opcode::kCompare: return "compare";
    case Opcode::kAddInt: return "add_int";
    case Opcode::kSubtractInt: return "subtract_int";
    case Opcode::kMultiplyInt: return "multiply_int";
    case Opcode::kArithmetic: return "arithmetic";
    case Opcode::kNegate: return "negate";
    case Opcode::kNot: return "not";
    case Opcode::kTruth: return "truth";
    case Opcode::kJump: return "jump";
    case Opcode::kBranch: return "branch";
    case Opcode::kCoalesce: return "coalesce";
    case Opcode::kCall: return "call";
    case Opcode::kInCalendar: return "in_calendar";
    case Opcode::kIndex: return "index";
    case Opcode::kIndexOptional: return "index_optional";
    case Opcode::kSelect: return "select";
    case Opcode::kSelectOptional: return "select_optional";
    case Opcode::kHas: return "has";
    case Opcode::kIsPresent: return "is_present";
    case Opcode::kStale: return "stale";
    case Opcode::kStaleFact: return "stale_fact";
    case Opcode::kSameFact: return "same_fact";
    case Opcode::kFactMap: return "fact_map";
    case Opcode::kNow: return "now";
    case Opcode::kList: return "list";
    case Opcode::kMap: return "map";
    case Opcode::kRange: return "range";
    case Opcode::kIn: return "in";
    case Opcode::kInRange: return "in_range";
    case Opcode::kInSet: return "in_set";
    case Opcode::kLike: return "like";
    case Opcode::kMatches: return "matches";
    case Opcode::kLikeDynamic: return "like_dynamic";
    case Opcode::kConcat: return "concat";
    case Opcode::kComprehend: return "comprehend";
  }
  return "?";
}

std::string text_of(const Operand& o) {
  const std::string i = std::to_string(o.index);
  switch (o.space) {
    case Space::kTemp: return "t" + i;
    case Space::kConstant: return "k" + i;
    case Space::kLet: return "let" + i;
    case Space::kInput: return "in" + i;
    case Space::kVariable: return "var" + i;
    case Space::kAggregate: return "agg" + i;
    case Space::kRow: return "b" + std::to_string(o.binding) + "." + i;
  }
  return "?";
}

}  // namespace

std::string Code::dump() const {
  static constexpr const char* kModes[] = {"", " and_first", " and_next", " or_first", " or_next"};
  std::string out;
  for (std::size_t i = 0; i < instructions_.size(); ++i) {
    const Instruction& x = instructions_[i];
    out += std::to_string(i) + ' ' + word(x.op) + " t" + std::to_string(x.dst) + ' ' + text_of(x.a) + ' ' + text_of(x.b);
    if (x.sub != 0) out += " sub " + std::to_string(x.sub);
    if (x.n != 0) out += " n " + std::to_string(x.n);
    out += kModes[static_cast<std::size_t>(x.mode)];
    if (x.target != 0) out += " -> " + std::to_string(x.target);
    out += '\n';
  }
  return out;
}

}  // namespace flyball::engine
