// What `flyball plan` says: changes, cautions and the summary, for people and as JSON lines. Pure functions of their arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/replay/difference.h"

namespace flyball::app {

// A recorded question that is answered otherwise.
struct AnswerChange {
  std::optional<Timestamp> time;  // nullopt: asked at the end
  std::string decision, input;    // the input as JSON
  std::string before, after;      // the output as JSON, or why there is none
  std::string before_from, after_from;
  bool before_failed = false, after_failed = false;
};

struct PlanSummary {
  const Difference* difference = nullptr;
  std::uint64_t inputs = 0, questions = 0, answers_changed = 0;
  std::uint64_t not_shown = 0;  // changes beyond the limit
};

// An instant for people: RFC 3339.
std::string plan_moment(Timestamp t);

std::string change_text(const ActionChange& change);  // some lines
std::string change_json(const ActionChange& change);  // one line, with its line end; so are the others
std::string answer_text(const AnswerChange& change);
std::string answer_json(const AnswerChange& change);
std::string caution_json(const std::string& caution);
// What each rule does more or less, the busiest minutes, the counts.
std::string summary_text(const PlanSummary& summary);
std::string summary_json(const PlanSummary& summary);

}  // namespace flyball::app
