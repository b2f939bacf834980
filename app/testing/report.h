// What became of the tests, as people, tools and build servers read it. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flyball::app::testing {

struct FailureReport {
  std::string file;
  std::uint32_t line = 0;
  std::string message;                // what was expected and was not so
  std::vector<std::string> happened;  // what happened instead
  std::string why_not;                // lines; empty if nobody was asked
};

struct TestReport {
  std::string name, file;
  std::uint32_t line = 0;
  std::size_t expectations = 0;
  std::vector<FailureReport> failures;
  bool passed() const { return failures.empty(); }
};

// "FILE:LINE: message", what happened and why not, indented; a line end behind each line.
std::string failures_text(const TestReport& test);
// One object on one line, with its line end.
std::string report_json(const TestReport& test);
// JUnit's XML, as build servers read it: a suite a file, in the order of the tests. No times: every run gives the same bytes.
std::string report_junit(const std::vector<TestReport>& tests);
// The same for rules that do not check: one suite with one error.
std::string report_junit_broken(std::string_view paths);

// True if `name` has `pattern` in it, in which `*` stands for any text.
bool name_matches(std::string_view name, std::string_view pattern);

}  // namespace flyball::app::testing
