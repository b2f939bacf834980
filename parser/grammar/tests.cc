// Grammar, part 6: tests and their steps.
// Thread safety: rules are constants; the Builder is the state.
// INVARIANT: parsers with state are plain constants or functions, never variable templates: those are initialised in no order.
#include "model/suggest.h"
#include "model/text.h"
#include "parser/ast/words.h"
#include "parser/grammar/foreign.h"
#include "parser/grammar/items.h"
#include "parser/grammar/operators.h"
#include "parser/grammar/parts.h"
#include "parser/grammar/x3.h"

namespace flyball::cst {

namespace {

// ---- test

auto const from_to = node<Kind::kFrom>[must(word("from"), "`from`") >> must(operand, "a duration")] >>
                     node<Kind::kTo>[must(word("to"), "`to`") >> must(operand, "a duration")];
auto const time_of_step = node<Kind::kAt>[word("at") >> must(operand, "a duration")] |
                          node<Kind::kBy>[word("by") >> must(operand, "a duration")] |
                          (node<Kind::kEvery>[word("every") >> must(operand, "a duration")] >> from_to);
auto const from_rule = node<Kind::kFromRule>[word("from") >> must_name(path, "the name of a rule or case")];
// `from row 3` of a table, `from rows 1, 3`, `from no row`, `from high_load` of a case.
Iterator row_end(Iterator p, Builder const& b) {
  if (at_word(p, b.end(), "no")) {
    Iterator const row = skip_blanks(p + 2, b.end(), b.begin(), b.bad_bytes());
    return at_word(row, b.end(), "row") ? row + 3 : p;
  }
  bool const several = at_word(p, b.end(), "rows");
  if (!several && !at_word(p, b.end(), "row")) return p;
  Iterator end = p;
  Iterator q = p + (several ? 4 : 3);
  while (true) {
    Iterator const number = skip_blanks(q, b.end(), b.begin(), b.bad_bytes());
    q = number;
    while (q != b.end() && is_digit(*q)) ++q;
    if (q == number) return end;
    end = q;
    q = skip_blanks(q, b.end(), b.begin(), b.bad_bytes());
    if (!several || q == b.end() || *q != ',') return end;
    ++q;
  }
}
auto const from_case = node<Kind::kFromRule>[word("from") >> (LeafParser<Kind::kPath, row_end>{} |
                                                              must_name(path, "the name of a case, `row N` or `default`"))];
bool at_number(Iterator p, Builder const& b) { return p != b.end() && is_digit(*p); }
// `1 B`: a number of actions named B, not one byte.
Iterator count_end(Iterator p, Builder const& b) {
  Iterator const digits = std::find_if_not(p, b.end(), is_digit);
  Iterator q = digits;
  while (q != b.end() && (*q == ' ' || *q == '\t')) ++q;
  return q != digits && q != b.end() && is_upper(*q) ? digits : p;
}
auto const number = node<Kind::kCount>[ahead<at_number> >> (LeafParser<Kind::kInt, count_end>{} | operand)];
auto const described = must_name(type_path, "a type") >> -record_body;
auto const expectation =
    node<Kind::kExpectNothing>[word("nothing") >> must(word("else"), "`else`")] | node<Kind::kNone>[word("no") >> described] |
    node<Kind::kFirings>[number >> word("firings") >> -(word("of") >> node<Kind::kFromRule>[must_name(path, "the name of a rule")])] |
    node<Kind::kExpect>[-number >> described >> -from_rule];
auto const expected_list = node<Kind::kExpectedList>[mark("[") >> listed(node<Kind::kExpected>[record_body], mark("]"), "`,` or `]`",
                                                                         "`{` and an expected output, or `]`")];
auto const acknowledgement = word_leaf("ack") | word_leaf("fail") | word_leaf("approve") | word_leaf("reject");
// What who publishes writes beside a fact: `source "gnmi-1" seq 17`.
auto const numbered = node<Kind::kNumbered>[word("source") >> must(plain_string, "the name of a source in quotes") >>
                                            must(word("seq"), "`seq` and a number") >> must(operand, "a number")];
auto const step_body =
    node<Kind::kStart>[word("start") >> must(plain_string, "a timestamp in quotes")] |
    node<Kind::kSetStep>[word("set") >> must_name(path, "the name of a param") >> soft(mark("=")) >> must(expression, "a value")] |
    node<Kind::kSendFrom>[word("send") >> word("from") >> must(plain_string, "a file name in quotes")] |
    node<Kind::kSend>[word("send") >> must_name(type_path, "a type") >> the_record >>
                      -node<Kind::kStamped>[word("stamped") >> must(operand, "a duration")] >> -numbered] |
    node<Kind::kRetractStep>[word("retract") >> must_name(type_path, "a type") >> the_record >> -numbered] |
    node<Kind::kAcknowledge>[acknowledgement >> described >> -node<Kind::kResult>[word("result") >> the_record]] |
    (word("expect") >> must(expectation, "what is expected")) |
    node<Kind::kAsk>[word("ask") >> must_name(path, "the name of a decision") >> node<Kind::kInput>[the_record] >>
                     -node<Kind::kExpected>[word("expect") >> (expected_list | must(record_body, "`{` and the expected output"))] >>
                     -from_case] |
    node<Kind::kRestart>[word("restart")] | node<Kind::kDown>[word("down") >> from_to];
constexpr auto kStepVerbs = ast::words_of<ast::kStep>();
void unknown_step(Iterator p, Builder const& b) {
  fail_unknown_word(p, b, Place::kStep, "a step", "step of a test", {kStepVerbs.begin(), kStepVerbs.end()});
}
struct AfterTime : Terminal<AfterTime> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const&, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    if (b.new_line_before(first)) {
      const char* after = b.begin() + b.last_end();
      b.fail(codes::kUnexpected, after, after, "expected a step, found the end of the line",
             "a time stands before its step: `at 1s send …`");
    }
    unknown_step(first, b);
    return false;
  }
};
auto const step = node<Kind::kStep>[time_of_step >> (step_body | AfterTime{})] | node<Kind::kStep>[step_body];
// `test t {`: a title is a text.
struct BareTitle : Terminal<BareTitle> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder const& b = builder(context);
    if (first == last || !is_word(*first) || b.new_line_before(first)) return true;
    std::string_view title(first, static_cast<std::size_t>(last - first));
    title = title.substr(0, title.find_first_of("{\"\\#\r\n"));
    title = title.substr(0, title.find_last_not_of(" \t") + 1);
    Iterator const end = first + title.size();
    SyntaxError e{b.error(codes::kUnexpected, first, end, "expected the test's title in quotes, found `" + std::string(title) + "`"),
                  b.offset(end), false};
    e.diagnostic.fix = Fix{e.diagnostic.span, quote(title)};
    throw e;
  }
};
auto const test_def = BareTitle{} >> must(plain_string, "the test's title in quotes") >>
                      must(block<Kind::kFields>(step, unknown_step), "`{`");

}  // namespace

BOOST_SPIRIT_DEFINE(test)
BOOST_SPIRIT_INSTANTIATE(TestRule, Iterator, Context)

}  // namespace flyball::cst
