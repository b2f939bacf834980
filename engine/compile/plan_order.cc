// In which order the patterns of a rule are joined. Nothing that can be observed depends on it (semantics.md §3: a match is the `and` of
// its lines) but the limits of partial matches: how many pairs are looked at does. See join_run.h.
#include <algorithm>
#include <bit>
#include <numeric>

#include "engine/compile/plan_builder.h"
#include "engine/network/network.h"

namespace flyball::engine {

namespace {

// Lines, aggregates and what they may need besides must fit a chain in any order.
constexpr std::size_t kMaxLines = Network::kMaxStages / 2;

const ast::Pattern& pattern_of(const LineInfo* line) { return line->line->pattern; }

// No memory, so that it only matters whether it is true.
bool is_plain(const LineInfo& line) { return line.duration_ns == 0 && !(line.is_pattern() && line.line->pattern.satisfies); }

JoinRun::Form form_of(const SimpleTest& test) {
  if (test.form == SimpleTest::Form::kFieldIn) return JoinRun::Form::kIn;
  if (test.form != SimpleTest::Form::kFieldConstant) return JoinRun::Form::kOther;
  switch (test.op) {
    case Compare::kEqual: return JoinRun::Form::kEqual;
    case Compare::kNotEqual: return JoinRun::Form::kOther;
    default: return JoinRun::Form::kOrder;
  }
}

bool is_order(const ast::Expr& e) {
  if (e.kind != ast::ExprKind::kBinary) return false;
  return e.op == ast::Op::kLess || e.op == ast::Op::kLessEqual || e.op == ast::Op::kGreater || e.op == ast::Op::kGreaterEqual;
}

// Each join and condition at the last of the patterns that it needs.
std::vector<PlacedParts> place(const std::vector<const LineInfo*>& patterns, const std::vector<RunPart>& parts,
                               const std::vector<std::uint32_t>& order) {
  std::vector<std::uint32_t> position(patterns.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) position[order[i]] = i;
  std::vector<PlacedParts> placed(patterns.size());
  for (const RunPart& part : parts) {
    std::uint32_t last = part.owner;
    for (std::uint32_t p = 0; p < patterns.size(); ++p) {
      if ((part.needs >> p & 1U) != 0 && position[p] > position[last]) last = p;
    }
    if (part.join == nullptr) {
      placed[last].conditions.push_back(part.condition);
    } else if (last == part.owner) {
      placed[last].joins.push_back({part.join->field, part.join->other, part.join->other_field});
    } else {
      placed[last].joins.push_back({part.join->other_field, pattern_of(patterns[part.owner]).binding, part.join->field});
    }
  }
  return placed;
}

// All other lines stand behind the patterns that are written before them: what they read is there then.
std::vector<const LineInfo*> in_order(const std::vector<const LineInfo*>& lines, const std::vector<const LineInfo*>& patterns,
                                      const std::vector<std::uint32_t>& order) {
  std::vector<const LineInfo*> out;
  std::size_t looked_at = 0;  // lines whose patterns are there
  std::vector<bool> there(patterns.size(), false);
  std::size_t written = 0;  // patterns before `looked_at`
  const auto go_on = [&] {
    for (; looked_at < lines.size(); ++looked_at) {
      if (!lines[looked_at]->binds()) {
        out.push_back(lines[looked_at]);
      } else if (!there[written]) {
        return;
      } else {
        ++written;
      }
    }
  };
  go_on();
  for (const std::uint32_t p : order) {
    out.push_back(patterns[p]);
    there[p] = true;
    go_on();
  }
  return out;
}

}  // namespace

std::vector<const LineInfo*> PlanBuilder::order_lines(ChainDraft& chain, const std::vector<const LineInfo*>& lines,
                                                      const RuleScope& scope) {
  const std::size_t size = lines.size() + scope.aggregates.size() + scope.clocks.size();
  if (joins_.as_written || size > kMaxLines) return lines;
  std::vector<const LineInfo*> out, run;
  const auto close = [&] {
    const std::vector<const LineInfo*> ordered = order_run(chain, run, scope);
    out.insert(out.end(), ordered.begin(), ordered.end());
    run.clear();
  };
  for (const LineInfo* line : lines) {
    if (is_plain(*line)) {
      run.push_back(line);
      continue;
    }
    close();
    out.push_back(line);
  }
  close();
  return out;
}

// The conditions and joins of the run's patterns, each with the patterns that it needs.
void PlanBuilder::read_run(const std::vector<const LineInfo*>& patterns, const RuleScope& scope, const ChainDraft& chain, JoinRun& run,
                           std::vector<RunPart>& parts) {
  std::map<std::uint32_t, std::uint32_t> place;
  for (std::uint32_t p = 0; p < patterns.size(); ++p) place.emplace(pattern_of(patterns[p]).binding, p);
  const auto side = [&](std::uint32_t binding, std::uint32_t field) {
    const auto at = place.find(binding);
    return at == place.end() ? JoinRun::Side{} : JoinRun::Side{at->second, field};
  };
  const auto patterns_of = [&](const std::set<std::uint32_t>& reads) {
    std::uint64_t out = 0;
    for (const std::uint32_t binding : reads) {
      if (const auto at = place.find(binding); at != place.end()) out |= std::uint64_t{1} << at->second;
    }
    return out;
  };
  std::map<std::uint64_t, std::vector<const ast::Expr*>> of_two;
  const auto add_condition = [&](const ast::Expr& part, std::uint64_t needs) {
    JoinRun::Condition c;
    c.needs = needs;
    c.form = is_order(part) ? JoinRun::Form::kOrder : JoinRun::Form::kOther;
    if (can_be_key(part)) {
      for (std::size_t i = 0; i < 2; ++i) {
        const ast::Expr& field = part.args[i];
        std::set<std::uint32_t> other;
        collect_reads(part.args[1 - i], scope, other);
        if (!is_field(field) || other.contains(field.ref.binding)) continue;
        (i == 0 ? c.left : c.right) = side(field.ref.binding, field.ref.field);
      }
      if (c.left.pattern != kNoId || c.right.pattern != kNoId) c.form = JoinRun::Form::kEqual;
    }
    run.conditions.push_back(c);
    if (std::popcount(needs) == 2) of_two[needs].push_back(&part);
  };
  for (std::uint32_t p = 0; p < patterns.size(); ++p) {
    const ast::Pattern& pattern = pattern_of(patterns[p]);
    JoinRun::Pattern& known = run.patterns.emplace_back();
    known.line = patterns[p]->number;
    known.binding = pattern.binding;
    known.type = pattern.fact_type;
    std::vector<const ast::Expr*> own;
    const std::uint64_t mine = std::uint64_t{1} << p;
    for (const ast::Join& join : pattern.joins) {
      JoinRun::Condition c{mine, JoinRun::Form::kEqual, {p, join.field}, side(join.other, join.other_field)};
      if (c.right.pattern != kNoId) c.needs |= std::uint64_t{1} << c.right.pattern;
      parts.push_back({c.needs, p, nullptr, &join});
      run.conditions.push_back(c);
    }
    for (const ast::Expr* part : pattern.where ? conjuncts(*pattern.where) : std::vector<const ast::Expr*>{}) {
      std::set<std::uint32_t> reads;
      collect_reads(*part, scope, reads);
      const std::uint64_t needs = mine | patterns_of(reads);
      parts.push_back({needs, p, part, nullptr});
      const bool only_own = reads.empty() || (reads.size() == 1 && *reads.begin() == pattern.binding);
      if (only_own && formula(*part, scope).aggregates.empty()) {
        own.push_back(part);
        continue;
      }
      add_condition(*part, needs);
    }
    if (const auto moved = chain.moved.find(pattern.binding); moved != chain.moved.end())
      own.insert(own.end(), moved->second.begin(), moved->second.end());
    known.text = alpha_text(own, scope, pattern.binding);
    for (const ast::Expr* part : own) {
      const std::optional<SimpleTest> simple = simple_test(*part, context_);
      JoinRun::Test& test = known.tests.emplace_back();
      if (!simple) continue;
      test.form = form_of(*simple);
      test.field = simple->field;
      test.values = static_cast<std::uint32_t>(std::max<std::size_t>(1, simple->constants.size()));
    }
  }
  for (const ChainDraft::Tie& tie : chain.ties) {
    if (const std::uint64_t needs = patterns_of(tie.reads); std::popcount(needs) > 1) add_condition(*tie.part, needs);
  }
  for (const auto& [two, ties] : of_two) {
    JoinRun::Condition c{two, JoinRun::Form::kLies, {}, {}};
    for (std::uint64_t left = two; left != 0; left &= left - 1) {
      const auto p = static_cast<std::uint32_t>(std::countr_zero(left));
      const auto other = static_cast<std::uint32_t>(std::countr_zero(two & ~(std::uint64_t{1} << p)));
      const std::optional<SpanTie> tie = span_tie(ties, scope, pattern_of(patterns[p]).binding);
      if (!tie) continue;
      c.keys |= std::uint64_t{1} << p;
      c.spans = tie->own.is_span ? p : other;
    }
    if (c.keys != 0) run.conditions.push_back(c);
  }
}

// The order in which the running session joins them: as they are written where it does not.
std::vector<std::uint32_t> PlanBuilder::order_now(const JoinRun& run) const {
  std::vector<std::uint32_t> out(run.patterns.size());
  std::iota(out.begin(), out.end(), 0U);
  if (joins_.measured == nullptr) return out;
  const auto rule = joins_.measured->orders.find(out_.rule_set.rules[run.rule].qualified);
  if (rule == joins_.measured->orders.end() || rule->second.size() <= run.way) return out;
  const std::vector<std::uint32_t>& bindings = rule->second[run.way];
  const auto place = [&](std::uint32_t p) { return std::find(bindings.begin(), bindings.end(), run.patterns[p].binding); };
  std::stable_sort(out.begin(), out.end(), [&](std::uint32_t a, std::uint32_t b) { return place(a) < place(b); });
  return out;
}

std::vector<const LineInfo*> PlanBuilder::order_run(ChainDraft& chain, const std::vector<const LineInfo*>& lines, const RuleScope& scope) {
  std::vector<const LineInfo*> patterns;
  for (const LineInfo* line : lines) {
    if (line->binds()) patterns.push_back(line);
  }
  if (patterns.size() < 2 || patterns.size() > JoinRun::kMaxPatterns) return lines;
  JoinRun run;
  run.rule = scope.rule;
  run.way = chain.plan.way;
  run.main = chain.plan.end == ChainEnd::kRule;
  std::vector<RunPart> parts;
  read_run(patterns, scope, chain, run, parts);
  const auto is_tie = [&](const LineInfo& line) {
    if (line.line->kind != ast::LineKind::kCheck) return false;
    return std::ranges::all_of(conjuncts(line.line->expr), [&](const ast::Expr* part) {
      return std::ranges::any_of(chain.ties, [&](const ChainDraft::Tie& tie) { return tie.part == part; });
    });
  };
  std::uint64_t before = 0;
  for (const LineInfo* line : lines) {
    if (line->binds()) {
      before = before << 1 | 1;
    } else if (line->line->kind != ast::LineKind::kLet && before != 0 && !is_tie(*line)) {
      run.conditions.push_back({before, JoinRun::Form::kOther, {}, {}});
    }
  }
  run.order.resize(patterns.size());
  std::iota(run.order.begin(), run.order.end(), 0U);
  const std::vector<std::uint32_t> written = run.order;
  if (!joins_.seed) {
    const JoinEstimate known = estimate(run, out_.rule_set.schema, joins_.measured);
    run.order = choose(known, order_now(run));
    run.gain = cost_of(known, written) / cost_of(known, run.order);
    run.measured = known.measured;
  } else {
    run.order =
        shuffled(patterns.size(), *joins_.seed * 31 + std::uint64_t{scope.rule} * 7 + static_cast<std::uint64_t>(chain.plan.end) + run.way);
  }
  std::vector<PlacedParts> placed = place(patterns, parts, run.order);
  const auto too_many = [](const PlacedParts& p) { return p.joins.size() + p.conditions.size() > Network::kMaxKeyParts; };
  if (std::any_of(placed.begin(), placed.end(), too_many)) run.order = written;
  const std::vector<std::uint32_t> order = run.order;
  out_.join_runs.push_back(std::move(run));
  if (order == written) return lines;
  for (std::uint32_t p = 0; p < patterns.size(); ++p) chain.placed.emplace(pattern_of(patterns[p]).binding, std::move(placed[p]));
  return in_order(lines, patterns, order);
}

}  // namespace flyball::engine
