// PlanFile: what `plan --out` keeps of a plan, and what `apply` needs to know that it is still true: the rules to load as texts, the
// digests of those they were compared with, of the recording and of the service. JSON with a checksum (against accidents and edits by hand;
// it is no signature). Door: plan_file_text, read_plan_file. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/package/texts.h"
#include "model/time.h"

namespace flyball::app {

struct PlanFile {
  static constexpr std::size_t kMaxBytes = std::size_t{256} << 20;

  Timestamp made;
  std::string before_digest, before_name;  // the rules as they were, and where they came from: paths, or a service's endpoint
  std::string after_digest;
  RuleTexts after;
  std::vector<std::string> arguments;  // RULES the new ones were read from, absolute; none: those of the service
  std::string facts_name, facts_digest;
  std::uint64_t facts_lines = 0;
  struct Basis {
    std::string endpoint, epoch, engine_time, inputs;  // the last two as JSON
  };
  std::optional<Basis> service;
  std::string summary;  // as `plan --json` prints it, one object
};

std::string plan_file_text(const PlanFile& plan);
// Whether `text` begins as a plan file does.
bool is_plan_file(std::string_view text);
// Error: it is none, of another version, damaged or changed.
Result<PlanFile> read_plan_file(std::string_view text);

// That the files named by the plan's `arguments` are what it carries; the error names one that is not.
Result<void> same_files(const PlanFile& plan);

}  // namespace flyball::app
