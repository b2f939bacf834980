// Expressions back to text, in one spelling: the key by which equal ones are shared, and what dumps show.
#include "engine/compile/expr_text.h"

#include "model/text.h"

namespace flyball::engine {
namespace {

using ast::Expr;
using ast::ExprKind;
using ast::Op;

const char* word(Op op) {
  switch (op) {
    case Op::kNone: return "";
    case Op::kNot: return "not ";
    case Op::kNegate: return "-";
    case Op::kAdd: return " + ";
    case Op::kSubtract: return " - ";
    case Op::kMultiply: return " * ";
    case Op::kDivide: return " / ";
    case Op::kRemainder: return " % ";
    case Op::kEqual: return " == ";
    case Op::kNotEqual: return " != ";
    case Op::kLess: return " < ";
    case Op::kLessEqual: return " <= ";
    case Op::kGreater: return " > ";
    case Op::kGreaterEqual: return " >= ";
    case Op::kIn: return " in ";
    case Op::kLike: return " like ";
    case Op::kCoalesce: return " ?? ";
    case Op::kOptional: return ".?";
  }
  return "?";
}

class Writer {
 public:
  explicit Writer(const TextContext& context) : c_(context) {}

  void write(const Expr& e) {
    if (e.ref.kind != ast::RefKind::kNone) {
      write_ref(e);
      return;
    }
    switch (e.kind) {
      case ExprKind::kLiteral: out += to_source(e.literal, *c_.interner); break;
      case ExprKind::kUnary:
        out += word(e.op);
        write(e.args[0]);
        break;
      case ExprKind::kBinary: list("(", e.args, word(e.op), ")"); break;
      case ExprKind::kAnd: list("(", e.args, " and ", ")"); break;
      case ExprKind::kOr: list("(", e.args, " or ", ")"); break;
      case ExprKind::kTernary: list("(if ", e.args, " : ", ")"); break;
      case ExprKind::kList: list("[", e.args, ", ", "]"); break;
      case ExprKind::kMap: list("{", e.args, ", ", "}"); break;
      case ExprKind::kFString: list("f(", e.args, ", ", ")"); break;
      case ExprKind::kRange: list("(", e.args, e.half_open ? "..<" : "..", ")"); break;
      case ExprKind::kSelect:
        write(e.args[0]);
        out += e.op == Op::kOptional ? ".?" : ".";
        out += e.name;
        break;
      case ExprKind::kIndex: list("", e.args, "[", "]"); break;
      case ExprKind::kHas: list("has(", e.args, ", ", ")"); break;
      case ExprKind::kStale: list("stale(", e.args, ", ", ")"); break;
      case ExprKind::kNow: out += "now"; break;
      case ExprKind::kAggregate: aggregate(*e.aggregate); break;
      case ExprKind::kCall:
      case ExprKind::kComprehension:
      case ExprKind::kRecord:
        out += e.name;
        if (e.kind == ExprKind::kCall) out += "#" + std::to_string(static_cast<int>(e.fn));
        for (const std::string& name : e.names) out += " " + name;
        list("(", e.args, ", ", ")");
        break;
      case ExprKind::kName: out += e.name; break;
      case ExprKind::kHole: out += "?"; break;
    }
  }

  std::string out;

 private:
  void list(const char* open, const std::vector<Expr>& args, const char* between, const char* close) {
    out += open;
    for (std::size_t i = 0; i < args.size(); ++i) {
      if (i != 0) out += between;
      write(args[i]);
    }
    out += close;
  }
  void aggregate(const ast::Aggregate& a) {
    out += "aggregate" + std::to_string(static_cast<int>(a.fn)) + "(" + std::to_string(a.fact_type);
    for (const ast::OptionalExpr* part : {&a.k, &a.value, &a.where, &a.over, &a.over_last, &a.at_least}) {
      out += ", ";
      if (*part) write(**part);
    }
    out += ")";
  }
  void write_ref(const Expr& e) {
    const ast::Ref& r = e.ref;
    switch (r.kind) {
      case ast::RefKind::kField:
        if (e.kind == ExprKind::kStale) out += "stale:";
        if (e.kind == ExprKind::kHas) out += "has:";
        if (r.binding != c_.own) out += "$" + std::to_string(r.binding) + ".";
        if (c_.binding_types != nullptr && r.binding < c_.binding_types->size()) {
          const FactTypeId type = (*c_.binding_types)[r.binding];
          if (type < c_.schema->types.size() && r.field < c_.schema->types[type].fields.size()) {
            out += c_.schema->types[type].fields[r.field].name;
            break;
          }
        }
        out += "field" + std::to_string(r.field);
        break;
      case ast::RefKind::kFact:
        if (e.kind == ExprKind::kStale) out += "stale:";
        out += r.binding == c_.own ? "$own" : "$" + std::to_string(r.binding);
        break;
      case ast::RefKind::kLet:
        if (c_.lets != nullptr && r.index < c_.lets->size() && (*c_.lets)[r.index] != nullptr) {
          write(*(*c_.lets)[r.index]);
        } else {
          out += "let" + std::to_string(r.index);
        }
        break;
      case ast::RefKind::kParam: out += to_source((*c_.params)[r.index], *c_.interner); break;
      case ast::RefKind::kInput: out += "input" + std::to_string(r.index); break;
      case ast::RefKind::kLocal: out += "local" + std::to_string(r.index); break;
      case ast::RefKind::kVariable: out += "variable" + std::to_string(r.index); break;
      case ast::RefKind::kCalendar: out += c_.schema->calendars[r.index].name; break;
      case ast::RefKind::kType: out += "type:" + e.name; break;
      case ast::RefKind::kNone: break;
    }
  }
  const TextContext& c_;
};

}  // namespace

std::string expr_text(const Expr& expr, const TextContext& context) {
  Writer writer(context);
  writer.write(expr);
  return std::move(writer.out);
}

}  // namespace flyball::engine
