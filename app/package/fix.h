// Applying the fixes of diagnostics to the texts of a package: round by round, until no error has one that was not tried.
#pragma once

#include <string>
#include <vector>

#include "parser/diagnostics/diagnostic.h"
#include "parser/source.h"
#include "parser/tables/table_files.h"

namespace flyball::app {

inline constexpr int kMaxFixRounds = 50;  // a fix may uncover the next mistake; more than so many is a circle

struct Text {
  std::string path;
  std::string text;
};

struct AppliedFix {
  std::string place;  // file:line:column, as the text was then
  std::string code;
  std::string was, is;
};

struct FixResult {
  std::vector<Text> texts;   // as they are now; behind the given ones the files that tables stand in
  std::vector<Text> tables;  // those files as they were
  std::vector<AppliedFix> applied;
  std::size_t errors_before = 0, errors_left = 0;
  std::size_t warnings_with_fix = 0;  // whose fixes were not applied
  std::size_t choices = 0;            // fixes left that are the author's to choose
  bool circle = false;                // kMaxFixRounds were not enough
};

// Only fixes of errors: those of warnings would change rules that work. Of fixes that overlap the first is applied, the
// others are looked at again in the next round. A file whose fixes of a round leave more of it unread than before stays as it was, and so
// does a place behind whose fix a new mistake of grammar stands that has none. `read` gives the files that tables stand in; without it they
// are none.
FixResult fix_texts(std::vector<Text> texts, const ReadTable& read = {});

}  // namespace flyball::app
