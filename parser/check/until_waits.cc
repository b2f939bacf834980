// A line of `until` that waits (`for D`) does so beside a running rule, with the facts of its match. What `until` itself finds comes and
// goes with its lines, so such a line cannot read it. See passes.h.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

namespace {

using ast::Expr;
using ast::RefKind;

// What stands in a line, but for its durations.
template <typename F>
void each_expression(const ast::Line& line, F f) {
  if (line.kind != ast::LineKind::kPattern) f(line.expr);
  if (line.pattern.where) f(*line.pattern.where);
  if (line.pattern.satisfies) f(*line.pattern.satisfies);
}

}  // namespace

void check_until_waits(Package& p, const ast::Block& until) {
  std::set<std::uint32_t> bound, lets;  // by `until`; lets: that read what is
  for (const ast::Line& line : until.lines) {
    const bool is_pattern = line.kind == ast::LineKind::kPattern;
    const Expr* at = nullptr;
    std::string name;
    each_expression(line, [&](const Expr& e) {
      visit(e, [&](const Expr& x) {
        const bool fact = x.ref.kind == RefKind::kField || x.ref.kind == RefKind::kFact;
        if (at == nullptr && ((fact && bound.contains(x.ref.binding)) || (x.ref.kind == RefKind::kLet && lets.contains(x.ref.index))))
          at = &x;
      });
    });
    const auto joined = std::find_if(line.pattern.same.begin(), line.pattern.same.end(), [&](const ast::SamePart&) {
      return std::any_of(line.pattern.joins.begin(), line.pattern.joins.end(), [&](const ast::Join& j) { return bound.contains(j.other); });
    });
    if (line.kind == ast::LineKind::kLet && at != nullptr) lets.insert(line.let_index);
    const bool waits = is_pattern ? line.pattern.hold.has_value() : line.hold.has_value();
    if (waits && (at != nullptr || joined != line.pattern.same.end())) {
      p.report.error("E0308", at != nullptr ? at->span : joined->as.span,
                     fmt::format("`{}` is found by `until` itself, and a line that waits there reads only what `when` binds",
                                 at != nullptr ? std::string(p.report.excerpt(at->span)) : joined->as.text),
                     "say it in one line, as in `some Type same … where … for D`, or bind the fact in `when`");
    }
    if (is_pattern && line.pattern.quantifier == ast::Quantifier::kOne) bound.insert(line.pattern.binding);
  }
}

}  // namespace flyball::check
