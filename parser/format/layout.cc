// Tokens, lists and the shape most nodes have: words and values, one blank between them. Blocks: layout_blocks.cc;
// operators: layout_expressions.cc. A construct that is in none of them still comes out whole, by generic().
#include "parser/format/layout.h"

#include <algorithm>
#include <string>

namespace flyball::format {
namespace {

constexpr int kContinued = 4;  // a line that goes on
constexpr int kInner = 2;      // what stands in a block

// The longest tokens with blanks in them are `not in` and `row 3`: one blank.
std::string one_blank(std::string_view t) {
  std::string out;
  for (const char c : t) {
    if (c != ' ' && c != '\t') {
      out += c;
    } else if (out.empty() || out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

bool blank_between(std::string_view left, std::string_view right, cst::Kind in, cst::Kind of_right) {
  using enum cst::Kind;
  // `7%[0]` would be a remainder, `7% [0]` an element of a percent.
  const bool percent = left.size() > 1 && left.back() == '%';
  if (percent && (right.starts_with('[') || right.starts_with('(') || right == "." || right == ".?")) return true;
  if (right == "," || right == ")" || right == "]" || right == ":" || right == "." || right == ".?" || right == "?") return false;
  if (left == "(" || left == "[" || left == "." || left == ".?" || left == "[?" || left == "?") return false;
  if (of_right == kArguments || of_right == kParameters || of_right == kTypeArguments || of_right == kIndex || of_right == kOptionalIndex)
    return false;
  if (in == kAggregate && right == "(") return false;
  return !(in == kTypeArguments && (left == "<" || right == ">"));
}

}  // namespace

std::string_view Layout::peek() const {
  return done() ? std::string_view{} : text_.substr(tokens_[next_].begin, tokens_[next_].end - tokens_[next_].begin);
}

Doc Layout::comments() {
  Doc d;
  if (commented_ == next_) return d;
  commented_ = next_;
  for (const Comment& c : tokens_[next_].comments) {
    d.add({c.own_line ? Doc::Kind::kOwn : Doc::Kind::kTrailing, 0, c.text, {}});
  }
  return d;
}

Doc Layout::take(std::string_view as) {
  Doc t = text(as.empty() ? peek() : as);
  if (t.text.find("  ") != std::string::npos && (t.text.starts_with("not") || t.text.starts_with("row"))) t.text = one_blank(t.text);
  Doc d = comments();
  skip();
  return d.parts.empty() ? t : d.add(std::move(t));
}

bool Layout::has_comments(const Node& n, bool behind_first) const {
  for (std::size_t i = next_ + (behind_first ? 1 : 0); i < tokens_.size() && tokens_[i].begin < n.end; ++i) {
    if (!tokens_[i].comments.empty()) return true;
  }
  return false;
}

bool Layout::is_expression(Kind kind) { return (kind >= Kind::kTernary && kind <= Kind::kAggregate); }

Doc Layout::declaration() {
  const Node& n = tree_.root;
  Doc d;
  Doc head;
  head.add(take());
  std::size_t child = 0;
  const auto children = tree_.children(n);
  std::string_view left;
  while (within(n)) {
    while (child < children.size() && children[child].begin == children[child].end) ++child;
    const bool is_child = child < children.size() && at(children[child]);
    const Node* c = is_child ? &children[child++] : nullptr;
    if (c != nullptr && (c->kind == Kind::kFields || c->kind == Kind::kResultFields)) {
      d.add(group(indent(kContinued, std::move(head))));
      head = Doc{};
      d.add(text(" ")).add(block(*c));
      left = "}";
      continue;
    }
    const bool option =
        c != nullptr && (c->kind == Kind::kKey || c->kind == Kind::kOption || (c->kind == Kind::kValue && n.kind == Kind::kParam));
    const std::string_view right = peek();
    if (option || (n.kind == Kind::kParam && right == "range")) {
      head.add(line());
    } else if (left.empty() || blank_between(left, right, n.kind, c != nullptr ? c->kind : Kind::kNothing)) {
      head.add(text(" "));
    }
    head.add(c != nullptr ? node(*c, n.kind == Kind::kParam && c->kind == Kind::kValue ? Slot::kOperand : Slot::kWhole) : take());
    left = text_.substr(tokens_[next_ - 1].begin, tokens_[next_ - 1].end - tokens_[next_ - 1].begin);
  }
  return d.add(group(indent(kContinued, std::move(head))));
}

Doc Layout::node(const Node& n, Slot slot) {
  switch (n.kind) {
    case Kind::kFString: return f_string(n);
    case Kind::kTernary: return ternary(n);
    case Kind::kOr:
    case Kind::kAnd:
    case Kind::kAdd:
    case Kind::kCompare:
    case Kind::kMultiply:
    case Kind::kCoalesce: return chain(n, slot);
    case Kind::kNot:
    case Kind::kUnary: return unary(n, slot);
    case Kind::kRange: return range(n);
    case Kind::kArguments:
    case Kind::kParameters:
    case Kind::kList:
    case Kind::kMap: return bracketed(n);
    case Kind::kTypeSet: return chain(n, slot);
    case Kind::kFields:
    case Kind::kResultFields:
    case Kind::kOutput:
    case Kind::kWhen:
    case Kind::kThen:
    case Kind::kUntil:
    case Kind::kOnClear:
    case Kind::kBranch: return block(n);
    case Kind::kInput:
      if (peek() == "{" && tree_.child(n, Kind::kRecordField) == nullptr && tree_.child(n, Kind::kField) != nullptr) return block(n);
      return generic(n, slot);
    default: return generic(n, slot);
  }
}

Doc Layout::generic(const Node& n, Slot slot) {
  if (n.kind <= Kind::kFText) return take();
  const bool inside = is_expression(n.kind);
  // In brackets and behind words a whole expression stands; behind a pattern's `for`, an option, a sign only an operand.
  static constexpr Kind kWhole[] = {Kind::kParen,        Kind::kIndex,   Kind::kOptionalIndex, Kind::kMapEntry,   Kind::kRecordField,
                                    Kind::kOptionalPart, Kind::kWhere,   Kind::kDefault,       Kind::kLetLine,    Kind::kCheck,
                                    Kind::kLog,          Kind::kSetStep, Kind::kAggregateBy,   Kind::kOutputCell, Kind::kSatisfies};
  Slot inner = Slot::kOperand;
  if (std::find(std::begin(kWhole), std::end(kWhole), n.kind) != std::end(kWhole)) inner = Slot::kWhole;
  if (n.kind == Kind::kValue) inner = slot;
  if (n.kind == Kind::kCell) inner = Slot::kCell;
  Doc d;
  std::string_view left;
  std::size_t child = 0;
  const auto children = tree_.children(n);
  bool first = true;
  while (within(n)) {
    while (child < children.size() && children[child].begin == children[child].end) ++child;
    const Node* c = child < children.size() && at(children[child]) ? &children[child] : nullptr;
    const std::string_view right = peek();
    if (!first && blank_between(left, right, n.kind, c != nullptr ? c->kind : Kind::kNothing)) d.add(text(" "));
    first = false;
    if (c == nullptr && right == "{") {
      d.add(record(n, child));
    } else if (c == nullptr) {
      d.add(indent(kContinued, take()));
    } else {
      ++child;
      const bool shift = !inside && (is_expression(c->kind) || c->kind <= Kind::kFText || n.kind == Kind::kParen);
      Doc of_child = node(*c, inner);
      d.add(shift ? indent(kContinued, std::move(of_child)) : std::move(of_child));
    }
    left = text_.substr(tokens_[next_ - 1].begin, tokens_[next_ - 1].end - tokens_[next_ - 1].begin);
    if (n.kind == Kind::kPattern || n.kind == Kind::kCross || n.kind == Kind::kSome || n.kind == Kind::kNo || n.kind == Kind::kEveryLine) {
      if (c != nullptr && c->kind == Kind::kTypePath) return d.add(suffixes(n));
    }
  }
  return d;
}

// `where …`, `for …`: all on the pattern's line, or each on its own.
Doc Layout::suffixes(const Node& n) {
  Doc d;
  for (const Node& c : tree_.children(n)) {
    if (!at(c) || c.begin >= n.end || !within(n) || c.end <= tokens_[next_].begin) continue;
    if (tokens_[next_].begin < c.begin) continue;
    d.add(line()).add(generic(c, Slot::kWhole));
  }
  return group(indent(kContinued, std::move(d)));
}

// `(a, b)`, `[a]`, `{k: v}`: on one line, or on lines of their own, as many elements
// a line as fit. No comma behind the last.
Doc Layout::bracketed(const Node& n) {
  Doc open = take();
  Doc inner;
  const auto children = tree_.children(n);
  std::size_t child = 0;
  std::optional<Doc> comma;
  while (within(n)) {
    while (child < children.size() && children[child].begin == children[child].end) ++child;
    if (child < children.size() && at(children[child])) {
      if (comma) inner.add(std::move(*comma));
      Doc element;
      element.add(line(comma ? " " : "")).add(node(children[child++], Slot::kWhole));
      inner.add(comma ? group(std::move(element)) : std::move(element));
      comma.reset();
    } else if (peek() == ",") {
      comma = take();
    } else {
      break;
    }
  }
  // The last comma goes, its comments stay.
  if (comma && comma->kind == Doc::Kind::kAll) {
    comma->parts.pop_back();
    inner.add(std::move(*comma));
  }
  Doc close_comments = comments();
  inner.add(std::move(close_comments));
  Doc d;
  d.add(std::move(open)).add(indent(kContinued, std::move(inner)));
  if (!children.empty()) d.add(line(""));
  return group(d.add(take()));
}

// `{ field: value, … }` within a node, from its `{`.
Doc Layout::record(const Node& n, std::size_t& child) {
  Doc open = take();
  Doc inner;
  const auto children = tree_.children(n);
  std::optional<Doc> comma;
  bool any = false;
  while (within(n) && peek() != "}") {
    if (child < children.size() && at(children[child])) {
      if (comma) inner.add(std::move(*comma));
      Doc element;
      element.add(line()).add(node(children[child++], Slot::kWhole));
      inner.add(comma ? group(std::move(element)) : std::move(element));
      comma.reset();
      any = true;
    } else {
      comma = take();
    }
  }
  if (comma && comma->kind == Doc::Kind::kAll) {
    comma->parts.pop_back();
    inner.add(std::move(*comma));
  }
  inner.add(comments());
  Doc d;
  d.add(std::move(open)).add(indent(kInner, std::move(inner)));
  if (any) d.add(line());
  return group(d.add(take()));
}

}  // namespace flyball::format
