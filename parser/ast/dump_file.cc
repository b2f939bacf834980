// dump of declarations; see dump.h. Thread safety: pure functions.
#include <array>

#include "model/text.h"
#include "parser/ast/dump.h"

namespace flyball::ast {
namespace {

constexpr std::array<const char*, 5> kRoles{"fact", "event", "mutable-fact", "fact", "action"};
constexpr std::array<const char*, 4> kQuantifiers{"one", "some", "no", "every"};
constexpr std::array<const char*, 6> kEffects{"do", "derive", "assert", "set", "retract", "log"};
constexpr std::array<const char*, 13> kSteps{"start", "set",     "send",      "send-from",           "retract",
                                             "ack",   "expect",  "expect-no", "expect-nothing-else", "expect-firings",
                                             "ask",   "restart", "down"};

struct FileDumper {
  const Interner& in;
  std::string out;

  void line(int indent, const std::string& text) { out += "\n" + std::string(static_cast<std::size_t>(indent) * 2, ' ') + text; }
  std::string opt(const char* head, const OptionalExpr& e) const {
    return e ? std::string(" (") + head + " " + dump(*e, in) + ")" : std::string();
  }
  static std::string named(const char* head, const Name& n) { return n.text.empty() ? "" : std::string(" (") + head + " " + n.text + ")"; }
  static std::string doc(const std::string& d) { return d.empty() ? "" : " (doc " + quote(d) + ")"; }
  static std::string names(const std::vector<Name>& all) {
    std::string s;
    for (const Name& n : all) s += (s.empty() ? "" : " ") + n.text;
    return s;
  }

  std::string type(const TypeExpr& t) const {
    std::string s;
    if (!t.members.empty()) {
      s = "(one-of";
      for (const Name& m : t.members) s += " " + quote(m.text);
      s += ")";
    } else {
      s = t.name.text;
      if (!t.args.empty()) {
        s += "<";
        for (std::size_t i = 0; i < t.args.size(); ++i) s += (i ? ", " : "") + type(t.args[i]);
        s += ">";
      }
    }
    return t.nullable ? s + "?" : s;
  }
  std::string field(const FieldDecl& f) const {
    return "(" + f.name.text + " " + type(f.type) + opt("default", f.default_value) + doc(f.doc) + ")";
  }
  std::string record(const Record& r) const {
    std::string s = r.type.text;
    for (const RecordField& f : r.fields) s += std::string(s.empty() ? "" : " ") + "(" + f.name.text + " " + dump(f.value, in) + ")";
    return s;
  }

  void type_decl(const TypeDecl& t) {
    out += std::string("(") + kRoles[static_cast<std::size_t>(t.role)] + " " + t.name.text;
    if (t.has_key) out += " (key" + (t.key.empty() ? "" : " " + names(t.key)) + ")";
    out += opt("ttl", t.ttl) + opt("lateness", t.lateness) + (t.late ? named("late", *t.late) : "") + opt("tries", t.tries) +
           opt("every", t.try_every) + opt("timeout", t.timeout) + opt("rate", t.rate_count) + opt("per", t.rate_per) +
           (t.rate_else_refuse ? " else-refuse" : "") + opt("retain", t.retain) + doc(t.doc);
    for (const FieldDecl& f : t.fields) line(1, field(f));
    if (!t.result_fields.empty()) {
      line(1, "(result");
      for (const FieldDecl& f : t.result_fields) line(2, field(f));
      out += ")";
    }
    out += ")\n";
  }

  std::string pattern(const Pattern& p) const {
    std::string s = p.cross ? "(cross" : std::string("(") + kQuantifiers[static_cast<std::size_t>(p.quantifier)];
    if (p.name) s += " " + p.name->text + ":";
    s += (p.each ? " each " : " ") + p.type.text + (p.each ? "." + p.each->text : "");
    for (const SamePart& part : p.same) s += " (same " + names(part.fields) + " as " + part.as.text + ")";
    return s + opt("where", p.where) + opt("satisfies", p.satisfies) + opt("within", p.within) + (p.after ? named("after", *p.after) : "") +
           opt("for", p.hold) + ")";
  }
  void block(int indent, const char* head, const Block& b) {
    line(indent, std::string("(") + head);
    for (const Line& l : b.lines) {
      std::string in_branches;
      for (const InBranch& in_one : l.branches) in_branches += " " + std::to_string(in_one.either) + "." + std::to_string(in_one.branch);
      if (!in_branches.empty()) line(indent + 1, "(either" + in_branches + ")");
      switch (l.kind) {
        case LineKind::kPattern: line(indent + 1, pattern(l.pattern)); break;
        case LineKind::kLet: line(indent + 1, "(let " + l.let_name.text + " " + dump(l.expr, in) + ")"); break;
        case LineKind::kCheck: line(indent + 1, "(check " + dump(l.expr, in) + opt("for", l.hold) + ")"); break;
      }
    }
    out += ")";
  }
  void effects(const char* head, const std::vector<Effect>& all) {
    line(1, std::string("(") + head);
    for (const Effect& e : all) {
      std::string s = std::string("(") + kEffects[static_cast<std::size_t>(e.kind)];
      if (e.kind == EffectKind::kLog) {
        s += e.text ? " " + dump(*e.text, in) : "";
      } else {
        if (!e.target.text.empty()) s += " " + e.target.text;
        if (const std::string r = record(e.record); !r.empty()) s += " " + r;
      }
      line(2, s + ")");
    }
    out += ")";
  }
  void rule(const RuleDecl& r) {
    out += "(rule " + r.name.text + doc(r.doc) + opt("priority", r.priority) + (r.mode ? named("mode", *r.mode) : "") +
           opt("cooldown", r.cooldown);
    if (!r.cooldown_per.empty()) {
      out += " (per";
      for (const Expr& e : r.cooldown_per) out += " " + dump(e, in);
      out += ")";
    }
    out += opt("keep", r.keep) + opt("repeat", r.repeat) + opt("late-skip", r.late_skip) + opt("approve", r.approve);
    for (const During& during : r.during) out += named(during.negated ? "not-during" : "during", during.calendar);
    if (!r.tags.empty()) {
      out += " (tags";
      for (const std::string& t : r.tags) out += " " + quote(t);
      out += ")";
    }
    if (!r.owner.empty()) out += " (owner " + quote(r.owner) + ")";
    if (!r.runbook.empty()) out += " (runbook " + quote(r.runbook) + ")";
    block(1, "when", r.when);
    effects("then", r.then);
    if (r.until) block(1, "until", *r.until);
    if (!r.on_clear.empty()) effects("on-clear", r.on_clear);
    out += ")\n";
  }

  void calendar(const CalendarDecl& c) {
    static constexpr std::array<const char*, 5> kDays{"daily", "weekdays", "month-days", "last-day", "dates"};
    out += "(calendar " + c.name.text + (c.zone ? " (zone " + quote(c.zone->text) + ")" : "") + doc(c.doc);
    const auto range = [](const char* head, std::int32_t first, std::int32_t last) {
      return std::string(" (") + head + " " + std::to_string(first) + ".." + std::to_string(last) + ")";
    };
    for (const CalendarPart& part : c.parts) {
      std::string s = part.except ? "(except" : "(open";
      for (const CalendarDay& day : part.days) {
        const char* kind = kDays[static_cast<std::size_t>(day.kind)];
        const bool numbers = day.kind != CalendarDays::kDaily && day.kind != CalendarDays::kLastDay;
        s += numbers ? range(kind, day.first, day.last) : std::string(" ") + kind;
      }
      for (const CalendarTime& time : part.times) s += range("seconds", time.first, time.last);
      line(1, s + ")");
    }
    out += ")\n";
  }

  void decision(const DecisionDecl& d) {
    out += "(decision " + d.name.text + doc(d.doc) + (d.fail_on_unknown ? " fail-on-unknown" : "");
    const auto fields = [&](const char* head, const std::vector<FieldDecl>& all) {
      std::string s = std::string("(") + head;
      for (const FieldDecl& f : all) s += " " + field(f);
      line(1, s + ")");
    };
    fields("input", d.input);
    fields("output", d.output);
    for (const Case& c : d.cases) {
      line(1, "(case " + c.name.text);
      block(2, "when", c.when);
      line(2, "(return " + record(c.output) + "))");
    }
    if (d.table) {
      line(1, "(table " + d.table->policy_name.text + " (" + names(d.table->inputs) + ") (" + names(d.table->outputs) + ")");
      for (const TableRow& row : d.table->rows) {
        std::string s = "(row";
        for (const Cell& c : row.inputs) {
          s += " [";
          if (c.wildcard) s += "-";
          for (std::size_t i = 0; i < c.alternatives.size(); ++i) s += (i ? ", " : "") + dump(c.alternatives[i], in);
          s += "]";
        }
        s += " =>";
        for (const Expr& e : row.outputs) s += " " + dump(e, in);
        line(2, s + ")");
      }
      out += ")";
    }
    if (d.fallback) line(1, "(default " + record(*d.fallback) + ")");
    out += ")\n";
  }

  void test(const TestDecl& t) {
    out += "(test " + quote(t.name.text);
    for (const Step& s : t.steps) {
      std::string text = std::string("(") + kSteps[static_cast<std::size_t>(s.kind)] + opt("at", s.at) + opt("by", s.by) +
                         opt("every", s.every) + opt("from", s.from) + opt("to", s.to);
      if (!s.set_param.text.empty()) text += " " + s.set_param.text;
      if (s.value) text += " " + dump(*s.value, in);
      if (!s.state.empty()) text += " " + s.state;
      text += opt("count", s.count);
      if (!s.decision.text.empty()) text += " " + s.decision.text;
      if (const std::string r = record(s.record); !r.empty()) text += " " + r;
      text += opt("stamped", s.stamped) + opt("source", s.source) + opt("seq", s.seq);
      if (s.result) text += " (result " + record(*s.result) + ")";
      for (const Record& expected : s.expected) text += " (expected " + record(expected) + ")";
      text += named("from", s.from_rule);
      if (!s.path.empty()) text += " " + quote(s.path);
      line(1, text + ")");
    }
    out += ")\n";
  }
};

}  // namespace

std::string dump(const File& file, const Interner& in) {
  FileDumper d{in, {}};
  if (file.module) d.out += "(module " + file.module->text + (file.strategy ? " strategy " + file.strategy->text : "") + ")\n";
  for (const Import& i : file.imports) d.out += "(import " + i.module.text + (i.as ? " as " + i.as->text : "") + ")\n";
  for (const TypeDecl& t : file.types) d.type_decl(t);
  for (const ParamDecl& p : file.params) {
    d.out += "(param " + p.name.text + " " + d.type(p.type) + d.opt("value", p.value) + d.opt("minimum", p.minimum) +
             d.opt("maximum", p.maximum) + FileDumper::doc(p.doc) + ")\n";
  }
  for (const CalendarDecl& c : file.calendars) d.calendar(c);
  for (const LetDecl& l : file.lets) {
    d.out += "(let " + l.name.text;
    if (l.is_function) {
      d.out += " (parameters";
      for (const FieldDecl& f : l.parameters) d.out += " " + d.field(f);
      d.out += ")";
    }
    d.out += " " + dump(l.value, in) + FileDumper::doc(l.doc) + ")\n";
  }
  for (const RuleDecl& r : file.rules) d.rule(r);
  for (const DecisionDecl& x : file.decisions) d.decision(x);
  for (const TestDecl& t : file.tests) d.test(t);
  return std::move(d.out);
}

}  // namespace flyball::ast
