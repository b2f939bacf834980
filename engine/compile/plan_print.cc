// See plan_print.h. A print is the bytes of everything in order, each list and text with its length before it.
#include "engine/compile/plan_print.h"

#include <algorithm>

#include "engine/compile/node_words.h"
#include "model/text_pattern.h"
#include "model/type.h"

namespace flyball::engine {
namespace {

constexpr std::uint32_t kOwn =
    0xFFFE;  // the binding of an alpha's or a node's own fact, whatever the rule calls it that was compiled first

class Printing {
 public:
  Printing(const ProgramData& data, PlanPrints& prints) : data_(data), prints_(prints) {}

  std::string type(FactTypeId id) {
    const FactType& t = data_.rule_set.schema.types[id];
    text(t.name);
    number(t.role == Role::kDerived || t.role == Role::kMutable ? Role::kFact : t.role);
    fields(t.fields);
    list(t.key);
    number(t.has_key);
    number(t.ttl_ns.value_or(-1));
    number(t.lateness_ns);
    number(t.declared_fields);
    fields(t.result_fields);
    number(t.tries);
    number(t.try_every_ns);
    number(t.timeout_ns.value_or(-1));
    number(t.rate_count ? std::int64_t{*t.rate_count} : -1);
    number(t.rate_per_ns);
    number(t.rate_else_refuse);
    number(t.retain_ns.value_or(-1));
    number(data_.is_written(id));
    number(data_.types[id].remembers);
    number(data_.types[id].remembers_all);
    number(data_.types[id].each_of);
    return take();
  }

  std::string clocks(FactTypeId type) {
    for (const FactClock& c : data_.types[type].clocks) {
      own_ = c.binding;
      clock(c.change, c.scope);
      number(c.reads);
    }
    own_ = kNoId;
    return take();
  }

  std::string alpha(const AlphaPlan& a) {
    number(a.type);
    own_ = a.binding;
    formulas(a.tests, a.scope);
    own_ = kNoId;
    return take();
  }

  std::string node(const AggregateNode& n) {
    number(n.fn);
    number(n.type);
    text(to_string(n.value_type));
    number(n.result_kind);
    value(n.number);
    values(n.field_names);
    number(n.one_series);
    number(n.alpha == kNoId ? kNoId : prints_.alphas[n.alpha]);
    own_ = n.binding;
    formulas(n.tests, n.scope);
    if (n.value) formula(*n.value, n.scope);
    own_ = kNoId;
    list(n.group);
    for (const bool null_joins : n.group_null_joins) number(null_joins);
    number(n.over_ns.value_or(-1));
    number(n.over_last.value_or(-1));
    number(n.at_least.value_or(-1));
    number(n.keep_rows);
    return take();
  }

  std::string rule(std::uint32_t id) {
    const RulePlan& r = data_.rules[id];
    const RuleParts& parts = prints_.parts[id];
    text(r.name);
    number(r.priority);
    number(r.mode);
    number(r.logical);
    list(r.identity);
    list(r.identity_types);
    effects(r.then, r.scope);
    effects(r.on_clear, r.scope);
    number(r.cooldown_ns);
    number(r.cooldown_by_identity);
    formulas(r.per, r.scope);
    number(r.during.size());
    for (const auto& [calendar, outside] : r.during) number(calendar), number(outside);
    number(r.keep_ns);
    number(r.repeat_ns);
    number(r.approve.has_value());
    if (r.approve) formula(*r.approve, r.scope);
    number(r.late_skip_ns.value_or(-1));
    number(r.of_event);
    number(r.strategy);
    number(r.stamps.size());
    for (std::size_t i = 0; i < r.stamps.size(); ++i) {
      const std::vector<std::uint64_t>& masks = data_.types[r.identity_types[i]].stamp_masks;
      number(r.stamps[i] < masks.size() ? masks[r.stamps[i]] : 0);
    }
    places(r.identity_gates, parts.gates);
    number(r.tests);
    number(r.shares_matches);
    number(r.may_stand_again);
    number(parts.chains.size());
    for (const ChainId c : parts.chains) chain(data_.chains[c], parts);
    number(parts.holds.size());
    for (const TableId t : parts.holds) {
      const HoldPlan& p = data_.holds[t];
      number(p.hold_ns);
      number(p.arity);
      number(p.binds);
      list(p.types);
      number(p.line);
      number(p.in_until);
      number(place(p.chain, parts.chains));
    }
    number(parts.absences.size());
    for (const TableId t : parts.absences) {
      const AbsencePlan& p = data_.absences[t];
      number(p.silence_ns);
      number(p.arity);
      list(p.types);
      number(p.watched);
      number(p.of_event);
      number(p.line);
      number(p.in_until);
      number(place(p.watch_chain, parts.chains));
    }
    number(parts.gates.size());
    for (const std::uint32_t g : parts.gates) {
      const GatePlan& p = data_.gates[g];
      number(p.binding);
      number(p.type);
      number(place(p.chain, parts.chains));
    }
    number(parts.projections.size());
    for (const TableId t : parts.projections) {
      const ProjectionPlan& p = data_.projections[t];
      list(p.places);
      number(place(p.chain, parts.chains));
      number(place(p.absence, parts.absences));
    }
    return take();
  }

 private:
  template <typename N>
  void number(N n) {
    const auto bits = static_cast<std::uint64_t>(n);
    out_.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
  void text(std::string_view t) {
    number(t.size());
    out_ += t;
  }
  template <typename List>
  void list(const List& l) {
    number(l.size());
    for (const auto x : l) number(x);
  }
  void value(const Value& v) {
    number(v.kind);
    number(v.aux);
    number(v.bits);
  }
  void values(const std::vector<Value>& all) {
    number(all.size());
    for (const Value& v : all) value(v);
  }
  void fields(const std::vector<Field>& all) {
    number(all.size());
    for (const Field& f : all) {
      text(f.name);
      text(to_string(f.type));
    }
  }
  // Where something of the rule's stands among its kind.
  static std::uint32_t place(std::uint32_t id, const std::vector<std::uint32_t>& among) {
    if (id == kNoId) return kNoId;
    return static_cast<std::uint32_t>(std::find(among.begin(), among.end(), id) - among.begin());
  }
  void places(const std::vector<std::uint32_t>& ids, const std::vector<std::uint32_t>& among) {
    number(ids.size());
    for (const std::uint32_t id : ids) number(place(id, among));
  }
  std::string take() { return std::exchange(out_, {}); }

  void operand(const Operand& o) {
    number(o.space);
    number(o.space == Space::kRow && o.binding == own_ ? kOwn : o.binding);
    number(o.index);
  }
  void code(const Code& c) {
    number(c.instructions().size());
    for (const Instruction& i : c.instructions()) {
      number(static_cast<std::uint64_t>(i.op) | static_cast<std::uint64_t>(i.sub) << 8 | static_cast<std::uint64_t>(i.kind) << 16 |
             static_cast<std::uint64_t>(i.mode) << 24 | static_cast<std::uint64_t>(i.fn) << 32);
      number(std::uint64_t{i.n} << 32 | i.dst);
      operand(i.a);
      operand(i.b);
      number(std::uint64_t{i.target} << 32 | i.c);
      if (i.op == Opcode::kLike || i.op == Opcode::kMatches) text(c.pattern(i.c).source());
      if (i.op == Opcode::kInCalendar) number(calendar(c.calendar(i.c)));
    }
    number(c.constant_count());
    for (std::size_t i = 0; i < c.constant_count(); ++i) value(c.constants()[i]);
    for (const Loop& loop : c.loops()) {
      number(std::uint64_t{loop.first_variable} << 32 | loop.second_variable);
      number(loop.two_variables);
      number(std::uint64_t{loop.predicate} << 32 | loop.transform);
    }
  }
  std::size_t calendar(const CalendarClock& clock) const {
    const auto is = [&](const auto& mine) { return mine.get() == &clock; };
    return static_cast<std::size_t>(std::find_if(data_.calendars.begin(), data_.calendars.end(), is) - data_.calendars.begin());
  }
  // With what it reads through names.
  void formula(const Formula& f, std::uint32_t scope) {
    code(f.code);
    number(f.lets.size());
    for (const std::uint32_t let : f.lets) {
      number(let);
      code(data_.scopes[scope].lets[let].code);
    }
    number(f.aggregates.size());
    for (const std::uint32_t binding : f.aggregates) {
      number(binding);
      for (const auto& [name, id] : data_.scopes[scope].uses) {
        if (name == binding) use(data_.uses[id]);
      }
    }
  }
  void formulas(const std::vector<Formula>& all, std::uint32_t scope) {
    number(all.size());
    for (const Formula& f : all) formula(f, scope);
  }
  void clock(const ClockPlan& c, std::uint32_t scope) {
    formula(c.condition, scope);
    number(c.calendar);
    number(c.left.has_value());
    if (c.left) formula(*c.left, scope);
    if (c.right) formula(*c.right, scope);
    number(c.after);
  }
  void keys(const std::vector<KeyPart>& all, std::uint32_t scope) {
    number(all.size());
    for (const KeyPart& k : all) {
      number(k.own_field);
      number(k.null_joins);
      number(k.hashed);
      number(k.left_binding);
      number(k.left_field);
      number(k.left != nullptr);
      if (k.left) formula(*k.left, scope);
    }
  }
  void span(const JoinSpan& s, std::uint32_t scope) {
    number(s.own.form);
    number(s.own.is_span);
    number(s.own.kind);
    number(s.own.low);
    number(s.own.high);
    for (const KeyPart* part : {&s.low, &s.high}) {
      number(part->left_binding);
      number(part->left_field);
      number(part->left != nullptr);
      if (part->left) formula(*part->left, scope);
    }
  }
  void use(const AggregateUse& u) {
    number(u.node == kNoId ? kNoId : prints_.nodes[u.node]);
    number(u.binding);
    keys(u.keys, u.scope);
    formulas(u.residual, u.scope);
    number(u.span != nullptr);
    if (u.span) span(*u.span, u.scope);
    number(u.clock.has_value());
    if (u.clock) clock(*u.clock, u.scope);
  }
  void effects(const std::vector<EffectPlan>& all, std::uint32_t scope) {
    number(all.size());
    for (const EffectPlan& e : all) {
      number(e.kind);
      number(e.type);
      number(e.fields.size());
      for (const FieldSource& f : e.fields) {
        number(f.formula != nullptr);
        if (f.formula) {
          formula(*f.formula, scope);
        } else {
          value(f.value);
        }
      }
      number(e.given);
      number(e.binding);
      number(e.text.has_value());
      if (e.text) formula(*e.text, scope);
    }
  }
  void chain(const ChainPlan& c, const RuleParts& parts) {
    number(c.end);
    number(c.end == ChainEnd::kHold                                  ? place(c.owner, parts.holds)
           : c.end == ChainEnd::kAbsence || c.end == ChainEnd::kSeen ? place(c.owner, parts.absences)
                                                                     : kNoId);
    number(place(c.gate, parts.gates));
    number(c.bound);
    number(c.rooted);
    number(c.logical);
    number(c.way);
    number(c.shared == kNoId ? kNoId : prints_.rules[data_.chains[c.shared].owner]);
    list(c.tuple);
    number(c.count);
    for (std::uint32_t i = 0; i < c.count; ++i) stage(data_.stages[c.first + i], c.scope, parts);
  }
  void stage(const StagePlan& s, std::uint32_t scope, const RuleParts& parts) {
    number(s.kind);
    number(s.last);
    number(s.negated);
    number(s.fresh_truth);
    number(s.binding);
    number(s.type);
    number(s.alpha == kNoId ? kNoId : prints_.alphas[s.alpha]);
    number(s.index != kNoId);
    if (s.index != kNoId) {
      list(data_.alphas[s.alpha].indexes[s.index]);
      number(data_.alphas[s.alpha].index_null_joins[s.index]);
    }
    keys(s.keys, scope);
    number(s.span != nullptr);
    if (s.span) span(*s.span, scope);
    formulas(s.residual, scope);
    number(s.own_reads);
    // What others read that go on from shared joins is nothing of theirs.
    const bool of_shared = data_.chains[s.chain].end == ChainEnd::kShared;
    number(of_shared ? s.joins_read : s.later_reads);
    for (const FieldReads& r : s.reads) number(r.binding), number(r.mask);
    number(s.node != kNoId);
    if (s.node != kNoId) use(data_.uses[s.node]);
    number(s.kind == StageKind::kAbsence ? place(s.table, parts.absences) : place(s.table, parts.holds));
    list(s.tuple);
    number(s.line);
  }

  const ProgramData& data_;
  PlanPrints& prints_;
  std::uint32_t own_ = kNoId;
  std::string out_;
};

}  // namespace

PlanPrints PlanPrinter::print(const ProgramData& data) {
  PlanPrints prints;
  prints.parts.resize(data.rules.size());
  for (ChainId c = 0; c < data.chains.size(); ++c) {
    if (!data.chains[c].vacant) prints.parts[rule_of(data, data.chains[c])].chains.push_back(c);
  }
  for (TableId t = 0; t < data.holds.size(); ++t) {
    if (!data.holds[t].vacant) prints.parts[data.holds[t].rule].holds.push_back(t);
  }
  for (TableId t = 0; t < data.absences.size(); ++t) {
    if (!data.absences[t].vacant) prints.parts[data.absences[t].rule].absences.push_back(t);
  }
  for (TableId t = 0; t < data.projections.size(); ++t) {
    if (!data.projections[t].vacant) prints.parts[data.projections[t].rule].projections.push_back(t);
  }
  for (std::uint32_t g = 0; g < data.gates.size(); ++g) {
    if (!data.gates[g].vacant) prints.parts[data.gates[g].rule].gates.push_back(g);
  }
  Printing printing(data, prints);
  for (FactTypeId t = 0; t < data.types.size(); ++t) prints.types.push_back(number(printing.type(t)));
  for (FactTypeId t = 0; t < data.types.size(); ++t) prints.clocks.push_back(number(printing.clocks(t)));
  for (const AlphaPlan& a : data.alphas) prints.alphas.push_back(a.vacant ? kNoId : number(printing.alpha(a)));
  for (const AggregateNode& n : data.nodes) prints.nodes.push_back(n.vacant ? kNoId : number(printing.node(n)));
  // The last first: rules name the shared joins that they go on from.
  prints.rules.resize(data.rules.size());
  for (auto r = static_cast<std::uint32_t>(data.rules.size()); r-- > 0;) prints.rules[r] = number(printing.rule(r));
  return prints;
}

}  // namespace flyball::engine
