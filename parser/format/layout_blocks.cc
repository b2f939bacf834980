// Blocks: `{ … }` of declarations, rules and tests. One item that fits stands on one line with its braces, fields up to
// kFieldsOnALine do; all else has a line an item, and what neighbours have in common stands in columns.
#include <algorithm>

#include "parser/format/layout.h"

namespace flyball::format {

namespace {

constexpr int kInner = 2;
constexpr int kContinued = 4;
constexpr std::size_t kFieldsOnALine = 3;
constexpr std::size_t kLongHead = 16;  // a longer one does not push its neighbours away
enum Column { kNone, kFieldName, kLineWord, kMoment, kPeriod, kPart };

}  // namespace

// The comments before the next item and the line break to it, or to the `}` of its block.
Doc Layout::lead(bool first, bool& after_blank) {
  Doc d;
  const Token& t = tokens_[next_];
  commented_ = next_;
  bool blanks_count = !first;
  for (const Comment& c : t.comments) {
    if (!c.own_line) {
      d.add({Doc::Kind::kTrailing, 0, c.text, {}});
      continue;
    }
    d.add(hard());
    if (c.blank_before && blanks_count) {
      d.add(blank());
      after_blank = true;
    }
    d.add({Doc::Kind::kOwn, 0, c.text, {}});
    blanks_count = true;
  }
  if (peek() == "}") return d;
  d.add(hard());
  if (t.blank_before && blanks_count) {
    d.add(blank());
    after_blank = true;
  }
  return d;
}

Layout::Item Layout::item(const Node& n, std::size_t& child, bool first) {
  Item result;
  result.before = lead(first, result.after_blank);
  const auto children = tree_.children(n);
  // Words of a part (`on clear`, `input`) stand before its node.
  bool words = false;
  while (within(n) && !(child < children.size() && at(children[child])) && peek() != "}") {
    if (words) result.head.add(text(" "));
    result.head.add(take());
    words = true;
  }
  if (child >= children.size() || !at(children[child])) return result;
  const Node& c = children[child++];
  switch (c.kind) {
    case Kind::kThen:
    case Kind::kUntil:
    case Kind::kOnClear:
      result.column = kPart;
      result.body = block(c);
      break;
    case Kind::kField: {
      // `name:`, the type, perhaps a default; a comma behind it goes.
      const auto parts = tree_.children(c);
      std::size_t k = 0;
      Doc colon;
      result.head.add(take());
      ++k;
      if (peek() == ":") result.head.add(take());
      result.column = kFieldName;
      for (; k < parts.size(); ++k) {
        if (k > 1) result.body.add(text(" "));
        result.body.add(indent(kContinued, node(parts[k], Slot::kWhole)));
      }
      while (within(c)) {
        result.body.add(comments());
        skip();
      }
      break;
    }
    case Kind::kPattern:
    case Kind::kSome:
    case Kind::kNo:
    case Kind::kEveryLine:
    case Kind::kCheck: {
      result.column = kLineWord;
      Doc whole = generic(c, Slot::kWhole);
      // The head is `name:` or the verb.
      const std::size_t heads = c.kind == Kind::kPattern ? 2 : 1;
      std::size_t i = 0;
      for (std::size_t taken = 0; i < whole.parts.size() && taken < heads; ++i) {
        if (whole.parts[i].kind == Doc::Kind::kText && whole.parts[i].text == " ") continue;
        ++taken;
      }
      for (std::size_t k = 0; k < whole.parts.size(); ++k) {
        if (k == i && whole.parts[k].kind == Doc::Kind::kText && whole.parts[k].text == " ") continue;
        (k < i ? result.head : result.body).add(std::move(whole.parts[k]));
      }
      break;
    }
    case Kind::kStep: {
      Doc rest = step_head(c, result.head, result.column);
      result.body = std::move(rest);
      break;
    }
    case Kind::kTable: {
      Doc d;
      const auto parts = tree_.children(c);
      std::size_t k = 0;
      while (within(c)) {
        if (!d.parts.empty()) d.add(text(" "));
        if (k < parts.size() && at(parts[k])) {
          const Node& part = parts[k++];
          d.add(part.kind == Kind::kFields ? table(part) : generic(part, Slot::kWhole));
        } else {
          d.add(take());
        }
      }
      result.body = std::move(d);
      break;
    }
    default: result.body = node(c, Slot::kWhole); break;
  }
  return result;
}

// A step's time, which neighbours have in a column, and what happens then.
Doc Layout::step_head(const Node& n, Doc& head, int& column) {
  Doc body;
  const auto children = tree_.children(n);
  std::size_t child = 0;
  bool time = true;
  while (within(n)) {
    const Node* c = child < children.size() && at(children[child]) ? &children[child++] : nullptr;
    const bool of_time = c != nullptr && (c->kind == Kind::kAt || c->kind == Kind::kBy || c->kind == Kind::kEvery ||
                                          c->kind == Kind::kFrom || c->kind == Kind::kTo);
    time = time && of_time;
    if (time) column = c->kind == Kind::kAt || c->kind == Kind::kBy ? kMoment : kPeriod;
    Doc& to = time ? head : body;
    if (!to.parts.empty()) to.add(text(" "));
    to.add(c != nullptr ? node(*c, Slot::kWhole) : indent(kContinued, take()));
  }
  return body;
}

// Pads heads so that bodies stand in columns, between empty lines.
Doc Layout::assemble(std::vector<Item> items, bool always_broken) const {
  Doc d;
  std::size_t i = 0;
  while (i < items.size()) {
    std::size_t end = i + 1;
    while (end < items.size() && items[end].column == items[i].column && items[end].column != kNone && !items[end].after_blank) ++end;
    const auto width = [&](const Item& item) -> std::size_t {
      const std::optional<std::size_t> w = flat_width(item.head);
      if (!w || *w > kLongHead * (item.column == kPeriod || item.column == kFieldName ? 3 : 1)) return 0;
      // A part that does not stand on one line is not beside the others.
      if (item.column == kPart) {
        const std::optional<std::size_t> all = flat_width(item.body);
        if (!all || *all + 16 > kWidth) return 0;
      }
      return *w;
    };
    std::size_t widest = 0;
    for (std::size_t k = i; k < end; ++k) widest = std::max(widest, width(items[k]));
    for (; i < end; ++i) {
      Item& item = items[i];
      const bool head = !item.head.parts.empty();
      const std::size_t own = width(item);
      const bool padded = item.column != kNone && own > 0 && own < widest;
      d.add(std::move(item.before)).add(std::move(item.head));
      if (padded) d.add(always_broken ? blanks(widest - own) : if_broken(std::string(widest - own, ' ')));
      if (head && !item.body.parts.empty()) d.add(text(" "));
      d.add(std::move(item.body));
    }
  }
  return d;
}

Doc Layout::block(const Node& n) {
  const auto children = tree_.children(n);
  const bool of_fields =
      !children.empty() && std::all_of(children.begin(), children.end(), [](const Node& c) { return c.kind == Kind::kField; });
  if (of_fields) return fields(n);
  const bool one_line = n.kind == Kind::kWhen || n.kind == Kind::kThen || n.kind == Kind::kUntil || n.kind == Kind::kOnClear;
  const bool inlined = one_line && children.size() == 1 && !has_comments(n, true);
  Doc open = take();
  if (children.empty() && peek() == "}" && tokens_[next_].comments.empty()) return Doc{}.add(std::move(open)).add(take());
  std::vector<Item> items;
  std::size_t child = 0;
  while (within(n) && peek() != "}") items.push_back(item(n, child, items.empty()));
  if (inlined) {
    Doc inner;
    const bool head = !items[0].head.parts.empty();
    inner.add(line()).add(std::move(items[0].head)).add(text(head ? " " : "")).add(std::move(items[0].body));
    return group(Doc{}.add(std::move(open)).add(indent(kInner, std::move(inner))).add(line()).add(take()));
  }
  Doc inner = assemble(std::move(items), true);
  bool ignored = false;
  inner.add(lead(children.empty(), ignored));
  return Doc{}.add(std::move(open)).add(indent(kInner, std::move(inner))).add(hard()).add(take());
}

// Few fields, all without a default: on one line if they fit.
Doc Layout::fields(const Node& n) {
  const auto children = tree_.children(n);
  const bool simple =
      std::all_of(children.begin(), children.end(), [&](const Node& c) { return tree_.child(c, Kind::kDefault) == nullptr; });
  const bool may_be_flat = simple && children.size() <= kFieldsOnALine && !has_comments(n, true);
  Doc open = take();
  std::vector<Item> items;
  std::size_t child = 0;
  while (within(n) && peek() != "}") items.push_back(item(n, child, items.empty()));
  if (may_be_flat) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i].before = Doc{}.add(line(i == 0 ? " " : "  "));
      items[i].after_blank = false;
    }
    return group(Doc{}.add(std::move(open)).add(indent(kInner, assemble(std::move(items), false))).add(line()).add(take()));
  }
  Doc inner = assemble(std::move(items), true);
  bool ignored = false;
  inner.add(lead(false, ignored));
  return Doc{}.add(std::move(open)).add(indent(kInner, std::move(inner))).add(hard()).add(take());
}

// Rows of a table: a cell is as wide as the widest of its column.
Doc Layout::table(const Node& n) {
  struct Row {
    Doc before;
    std::vector<Doc> parts;  // bars and cells as written
    std::vector<bool> is_cell;
    bool straight = true;  // can stand in columns
  };
  Doc open = take();
  std::vector<Row> rows;
  bool ignored = false;
  for (const Node& r : tree_.children(n)) {
    Row row;
    row.before = lead(rows.empty(), ignored);
    row.straight = !has_comments(r, true);
    const auto cells = tree_.children(r);
    std::size_t child = 0;
    while (within(r)) {
      const Node* c = child < cells.size() && at(cells[child]) ? &cells[child++] : nullptr;
      row.parts.push_back(c != nullptr ? generic(*c, Slot::kWhole) : take());
      row.is_cell.push_back(c != nullptr);
      row.straight = row.straight && flat_width(row.parts.back()).has_value();
    }
    rows.push_back(std::move(row));
  }
  std::vector<std::size_t> widest;
  for (const Row& row : rows) {
    if (!row.straight) continue;
    for (std::size_t i = 0; i < row.parts.size(); ++i) {
      if (widest.size() <= i) widest.push_back(0);
      widest[i] = std::max(widest[i], *flat_width(row.parts[i]));
    }
  }
  Doc inner;
  for (Row& row : rows) {
    inner.add(std::move(row.before));
    for (std::size_t i = 0; i < row.parts.size(); ++i) {
      if (i > 0) inner.add(text(" "));
      const std::size_t pad = row.straight && row.is_cell[i] ? widest[i] - *flat_width(row.parts[i]) : 0;
      inner.add(std::move(row.parts[i])).add(blanks(pad));
    }
  }
  inner.add(lead(rows.empty(), ignored));
  return Doc{}.add(std::move(open)).add(indent(kInner, std::move(inner))).add(hard()).add(take());
}

}  // namespace flyball::format
