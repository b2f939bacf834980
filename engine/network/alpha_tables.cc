// Building AlphaTables from the plan, and running the inlined tests.
#include "engine/network/alpha_tables.h"

#include <bit>
#include <map>
#include <tuple>

#include "engine/network/alpha_item.h"
#include "model/check.h"

namespace flyball::engine {

AlphaTables::AlphaTables(const ProgramData& program) : program_(program) {
  FB_CHECK(program.alphas.size() >> kAlphaBits == 0);
  alphas_.resize(program.alphas.size());
  for (AlphaId id = 0; id < program.alphas.size(); ++id) {
    const AlphaPlan& plan = program.alphas[id];
    AlphaState& alpha = alphas_[id];
    alpha.reads = alpha.deep = plan.reads;
    add_tests(id);
    alpha.first_successor = static_cast<std::uint32_t>(successors_.size());
    alpha.successor_count = static_cast<std::uint32_t>(plan.successors.size());
    successors_.insert(successors_.end(), plan.successors.begin(), plan.successors.end());
    for (const StageId stage : plan.successors) alpha.deep |= program.stages[stage].own_reads | program.stages[stage].later_reads;
    alpha.first_node = static_cast<std::uint32_t>(nodes_.size());
    alpha.node_count = static_cast<std::uint32_t>(plan.nodes.size());
    nodes_.insert(nodes_.end(), plan.nodes.begin(), plan.nodes.end());
    for (const NodeId node : plan.nodes) alpha.deep |= program.nodes[node].reads;
    alpha.first_index = static_cast<std::uint32_t>(indexes_.size());
    alpha.index_count = static_cast<std::uint16_t>(plan.indexes.size());
    for (std::size_t i = 0; i < plan.indexes.size(); ++i) {
      AlphaIndex index;
      index.alpha = id;
      index.fields = plan.indexes[i];
      index.null_joins = plan.index_null_joins[i];
      for (const std::uint32_t field : index.fields) index.mask |= std::uint64_t{1} << field;
      index.span = plan.index_span(i);
      index.cells = SpanCells(index.span.is_span, index.fields.empty());
      if (index.span.form != SpanFields::Form::kNowhere)
        index.mask |= std::uint64_t{1} << index.span.low | std::uint64_t{1} << index.span.high;
      for (std::uint32_t number = 0; number < plan.orders.size(); ++number) {
        const AlphaPlan::Order& order = plan.orders[number];
        if (order.index != i) continue;
        index.orders.push_back({number, order.field, order.kind, order.greatest, {}});
        index.mask |= std::uint64_t{1} << order.field;  // its entry is placed anew
      }
      alpha.deep |= index.mask;
      indexes_.push_back(std::move(index));
    }
  }
  for (std::uint32_t id = 0; id < program.closings.size(); ++id) {
    FB_CHECK(program.closings[id].a_by_c != 0);  // the first entry is the item, whose tokens are a list
    const StagePlan& c = program.stages[program.closings[id].first + 2];
    index(alphas_[c.alpha], c.index).closings.push_back(id);
  }
  types_.resize(program.types.size());
  for (FactTypeId id = 0; id < program.types.size(); ++id) plan_type(id);
}

void AlphaTables::add_tests(AlphaId id) {
  const AlphaPlan& plan = program_.alphas[id];
  AlphaState& alpha = alphas_[id];
  alpha.first_test = static_cast<std::uint32_t>(tests_.size());
  FB_CHECK(plan.tests.size() < 65536 && plan.indexes.size() < 65536);
  alpha.test_count = static_cast<std::uint16_t>(plan.tests.size());
  for (std::uint32_t i = 0; i < plan.tests.size(); ++i) {
    AlphaTest test;
    test.formula = i;
    const Code& code = plan.tests[i].code;
    const std::span<const Instruction> instructions = code.instructions();
    const Operand& a = instructions[0].a;
    if (a.space == Space::kRow && a.binding == plan.binding) {
      test.field = static_cast<std::uint16_t>(a.index);
      if (instructions.size() == 1 && instructions[0].op == Opcode::kReturn) {
        test.form = AlphaTest::Form::kField;
      } else if (instructions.size() == 2 && instructions[0].op == Opcode::kNot && instructions[0].mode == Mode::kPlain) {
        test.form = AlphaTest::Form::kNotField;
      } else if (instructions.size() == 2 && code.is_comparisons() && instructions[0].mode == Mode::kPlain &&
                 instructions[0].b.space == Space::kConstant) {
        test.op = instructions[0].sub;
        test.constant = code.constants()[instructions[0].b.index];
        test.form = instructions[0].op == Opcode::kCompareBits     ? AlphaTest::Form::kBits
                    : instructions[0].op == Opcode::kCompareDouble ? AlphaTest::Form::kDouble
                                                                   : AlphaTest::Form::kSame;
      }
    }
    tests_.push_back(test);
  }
}

// Kept apart: what most facts need is short.
[[gnu::noinline]] Truth AlphaTables::formula_truth(AlphaId id, std::uint32_t formula, Row row, FrameBuffer& frame) const {
  const AlphaPlan& plan = program_.alphas[id];
  frame.set_row(plan.binding, row);
  return frame.truth(plan.tests[formula], plan.scope);
}

void AlphaTables::plan_type(FactTypeId id) {
  const TypePlan& plan = program_.types[id];
  Type& type = types_[id];
  type.by_field.resize(program_.rule_set.schema.types[id].fields.size(), 0);

  // Thresholds whose alphas look at the same other fields stand together: a change of those goes over no more of them.
  using Group = std::tuple<std::uint32_t, bool, Kind, bool, std::uint64_t, std::uint64_t>;
  std::map<Group, std::vector<AlphaId>> groups;
  std::vector<AlphaId> plain;
  for (const AlphaId a : plan.always) {
    const AlphaPlan& condition = program_.alphas[a];
    const DispatchPlan::Threshold& t = condition.dispatch.threshold;
    if (t.field == kNoId) {
      plain.push_back(a);
      continue;
    }
    std::uint64_t other_reads = 0;
    for (std::uint32_t i = 0; i < condition.tests.size(); ++i) {
      // `field != null` is decided by the position.
      const AlphaTest& test = tests_[alphas_[a].first_test + i];
      const bool asks_null = test.form == AlphaTest::Form::kSame && test.field == t.field && test.constant.is_null() &&
                             test.op == static_cast<std::uint8_t>(Compare::kNotEqual);
      if (i != t.test && !asks_null) other_reads |= condition.tests[i].reads_of(condition.binding);
    }
    std::uint64_t behind = other_reads;
    AlphaState& alpha = alphas_[a];
    for (const StageId s : successors(alpha)) behind |= program_.stages[s].own_reads | program_.stages[s].later_reads;
    for (const NodeId n : nodes(alpha)) behind |= program_.nodes[n].reads;
    for (std::uint32_t i = 0; i < alpha.index_count; ++i) behind |= index(alpha, i).mask;
    groups[{t.field, t.above, t.constant.kind, t.null_fails, behind, other_reads}].push_back(a);
  }
  for (const auto& [group, members] : groups) {
    if (members.size() < kThresholdsMin) {
      plain.insert(plain.end(), members.begin(), members.end());
      continue;
    }
    const auto& [field, above, kind, null_fails, behind, other_reads] = group;
    ByOrder order{Thresholds(field, above, kind, null_fails), behind, other_reads};
    for (const AlphaId a : members) {
      const DispatchPlan::Threshold& t = program_.alphas[a].dispatch.threshold;
      order.thresholds.add(t.constant, t.inclusive, a);
    }
    order.thresholds.seal();
    for (std::uint32_t g = 0; g < order.thresholds.size(); ++g) alphas_[order.thresholds.alpha(g)].gate = g;
    type.by_order.push_back(std::move(order));
  }

  for (const AlphaId a : plain) {
    AlphaState& alpha = alphas_[a];
    if (type.own_count == kOwnBits) {
      type.always.push_back(a);
      type.shared_deep |= alpha.deep;
      continue;
    }
    alpha.bit = type.own_count;
    type.own[type.own_count++] = a;
    for (std::uint32_t f = 0; f < type.by_field.size(); ++f) {
      if ((alpha.deep >> f & 1U) != 0) type.by_field[f] |= std::uint32_t{1} << alpha.bit;
    }
  }

  std::map<std::pair<std::uint32_t, Reach::Form>, std::vector<AlphaId>> reaching;
  for (const AlphaId a : plan.alphas) {
    if (const Reach* reach = program_.alphas[a].dispatch.reach()) reaching[{reach->field, reach->form}].push_back(a);
  }
  for (const auto& [way, members] : reaching) {
    ByField by{FieldIndex(*program_.alphas[members.front()].dispatch.reach()), 0};
    for (const AlphaId a : members) {
      by.index.add(*program_.alphas[a].dispatch.reach(), a);
      by.reads |= program_.alphas[a].reads;
      type.shared_deep |= alphas_[a].deep;
    }
    by.index.seal();
    type.by_index.push_back(std::move(by));
  }
}

std::size_t AlphaTables::bytes() const {
  std::size_t n = 0;
  for (const AlphaIndex& index : indexes_) {
    n += index.bucket.bytes();
    for (const AlphaIndex::Order& order : index.orders) n += order.best.bytes();
  }
  return n;
}

}  // namespace flyball::engine
