// `no T … within D after m` is decided when D is over, so m must be remembered until then. See passes.h.
#include <fmt/format.h>

#include <vector>

#include "parser/check/expressions.h"
#include "parser/check/lengths.h"
#include "parser/check/passes.h"

namespace flyball::check {

void check_silences(Package& p, const ast::RuleDecl& rule) {
  for (const ast::Block* block : {&rule.when, rule.until ? &*rule.until : nullptr}) {
    if (block == nullptr) continue;
    for (const ast::Line& line : block->lines) {
      const ast::Pattern& silence = line.pattern;
      if (silence.quantifier != ast::Quantifier::kNo || !silence.after) continue;
      std::vector<const ast::Line*> lines;
      for (const ast::Block* other : {&rule.when, rule.until ? &*rule.until : nullptr}) {
        for (std::size_t i = 0; other != nullptr && i < other->lines.size(); ++i) lines.push_back(&other->lines[i]);
      }
      for (const ast::Line* before : lines) {
        const ast::Pattern& m = before->pattern;
        if (!m.name || m.name->text != silence.after->text || m.binding != silence.after_binding || !m.within) continue;
        if (length(m.within) == 0 || length(m.within) > length(silence.within)) continue;
        const std::string name = m.name->text;
        p.report.error("E0514", m.within->span,
                       fmt::format("`{}` is forgotten before `no … within {} after {}` is decided", name,
                                   p.report.excerpt(silence.within->span), name),
                       "write a longer time, or leave `within` out here: it is then remembered until that is decided");
        return;
      }
    }
  }
}

}  // namespace flyball::check
