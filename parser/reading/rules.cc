// Rules and cases in sentences: lines, effects, how an episode ends and how often one may begin. See reading.h.
#include <fmt/format.h>

#include <algorithm>

#include "parser/ast/rule_form.h"
#include "parser/reading/phrases.h"
#include "parser/reading/reading.h"

namespace flyball {

namespace {

using ast::Effect;
using ast::EffectKind;
using ast::Line;
using ast::LineKind;
using ast::Pattern;
using ast::Quantifier;
using reading::Phrases;

class Reader {
 public:
  explicit Reader(const ReadingContext& context) : c_(context), say_(context) {}

  std::string rule(const ast::RuleDecl& r) {
    const std::string when = block(r.when);
    std::string out;
    if (ast::is_logical(r)) {
      out = fmt::format("While {}, {}.", when, effects(r.then));
    } else {
      out = fmt::format("When {}, then {}.", when, effects(r.then));
    }
    if (ast::is_production(r)) {
      out += fmt::format(" It fires once for each choice of facts as they are; which of several goes first, the strategy `{}` says.",
                         ast::strategy_word(r.strategy));
    }
    if (r.until) out += fmt::format(" This goes on until {}.", block(*r.until));
    if (r.keep) out += fmt::format(" It is over only when that has not been so for {}.", say_.duration(*r.keep));
    if (!r.on_clear.empty())
      out += fmt::format(" {}, {}.", r.until || r.keep ? "When it is over" : "As soon as that is no longer so", effects(r.on_clear));
    for (const ast::During& d : r.during) out += fmt::format(" It begins only {} `{}`.", d.negated ? "outside" : "during", d.calendar.text);
    if (r.approve) out += " " + approval(*r.approve);
    if (r.repeat) out += fmt::format(" While it lasts and is still so, that is done again every {}.", say_.duration(*r.repeat));
    if (r.cooldown) out += " " + cooldown(r);
    if (r.late_skip) {
      const bool nothing = r.late_skip->kind == ast::ExprKind::kLiteral && r.late_skip->literal == Value::duration_ns(0);
      out += " After an absence it makes up for nothing";
      out += nothing ? "." : fmt::format(" that was due more than {} before.", say_.duration(*r.late_skip));
    }
    if (r.priority_value != 0) out += fmt::format(" Its priority is {}.", r.priority_value);
    if (r.mode_value == ast::Mode::kShadow) out += " It is in shadow: what it would do is shown, and not done.";
    if (r.mode_value == ast::Mode::kOff) out += " It is switched off.";
    return out;
  }

  std::string answer_case(const ast::Case& c) { return fmt::format("When {}: {}.", block(c.when), fields(c.output, "is")); }

  std::string fields(const ast::Record& record, const char* is) const {
    std::vector<std::string> parts;
    for (const ast::RecordField& f : record.fields) {
      parts.push_back(fmt::format("{} {}{}{}", f.name.text, is, *is == '\0' ? "" : " ", say_.value(f.value)));
    }
    return read_list(parts);
  }

 private:
  std::string type_name(FactTypeId id, const ast::Name& written) const {
    return "`" + (id < c_.rules.schema.types.size() ? c_.rules.schema.types[id].local : written.text) + "`";
  }

  // What lines `from` to `to` say, which stand in one block or, at depth, in one branch.
  std::vector<std::string> clauses(const std::vector<Line>& lines, std::size_t from, std::size_t to, std::size_t depth) {
    std::vector<std::string> out;
    for (std::size_t i = from; i < to;) {
      if (lines[i].branches.size() <= depth) {
        out.push_back(line(lines[i++]));
        continue;
      }
      const std::uint32_t either = lines[i].branches[depth].either;
      std::string all = "either ";
      for (const std::size_t first = i; i < to && lines[i].branches.size() > depth && lines[i].branches[depth].either == either;) {
        const std::size_t end = ast::end_of_branch(lines, i, depth);
        all += fmt::format("{}({})", i == first ? "" : " or ", read_list(clauses(lines, i, end, depth + 1)));
        i = end;
      }
      out.push_back(std::move(all));
    }
    return out;
  }

  std::string block(const ast::Block& b) {
    const std::vector<std::string> clauses = this->clauses(b.lines, 0, b.lines.size(), 0);
    if (clauses.empty()) return "always";
    std::string out;
    for (std::size_t i = 0; i < clauses.size(); ++i) {
      if (i > 0) out += i + 1 == clauses.size() ? ", and " : ", ";
      out += clauses[i];
    }
    return out;
  }

  std::string line(const Line& l) {
    if (l.kind == LineKind::kLet) return fmt::format("with `{}` for {}", l.let_name.text, say_.value(l.expr));
    if (l.kind == LineKind::kCheck) {
      std::string out = say_.condition(l.expr);
      if (l.hold) out += fmt::format(" and has been so for {}", say_.duration(*l.hold));
      return out;
    }
    return pattern(l.pattern);
  }

  std::string pattern(const Pattern& p) {
    const std::string type = type_name(p.fact_type, p.type);
    const FactType* known = p.fact_type < c_.rules.schema.types.size() ? &c_.rules.schema.types[p.fact_type] : nullptr;
    const bool moment = known != nullptr && known->is_event();
    const std::string what = joins(p) + such(p);
    const std::string held = p.hold ? fmt::format(" and has been so for {}", say_.duration(*p.hold)) : std::string();
    switch (p.quantifier) {
      case Quantifier::kOne: {
        if (p.each) {
          return fmt::format("there is a value{} of {} among {} {}{}{}{}", p.name ? fmt::format(" `{}`", p.name->text) : std::string(),
                             p.each->text, type, moment ? "events" : "facts", what, within(p), held);
        }
        std::string out = moment ? fmt::format("{} {} happens", article(type), type) : fmt::format("there is {} {}", article(type), type);
        if (p.name) out += fmt::format(" `{}`", p.name->text);
        if (moment && p.name) out = fmt::format("{} {} `{}` happens", article(type), type, p.name->text);
        return out + what + within(p) + held;
      }
      case Quantifier::kSome: return fmt::format("there is some {}{}{}{}", type, what, within(p), held);
      case Quantifier::kNo:
        if (p.hold) return fmt::format("there has been no {}{} for {}", type, what, say_.duration(*p.hold));
        return fmt::format("there is no {}{}{}", type, what, within(p));
      case Quantifier::kEvery:
        return fmt::format("of every {}{} it is true that {}{}", type, what, p.satisfies ? say_.condition(*p.satisfies) : "always", held);
    }
    return {};
  }

  // `type` in its backticks.
  static const char* article(const std::string& type) {
    return type.size() > 1 && std::string_view("AEIO").find(type[1]) != std::string_view::npos ? "an" : "a";
  }

  std::string within(const Pattern& p) const {
    if (!p.within) return {};
    return fmt::format(" within {}{}", say_.duration(*p.within), p.after ? fmt::format(" after `{}`", p.after->text) : std::string());
  }

  static std::string joins(const Pattern& p) {
    std::vector<std::string> parts;
    for (const ast::SamePart& same : p.same) {
      std::vector<std::string> names;
      for (const ast::Name& f : same.fields) names.push_back(f.text);
      parts.push_back(fmt::format("the same {} as `{}`", read_list(names), same.as.text));
    }
    return parts.empty() ? std::string() : " with " + read_list(parts);
  }

  std::string such(const Pattern& p) const { return p.where ? " where " + say_.condition(*p.where) : std::string(); }

  std::string effects(const std::vector<Effect>& all) const {
    std::vector<std::string> parts;
    for (const Effect& e : all) parts.push_back(effect(e));
    return parts.size() < 2 ? read_list(parts) : fmt::format("{}", fmt::join(parts, "; "));
  }

  std::string effect(const Effect& e) const {
    const auto with = [&](const char* verb) {
      const std::string f = fields(e.record, "");
      return fmt::format("{} {}{}", verb, type_name(e.record.fact_type, e.record.type), f.empty() ? "" : " with " + f);
    };
    switch (e.kind) {
      case EffectKind::kDo: return with("do");
      case EffectKind::kDerive: return with("there is a derived");
      case EffectKind::kAssert: return with("record");
      case EffectKind::kSet: {
        std::vector<std::string> parts;
        for (const ast::RecordField& f : e.record.fields)
          parts.push_back(fmt::format("{} of `{}` to {}", f.name.text, e.target.text, say_.value(f.value)));
        return "set " + read_list(parts);
      }
      case EffectKind::kRetract: return fmt::format("retract `{}`", e.target.text);
      case EffectKind::kLog: return "log " + (e.text ? say_.value(*e.text) : std::string("nothing"));
    }
    return {};
  }

  std::string approval(const ast::Expr& when) {
    if (when.literal.is_true()) return "A person must approve what it does before it is sent.";
    return fmt::format("A person must approve what it does before it is sent when {}, or when that is not known.", say_.condition(when));
  }

  std::string cooldown(const ast::RuleDecl& r) const {
    std::vector<std::string> per;
    for (const ast::Expr& e : r.cooldown_per) per.push_back(say_.value(e));
    if (per.empty()) {
      for (const Line& l : r.when.lines) {
        if (l.kind == LineKind::kPattern && l.pattern.quantifier == Quantifier::kOne && !l.pattern.local && l.pattern.name)
          per.push_back("`" + l.pattern.name->text + "`");
      }
    }
    return fmt::format("At most once in {}{}.", say_.duration(*r.cooldown), per.empty() ? "" : " for each " + read_list(per));
  }

  const ReadingContext& c_;
  Phrases say_;
};

}  // namespace

std::string read_rule(const ast::RuleDecl& rule, const ReadingContext& context) { return Reader(context).rule(rule); }
std::string read_case(const ast::Case& c, const ReadingContext& context) { return Reader(context).answer_case(c); }
std::string read_fields(const ast::Record& record, const ReadingContext& context) { return Reader(context).fields(record, "is"); }

}  // namespace flyball
