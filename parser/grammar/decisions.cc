// Grammar, part 5: decisions: cases, tables and their cells.
// Thread safety: rules are constants; the Builder is the state.
// INVARIANT: parsers with state are plain constants or functions, never variable templates: those are initialised in no order.
#include "model/suggest.h"
#include "parser/ast/words.h"
#include "parser/grammar/foreign.h"
#include "parser/grammar/items.h"
#include "parser/grammar/operators.h"
#include "parser/grammar/parts.h"
#include "parser/grammar/x3.h"

namespace flyball::cst {

namespace {

// ---- decision

Iterator wildcard_end(Iterator p, Builder const& b) {
  if (p == b.end() || *p != '-') return p;
  Iterator const q = skip_blanks(p + 1, b.end(), b.begin(), b.bad_bytes());
  return q != b.end() && *q == '|' ? p + 1 : p;
}
auto const cell_unit = node<Kind::kCellTest>[op<compare_end> >> must(range, "a value")] | compare;
auto const cell_value = chain<Kind::kOr>(chain<Kind::kAnd>(prefixed<Kind::kNot>(op<not_end>, cell_unit), op<and_end>), op<or_end>);
auto const cell =
    node<Kind::kCell>[LeafParser<Kind::kWildcard, wildcard_end>{} | in_cell[cell_value >> *(mark(",") >> must(cell_value, "a value"))]];
auto const output_cell = node<Kind::kOutputCell>[in_cell[expression]];
bool same_line(Iterator p, Builder const& b) { return p != b.end() && !b.new_line_before(p); }
bool at_output(Iterator p, Builder const& b) { return p != b.end() && *p != '|' && *p != '}' && !b.new_line_before(p); }
auto const row = (ahead<at_head_rule> >> HeadRule{}) |
                 node<Kind::kRow>[mark("|") >> must(cell, "a cell, or `-` for any value") >>
                                  *(bar >> ahead<same_line> >> must(cell, "a cell, or `-` for any value")) >> DoubleBar{} >>
                                  +(ahead<at_output> >> must(output_cell, "a value") >> must(ahead<same_line> >> mark("|"), "`|`"))];
void unknown_row(Iterator p, Builder const& b) { b.fail_item(p, "a row, which begins with `|`"); }

Iterator second_policy_word_end(Iterator p, Builder const& b) { return at_word(p, b.end(), "from") ? p : word_end(p, b.end()); }
auto const policy = node<Kind::kPolicy>[any_word >> -LeafParser<Kind::kName, second_policy_word_end>{}];
// `table from "qos.csv"`: said, and read as `table first from "qos.csv"`.
struct FromWithoutPolicy : Terminal<FromWithoutPolicy> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (!at_word(first, last, "from")) return true;
    Builder& b = builder(context);
    Diagnostic d =
        b.error(codes::kUnexpected, first, first + 4, "expected a hit policy, found `from`", "as in `table first from \"qos.csv\"`");
    d.fix = Fix{{b.file(), b.offset(first), b.offset(first)}, "first "};
    throw SyntaxError{std::move(d), b.offset(first + 4), false};
  }
};
auto const table = node<Kind::kTable>[word("table") >> FromWithoutPolicy{} >> must(policy, "a hit policy, as `first`") >>
                                      (node<Kind::kFrom>[word("from") >> must(plain_string, "a file name in quotes, as `\"qos.csv\"`")] |
                                       must(block<Kind::kFields>(row, unknown_row), "`{` and the rows, or `from` and a file"))];
auto const the_return = must(word("return"), "`return`") >> node<Kind::kReturn>[the_record];
auto const decision_part =
    (word("input") >> must(input_fields, "`{` and the fields")) | (word("output") >> must(output_fields, "`{` and the fields")) |
    node<Kind::kCase>[word("case") >> must_name(name, "the case's name") >> must(word("when"), "`when`") >> must(when_lines, "`{`") >>
                      the_return] |
    node<Kind::kDefaultCase>[word("default") >> the_return] |
    node<Kind::kOnUnknown>[word("on") >> must(word("unknown"), "`unknown fail`") >> must(word("fail"), "`fail`")] | table;
constexpr auto kDecisionParts = ast::words_of<ast::kDecisionPart>();
void unknown_decision_part(Iterator p, Builder const& b) {
  fail_unknown_word(p, b, Place::kDecisionPart, "a part of the decision", "part of a decision",
                    {kDecisionParts.begin(), kDecisionParts.end()});
}
auto const decision_def = must_name(name, "the decision's name") >> must(block<Kind::kFields>(decision_part, unknown_decision_part), "`{`");

}  // namespace

BOOST_SPIRIT_DEFINE(decision)
BOOST_SPIRIT_INSTANTIATE(DecisionRule, Iterator, Context)

Tree parse_cell_text(Builder& b) {
  Iterator const last = b.end();
  Iterator first = skip_blanks(b.begin(), last, b.begin(), b.bad_bytes());
  Builder::Mark const m = b.mark(first);
  bool broken = false;
  try {
    must(cell, "a cell").parse(first, last, make_context(b), x3::unused, x3::unused);
    if (first != last) b.fail_expected(first, "the end of the cell");
  } catch (SyntaxError& e) {
    if (!e.reported) b.report(std::move(e.diagnostic));
    broken = true;
  }
  return b.take(Kind::kExpressionInput, m, broken);
}

}  // namespace flyball::cst
