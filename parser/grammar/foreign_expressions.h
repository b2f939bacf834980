// What stands in expressions elsewhere and not here, in several words or marks: forms.h knows them, terminals say so.
// Included by parser/grammar/expressions.cc only.
#pragma once

#include <string>

#include "parser/grammar/forms.h"
#include "parser/grammar/operators.h"
#include "parser/grammar/x3.h"

namespace flyball::cst {

inline std::string_view rest_of(Iterator p, Builder const& b) { return {p, static_cast<std::size_t>(b.end() - p)}; }

[[noreturn]] inline void fail_form(Iterator at, Form const& form, Builder const& b, std::string const& what) {
  Iterator const stop = at + form.size;
  SyntaxError e{b.error(codes::kUnexpected, at, stop, "`" + std::string(at, stop) + "` " + what, std::string(form.slip->help)),
                b.offset(stop), false};
  if (!form.slip->instead.empty()) e.diagnostic.fix = Fix{e.diagnostic.span, std::string(form.slip->instead)};
  throw e;
}

// `?x`, `$x`: a name with a mark, where `stop` is behind it; `at` if there is none.
inline Iterator marked_name_end(Iterator at, Builder const& b) {
  if (at == b.end() || (*at != '?' && *at != '$') || at + 1 == b.end() || !is_word_start(at[1])) return at;
  return word_end(at + 1, b.end());
}

// In place of an operand: `?x`, `case when …`.
struct ForeignOperand : Terminal<ForeignOperand> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const&, A&) const {
    if (first == last || std::string_view("?$ciCI").find(*first) == std::string_view::npos) return false;
    Builder const& b = builder(context);
    if (Iterator const stop = marked_name_end(first, b); stop != first)
      b.fail(codes::kUnexpected, first, stop, "`" + std::string(first, stop) + "` is no name",
             "names have no mark: a fact is bound by a line `h: Host …`, its field is `h.load`, and `same name as h` joins");
    if (Form const form = find_form(FormPlace::kOperand, rest_of(first, b)); form.slip != nullptr)
      fail_form(first, form, b, "chooses no value");
    return false;
  }
};

// Behind an operand, where only an operator may follow: `IS NULL`, `between 1 and 5`, `if … else`.
struct ForeignBehind : Terminal<ForeignBehind> {
  template <typename C, typename R, typename A>
  bool parse(Iterator& first, Iterator const& last, C const& context, R const& r, A&) const {
    if (first == last || std::string_view("?^bdimnrsBDIMNRS").find(*first) == std::string_view::npos) return true;
    Builder& b = builder(context);
    if (b.new_line_before(first)) return true;
    if (is_word_start(*first)) {
      Iterator const next = skip_blanks(word_end(first, last), last, b.begin(), b.bad_bytes());
      if (next != last && (*next == ':' || *next == '{')) return true;  // the name of the next pattern
      between(first, last, context, r);
    }
    if (Form const form = find_form(FormPlace::kBehind, rest_of(first, b)); form.slip != nullptr)
      fail_form(first, form, b, "is no operator");
    return true;
  }

 private:
  template <typename C, typename R>
  static void between(Iterator first, Iterator last, C const& context, R const& r) {
    Builder& b = builder(context);
    Iterator word = first;
    std::string ours = "in ";
    if (lower_case(word_at(word, last)) == "not") {
      ours = "not in ";
      word = skip_blanks(word + 3, last, b.begin(), b.bad_bytes());
    }
    if (lower_case(word_at(word, last)) != "between") return;
    Iterator const stop = word_end(word, last);
    SyntaxError e{b.error(codes::kUnexpected, first, stop, "`" + std::string(first, stop) + "` is no operator",
                          "a range is asked with `in`: `util in 20%..80%`"),
                  b.offset(stop), false};
    Iterator const low = skip_blanks(stop, last, b.begin(), b.bad_bytes());
    Iterator at = low;
    if (operand.parse(at, last, context, r, x3::unused)) {
      Iterator const low_end = b.begin() + b.last_end();
      if (lower_case(word_at(at, last)) == "and") {
        Iterator const high = skip_blanks(at + 3, last, b.begin(), b.bad_bytes());
        at = high;
        if (operand.parse(at, last, context, r, x3::unused)) {
          e.diagnostic.fix = Fix{{b.file(), b.offset(first), b.last_end()},
                                 ours + std::string(low, low_end) + ".." + std::string(high, b.begin() + b.last_end())};
        }
      }
    }
    throw e;
  }
};

}  // namespace flyball::cst
