// Phrases: expressions of checked rules in words. Internal to parser/reading. Not thread-safe: one per rule or case.
#pragma once

#include <string>
#include <vector>

#include "parser/reading/reading.h"

namespace flyball::reading {

class Phrases {
 public:
  explicit Phrases(const ReadingContext& context) : c_(context) {}

  // A condition as a clause: "`util` is above 80% and `oper` is `\"up\"`". `nested`: it stands beside others, so an `or` needs brackets.
  std::string condition(const ast::Expr& e, bool nested = false) const;
  // A value as a noun: "`hot.util`", "the number of `Serving` whose …", "2 minutes".
  std::string value(const ast::Expr& e) const;
  // As `value`, but a duration in words.
  std::string duration(const ast::Expr& e) const;
  // The author's text in backticks, white space as single blanks.
  std::string code(ast::Span span) const;
  static std::string code(const std::string& text);

 private:
  std::string comparison(const ast::Expr& e, bool truth) const;
  std::string membership(const ast::Expr& e, bool truth) const;
  std::string denied(const ast::Expr& e, bool nested) const;
  std::string joined(const ast::Expr& e, const char* word, bool nested) const;
  std::string aggregate(const ast::Aggregate& a) const;
  const ReadingContext& c_;
};

}  // namespace flyball::reading
