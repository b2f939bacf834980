// Test blocks: every step's times, records and names. See passes.h.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "model/compare.h"
#include "model/fact.h"
#include "model/text.h"
#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

using ast::Step;
using ast::StepKind;

namespace {

class TestChecker {
 public:
  TestChecker(Package& p, std::size_t file, const std::vector<const ast::DecisionDecl*>& decisions) : p_(p), decisions_(decisions) {
    scope_.file = &p.scopes[file];
    scope_.no_params = "a test says its values itself";
  }

  // When all steps are checked: what would need the service while it is down.
  void check_downs() {
    for (const auto& [at, step] : needs_service_) {
      const bool away = std::any_of(downs_.begin(), downs_.end(), [at](const Absence& d) { return at >= d.from && at < d.to; });
      if (!away) continue;
      if (step->kind == StepKind::kAsk) {
        p_.report.error("E0703", step->at->span, "nobody answers while the service is down", "ask before, or when it is back");
      } else {
        p_.report.error("E0703", step->at->span, "the service is down then", "leave `restart` out: `down` ends with one");
      }
    }
  }

  void check(Step& step) {
    times(step);
    switch (step.kind) {
      case StepKind::kStart: return start(step);
      case StepKind::kSet: return set(step);
      case StepKind::kSend:
      case StepKind::kRetract: return send(step);
      case StepKind::kAck: return ack(step);
      case StepKind::kExpect:
      case StepKind::kExpectNone: return expect(step);
      case StepKind::kExpectFirings:
        if (step.count) constant_count(p_, *scope_.file, *step.count, "the number of firings", 0);
        return rule(step);
      case StepKind::kAsk: return ask(step);
      case StepKind::kSendFrom:
      case StepKind::kExpectNothingElse:
      case StepKind::kRestart:
      case StepKind::kDown: return;
    }
  }

 private:
  void times(Step& step) {
    const FileScope& file = *scope_.file;
    std::optional<std::int64_t> at, from, to;
    if (step.at) at = constant_duration(p_, file, *step.at, "the time after `at`", true);
    if (step.by) constant_duration(p_, file, *step.by, "the time after `by`", true);
    if (step.every) constant_duration(p_, file, *step.every, "the time after `every`");
    if (step.from) from = constant_duration(p_, file, *step.from, "the time after `from`", true);
    if (step.to) to = constant_duration(p_, file, *step.to, "the time after `to`", true);
    if (step.stamped) constant_duration(p_, file, *step.stamped, "the time after `stamped`", true);
    const bool expects = step.kind == StepKind::kExpect || step.kind == StepKind::kExpectNone ||
                         step.kind == StepKind::kExpectNothingElse || step.kind == StepKind::kExpectFirings;
    const bool timed = step.at || step.by || step.every;
    if (expects && !timed) {
      p_.report.error("E0703", step.span, "an expectation needs a time", "`at 2m expect …` exactly then, `by 2m expect …` up to then");
    } else if (step.by && !expects) {
      p_.report.error("E0703", step.by->span, "`by` is for expectations", "write `at`");
    } else if ((step.kind == StepKind::kStart || step.kind == StepKind::kSet) && timed) {
      p_.report.error("E0703", step.span,
                      fmt::format("`{}` is for the whole test and has no time", step.kind == StepKind::kStart ? "start" : "set"),
                      "leave the time out");
    }
    if (from && to && *to < *from)
      p_.report.error("E0703", step.to->span, "the last time is before the first", "`from A to B` with A before B");
    else if (step.kind == StepKind::kDown && from && to)
      down(step, *from, *to);
    if (at && (step.kind == StepKind::kAsk || step.kind == StepKind::kRestart)) needs_service_.push_back({*at, &step});
  }

  void down(const Step& step, std::int64_t from, std::int64_t to) {
    if (from == to) p_.report.error("E0703", step.to->span, "the service is away for no time at all", "`down from A to B` with A before B");
    for (const Absence& other : downs_) {
      if (from <= other.to && other.from <= to) {
        p_.report.error("E0703", step.span, "the service is down already then", "two `down` may not overlap or touch: make one of them");
        return;
      }
    }
    downs_.push_back({from, to});
  }

  void start(Step& step) {
    if (!step.value) return;
    once("start", step.span);
    const std::optional<Value> text = constant(p_, *scope_.file, *step.value, Type::of(TypeTag::kString), "the time after `start`");
    if (!text) return;
    const std::optional<Value> time = parse_timestamp(p_.interner.text(*text));
    if (!time || !to_engine_time(*time)) {
      p_.report.error("E0703", step.value->span, fmt::format("{} is no time", quote(p_.interner.text(*text))),
                      "write it as `\"2030-01-15T01:45:00+01:00\"`, from 1677 to 2262");
    }
  }

  void once(const std::string& what, ast::Span at) {
    if (std::find(said_.begin(), said_.end(), what) != said_.end())
      p_.report.error("E0703", at, fmt::format("this test says `{}` twice", what), "keep one of them");
    said_.push_back(what);
  }

  void set(Step& step) {
    const Found found = p_.names.find(SymbolKind::kValue, step.set_param.text, *scope_.file);
    if (found.symbol == nullptr || Package::is_let(*found.symbol) || Package::is_calendar(*found.symbol)) {
      if (!found.ambiguous.empty()) {
        p_.report.error("E0307", step.set_param.span, fmt::format("`{}` is declared in several imported modules", step.set_param.text),
                        fmt::format("write {}", listed(found.ambiguous)));
      } else if (found.symbol != nullptr) {
        p_.report.error("E0701", step.set_param.span,
                        fmt::format("`{}` is a {}; tests set params", step.set_param.text, Package::word_of(*found.symbol)));
      } else {
        p_.report.misspelt("E0701", step.set_param.span, fmt::format("there is no param `{}`", step.set_param.text), step.set_param.text,
                           p_.names.visible(SymbolKind::kValue, *scope_.file));
      }
      return;
    }
    step.param = found.symbol->id;
    if (p_.uses != nullptr) p_.uses->symbol(SymbolKind::kValue, step.set_param.span, *found.symbol);
    once("set " + step.set_param.text, step.set_param.span);
    const Param& param = p_.schema.params[step.param];
    if (!step.value) return;
    const std::optional<Value> v = constant(p_, *scope_.file, *step.value, param.type, "`" + param.local + "`");
    if (!v) return;
    const auto less = [&](const Value& a, const Value& b) { return compare_total(a, b, p_.interner) < 0; };
    if ((param.minimum && less(*v, *param.minimum)) || (param.maximum && less(*param.maximum, *v))) {
      p_.report.error("E0409", step.value->span,
                      fmt::format("`{}` is outside the range of `{}`", p_.report.excerpt(step.value->span), param.local));
    }
  }

  // Checks the fields and puts literals in the place of what can be told here.
  void record(ast::Record& r, const std::vector<Field>& fields, std::size_t count, const std::string& what, Completeness completeness) {
    check_record(p_, scope_, r, fields, count, what, completeness);
    for (ast::RecordField& f : r.fields) {
      if (f.value.type.is(TypeTag::kError)) continue;
      const std::optional<Value> v = fold(f.value, p_.interner);
      if (!v || f.field == kNoId) continue;
      f.value.kind = ast::ExprKind::kLiteral;
      f.value.args.clear();
      f.value.literal = *v;
      f.value.type = fields[f.field].type;
    }
  }

  void send(Step& step) {
    if (step.source) constant(p_, *scope_.file, *step.source, Type::of(TypeTag::kString), "the name after `source`");
    if (step.seq) constant_count(p_, *scope_.file, *step.seq, "the number after `seq`", 1);
    const std::optional<FactTypeId> id = find_fact_type(p_, *scope_.file, step.record.type);
    if (!id) return;
    step.record.fact_type = *id;
    const FactType& type = p_.schema.types[*id];
    const bool retract = step.kind == StepKind::kRetract;
    if (type.role == Role::kDerived || type.role == Role::kAction || (retract && type.is_event())) {
      const char* why = type.role == Role::kDerived  ? "is derived by a rule"
                        : type.role == Role::kAction ? "is an action, which rules make"
                                                     : "is an event, over at once";
      p_.report.error("E0702", step.record.type.span,
                      fmt::format("`{}` {}; it cannot be {} from outside", type.local, why, retract ? "retracted" : "sent"),
                      type.role == Role::kAction ? "`ack` and `fail` say what its executor answers" : "");
      return;
    }
    if (!retract) return record(step.record, type.fields, type.declared_fields, "`" + type.local + "`", Completeness::kComplete);
    record(step.record, type.fields, type.declared_fields, "`" + type.local + "`", Completeness::kPartial);
    for (const std::uint32_t k : type.key) {
      const bool given =
          std::any_of(step.record.fields.begin(), step.record.fields.end(), [&](const ast::RecordField& f) { return f.field == k; });
      if (given) continue;
      p_.report.error("E0505", step.record.type.span, fmt::format("`retract` needs the key: `{}` is missing", type.fields[k].name));
      break;
    }
  }

  const FactType* action(ast::Record& r, const char* step) {
    const std::optional<FactTypeId> id = find_fact_type(p_, *scope_.file, r.type);
    if (!id) return nullptr;
    r.fact_type = *id;
    const FactType& type = p_.schema.types[*id];
    if (type.role == Role::kAction) return &type;
    p_.report.error("E0702", r.type.span, fmt::format("`{}` is no action, and `{}` takes actions", type.local, step),
                    step == std::string_view("expect")
                        ? "a fact is seen by what follows of it: an action, or what a decision that reads it answers (`ask`)"
                        : "");
    return nullptr;
  }

  void ack(Step& step) {
    const FactType* type = action(step.record, step.state == "failed"     ? "fail"
                                               : step.state == "approved" ? "approve"
                                               : step.state == "rejected" ? "reject"
                                                                          : "ack");
    if (type == nullptr) return;
    record(step.record, type->fields, type->declared_fields, "`" + type->local + "`", Completeness::kPartial);
    if (!step.result) return;
    if (step.state == "approved" || step.state == "rejected") {
      p_.report.error("E0702", step.result->span, "a person's word has no result",
                      "its executor says it, when it has done it: `ack`, at a later time");
      return;
    }
    if (type->result_fields.empty()) {
      p_.report.error("E0702", step.result->span, fmt::format("`{}` has no result", type->local),
                      fmt::format("declare it: `action {} … result {{ … }}`", type->local));
      return;
    }
    record(*step.result, type->result_fields, type->result_fields.size(), "the result", Completeness::kComplete);
  }

  void rule(Step& step) {
    if (step.from_rule.text.empty()) return;
    const Found found = p_.names.find(SymbolKind::kRule, step.from_rule.text, *scope_.file);
    if (found.symbol != nullptr) {
      step.rule = found.symbol->id;
      if (p_.uses != nullptr) p_.uses->symbol(SymbolKind::kRule, step.from_rule.span, *found.symbol);
      return;
    }
    if (!found.ambiguous.empty()) {
      p_.report.error("E0307", step.from_rule.span, fmt::format("`{}` is declared in several imported modules", step.from_rule.text),
                      fmt::format("write {}", listed(found.ambiguous)));
      return;
    }
    p_.report.misspelt("E0701", step.from_rule.span, fmt::format("there is no rule `{}`", step.from_rule.text), step.from_rule.text,
                       p_.names.visible(SymbolKind::kRule, *scope_.file));
  }

  void made_by(const Step& step, const FactType& type) {
    std::size_t number = step.rule;
    const ast::RuleDecl* rule = nullptr;
    for (const ast::File& file : p_.files) {
      if (number < file.rules.size()) {
        rule = &file.rules[number];
        break;
      }
      number -= file.rules.size();
    }
    if (rule == nullptr) return;
    for (const auto* effects : {&rule->then, &rule->on_clear}) {
      for (const ast::Effect& e : *effects) {
        if (e.kind == ast::EffectKind::kDo && (e.record.fact_type == step.record.fact_type || e.record.fact_type == kNoId)) return;
      }
    }
    p_.report.error("E0702", step.from_rule.span, fmt::format("`{}` never does `{}`", step.from_rule.text, type.local));
  }

  void expect(Step& step) {
    if (step.count) constant_count(p_, *scope_.file, *step.count, "the number of actions", 0);
    rule(step);
    const FactType* type = action(step.record, "expect");
    if (type != nullptr && step.rule != kNoId) made_by(step, *type);
    // Those that every action has, too: `state` tells a proposal from what is sent.
    if (type != nullptr) record(step.record, type->fields, type->fields.size(), "`" + type->local + "`", Completeness::kPartial);
  }

  void ask(Step& step) {
    const Found found = p_.names.find(SymbolKind::kDecision, step.decision.text, *scope_.file);
    if (found.symbol == nullptr) {
      p_.report.misspelt("E0701", step.decision.span, fmt::format("there is no decision `{}`", step.decision.text), step.decision.text,
                         p_.names.visible(SymbolKind::kDecision, *scope_.file));
      return;
    }
    step.decision_id = found.symbol->id;
    if (p_.uses != nullptr) p_.uses->symbol(SymbolKind::kDecision, step.decision.span, *found.symbol);
    const DecisionType& type = p_.schema.decisions[step.decision_id];
    record(step.record, type.input, type.input.size(), "the question", Completeness::kComplete);
    for (ast::Record& expected : step.expected) record(expected, type.output, type.output.size(), "the answer", Completeness::kPartial);
    if (step.expects_answer && step.expects_list != type.list) {
      const ast::Span at = step.expected.empty() ? step.decision.span : step.expected.front().span;
      p_.report.error("E0704", at, fmt::format("the answer of `{}` is {}", type.local, type.list ? "a list" : "one output"),
                      type.list ? "as in `expect [{ … }, { … }]`" : "as in `expect { … }`");
    }
    const std::string& from = step.from_rule.text;
    if (from.empty() || from == "default") return;
    if (from == "no row" || from.starts_with("row ") || from.starts_with("rows ")) {
      const auto& table = decisions_[step.decision_id]->table;
      if (table && table->from && table->rows.empty()) return;  // its file is missing or empty, which is said once
      bool all = table.has_value();
      for (std::size_t at = from.find(' '); all && from != "no row" && at != std::string::npos;) {
        std::size_t row = 0;
        const auto [end, error] = std::from_chars(from.data() + at + 1, from.data() + from.size(), row);
        all = error == std::errc{} && row >= 1 && row <= table->rows.size();
        at = from.find(' ', at + 1);
      }
      if (all) return;
      p_.report.error("E0701", step.from_rule.span, fmt::format("`{}` has no `{}`", type.local, from),
                      table ? fmt::format("its table has rows 1 to {}", table->rows.size()) : "it has no table");
      return;
    }
    std::vector<std::string> names;
    for (const ast::Case& c : decisions_[step.decision_id]->cases) names.push_back(c.name.text);
    if (std::find(names.begin(), names.end(), from) != names.end()) return;
    names.emplace_back("default");
    p_.report.misspelt("E0701", step.from_rule.span, fmt::format("`{}` has no case `{}`", type.local, from), from, names);
  }

  Package& p_;
  const std::vector<const ast::DecisionDecl*>& decisions_;
  Scope scope_;
  std::vector<std::string> said_;
  struct Absence {
    std::int64_t from = 0, to = 0;
  };
  std::vector<Absence> downs_;
  std::vector<std::pair<std::int64_t, const Step*>> needs_service_;
};

}  // namespace

void check_test(Package& p, std::size_t file, ast::TestDecl& test, const std::vector<const ast::DecisionDecl*>& decisions) {
  TestChecker checker(p, file, decisions);
  for (Step& step : test.steps) checker.check(step);
  checker.check_downs();
}

}  // namespace flyball::check
