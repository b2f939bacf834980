// Lowering: concrete syntax trees → the AST. Literals become values, precedence chains become nested operators, macros
// are recognised, and what the grammar takes on purpose although it is wrong (`=` for `==`, `for` before `where`) is said.
// It resolves no names and knows no types (the checker does). Missing parts of broken nodes become holes.
//
// Thread safety: none; one file, one Lowering.
// INVARIANT: no Expr that comes out is higher than kMaxExprHeight, so that walking it recursively is safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/interner.h"
#include "parser/ast/ast.h"
#include "parser/grammar/builder.h"

namespace flyball::lower {

inline constexpr int kMaxExprHeight = 500;
inline constexpr std::size_t kMaxEitherDepth = 8;  // `either` inside `either`

class Lowering {
 public:
  Lowering(cst::Builder& builder, Interner& interner) : b_(builder), in_(interner) {}

  // The tree that the calls below read; it must outlive them.
  void use(const cst::Tree& tree) { tree_ = &tree; }

  // expressions.cc
  ast::Expr expr(const cst::Node& n);
  ast::Expr hole(const cst::Node& n) const;
  // decisions.cc
  ast::Cell cell(const cst::Node& n);

  // declarations.cc: the declaration at the root goes into `file`.
  // `guessed`: its word was misspelt. What is missing then may not be meant to be there.
  void declaration(ast::File& file, bool guessed);

 private:
  using Node = cst::Node;
  using Kind = cst::Kind;

  // Common.
  std::string_view text(const Node& n) const { return b_.text().substr(n.begin, n.end - n.begin); }
  ast::Span span(const Node& n) const { return {b_.file(), n.begin, n.end}; }
  ast::Name name(const Node& n) const;
  std::span<const Node> children(const Node& n) const { return tree_->children(n); }
  const Node* child(const Node& n, Kind k) const { return tree_->child(n, k); }
  void report(const char* code, ast::Span at, std::string message, std::string help = {}, std::optional<Fix> fix = {});

  // expressions.cc
  ast::Expr make(ast::ExprKind kind, const Node& n) const;
  ast::Expr chain(const Node& n);
  ast::Expr flat(const Node& n, ast::ExprKind kind);
  ast::Expr binary(ast::Expr left, const Node& op, ast::Expr right);
  void logic_word(const Node& op, std::string_view ours);
  ast::Expr not_prefix(const Node& n);
  ast::Expr unary(const Node& n);
  ast::Expr ternary(const Node& n);
  ast::Expr range(const Node& n);
  ast::Expr postfix(const Node& n);
  ast::Expr call(const Node& n);
  ast::Expr list(const Node& n);
  ast::Expr map(const Node& n);
  ast::Expr record_expr(const Node& n);
  ast::Expr f_string(const Node& n);
  ast::Expr aggregate(const Node& n);
  ast::Expr macro_or_method(ast::Expr target, const Node& member);
  void arguments(const Node& n, std::vector<ast::Expr>& out);
  bool grown(const ast::Expr& e);  // notes the height of e; false, said once, if it is too high

  // literals.cc
  ast::Expr literal(const Node& n, bool negative);
  std::string unescape(std::string_view body, std::uint32_t at, bool bytes, bool f_string);
  std::string string_text(const Node& n, bool bytes);

  // declarations.cc
  std::string doc_before(std::uint32_t at) const;  // the `##` lines right above the line of `at`
  ast::Name declared_name(const Node& n, bool is_type);
  ast::TypeExpr type(const Node& n);
  std::vector<ast::FieldDecl> fields(const Node* block);
  void type_decl(ast::TypeDecl& out);
  void type_option(ast::TypeDecl& out, const Node& n, std::vector<std::string_view>& seen);
  ast::ParamDecl param_decl();
  ast::LetDecl let_decl();
  ast::OptionalExpr operand(const Node& n, std::size_t index);  // the index-th child, if it parsed
  bool once(bool given, const Node& n, std::string_view what);  // false, said, when it stands twice
  std::string plain_text(const Node& n);                        // a string's content or a name

  // calendars.cc
  ast::CalendarDecl calendar_decl();
  ast::CalendarPart calendar_part(const Node& n);
  std::optional<ast::CalendarDay> calendar_day(const Node& n);
  std::optional<std::int32_t> weekday(const Node& n);
  std::optional<std::int32_t> date(const Node& n);
  std::optional<std::int32_t> month_day(const Node& n);

  void missing(const Node& named, std::string_view declaration, std::string_view part, std::string help);

  // rules.cc
  ast::RuleDecl rule_decl();
  ast::Block block(const Node& n);
  ast::Line line(const Node& n);
  ast::Pattern pattern(const Node& n);
  void suffix_order(const Node& n);
  void lines(const Node& n, ast::Block& out, std::vector<ast::InBranch>& branches, std::uint32_t& eithers);
  std::vector<ast::Effect> effects(const Node& n);
  ast::Record record(const Node& n);  // of a node whose children are kTypePath and kRecordField

  // decisions.cc
  ast::DecisionDecl decision_decl();
  ast::Case decision_case(const Node& n);
  ast::Table table(const Node& n);
  ast::Expr cell_expr(const Node& n);

  // tests.cc
  ast::TestDecl test_decl();
  ast::Step step(const Node& n);

  cst::Builder& b_;
  Interner& in_;
  const cst::Tree* tree_ = nullptr;
  bool guessed_ = false;
  int height_ = 0;  // of the Expr made last
};

}  // namespace flyball::lower
