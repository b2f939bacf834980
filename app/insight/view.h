// Reports as tables for people. Pure: a report gives the same text, whatever the clock.
#pragma once

#include <optional>
#include <string>

#include "app/insight/report.h"

namespace flyball::app {

// What happened between two looks at the same plan: counters and times are differences, what stands is as it is now. Nothing if the rules
// were replaced in between, or the session began anew. Rules that were not in the first look count from 0.
std::optional<InsightReport> insight_since(const InsightReport& before, const InsightReport& after);

struct TopView {
  InsightOrder by = InsightOrder::kTime;
  std::size_t rules = 20;  // shown
  bool bold = false;       // headings, by escape sequences
};

// `since`: what happened in the last `seconds`; without it everything is since the session began.
std::string top_text(const InsightReport& now, const std::optional<InsightReport>& since, const TopView& view);

struct ProfileFigures {
  std::uint64_t passes = 0;
  std::uint64_t facts = 0;   // inputs of one pass
  double plain_seconds = 0;  // of one pass without sampling, the fastest; 0: none was made
  double seconds = 0;        // of all sampled passes
  std::uint64_t samples = 0;
  DurationNs period = 0;
};
// `report`: counters of one pass, times of all.
std::string profile_text(const InsightReport& report, const ProfileFigures& figures, std::size_t rules);
std::string profile_json(InsightReport& report, const ProfileFigures& figures);

// The shared words: 1234567 → "1,234,567"; bytes → "1.2 MiB".
std::string with_commas(std::uint64_t n);
std::string bytes_text(std::uint64_t bytes);

}  // namespace flyball::app
