// Lowering of rules: the lines of `when` and `until`, effects, options. Door: lower.h.
#include <algorithm>
#include <array>
#include <utility>

#include "parser/diagnostics/codes.h"
#include "parser/lower/lower.h"

namespace flyball::lower {

using cst::Kind;
using cst::Node;

ast::Record Lowering::record(const Node& n) {
  ast::Record r;
  r.span = span(n);
  for (const Node& c : children(n)) {
    if (c.kind == Kind::kTypePath) r.type = name(c);
    if (c.kind != Kind::kRecordField) continue;
    const auto parts = children(c);
    if (parts.empty()) continue;
    ast::RecordField f;
    f.name = name(parts[0]);
    f.value = parts.size() > 1 ? expr(parts[1]) : hole(c);
    const auto same = [&](const ast::RecordField& o) { return o.name.text == f.name.text; };
    if (std::any_of(r.fields.begin(), r.fields.end(), same)) {
      report(codes::kTwice, f.name.span, "the field `" + f.name.text + "` stands twice");
    } else {
      r.fields.push_back(std::move(f));
    }
  }
  return r;
}

// `for` before `where` reads as if it held without the condition; the fix puts all suffixes in order.
void Lowering::suffix_order(const Node& n) {
  static constexpr std::array<Kind, 4> kOrder{Kind::kSame, Kind::kWhere, Kind::kWithin, Kind::kFor};
  static constexpr std::array<const char*, 4> kWords{"same", "where", "within", "for"};
  const auto rank = [](const Node& c) {
    return static_cast<std::size_t>(std::find(kOrder.begin(), kOrder.end(), c.kind) - kOrder.begin());
  };
  std::vector<const Node*> suffixes;
  for (const Node& c : children(n)) {
    if (rank(c) < kOrder.size()) suffixes.push_back(&c);
  }
  for (std::size_t i = 0; i + 1 < suffixes.size(); ++i) {
    const std::size_t here = rank(*suffixes[i]);
    const std::size_t next = rank(*suffixes[i + 1]);
    if (here == next && here != 0) {
      report(codes::kTwice, span(*suffixes[i + 1]), "`" + std::string(kWords[here]) + "` stands twice in this line",
             here == 1 ? "join the conditions with `and`" : "keep one of them");
      return;
    }
    if (here <= next) continue;
    std::vector<const Node*> sorted = suffixes;
    std::stable_sort(sorted.begin(), sorted.end(), [&](const Node* a, const Node* b) { return rank(*a) < rank(*b); });
    std::string replacement;
    for (const Node* s : sorted) replacement += (replacement.empty() ? "" : " ") + std::string(text(*s));
    const ast::Span all{b_.file(), suffixes.front()->begin, suffixes.back()->end};
    report(codes::kSuffixOrder, span(*suffixes[i]), "`" + std::string(kWords[here]) + "` stands before `" + kWords[next] + "`",
           "the order is `same … where … within … for …`", Fix{all, replacement});
    return;
  }
}

ast::Pattern Lowering::pattern(const Node& n) {
  ast::Pattern p;
  p.type.span = span(n);
  p.quantifier = n.kind == Kind::kSome        ? ast::Quantifier::kSome
                 : n.kind == Kind::kNo        ? ast::Quantifier::kNo
                 : n.kind == Kind::kEveryLine ? ast::Quantifier::kEvery
                                              : ast::Quantifier::kOne;
  p.cross = n.kind == Kind::kCross;
  suffix_order(n);
  for (const Node& c : children(n)) {
    switch (c.kind) {
      case Kind::kName: p.name = declared_name(c, false); break;
      case Kind::kTypePath: p.type = name(c); break;
      case Kind::kEach:
        for (const Node& e : children(c)) (e.kind == Kind::kTypePath ? p.type : p.each.emplace()) = name(e);
        break;
      case Kind::kSame: {
        ast::SamePart part;
        for (const Node& f : children(c)) {
          if (f.kind == Kind::kName) part.fields.push_back(name(f));
          if (f.kind == Kind::kSameAs && f.count > 0) part.as = name(children(f)[0]);
        }
        p.same.push_back(std::move(part));
        break;
      }
      case Kind::kWhere:
        if (!p.where) p.where = operand(c, 0);
        break;
      case Kind::kSatisfies: p.satisfies = operand(c, 0); break;
      case Kind::kWithin:
        if (p.within) break;
        p.within = operand(c, 0);
        if (const Node* after = child(c, Kind::kAfter); after && after->count > 0) p.after = name(children(*after)[0]);
        break;
      case Kind::kFor:
        if (!p.hold) p.hold = operand(c, 0);
        break;
      default: break;
    }
  }
  return p;
}

ast::Line Lowering::line(const Node& n) {
  ast::Line l;
  l.span = span(n);
  const auto parts = children(n);
  if (n.kind == Kind::kLetLine) {
    l.kind = ast::LineKind::kLet;
    if (!parts.empty()) l.let_name = declared_name(parts[0], false);
    l.expr = parts.size() > 1 ? expr(parts[1]) : hole(n);
  } else if (n.kind == Kind::kCheck) {
    l.kind = ast::LineKind::kCheck;
    l.expr = parts.empty() ? hole(n) : expr(parts[0]);
    if (const Node* hold = child(n, Kind::kFor)) l.hold = operand(*hold, 0);
  } else {
    l.pattern = pattern(n);
  }
  return l;
}

// The lines of a block or a branch; `branches`: those it stands in, `eithers`: how many there were so far.
void Lowering::lines(const Node& n, ast::Block& out, std::vector<ast::InBranch>& branches, std::uint32_t& eithers) {
  for (const Node& c : children(n)) {
    if (c.kind != Kind::kEither) {
      out.lines.push_back(line(c));
      out.lines.back().branches = branches;
      continue;
    }
    if (branches.size() > kMaxEitherDepth) {
      report(codes::kTooDeep, {b_.file(), c.begin, c.begin + 6},
             "`either` stands inside more than " + std::to_string(kMaxEitherDepth) + " others",
             "derive a fact for the inner ones with a rule of its own, and ask for that");
      return;
    }
    branches.push_back({++eithers, 0});
    for (const Node& branch : children(c)) {
      if (branch.kind != Kind::kBranch) continue;
      if (branch.count == 0 && !branch.broken)
        report(codes::kMissingPart, span(branch), "this branch has no lines", "it would always be true");
      lines(branch, out, branches, eithers);
      ++branches.back().branch;
    }
    branches.pop_back();
  }
}

ast::Block Lowering::block(const Node& n) {
  ast::Block b;
  b.span = span(n);
  b.lines.reserve(n.count);
  std::vector<ast::InBranch> branches;
  std::uint32_t eithers = 0;
  lines(n, b, branches, eithers);
  b.lines.shrink_to_fit();
  return b;
}

std::vector<ast::Effect> Lowering::effects(const Node& n) {
  std::vector<ast::Effect> out;
  for (const Node& c : children(n)) {
    ast::Effect e;
    e.span = span(c);
    const auto parts = children(c);
    switch (c.kind) {
      case Kind::kDo: e.kind = ast::EffectKind::kDo; break;
      case Kind::kDerive: e.kind = ast::EffectKind::kDerive; break;
      case Kind::kAssert: e.kind = ast::EffectKind::kAssert; break;
      case Kind::kSet: e.kind = ast::EffectKind::kSet; break;
      case Kind::kRetract: e.kind = ast::EffectKind::kRetract; break;
      default: e.kind = ast::EffectKind::kLog; break;
    }
    if (e.kind == ast::EffectKind::kLog) {
      e.text = parts.empty() ? hole(c) : expr(parts[0]);
    } else if (e.kind == ast::EffectKind::kRetract) {
      if (!parts.empty()) e.target = name(parts[0]);
    } else {
      if (e.kind == ast::EffectKind::kSet && !parts.empty()) e.target = name(parts[0]);
      e.record = record(c);
    }
    out.push_back(std::move(e));
  }
  return out;
}

ast::RuleDecl Lowering::rule_decl() {
  const Node& root = tree_->root;
  ast::RuleDecl r;
  r.span = span(root);
  r.doc = doc_before(root.begin);
  const Node* named = child(root, Kind::kName);
  if (named) r.name = declared_name(*named, false);
  const Node* body = child(root, Kind::kFields);
  if (!body) return r;
  bool tags = false;
  bool when = false;
  bool then = false;
  bool clear = false;
  for (const Node& c : children(*body)) {
    switch (c.kind) {
      case Kind::kPriority:
        if (once(r.priority.has_value(), c, "priority")) r.priority = operand(c, 0);
        break;
      case Kind::kCooldown:
        if (!once(r.cooldown.has_value(), c, "cooldown")) break;
        r.cooldown = operand(c, 0);
        for (std::size_t i = 1; i < c.count; ++i) r.cooldown_per.push_back(expr(children(c)[i]));
        break;
      case Kind::kMode:
        if (!once(r.mode.has_value(), c, "mode") || c.count == 0) break;
        r.mode = name(children(c)[0]);
        if (r.mode->text != "active" && r.mode->text != "shadow" && r.mode->text != "off") {
          report(codes::kUnknownPart, r.mode->span, "`" + r.mode->text + "` is no mode", "these are: `active`, `shadow`, `off`");
          r.mode.reset();
        }
        break;
      case Kind::kKeep:
        if (once(r.keep.has_value(), c, "keep")) r.keep = operand(c, 0);
        break;
      case Kind::kRepeat:
        if (once(r.repeat.has_value(), c, "repeat")) r.repeat = operand(c, 0);
        break;
      case Kind::kDuring: {
        ast::During d;
        for (const Node& part : children(c)) {
          if (part.kind == Kind::kWord) d.negated = true;
          if (part.kind == Kind::kPath) d.calendar = name(part);
        }
        const auto same = [&](const ast::During& o) { return o.negated == d.negated; };
        const bool twice = std::any_of(r.during.begin(), r.during.end(), same);
        if (once(twice, c, d.negated ? "not during" : "during")) r.during.push_back(std::move(d));
        break;
      }
      case Kind::kLateSkip:
        if (once(r.late_skip.has_value(), c, "late skip")) r.late_skip = operand(c, 0);
        break;
      case Kind::kApprove:
        if (once(r.approve.has_value(), c, "approve when")) r.approve = operand(c, 0);
        break;
      case Kind::kTags:
        if (once(std::exchange(tags, true), c, "tags")) {
          for (const Node& t : children(c)) r.tags.push_back(plain_text(t));
        }
        break;
      case Kind::kOwner:
        if (once(!r.owner.empty(), c, "owner") && c.count > 0) r.owner = plain_text(children(c)[0]);
        break;
      case Kind::kRunbook:
        if (once(!r.runbook.empty(), c, "runbook") && c.count > 0) r.runbook = plain_text(children(c)[0]);
        break;
      case Kind::kWhen:
        if (once(std::exchange(when, true), c, "when")) r.when = block(c);
        if (c.count == 0 && !c.broken)
          report(codes::kMissingPart, span(c), "`when` has no lines", "a rule needs at least one pattern or `check`");
        break;
      case Kind::kThen:
        if (once(std::exchange(then, true), c, "then")) r.then = effects(c);
        if (c.count == 0 && !c.broken)
          report(codes::kMissingPart, span(c), "`then` has no effects", "for example `do Action { … }` or `log \"…\"`");
        break;
      case Kind::kUntil:
        if (once(r.until.has_value(), c, "until")) r.until = block(c);
        if (c.count == 0 && !c.broken)
          report(codes::kMissingPart, span(c), "`until` has no lines", "leave it out: the episode then ends when `when` is false");
        break;
      case Kind::kOnClear:
        if (once(std::exchange(clear, true), c, "on clear")) r.on_clear = effects(c);
        break;
      default: break;
    }
  }
  if (named && !root.broken) {
    if (!when) {
      missing(*named, "the rule", "when", "`when { … }` says when it begins");
    } else if (!then) {
      missing(*named, "the rule", "then", "`then { … }` says what it does");
    }
  }
  return r;
}

}  // namespace flyball::lower
