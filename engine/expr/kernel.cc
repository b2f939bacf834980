// See kernel.h.
#include "engine/expr/kernel.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "engine/expr/code.h"
#include "engine/expr/compare_bits.h"
#include "model/check.h"

namespace flyball::engine {

namespace {

// A Value of this kind is its `bits`.
bool is_number(Kind kind) { return kind == Kind::kBool || kind == Kind::kDouble || orders_as_integer(kind); }
// A Value of this kind is the handle of its content, and equal to another just when the handles are.
bool is_name(Kind kind) {
  return kind == Kind::kString || kind == Kind::kBytes || kind == Kind::kIp || kind == Kind::kCidr || kind == Kind::kType;
}

double real(std::int64_t bits) { return std::bit_cast<double>(bits); }
std::int64_t bits_of(double d) { return std::bit_cast<std::int64_t>(d); }

}  // namespace

// Goes through the instructions once, in order; as jumps lead forward only, what it knows of a register holds wherever it is read.
class KernelMaker {
 public:
  explicit KernelMaker(const Code& code) : code_(code) {
    temps_.fill(kNone);
    own_.fill(kNone);
  }

  std::unique_ptr<const Kernel> make() {
    if (code_.temp_count() > kTemps || !code_.loops().empty()) return nullptr;
    // Loads are found while the steps are made, and stand before them: registers are numbered by class first.
    std::vector<std::uint32_t> step_of;
    const auto instructions = code_.instructions();
    if (instructions.size() > kMaxInstructions) return nullptr;
    step_of.reserve(instructions.size());
    for (std::uint32_t pc = 0; pc < instructions.size(); ++pc) {
      step_of.push_back(static_cast<std::uint32_t>(kernel_->steps_.size()));
      forget_skipped(pc);
      if (!add(instructions[pc])) return nullptr;
    }
    for (Kernel::Step& step : kernel_->steps_) {
      if (jumps(step)) step.target = static_cast<std::uint16_t>(step_of[step.target]);
      step.dst = number(step.dst);
      step.a = number(step.a);
      if (reads_b(step)) step.b = number(step.b);
    }
    if (kernel_->constants_.size() + kernel_->loads_.size() + computed_ > Kernel::kMaxRegisters) return nullptr;
    kernel_->constants_.shrink_to_fit();
    kernel_->loads_.shrink_to_fit();
    kernel_->steps_.shrink_to_fit();
    return std::move(kernel_);
  }

 private:
  using Op = Kernel::Op;
  static constexpr std::uint32_t kTemps = 32;
  static constexpr std::size_t kMaxInstructions = 256;
  static constexpr std::uint8_t kNone = 0xFF;
  // Provisional register names: class in the upper bits.
  static constexpr std::uint8_t kConstant = 0x00, kLoad = 0x40, kComputed = 0x80;
  static constexpr std::size_t kMaxOfClass = 0x40;

  struct Known {
    Op op = Op::kReturn;
    std::uint8_t sub = 0, a = 0, b = 0;
    std::uint8_t at = 0;
    std::uint32_t pc = 0;
  };

  std::uint8_t number(std::uint8_t name) const {
    const auto constants = static_cast<std::uint8_t>(kernel_->constants_.size());
    const auto loads = static_cast<std::uint8_t>(kernel_->loads_.size());
    if (name < kLoad) return name;
    if (name < kComputed) return static_cast<std::uint8_t>(name - kLoad + constants);
    return static_cast<std::uint8_t>(name - kComputed + constants + loads);
  }
  static bool jumps(const Kernel::Step& step) {
    return step.op == Op::kJump || step.op == Op::kJumpIfFalse || step.jump_on != Kernel::kNever;
  }
  static bool reads_b(const Kernel::Step& step) { return step.op != Op::kReturn && step.op != Op::kMove; }

  // Where a jump lands, what was computed on the way that it leaves out is not known.
  void forget_skipped(std::uint32_t pc) {
    for (const auto& [from, to] : jumps_) {
      if (to == pc) std::erase_if(known_, [from](const Known& k) { return k.pc > from; });
    }
    pc_ = pc;
  }

  std::optional<std::uint8_t> constant(std::int64_t bits) {
    auto& all = kernel_->constants_;
    const auto at = std::find(all.begin(), all.end(), bits);
    if (at == all.end() && all.size() == kMaxOfClass) return std::nullopt;
    const auto place = static_cast<std::uint8_t>(at - all.begin());
    if (at == all.end()) all.push_back(bits);
    return static_cast<std::uint8_t>(kConstant + place);
  }

  std::optional<std::uint8_t> load(const Operand& o, Kind kind, bool presence) {
    Kernel::Load wanted{.kind = kind, .handle = is_name(kind), .presence = presence, .binding = o.binding};
    switch (o.space) {
      case Space::kRow: wanted.source = Kernel::Source::kRow; break;
      case Space::kLet: wanted.source = Kernel::Source::kLet; break;
      case Space::kInput: wanted.source = Kernel::Source::kInput; break;
      case Space::kVariable: wanted.source = Kernel::Source::kVariable; break;
      case Space::kAggregate: wanted.source = Kernel::Source::kAggregate; break;
      case Space::kTemp:
      case Space::kConstant: return std::nullopt;
    }
    if (o.index > 0xFFFF) return std::nullopt;
    wanted.field = static_cast<std::uint16_t>(o.index);
    auto& all = kernel_->loads_;
    const auto same = [&](const Kernel::Load& l) {
      return l.source == wanted.source && l.binding == wanted.binding && l.field == wanted.field && l.presence == wanted.presence;
    };
    const auto at = std::find_if(all.begin(), all.end(), same);
    if (at != all.end() && at->kind != kind) return std::nullopt;  // by one of its readers
    if (at == all.end() && all.size() == kMaxOfClass) return std::nullopt;
    const auto place = static_cast<std::uint8_t>(at - all.begin());
    if (at == all.end()) all.push_back(wanted);
    return static_cast<std::uint8_t>(kLoad + place);
  }

  // The register of an operand that must be of that kind.
  std::optional<std::uint8_t> operand(const Operand& o, Kind kind) {
    if (!is_number(kind) && !is_name(kind)) return std::nullopt;
    if (o.space == Space::kTemp) {
      if (temps_[o.index] == kNone || temp_kinds_[o.index] != kind) return std::nullopt;
      return temps_[o.index];
    }
    if (o.space == Space::kConstant) {
      const Value& v = code_.constants()[o.index];
      if (v.kind != kind) return std::nullopt;
      return constant(is_name(kind) ? static_cast<std::int64_t>(v.aux) : v.bits);
    }
    return load(o, kind, false);
  }
  // Of an operand of whatever kind, where its own place tells it.
  std::optional<Kind> known_kind(const Operand& o) const {
    if (o.space == Space::kTemp) return temps_[o.index] == kNone ? std::nullopt : std::optional(temp_kinds_[o.index]);
    if (o.space == Space::kConstant) return code_.constants()[o.index].kind;
    return std::nullopt;
  }

  std::optional<std::uint8_t> new_register() {
    if (computed_ == kMaxOfClass) return std::nullopt;
    return static_cast<std::uint8_t>(kComputed + computed_++);
  }
  // The one register that a temp has, for what is written on several ways.
  std::optional<std::uint8_t> own_register(std::uint32_t temp, Kind kind) {
    if (own_[temp] == kNone) {
      const auto made = new_register();
      if (!made) return std::nullopt;
      own_[temp] = *made;
    }
    temps_[temp] = own_[temp];
    temp_kinds_[temp] = kind;
    return own_[temp];
  }

  // dst = a op b, unless that is known already.
  bool compute(const Instruction& i, Op op, std::uint8_t sub, std::uint8_t a, std::uint8_t b, Kind kind) {
    const auto known =
        std::find_if(known_.begin(), known_.end(), [&](const Known& k) { return k.op == op && k.sub == sub && k.a == a && k.b == b; });
    if (known != known_.end()) {
      temps_[i.dst] = known->at;
      temp_kinds_[i.dst] = kind;
      return true;
    }
    const auto at = new_register();
    if (!at) return false;
    kernel_->steps_.push_back({.op = op, .sub = sub, .dst = *at, .a = a, .b = b});
    // A register that is written on several ways is not the same for ever.
    const auto is_own = [&](std::uint8_t r) { return std::find(own_.begin(), own_.end(), r) != own_.end(); };
    if (!is_own(a) && !is_own(b)) known_.push_back({op, sub, a, b, *at, pc_});
    temps_[i.dst] = *at;
    temp_kinds_[i.dst] = kind;
    return true;
  }

  // What gives a truth, alone or as a part of `and` or `or`.
  bool settle(const Instruction& i, Op op, std::uint8_t sub, std::uint8_t a, std::uint8_t b) {
    if (i.mode == Mode::kPlain) return compute(i, op, sub, a, b, Kind::kBool);
    const auto at = own_register(i.dst, Kind::kBool);
    if (!at) return false;
    const bool conjunction = i.mode == Mode::kAndFirst || i.mode == Mode::kAndNext;
    kernel_->steps_.push_back({.op = op,
                               .sub = sub,
                               .dst = *at,
                               .a = a,
                               .b = b,
                               .jump_on = static_cast<std::uint8_t>(conjunction ? 0 : 1),
                               .target = static_cast<std::uint16_t>(i.target)});
    jumps_.emplace_back(pc_, i.target);
    return true;
  }

  bool compare(const Instruction& i, Op op, Kind kind) {
    const auto a = operand(i.a, kind), b = operand(i.b, kind);
    return a && b && settle(i, op, i.sub, *a, *b);
  }
  bool arithmetic(const Instruction& i, Op op, Kind kind) {
    const auto a = operand(i.a, kind), b = operand(i.b, kind);
    return a && b && compute(i, op, 0, *a, *b, kind);
  }
  bool arithmetic(const Instruction& i) {
    switch (static_cast<Arithmetic>(i.sub)) {
      case Arithmetic::kAdd: return arithmetic(i, i.kind == Kind::kDouble ? Op::kAddDouble : Op::kAdd, i.kind);
      case Arithmetic::kSubtract: return arithmetic(i, i.kind == Kind::kDouble ? Op::kSubtractDouble : Op::kSubtract, i.kind);
      case Arithmetic::kMultiply: return arithmetic(i, i.kind == Kind::kDouble ? Op::kMultiplyDouble : Op::kMultiply, i.kind);
      case Arithmetic::kDivide: return arithmetic(i, i.kind == Kind::kDouble ? Op::kDivideDouble : Op::kDivide, i.kind);
      case Arithmetic::kRemainder: return i.kind == Kind::kInt && arithmetic(i, Op::kRemainder, i.kind);
    }
    return false;
  }
  bool move(const Instruction& i) {
    const std::optional<Kind> kind = known_kind(i.a);
    if (!kind) return false;  // a field's kind is known by what is done with it
    if (own_[i.dst] != kNone && temps_[i.dst] == own_[i.dst] && temp_kinds_[i.dst] != *kind) return false;
    const auto a = operand(i.a, *kind);
    const auto at = a ? own_register(i.dst, *kind) : std::nullopt;
    if (!at) return false;
    kernel_->steps_.push_back({.op = Op::kMove, .dst = *at, .a = *a});
    return true;
  }

  bool add(const Instruction& i) {
    switch (i.op) {
      case Opcode::kReturn: {
        const std::optional<Kind> kind = known_kind(i.a);
        if (!kind || !is_number(*kind)) return false;
        const auto a = operand(i.a, *kind);
        if (!a) return false;
        kernel_->kind_ = *kind;
        kernel_->steps_.push_back({.op = Op::kReturn, .a = *a});
        return true;
      }
      case Opcode::kMove: return move(i);
      case Opcode::kCompareBits: return compare(i, Op::kCompare, i.kind);
      case Opcode::kCompareSame: return is_name(i.kind) || is_number(i.kind) ? compare(i, Op::kCompare, i.kind) : false;
      case Opcode::kCompareDouble: return compare(i, Op::kCompareDouble, Kind::kDouble);
      case Opcode::kAddInt: return arithmetic(i, Op::kAdd, Kind::kInt);
      case Opcode::kSubtractInt: return arithmetic(i, Op::kSubtract, Kind::kInt);
      case Opcode::kMultiplyInt: return arithmetic(i, Op::kMultiply, Kind::kInt);
      case Opcode::kArithmetic: return (i.kind == Kind::kInt || i.kind == Kind::kDouble) && arithmetic(i);
      case Opcode::kNegate: {
        if (i.kind != Kind::kInt && i.kind != Kind::kDouble) return false;
        const auto a = operand(i.a, i.kind);
        return a && compute(i, i.kind == Kind::kDouble ? Op::kNegateDouble : Op::kNegate, 0, *a, *a, i.kind);
      }
      case Opcode::kNot: {
        const auto a = operand(i.a, Kind::kBool);
        return a && settle(i, Op::kNot, 0, *a, *a);
      }
      case Opcode::kTruth: {
        const auto a = operand(i.a, Kind::kBool);
        return a && settle(i, Op::kTruth, 0, *a, *a);
      }
      case Opcode::kIsPresent: {
        const auto a = load(i.a, Kind::kBool, true);
        return a && settle(i, Op::kTruth, 0, *a, *a);
      }
      case Opcode::kInSet: {
        const auto a = i.n <= kMaxAmong ? operand(i.a, i.kind) : std::nullopt;
        if (!a) return false;
        // Side by side: none of them shared with another constant.
        auto& all = kernel_->constants_;
        if (all.size() + i.n > kMaxOfClass) return false;
        const auto first = static_cast<std::uint8_t>(kConstant + all.size());
        for (std::uint32_t k = 0; k < i.n; ++k) {
          const Value& v = code_.constants()[i.b.index + k];
          all.push_back(is_name(i.kind) ? static_cast<std::int64_t>(v.aux) : v.bits);
        }
        return settle(i, Op::kAmong, static_cast<std::uint8_t>(i.n), *a, first);
      }
      case Opcode::kJump:
        kernel_->steps_.push_back({.op = Op::kJump, .target = static_cast<std::uint16_t>(i.target)});
        jumps_.emplace_back(pc_, i.target);
        return true;
      case Opcode::kBranch: {
        const auto a = operand(i.a, Kind::kBool);
        if (!a) return false;
        kernel_->steps_.push_back({.op = Op::kJumpIfFalse, .a = *a, .target = static_cast<std::uint16_t>(i.target)});
        jumps_.emplace_back(pc_, i.target);
        return true;
      }
      default: return false;
    }
  }

  static constexpr std::uint32_t kMaxAmong = 8;
  const Code& code_;
  std::unique_ptr<Kernel> kernel_ = std::make_unique<Kernel>();
  std::array<std::uint8_t, kTemps> temps_{};  // the register that a temp is in
  std::array<Kind, kTemps> temp_kinds_{};
  std::array<std::uint8_t, kTemps> own_{};  // kNone: none
  std::vector<Known> known_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> jumps_;
  std::size_t computed_ = 0;
  std::uint32_t pc_ = 0;
};

std::unique_ptr<const Kernel> Kernel::make(const Code& code) { return KernelMaker(code).make(); }

bool Kernel::run(const Frame& frame, std::int64_t& result) const {
  std::int64_t r[kMaxRegisters];
  std::int64_t* next = r;
  for (const std::int64_t constant : constants_) *next++ = constant;  // few: a loop, not a call
  for (const Load& load : loads_) {
    Row from;
    switch (load.source) {
      case Source::kRow: from = frame.rows[load.binding]; break;
      case Source::kLet: from = frame.lets; break;
      case Source::kInput: from = frame.input; break;
      case Source::kVariable: from = frame.variables; break;
      case Source::kAggregate: from = frame.aggregates; break;
    }
    if (!load.presence && from.bits(load.field, load.kind, *next)) {
      ++next;
      continue;
    }
    const Value v = from[load.field];
    if (load.presence) {
      if (v.is_error()) return false;
      *next++ = v.is_null() ? 0 : 1;
      continue;
    }
    if (v.kind != load.kind) return false;
    *next++ = load.handle ? static_cast<std::int64_t>(v.aux) : v.bits;
  }
  const Step* const steps = steps_.data();
  const auto settled = [&](const Step* s, bool truth) {
    r[s->dst] = truth ? 1 : 0;
    return r[s->dst] == s->jump_on ? steps + s->target : s + 1;
  };
  for (const Step* s = steps;;) {
    switch (s->op) {
      case Op::kReturn: result = r[s->a]; return true;
      case Op::kMove: r[s->dst] = r[s->a]; break;
      case Op::kAdd:
        if (__builtin_add_overflow(r[s->a], r[s->b], &r[s->dst])) return false;
        break;
      case Op::kSubtract:
        if (__builtin_sub_overflow(r[s->a], r[s->b], &r[s->dst])) return false;
        break;
      case Op::kMultiply:
        if (__builtin_mul_overflow(r[s->a], r[s->b], &r[s->dst])) return false;
        break;
      case Op::kDivide:
      case Op::kRemainder: {
        const std::int64_t a = r[s->a], b = r[s->b];
        if (((a | b) >> 31) == 0 && b != 0) {  // the processor divides short numbers much faster
          const auto x = static_cast<std::uint32_t>(a), y = static_cast<std::uint32_t>(b);
          r[s->dst] = s->op == Op::kDivide ? x / y : x % y;
          break;
        }
        if (b == 0 || (b == -1 && a == INT64_MIN)) return false;
        r[s->dst] = s->op == Op::kDivide ? a / b : a % b;
        break;
      }
      case Op::kNegate:
        if (__builtin_sub_overflow(std::int64_t{0}, r[s->a], &r[s->dst])) return false;
        break;
      case Op::kAddDouble: r[s->dst] = bits_of(real(r[s->a]) + real(r[s->b])); break;
      case Op::kSubtractDouble: r[s->dst] = bits_of(real(r[s->a]) - real(r[s->b])); break;
      case Op::kMultiplyDouble: r[s->dst] = bits_of(real(r[s->a]) * real(r[s->b])); break;
      case Op::kDivideDouble: r[s->dst] = bits_of(real(r[s->a]) / real(r[s->b])); break;
      case Op::kNegateDouble: r[s->dst] = bits_of(-real(r[s->a])); break;
      case Op::kCompare: s = settled(s, compares(s->sub, r[s->a], r[s->b])); continue;
      case Op::kCompareDouble: s = settled(s, compares(s->sub, real(r[s->a]), real(r[s->b]))); continue;
      case Op::kTruth: s = settled(s, r[s->a] != 0); continue;
      case Op::kNot: s = settled(s, r[s->a] == 0); continue;
      case Op::kAmong: {
        const std::int64_t* const set = r + s->b;
        s = settled(s, std::find(set, set + s->sub, r[s->a]) != set + s->sub);
        continue;
      }
      case Op::kJump: s = steps + s->target; continue;
      case Op::kJumpIfFalse: s = r[s->a] == 0 ? steps + s->target : s + 1; continue;
    }
    ++s;
  }
}

}  // namespace flyball::engine
