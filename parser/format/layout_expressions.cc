// Operators: words for marks, parentheses where `not` would bind otherwise, and where a long expression breaks.
#include <algorithm>

#include "parser/format/layout.h"

namespace flyball::format {

namespace {

constexpr int kContinued = 4;

std::string_view word_for(std::string_view op) {
  if (op == "&&") return "and";
  if (op == "||") return "or";
  return {};
}

}  // namespace

// Breaks before its operators, at all of them; comparisons and products do not break.
Doc Layout::chain(const Node& n, Slot slot) {
  const bool logic = n.kind == Kind::kAnd || n.kind == Kind::kOr;
  const bool breaks = logic || n.kind == Kind::kAdd || n.kind == Kind::kTypeSet;
  const Slot inner = logic ? slot == Slot::kCell ? Slot::kCell : Slot::kWhole : Slot::kOperand;
  Doc d;
  const auto children = tree_.children(n);
  std::size_t child = 0;
  while (within(n)) {
    const Node* c = child < children.size() && at(children[child]) ? &children[child++] : nullptr;
    const bool op = c == nullptr || c->kind == Kind::kOp;
    if (op) {
      // `7 %` at a line's end would be a percent: what is said of the operand stands before the mark.
      if (peek() == "%" && next_ + 1 < tokens_.size() && !tokens_[next_ + 1].comments.empty()) {
        d.add(text(" ")).add(comments());
        ++next_;
        d.add(comments()).add(text("% "));
        continue;
      }
      d.add(breaks ? line() : text(" ")).add(take(logic ? word_for(peek()) : std::string_view{})).add(text(" "));
    } else {
      Doc part = node(*c, inner);
      // A chain in a chain, both broken, stand apart; what `!` becomes is none.
      d.add(c->kind <= Kind::kMultiply && c->kind != Kind::kNot && is_expression(c->kind) ? indent(kContinued, std::move(part))
                                                                                          : std::move(part));
    }
  }
  return group(std::move(d));
}

Doc Layout::unary(const Node& n, Slot slot) { return prefixes(tree_.children(n), slot); }

Doc Layout::prefixes(std::span<const Node> parts, Slot slot) {
  if (parts.size() == 1) return node(parts[0], Slot::kOperand);
  const std::string_view op = peek();
  if (op == "-") {
    Doc d;
    d.add(take());
    return d.add(prefixes(parts.subspan(1), Slot::kOperand));
  }
  // `!` binds tighter than anything: as a word it stands in parentheses, but where nothing else could take its operand. A
  // `not` that is written already stands right.
  const bool apart = op == "!" && slot != Slot::kWhole;
  Doc d;
  // As the parentheses will be laid out that are there next time.
  if (apart) d.add(indent(kContinued, Doc{}.add(comments()).add(text("("))));
  d.add(take("not")).add(text(" "));
  // Behind `not` another one needs none.
  const bool again = parts.size() > 2;
  d.add(again ? prefixes(parts.subspan(1), Slot::kWhole) : node(parts[1], Slot::kOperand));
  if (apart) d.add(indent(kContinued, text(")")));
  return d;
}

// `1..5` without blanks, unless an address or a point would run into the dots.
Doc Layout::range(const Node& n) {
  const auto children = tree_.children(n);
  const auto touches = [&](const Node& c, bool before) {
    const bool number = c.kind == Kind::kInt || c.kind == Kind::kDouble || c.kind == Kind::kPercent || c.kind == Kind::kDuration ||
                        c.kind == Kind::kQuantity || c.kind == Kind::kTimeOfDay || c.kind == Kind::kDate || c.kind == Kind::kName ||
                        c.kind == Kind::kPostfix || c.kind == Kind::kUnary || c.kind == Kind::kCall || c.kind == Kind::kParen;
    const char edge = text_[before ? c.end - 1 : c.begin];
    return number && edge != '.' && edge != '!' && edge != '<';
  };
  bool tight = true;
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (children[i].kind != Kind::kOp) tight = tight && touches(children[i], i + 1 < children.size());
  }
  Doc d;
  for (const Node& c : children) {
    if (c.kind == Kind::kOp) {
      if (!tight) d.add(text(" "));
      d.add(take());
      if (!tight) d.add(text(" "));
    } else {
      d.add(node(c, Slot::kOperand));
    }
  }
  return d;
}

Doc Layout::ternary(const Node& n) {
  Doc d;
  const auto children = tree_.children(n);
  std::size_t child = 0;
  while (within(n)) {
    if (child < children.size() && at(children[child])) {
      const Node& c = children[child++];
      Doc part = node(c, Slot::kWhole);
      d.add(c.kind <= Kind::kMultiply && c.kind != Kind::kNot && is_expression(c.kind) ? indent(kContinued, std::move(part))
                                                                                       : std::move(part));
    } else {
      d.add(line()).add(take()).add(text(" "));
    }
  }
  return group(std::move(d));
}

// As it is written: blanks and line ends are part of it.
Doc Layout::f_string(const Node&) { return take(); }

}  // namespace flyball::format
