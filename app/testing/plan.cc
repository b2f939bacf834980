// From the steps of a `test` block to a Plan: evaluates its constants, spreads `every`, sorts.
#include "app/testing/plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "app/io/source_numbers.h"
#include "model/one_zero.h"
#include "model/text.h"

namespace flyball::app::testing {
namespace {

class Planner {
 public:
  Planner(const ast::TestDecl& test, const Schema& schema, const Interner& interner, const Constant& constant, const ReadRecorded& read)
      : test_(test), schema_(schema), interner_(interner), constant_(constant), read_(read) {}

  std::expected<Plan, PlanError> make() {
    plan_.name = test_.name.text;
    plan_.span = test_.span;
    for (const ast::Step& step : test_.steps) {
      if (step.kind == ast::StepKind::kStart) start(step);
    }
    plan_.horizon = plan_.start;
    for (std::size_t i = 0; i < test_.steps.size() && !error_; ++i) {
      step_ = i;
      add(test_.steps[i]);
    }
    if (error_) return std::unexpected(*error_);
    // An expectation without a time is judged at the end.
    for (Expectation& e : plan_.expectations) {
      if (e.time == kTimestampMax) e.time = plan_.horizon;
    }
    std::stable_sort(plan_.inputs.begin(), plan_.inputs.end(), [](const Input& a, const Input& b) { return a.arrival < b.arrival; });
    put_off();
    tell_lost();
    if (error_) return std::unexpected(*error_);
    return std::move(plan_);
  }

 private:
  void fail_at(const ast::Span& span, std::string message) {
    if (!error_) error_ = PlanError{span, std::move(message)};
  }

  void start(const ast::Step& step) {
    const Value v = value(*step.value);
    std::optional<Timestamp> t;
    if (v.is(Kind::kTimestamp)) t = to_engine_time(v);
    if (v.is(Kind::kString)) {
      if (const std::optional<Value> parsed = parse_timestamp(interner_.text(v))) t = to_engine_time(*parsed);
    }
    if (!t) return fail_at(step.span, "`start` needs a time within 1677..2262, like \"2030-01-15T01:45:00+01:00\"");
    plan_.start = *t;
  }

  Value value(const ast::Expr& e) {
    const Value v = constant_(e);
    if (v.is_error()) fail_at(e.span, "this value cannot be computed before the test runs");
    return v;
  }

  DurationNs duration(const ast::Expr& e) {
    const Value v = value(e);
    if (!v.is(Kind::kDuration)) {
      fail_at(e.span, "this is not a duration");
      return 0;
    }
    return v.as_int();
  }

  std::uint64_t whole(const ast::Expr& e) {
    const Value v = value(e);
    if (!v.is(Kind::kInt) || v.as_int() < 0) {
      fail_at(e.span, "this is not a whole number");
      return 0;
    }
    return static_cast<std::uint64_t>(v.as_int());
  }

  // A record's values by field index; an int where a double is expected serves as one, as in rules.
  std::vector<std::pair<std::uint32_t, Value>> fields(const ast::Record& record, const std::vector<Field>& of) {
    std::vector<std::pair<std::uint32_t, Value>> out;
    for (const ast::RecordField& f : record.fields) {
      if (f.field >= of.size()) {
        fail_at(f.name.span, fmt::format("`{}` is not a field here", f.name.text));
        continue;
      }
      Value v = value(f.value);
      if (of[f.field].type.is(TypeTag::kDouble) && v.is(Kind::kInt)) v = Value::real(static_cast<double>(v.as_int()));
      if (v.is(Kind::kDouble)) v = Value::real(one_zero(v.as_double()));
      out.emplace_back(f.field, v);
    }
    return out;
  }

  // `nth`: from 0, of an `every`; each time the number is the next one.
  FactInput fact(const ast::Step& step, FactOp op, Timestamp arrival, std::uint64_t nth) {
    const FactType& type = schema_.types[step.record.fact_type];
    FactInput input;
    input.type = step.record.fact_type;
    input.op = op;
    input.stamp = step.stamped ? plan_.start + duration(*step.stamped) : arrival;
    if (step.source && step.seq) {
      input.source = value(*step.source);
      input.seq = whole(*step.seq) + nth;
    }
    input.values.assign(type.declared_fields, Value::null());
    for (const auto& [index, v] : fields(step.record, type.fields)) {
      if (index >= type.declared_fields) continue;
      input.values[index] = v;
      input.present |= std::uint64_t{1} << index;
    }
    if (op != FactOp::kPut) return input;
    for (std::uint32_t i = 0; i < type.declared_fields; ++i) {
      const Field& field = type.fields[i];
      if ((input.present >> i & 1U) != 0) continue;
      if (field.default_value)
        input.values[i] = *field.default_value;
      else if (!field.type.nullable)
        fail_at(step.record.span, fmt::format("`{}` needs its field `{}`", type.local, field.name));
      input.present |= std::uint64_t{1} << i;
    }
    return input;
  }

  AckInput ack(const ast::Step& step, Timestamp arrival) {
    const FactType& type = schema_.types[step.record.fact_type];
    AckInput input;
    input.action = step.record.fact_type;
    input.stamp = arrival;
    input.state = action_state(step.state).value_or(ActionState::kAcked);
    input.data.assign(type.declared_fields, Value::null());
    for (const auto& [index, v] : fields(step.record, type.fields)) {
      if (index >= type.declared_fields) continue;
      input.data[index] = v;
      input.present |= std::uint64_t{1} << index;
    }
    if (step.result) {
      input.result.assign(type.result_fields.size(), Value::null());
      for (const auto& [index, v] : fields(*step.result, type.result_fields)) input.result[index] = v;
    }
    return input;
  }

  Question question(const ast::Step& step) {
    const DecisionType& decision = schema_.decisions[step.decision_id];
    Question q;
    q.decision = step.decision_id;
    q.input.assign(decision.input.size(), Value::null());
    std::uint64_t given = 0;
    for (const auto& [index, v] : fields(step.record, decision.input)) {
      q.input[index] = v;
      given |= std::uint64_t{1} << index;
    }
    for (std::size_t i = 0; i < decision.input.size(); ++i) {
      if ((given >> i & 1U) != 0) continue;
      if (decision.input[i].default_value)
        q.input[i] = *decision.input[i].default_value;
      else if (!decision.input[i].type.nullable)
        fail_at(step.record.span, fmt::format("`{}` needs `{}`", decision.local, decision.input[i].name));
    }
    q.expects = step.expects_answer;
    for (const ast::Record& record : step.expected) q.expected.push_back(fields(record, decision.output));
    q.from = step.from_rule.text;
    return q;
  }

  // The instants at which a step happens; `by` and no time at all give one.
  std::vector<Timestamp> times(const ast::Step& step, Timestamp untimed) {
    if (step.at) return {seen(plan_.start + duration(*step.at))};
    if (step.by) return {seen(plan_.start + duration(*step.by))};
    if (!step.every) return {untimed};
    const DurationNs period = duration(*step.every);
    const Timestamp from = plan_.start + (step.from ? duration(*step.from) : 0);
    const Timestamp to = plan_.start + (step.to ? duration(*step.to) : 0);
    if (period <= 0) {
      fail_at(step.every->span, "the period of `every` must be longer than nothing");
      return {};
    }
    if (to >= from && static_cast<std::size_t>((to - from) / period) >= kMaxInputs) {
      fail_at(step.span, fmt::format("this step happens more than {} times", kMaxInputs));
      return {};
    }
    std::vector<Timestamp> all;
    for (Timestamp t = from; t <= to; t = t + period) all.push_back(t);
    if (!all.empty()) seen(to);
    return all;
  }

  Timestamp seen(Timestamp t) {
    plan_.horizon = std::max(plan_.horizon, t);
    return t;
  }

  void push(Timestamp arrival, decltype(Input::what) what) {
    if (plan_.inputs.size() >= kMaxInputs)
      return fail_at(test_.steps[step_].span, fmt::format("the test has more than {} inputs", kMaxInputs));
    plan_.inputs.push_back({arrival, step_, std::move(what), false});
  }

  void expect(const ast::Step& step, Want want) {
    for (const Timestamp t : times(step, kTimestampMax)) {
      if (plan_.expectations.size() >= kMaxExpectations)
        return fail_at(step.span, fmt::format("the test has more than {} expectations", kMaxExpectations));
      Expectation e;
      e.step = step_;
      e.want = want;
      e.time = t;
      e.exactly = step.at.has_value() || step.every.has_value();
      e.rule = step.rule;
      if (step.record.fact_type != kNoId) {
        e.action = step.record.fact_type;
        e.fields = fields(step.record, schema_.types[e.action].fields);
      }
      if (step.count) e.count = whole(*step.count);
      plan_.expectations.push_back(std::move(e));
      if (error_) return;
    }
  }

  void add(const ast::Step& step) {
    switch (step.kind) {
      case ast::StepKind::kStart: return;
      case ast::StepKind::kSet: {
        Value v = value(*step.value);
        if (schema_.params[step.param].type.is(TypeTag::kDouble) && v.is(Kind::kInt)) v = Value::real(static_cast<double>(v.as_int()));
        plan_.params.emplace_back(step.param, v);
        return;
      }
      case ast::StepKind::kSend:
      case ast::StepKind::kRetract: {
        std::uint64_t nth = 0;
        for (const Timestamp t : times(step, plan_.start)) {
          push(t, fact(step, step.kind == ast::StepKind::kSend ? FactOp::kPut : FactOp::kRetract, t, nth++));
          if (error_) return;
        }
        return;
      }
      case ast::StepKind::kSendFrom: return send_from(step);
      case ast::StepKind::kAck:
        for (const Timestamp t : times(step, plan_.start)) push(t, ack(step, t));
        return;
      case ast::StepKind::kAsk:
        for (const Timestamp t : times(step, plan_.start)) push(t, question(step));
        return;
      case ast::StepKind::kRestart:
        for (const Timestamp t : times(step, plan_.start)) push(t, Restart{});
        return;
      case ast::StepKind::kDown: return down(step);
      case ast::StepKind::kExpect: return expect(step, step.count ? Want::kCount : Want::kAction);
      case ast::StepKind::kExpectNone: return expect(step, Want::kNone);
      case ast::StepKind::kExpectNothingElse: return expect(step, Want::kNothingElse);
      case ast::StepKind::kExpectFirings: return expect(step, Want::kFirings);
    }
  }

  // Lines keep their order: each arrives at its stamp, or right after the line before it when that was later.
  void send_from(const ast::Step& step) {
    for (const Timestamp zero : times(step, plan_.start)) {
      Result<std::vector<RecordedLine>> lines = read_(step.path, step.span, zero);
      if (!lines) return fail_at(step.span, lines.error().message + (lines.error().help.empty() ? "" : "; " + lines.error().help));
      Timestamp arrival = zero;
      for (RecordedLine& line : *lines) {
        if (FactInput* fact = std::get_if<FactInput>(&line.input)) {
          arrival = std::max(arrival, fact->stamp);
          push(arrival, std::move(*fact));
        } else if (AckInput* ack = std::get_if<AckInput>(&line.input)) {
          arrival = std::max(arrival, ack->stamp);
          push(arrival, std::move(*ack));
        } else {
          push(arrival, std::move(std::get<Accounted>(line.input)));
        }
        seen(arrival);
        if (error_) return;
      }
    }
  }

  void down(const ast::Step& step) {
    const Timestamp from = plan_.start + duration(*step.from), to = plan_.start + duration(*step.to);
    if (to <= from) return fail_at(step.span, "`down from A to B` needs A before B");
    for (const Absence& other : downs_) {
      if (from <= other.to && other.from <= to)
        return fail_at(step.span, "the service is down already then: two `down` may not overlap or touch");
    }
    downs_.push_back({from, seen(to), step_});
  }

  // What arrives while the service is down arrives when it is back, in the same order and with the same stamps.
  void put_off() {
    std::sort(downs_.begin(), downs_.end(), [](const Absence& a, const Absence& b) { return a.from < b.from; });
    std::vector<Input> all;
    auto next = plan_.inputs.begin();
    const auto take_before = [&](Timestamp t) {
      while (next != plan_.inputs.end() && next->arrival < t) all.push_back(std::move(*next++));
    };
    for (const Absence& away : downs_) {
      take_before(away.from);
      all.push_back({away.from, away.step, GoesDown{}, false});
      all.push_back({away.to, away.step, Recovered{}, false});
      const std::size_t first = all.size();
      take_before(away.to);
      for (std::size_t i = first; i < all.size(); ++i) {
        const ast::Span& span = test_.steps[all[i].step].span;
        if (std::holds_alternative<Question>(all[i].what)) return fail_at(span, "nobody answers while the service is down");
        if (std::holds_alternative<Restart>(all[i].what)) return fail_at(span, "the service is down then: `down` restarts it at its end");
        all[i].arrival = away.to;
        all[i].waited = true;
      }
    }
    take_before(kTimestampMax);
    all.insert(all.end(), std::make_move_iterator(next), std::make_move_iterator(plan_.inputs.end()));
    plan_.inputs = std::move(all);
  }

  // As whoever takes facts from outside does it: replay, the service.
  void tell_lost() {
    const FactTypeId lost = lost_type(schema_);
    SourceNumbers numbers;
    std::vector<Input> all;
    for (Input& input : plan_.inputs) {
      if (const Accounted* known = std::get_if<Accounted>(&input.what)) {
        numbers.account(known->source, known->seq);
        continue;
      }
      const FactInput* fact = std::get_if<FactInput>(&input.what);
      if (lost != kNoId && fact != nullptr && fact->seq > 0 && fact->source.is(Kind::kString)) {
        const std::string_view source = interner_.text(fact->source);
        if (fact->type == lost)
          numbers.account(source, gap_of(*fact).last);
        else if (const auto gap = numbers.note(source, fact->seq))
          all.push_back({input.arrival, input.step, lost_input(lost, fact->source, *gap, fact->stamp), input.waited});
      }
      all.push_back(std::move(input));
    }
    plan_.inputs = std::move(all);
  }

  struct Absence {
    Timestamp from, to;
    std::size_t step = 0;
  };

  const ast::TestDecl& test_;
  const Schema& schema_;
  const Interner& interner_;
  const Constant& constant_;
  const ReadRecorded& read_;
  Plan plan_;
  std::vector<Absence> downs_;
  std::size_t step_ = 0;
  std::optional<PlanError> error_;
};

}  // namespace

std::expected<Plan, PlanError> make_plan(const ast::TestDecl& test, const Schema& schema, const Interner& interner,
                                         const Constant& constant, const ReadRecorded& read) {
  return Planner(test, schema, interner, constant, read).make();
}

}  // namespace flyball::app::testing
