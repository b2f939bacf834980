// What finished code reads, and whether the evaluator's shortest path can run it. See expr_walk.h.
#include "engine/compile/expr_walk.h"
#include "engine/expr/kernel.h"
#include "model/check.h"

namespace flyball::engine {

// What the finished instructions read.
void ExprCompiler::describe() {
  code_.is_comparisons_ = only_comparisons();
  if (!code_.is_comparisons_ && code_.instructions_.size() > 1) code_.kernel_ = Kernel::make(code_);
  const auto add_read = [&](std::uint32_t binding, std::uint64_t fields) {
    for (Read& r : code_.reads_) {
      if (r.binding == binding) {
        r.fields |= fields;
        return;
      }
    }
    code_.reads_.push_back({binding, fields});
  };
  const auto add = [](std::vector<std::uint32_t>& to, std::uint32_t i) {
    if (std::find(to.begin(), to.end(), i) == to.end()) to.push_back(i);
  };
  const auto low_bits = [](std::uint32_t n) { return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1; };
  for (const Instruction& i : code_.instructions_) {
    if (i.op == Opcode::kStaleFact) {
      // Any field will do, as what becomes stale, or live again, changes as a whole: one that does not change otherwise.
      add_read(i.a.binding, std::uint64_t{1} << i.c);
      continue;
    }
    if (i.op == Opcode::kFactMap) {
      add_read(i.a.binding, low_bits(i.n));
      continue;
    }
    if (i.op == Opcode::kSameFact) {
      std::uint64_t fields = 0;
      if (i.c != kNoHandle) {
        for (const Value& f : in_.items(code_.constants_[i.c])) fields |= std::uint64_t{1} << f.as_int();
      }
      add_read(i.a.binding, fields);
      add_read(i.b.binding, fields);
      continue;
    }
    for (const Operand* o : {&i.a, &i.b}) {
      switch (o->space) {
        case Space::kRow:
          FB_CHECK(o->index < kMaxFields);
          add_read(o->binding, std::uint64_t{1} << o->index);
          break;
        case Space::kLet: add(code_.add_more().lets, o->index); break;
        case Space::kInput: add(code_.add_more().inputs, o->index); break;
        case Space::kAggregate: add(code_.add_more().aggregates, o->index); break;
        default: break;
      }
    }
  }
  std::sort(code_.reads_.begin(), code_.reads_.end(), [](const Read& a, const Read& b) { return a.binding < b.binding; });
  if (code_.more_ == nullptr) return;
  for (std::vector<std::uint32_t>* places : {&code_.more_->lets, &code_.more_->inputs, &code_.more_->aggregates}) {
    std::sort(places->begin(), places->end());
  }
}

// Whether the instructions are what eval.cc's shortest path can run.
bool ExprCompiler::only_comparisons() const {
  const auto& all = code_.instructions_;
  if (all.size() < 2) return false;
  const bool conjunction = all[0].mode == Mode::kAndFirst, disjunction = all[0].mode == Mode::kOrFirst;
  if (!conjunction && !disjunction && all.size() != 2) return false;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    const Instruction& x = all[i];
    if (x.op != Opcode::kCompareBits && x.op != Opcode::kCompareSame && x.op != Opcode::kCompareDouble) return false;
    if (x.a.space != Space::kRow || (x.b.space != Space::kRow && !is_constant(x.b))) return false;
    if (is_constant(x.b) && value(x.b).kind != x.kind) return false;
    if (i > 0 && x.mode != (conjunction ? Mode::kAndNext : Mode::kOrNext)) return false;
    if (x.mode != Mode::kPlain && x.target != all.size() - 1) return false;
  }
  return all.back().op == Opcode::kReturn && all.back().a == temp(all[0].dst);
}

}  // namespace flyball::engine
