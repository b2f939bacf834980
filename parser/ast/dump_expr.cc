// dump of expressions; see dump.h. Thread safety: pure functions.
#include <array>

#include "model/text.h"
#include "parser/ast/dump.h"
#include "parser/ast/words.h"

namespace flyball::ast {
namespace {

constexpr std::array<const char*, 18> kOps{
    "", "not", "-", "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "like", "??", "?"};

struct Dumper {
  const Interner& in;
  std::string out;

  void part(const char* head, const OptionalExpr& e) {
    if (!e) return;
    out += std::string(" (") + head + " ";
    expr(*e);
    out += ")";
  }
  void all(const Expr& e) {
    for (const Expr& a : e.args) {
      out += " ";
      expr(a);
    }
    out += ")";
  }
  void expr(const Expr& e) {
    switch (e.kind) {
      case ExprKind::kLiteral:
        out += e.literal.is(Kind::kUint) ? to_source(e.literal, in) + (to_source(e.literal, in).ends_with('u') ? "" : "u")
                                         : to_source(e.literal, in);
        return;
      case ExprKind::kName: out += e.name; return;
      case ExprKind::kNow: out += "(now)"; return;
      case ExprKind::kHole: out += "(hole)"; return;
      case ExprKind::kSelect:
        out += e.op == Op::kOptional ? "(.? " : "(. ";
        if (!e.args.empty()) expr(e.args[0]);
        out += " " + e.name + ")";
        return;
      case ExprKind::kIndex: out += e.op == Op::kOptional ? "([?]" : "([]"; return all(e);
      case ExprKind::kCall: out += (e.method ? "(method " : "(call ") + e.name; return all(e);
      case ExprKind::kUnary: out += std::string("(") + (e.op == Op::kNegate ? "neg" : kOps[static_cast<std::size_t>(e.op)]); return all(e);
      case ExprKind::kBinary: out += std::string("(") + kOps[static_cast<std::size_t>(e.op)]; return all(e);
      case ExprKind::kAnd: out += "(and"; return all(e);
      case ExprKind::kOr: out += "(or"; return all(e);
      case ExprKind::kTernary: out += "(if"; return all(e);
      case ExprKind::kList: out += "(list"; return all(e);
      case ExprKind::kMap: out += "(map"; return all(e);
      case ExprKind::kFString: out += "(f"; return all(e);
      case ExprKind::kRange: out += e.half_open ? "(..<" : "(.."; return all(e);
      case ExprKind::kHas: out += "(has"; return all(e);
      case ExprKind::kStale: out += "(stale"; return all(e);
      case ExprKind::kComprehension:
        out += "(" + e.name + " [";
        for (std::size_t i = 0; i < e.names.size(); ++i) out += (i ? " " : "") + e.names[i];
        out += "]";
        return all(e);
      case ExprKind::kRecord:
        out += "(record " + e.name;
        for (std::size_t i = 0; i < e.args.size(); ++i) {
          out += " (" + e.names[i] + " ";
          expr(e.args[i]);
          out += ")";
        }
        out += ")";
        return;
      case ExprKind::kAggregate: {
        if (!e.aggregate) {
          out += "(aggregate)";
          return;
        }
        const Aggregate& a = *e.aggregate;
        out += std::string("(") + std::string(kAggregateWords[static_cast<std::size_t>(a.fn)]);
        part("k", a.k);
        out += " " + a.type_name.text;
        part("of", a.value);
        part("where", a.where);
        part("over", a.over);
        part("over-last", a.over_last);
        part("at-least", a.at_least);
        out += ")";
        return;
      }
    }
  }
};

}  // namespace

std::string dump(const Expr& expr, const Interner& in) {
  Dumper d{in, {}};
  d.expr(expr);
  return std::move(d.out);
}

}  // namespace flyball::ast
