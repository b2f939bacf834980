// Layout: one declaration's tree and tokens → a Doc. What stands on one line, what stands in columns, which words replace
// which marks. The Doc depends on the tokens, their comments and the empty lines between items; on no other layout of the
// source: so formatting what was formatted changes nothing.
//
// Thread safety: none; one declaration, one Layout.
// INVARIANT: every token is taken once, in order; so no token and no comment is lost or doubled.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "parser/format/doc.h"
#include "parser/format/tokens.h"
#include "parser/grammar/cst.h"

namespace flyball::format {

class Layout {
 public:
  Layout(const cst::Tree& tree, std::string_view text, const std::vector<Token>& tokens) : tree_(tree), text_(text), tokens_(tokens) {}

  // The declaration, without the comments before its first token.
  Doc declaration();

 private:
  using Node = cst::Node;
  using Kind = cst::Kind;

  // What an expression stands in: where `not` may stand, where it needs parentheses, or in a cell, where it means another thing.
  enum class Slot { kWhole, kOperand, kCell };

  // A line, field or step of a block: `head` is what may be padded so that the bodies of neighbours stand in one column.
  struct Item {
    Doc before;  // its comments and the empty line before it
    Doc head;
    Doc body;
    int column = 0;  // only items of the same one, not 0, are aligned with each other
    bool after_blank = false;
  };

  // layout.cc: tokens, lists, declarations' generic shape
  bool done() const { return next_ >= tokens_.size(); }
  bool within(const Node& n) const { return !done() && tokens_[next_].begin < n.end; }
  bool at(const Node& n) const { return !done() && tokens_[next_].begin >= n.begin; }
  std::string_view peek() const;
  Doc take(std::string_view as = {});
  Doc comments();  // of the next token, which is then taken without them, or left out by skip()
  void skip() { ++next_; }
  bool has_comments(const Node& n, bool behind_first) const;
  Doc node(const Node& n, Slot slot);
  Doc generic(const Node& n, Slot slot);
  Doc bracketed(const Node& n);
  Doc record(const Node& n, std::size_t& child);
  Doc suffixes(const Node& n);
  static bool is_expression(Kind kind);

  // blocks.cc
  Doc block(const Node& n);
  Doc fields(const Node& n);
  Doc table(const Node& n);
  Item item(const Node& n, std::size_t& child, bool first);
  Doc lead(bool first, bool& after_blank);
  Doc assemble(std::vector<Item> items, bool always_broken) const;
  Doc step_head(const Node& n, Doc& head, int& column);

  // expressions.cc
  Doc chain(const Node& n, Slot slot);
  Doc unary(const Node& n, Slot slot);
  Doc prefixes(std::span<const Node> parts, Slot slot);
  Doc range(const Node& n);
  Doc ternary(const Node& n);
  Doc f_string(const Node& n);

  const cst::Tree& tree_;
  std::string_view text_;
  const std::vector<Token>& tokens_;
  std::size_t next_ = 0;
  std::size_t commented_ = static_cast<std::size_t>(-1);  // the token whose comments are out already
};

}  // namespace flyball::format
