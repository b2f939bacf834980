// Lowering of decisions: input and output, cases, tables. Door: lower.h.
#include <array>
#include <utility>

#include "model/suggest.h"
#include "parser/diagnostics/codes.h"
#include "parser/lower/lower.h"

namespace flyball::lower {

using cst::Kind;
using cst::Node;

ast::Case Lowering::decision_case(const Node& n) {
  ast::Case c;
  c.span = span(n);
  for (const Node& part : children(n)) {
    if (part.kind == Kind::kName) c.name = declared_name(part, false);
    if (part.kind == Kind::kWhen) c.when = block(part);
    if (part.kind == Kind::kReturn) c.output = record(part);
  }
  return c;
}

// A cell's test as written. `>= 80%` is a kBinary whose left side is a hole: the column.
ast::Expr Lowering::cell_expr(const Node& n) {
  const auto parts = children(n);
  if (n.kind == Kind::kCellTest && parts.size() == 2) {
    ast::Expr right = expr(parts[1]);
    ast::Expr e = binary(hole(parts[0]), parts[0], std::move(right));
    e.span = span(n);
    return e;
  }
  if (n.kind == Kind::kNot && !parts.empty()) {
    ast::Expr e = cell_expr(parts.back());
    for (std::size_t i = parts.size() - 1; i-- > 0;) {
      ast::Expr outer = make(ast::ExprKind::kUnary, n);
      outer.op = ast::Op::kNot;
      outer.name_span = span(parts[i]);
      logic_word(parts[i], "not");
      outer.args.push_back(std::move(e));
      e = std::move(outer);
      if (!grown(e)) return hole(n);
    }
    return e;
  }
  if (n.kind == Kind::kAnd || n.kind == Kind::kOr) {
    ast::Expr e = make(n.kind == Kind::kAnd ? ast::ExprKind::kAnd : ast::ExprKind::kOr, n);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i % 2 == 0) {
        e.args.push_back(cell_expr(parts[i]));
      } else {
        logic_word(parts[i], n.kind == Kind::kAnd ? "and" : "or");
      }
    }
    if (parts.size() > 1) e.name_span = span(parts[1]);
    return e;
  }
  return expr(n);
}

ast::Cell Lowering::cell(const Node& n) {
  ast::Cell c;
  c.span = span(n);
  for (const Node& part : children(n)) {
    if (part.kind == Kind::kWildcard) {
      c.wildcard = true;
    } else {
      c.alternatives.push_back(cell_expr(part));
    }
  }
  return c;
}

namespace {

struct PolicyName {
  const char* words;
  ast::HitPolicy policy;
};
constexpr std::array<PolicyName, 11> kPolicies{{{"first", ast::HitPolicy::kFirst},
                                                {"unique", ast::HitPolicy::kUnique},
                                                {"any", ast::HitPolicy::kAny},
                                                {"priority", ast::HitPolicy::kPriority},
                                                {"collect", ast::HitPolicy::kCollect},
                                                {"collect sum", ast::HitPolicy::kCollectSum},
                                                {"collect min", ast::HitPolicy::kCollectMin},
                                                {"collect max", ast::HitPolicy::kCollectMax},
                                                {"collect count", ast::HitPolicy::kCollectCount},
                                                {"rule order", ast::HitPolicy::kRuleOrder},
                                                {"output order", ast::HitPolicy::kOutputOrder}}};

}  // namespace

ast::Table Lowering::table(const Node& n) {
  ast::Table t;
  t.span = span(n);
  if (const Node* policy = child(n, Kind::kPolicy)) {
    std::string words;
    for (const Node& w : children(*policy)) words += (words.empty() ? "" : " ") + std::string(text(w));
    t.policy_name = {words, span(*policy)};
    bool known = false;
    std::vector<std::string> all;
    for (const PolicyName& p : kPolicies) {
      all.emplace_back(p.words);
      if (words == p.words) {
        t.policy = p.policy;
        known = true;
      }
    }
    if (!known) {
      Diagnostic d{codes::kUnknownPart, Severity::kError, span(*policy), "`" + words + "` is no hit policy", {}, {}};
      t.policy_name.text.clear();  // what rows make together cannot be told
      if (!suggest(d, words, all)) d.help = "these are: " + listed(all);
      b_.report_intact(std::move(d));
    }
  }
  if (const Node* from = child(n, Kind::kFrom)) {
    const auto parts = children(*from);
    t.from = parts.empty() ? ast::Name{} : ast::Name{plain_text(parts[0]), span(parts[0])};
    return t;
  }
  const Node* rows = child(n, Kind::kFields);
  if (!rows) return t;
  bool heads = true;
  for (const Node& row : children(*rows)) {
    if (row.kind != Kind::kRow) continue;
    ast::TableRow r;
    r.span = span(row);
    for (const Node& c : children(row)) {
      if (c.count == 0) continue;
      const Node& first = children(c)[0];
      if (heads) {
        // The first row names the columns.
        (c.kind == Kind::kCell ? t.inputs : t.outputs).push_back({std::string(text(c)), span(c)});
        if (first.kind != Kind::kName)
          report(codes::kUnexpected, span(c), "the first row names the columns, `" + std::string(text(c)) + "` is no name");
      } else if (c.kind == Kind::kCell) {
        r.inputs.push_back(cell(c));
      } else {
        r.outputs.push_back(expr(first));
      }
    }
    if (!heads) {
      const bool right = r.inputs.size() == t.inputs.size() && r.outputs.size() == t.outputs.size();
      if (!right && !rows->broken) {
        report(codes::kUnexpected, r.span,
               "this row has " + std::to_string(r.inputs.size()) + " inputs and " + std::to_string(r.outputs.size()) +
                   " outputs, the first row names " + std::to_string(t.inputs.size()) + " and " + std::to_string(t.outputs.size()));
      }
      if (right) t.rows.push_back(std::move(r));
    }
    heads = false;
  }
  if (heads && !rows->broken)
    report(codes::kMissingPart, span(*rows), "this table has no rows", "the first row names the columns: `| input || output |`");
  return t;
}

ast::DecisionDecl Lowering::decision_decl() {
  const Node& root = tree_->root;
  ast::DecisionDecl d;
  d.span = span(root);
  d.doc = doc_before(root.begin);
  const Node* named = child(root, Kind::kName);
  if (named) d.name = declared_name(*named, false);
  const Node* body = child(root, Kind::kFields);
  if (!body) return d;
  bool input = false;
  bool output = false;
  for (const Node& c : children(*body)) {
    switch (c.kind) {
      case Kind::kInput:
        if (once(std::exchange(input, true), c, "input")) d.input = fields(&c);
        break;
      case Kind::kOutput:
        if (once(std::exchange(output, true), c, "output")) d.output = fields(&c);
        break;
      case Kind::kCase: d.cases.push_back(decision_case(c)); break;
      case Kind::kTable:
        if (once(d.table.has_value(), c, "table")) d.table = table(c);
        break;
      case Kind::kDefaultCase:
        if (const Node* r = child(c, Kind::kReturn); r && once(d.fallback.has_value(), c, "default")) d.fallback = record(*r);
        break;
      case Kind::kOnUnknown: d.fail_on_unknown = true; break;
      default: break;
    }
  }
  if (named && !root.broken) {
    if (!output) missing(*named, "the decision", "output", "`output { … }` lists the fields of the answer");
    if (d.cases.empty() && !d.table && !d.fallback)
      missing(*named, "the decision", "default", "write cases, a table or `default return { … }`");
  }
  return d;
}

}  // namespace flyball::lower
