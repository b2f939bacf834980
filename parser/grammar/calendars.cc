// Grammar, part 7: calendars: spans of days and times, and their zone.
// Door: the rule `calendar` of parts.h. Thread safety: rules are constants; the Builder is the state.
// INVARIANT: parsers with state are plain constants or functions, never variable templates: those are initialised in no order.
#include "parser/ast/words.h"
#include "parser/grammar/operators.h"
#include "parser/grammar/parts.h"
#include "parser/grammar/x3.h"

namespace flyball::cst {

namespace {

// `2026-12-24`; whether there is such a day is lowering's to say.
Iterator date_end(Iterator p, Builder const& b) {
  if (b.end() - p < 10) return p;
  for (std::size_t i = 0; i < 10; ++i) {
    bool const dash = i == 4 || i == 7;
    if (dash ? p[i] != '-' : !is_digit(p[i])) return p;
  }
  Iterator const end = p + 10;
  return end != b.end() && is_word(*end) ? p : end;
}
Iterator clock_end(Iterator p, Builder const& b) {
  if (p == b.end() || !is_digit(*p)) return p;
  // `8:00`: two digits are asked for by name.
  if (b.end() - p >= 4 && p[1] == ':' && is_digit(p[2]) && is_digit(p[3])) {
    SyntaxError e{b.error(codes::kBadTime, p, p + 4, "the hour of a time of day has two digits"), b.offset(p + 4), false};
    e.diagnostic.fix = Fix{{b.file(), b.offset(p), b.offset(p)}, "0"};
    throw e;
  }
  Literal const l = scan_number_or_address(p, b);
  return l.kind == Kind::kTimeOfDay ? l.end : p;
}
Iterator number_end(Iterator p, Builder const& b) {
  Iterator q = p;
  while (q != b.end() && is_digit(*q)) ++q;
  return q != b.end() && is_word(*q) ? p : q;
}
Iterator day_word_end(Iterator p, Builder const& b) {
  Iterator const end = name_end(p, b);
  std::string_view const w(p, static_cast<std::size_t>(end - p));
  return w == "except" || (b.begins_line(p) && is_declaration_word(w)) ? p : end;
}

// `..`, and what others write in its place.
struct Dots : Terminal<Dots> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last) return false;
    Builder& b = builder(context);
    Iterator end = first;
    if (starts(first, b, "..")) {
      end = first + 2;
    } else {
      for (std::string_view const other : {"-", "–", "—", "…"}) {
        if (starts(first, b, other)) end = first + other.size();
      }
      if (at_word(first, last, "to")) end = first + 2;
      if (end == first) return false;
      Diagnostic d = b.error(codes::kUnexpected, first, end, "expected `..`, found " + b.found(first), "a range is `08:00..18:00`");
      d.fix = Fix{d.span, ".."};
      b.report_intact(std::move(d));
    }
    b.leaf(Kind::kOp, first, end);
    first = b.token(end);
    return true;
  }
};
auto const dots = Dots{};
LeafParser<Kind::kDate, date_end> const date{};
LeafParser<Kind::kTimeOfDay, clock_end> const clock{};
LeafParser<Kind::kInt, number_end> const number{};
LeafParser<Kind::kName, day_word_end> const day_word{};

auto const times =
    node<Kind::kRange>[clock >> must(dots, "`..` and the end, as in `08:00..18:00`") >> must(clock, "a time, as in `18:00`")];
constexpr std::string_view kDay = "a day, as in `daily`, `mon..fri`, `day 1` or `2026-12-24`";
auto const day = fold<Kind::kRange>[date >> -(dots >> must(date, "a date, as in `2026-12-26`"))] |
                 node<Kind::kOption>[word_leaf("day") >> fold<Kind::kRange>[must(number, "a day of the month, as in `day 1`") >>
                                                                            -(dots >> must(number, "a day of the month"))]] |
                 node<Kind::kOption>[word_leaf("last") >> must(word("day"), "`day`, as in `last day` of the month")] |
                 fold<Kind::kRange>[day_word >> -(dots >> must(day_word, "a day of the week, as in `fri`"))];
// Behind the times of a span another day belongs to another span.
struct NoDay : Terminal<NoDay> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    if (first == last || (date_end(first, b) == first && day_word_end(first, b) == first)) return false;
    Iterator const comma = b.begin() + b.last_end() - 1;
    SyntaxError e{b.error(codes::kUnexpected, comma, comma + 1, "days stand before the times of their span",
                          "spans are joined by `or`: `mon..fri 08:00..18:00 or sat, sun`"),
                  b.offset(first), false};
    e.diagnostic.fix = Fix{e.diagnostic.span, " or"};
    throw e;
  }
};
auto const more_times = times >> *(mark(",") >> (NoDay{} | must(times, "a time, as in `08:00..12:00`")));
// Times alone: which days they mean is to be said.
struct Daily : Terminal<Daily> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const&, C const& context, R const&, A&) const {
    Builder& b = builder(context);
    if (clock_end(first, b) == first) return false;
    Diagnostic d = b.error(codes::kUnexpected, first, b.token_end(first), "the days of these times are missing");
    d.fix = Fix{{b.file(), b.offset(first), b.offset(first)}, "daily "};
    b.report_intact(std::move(d));
    return true;
  }
};
auto const span = node<Kind::kSpan>[(Daily{} >> more_times) | (day >> *(mark(",") >> must(day, kDay)) >> -more_times)];
auto const spans = must(span, kDay) >> *(word("or") >> must(span, kDay));

struct Zone : Terminal<Zone> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (at_word(first, last, "in")) return true;
    Builder const& b = builder(context);
    if (first != last && !b.new_line_before(first)) {
      b.fail(codes::kUnexpected, first, b.token_end(first), "expected `in` and the zone of the calendar, found " + b.found(first),
             "as in `in \"Europe/Madrid\"`; spans are joined by `or`");
    }
    Iterator const after = b.begin() + b.last_end();
    SyntaxError e{b.error(codes::kMissingPart, after - 1, after, "the calendar has no zone: a time of day means nothing without one",
                          "an IANA name, as in `in \"Europe/Madrid\"`"),
                  b.last_end(), false};
    e.diagnostic.fix = Fix{{b.file(), b.last_end(), b.last_end()}, " in \"UTC\"", true};
    throw e;
  }
};
auto const calendar_def = must_name(name, "the calendar's name") >> soft(mark("="), "`=` and the days and times") >> spans >>
                          -node<Kind::kExcept>[word("except") >> spans] >> Zone {} >> word("in") >>
                          must(plain_string, "the zone in quotes, as in `\"Europe/Madrid\"`");

}  // namespace

BOOST_SPIRIT_DEFINE(calendar)
BOOST_SPIRIT_INSTANTIATE(CalendarRule, Iterator, Context)

}  // namespace flyball::cst
