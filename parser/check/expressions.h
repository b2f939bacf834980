// ExprChecker: names, types and units of one expression; fills in the "checked" half of every node.
//
// One mistake gives one message: what is wrong gets the type kError, and kError is compatible with everything.
// Doors: check, condition, coerce, constant forms. The files: expressions.cc (nodes), resolve.cc (names and members),
// operators.cc (the algebra of units), calls.cc (functions), macros.cc, aggregates.cc, coerce.cc, inline.cc (lets).
// INVARIANT: recursion is bounded by the parser's kMaxNesting and by kMaxLetDepth.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/text_pattern.h"
#include "parser/check/package.h"
#include "parser/check/scope.h"
#include "parser/check/types.h"

namespace flyball::check {

class ExprChecker {
 public:
  ExprChecker(Package& package, Scope& scope, bool rules = true) : p_(package), scope_(scope), rules_(rules) {}

  void check(ast::Expr& e);
  // clocks.cc: says what is wrong with comparisons of `now` with fields of a fact that has no name.
  void own_clocks(const ast::Expr& condition, std::uint32_t binding, const char* where);
  bool reads_other(const ast::Expr& e, std::uint32_t binding) const;
  // A bool; `what` names the place in the message ("a `where` condition").
  void condition(ast::Expr& e, const char* what);
  // Checks `e` and makes it fit `want`: `what` names the place ("`util`"). False (reported) if it cannot.
  bool value_for(ast::Expr& e, const Type& want, const std::string& what);
  // The second half of value_for, for an expression already checked.
  bool coerce(ast::Expr& e, const Type& want, const std::string& what);

  // What is known not to be null where `e` is true (or false).
  void learn(const ast::Expr& e, bool truth);

 private:
  friend class NullGuard;

  // resolve.cc
  void check_name(ast::Expr& e);
  void check_select(ast::Expr& e);
  void check_index(ast::Expr& e);
  void member(ast::Expr& e);
  bool head_is_local(const std::string& name) const;
  bool global_value(ast::Expr& e, const std::string& name, bool report);
  bool variable(ast::Expr& e, const std::string& name);
  void unknown_name(ast::Expr& e);
  void narrow(ast::Expr& e);
  void use_let(ast::Expr& e, std::uint32_t let, std::vector<ast::Expr> arguments);

  // operators.cc
  void check_unary(ast::Expr& e);
  void check_binary(ast::Expr& e);
  void arithmetic(ast::Expr& e);
  void comparison(ast::Expr& e);
  void equality(ast::Expr& e);
  void membership(ast::Expr& e);
  void like(ast::Expr& e);
  void coalesce(ast::Expr& e);
  void binds_tighter(const ast::Expr& comparison, const ast::Expr& e);
  bool dash_in_name(ast::Expr& e);
  bool per_second(ast::Expr& e);  // operator_slips.cc, as these
  bool is_name(const std::string& name) const;
  bool is_cut_off(const ast::Expr& e) const;
  void glob_as_regex(const ast::Expr& e);
  void check_range(ast::Expr& e);
  bool usable(ast::Expr& e);                      // not null, not a whole fact; else reported
  void same_numbers(ast::Expr& a, ast::Expr& b);  // an int literal beside a double becomes one
  bool unit_beside_number(ast::Expr& e);          // E0203 when one side is a unit and the other is not the same
  void mismatch(ast::Expr& e, const char* code = "E0202");
  bool both_usable(ast::Expr& e);
  bool without_value(ast::Expr& e);
  bool unreadable(ast::Expr& e);                                          // a conversion of a text that is not of its form: reported
  bool bad_pattern(ast::Expr& e, TextPattern (*read)(std::string_view));  // of `matches` or `like`: reported
  bool unknown_zone(ast::Expr& e);                                        // calendars.cc; of a function of time: reported
  void read_texts(ast::Expr& e);                                          // reports what is unreadable anywhere in it
  bool out_of_range(const ast::Expr& e);                                  // an item that a list written there does not have: reported
  // `e` asks a map that is written there for a key that it does not have: reported.
  bool missing_key(const ast::Expr& e, const Value& key, ast::Span at);
  void same_sides(const ast::Expr& e);
  void foreign_glob(const ast::Expr& e);  // operator_slips.cc

  // expressions.cc
  void check_logic(ast::Expr& e);
  void check_ternary(ast::Expr& e);
  Type element_of(const ast::Expr& value);
  void check_list(ast::Expr& e);
  void check_map(ast::Expr& e);
  void check_has(ast::Expr& e);
  void check_stale(ast::Expr& e);
  void check_literal(ast::Expr& e);

  // calendars.cc
  bool in_calendar(ast::Expr& e);
  void give_clock(ast::Expr& e);
  // clocks.cc
  bool clock_comparison(ast::Expr& e);

  // calls.cc, macros.cc, aggregates.cc
  void check_call(ast::Expr& e);
  bool call_let(ast::Expr& e);
  void check_argument(const ast::Expr& call, ast::Expr& argument);
  void check_format(ast::Expr& e);
  void unknown_function(ast::Expr& e);
  bool foreign_call(const ast::Expr& e);
  std::string argument_text(const ast::Expr& e) const;
  bool is_macro_slip(const ast::Expr& e);
  bool unknown_in_namespace(const ast::Expr& e);
  bool is_declared(std::string_view name) const;
  void check_macro(ast::Expr& e);
  void check_aggregate(ast::Expr& e);
  bool number(ast::Aggregate& agg);

  bool maybe_null(const ast::Expr& e) const;

  Package& p_;
  Scope& scope_;
  bool rules_;
  bool calendar_wanted_ = false;           // a calendar may stand here
  bool in_aggregate_ = false;              // what is checked stands in an aggregate
  const ast::Expr* asked_ = nullptr;       // what `has` asks for: it need not be there
  const ast::Expr* comparison_ = nullptr;  // whose sides are being checked
};

// Restores what is known of nulls at the end of a branch.
class NullGuard {
 public:
  explicit NullGuard(Scope& scope) : scope_(scope), size_(scope.not_null.size()) {}
  ~NullGuard() { scope_.not_null.resize(size_); }
  NullGuard(const NullGuard&) = delete;
  NullGuard& operator=(const NullGuard&) = delete;

 private:
  Scope& scope_;
  std::size_t size_;
};

Type type_of_literal(const Value& v);
// What a name means, as far as nulls go.
Place place_of(const ast::Expr& e);
// The nodes of a tree.
std::size_t count_nodes(const ast::Expr& e);
// Whether its value changes with time alone.
bool has_clock(const ast::Expr& e);
// Visits every node, aggregates' insides included, parents first.
void visit(const ast::Expr& e, const std::function<void(const ast::Expr&)>& f);

// The conditions of a line (the value of a `let`), in written order.
template <typename F>
void each_condition(const ast::Line& line, F f) {
  if (line.kind != ast::LineKind::kPattern) return f(line.expr);
  if (line.pattern.where) f(*line.pattern.where);
  if (line.pattern.satisfies) f(*line.pattern.satisfies);
}

// coerce.cc: how a plain number beside a unit is put right.
struct UnitHint {
  std::string help;
  std::optional<Fix> fix;
};
UnitHint unit_hint(const ast::Expr& number, const Type& unit, const Report& report);

// constants.cc: the value of a checked expression that reads nothing; nullopt (not reported) if it cannot be told here.
std::optional<Value> fold(const ast::Expr& e, Interner& interner);
// Checks `e` as a constant of type `want`; replaces it by its literal. nullopt: reported.
std::optional<Value> constant(Package& p, const FileScope& file, ast::Expr& e, const Type& want, const std::string& what);
// A constant duration above 0 (or from 0), a constant count from `at_least` on.
std::optional<std::int64_t> constant_duration(Package& p, const FileScope& file, ast::Expr& e, const std::string& what, bool zero = false);
inline constexpr std::int64_t kMaxCount = 1'000'000'000;
std::optional<std::int64_t> constant_count(Package& p, const FileScope& file, ast::Expr& e, const std::string& what, std::int64_t at_least,
                                           std::int64_t at_most = kMaxCount);

// calls.cc: whether the language has a function of this name.
bool is_function(std::string_view name);

// inline.cc: checks a package-wide let if it was not yet; false if it is bad (reported).
bool prepare_let(Package& p, std::uint32_t let);

}  // namespace flyball::check
