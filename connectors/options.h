// The words after `flyball connect NAME`: `--option value`, `--option=value`, `--flag`. Not the command line of flyball
// itself (app/). Thread safety: a plain value.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/result.h"
#include "model/time.h"

namespace flyball::connectors {

struct OptionSpec {
  std::string_view name;  // "--socket"
  bool has_value = true;
  bool repeats = false;
};

class Options {
 public:
  // Errors: an unknown word (with the nearest known ones), a value missing or not wanted, one given twice.
  static Result<Options> parse(std::span<const OptionSpec> specs, const std::vector<std::string>& args);

  bool has(std::string_view name) const { return values_.contains(name); }
  std::string text(std::string_view name, std::string_view otherwise) const;
  std::vector<std::string> all(std::string_view name) const;
  // Within [min, max]; the Error names the option and the limits.
  Result<DurationNs> duration(std::string_view name, DurationNs otherwise, DurationNs min, DurationNs max) const;
  Result<std::int64_t> number(std::string_view name, std::int64_t otherwise, std::int64_t min, std::int64_t max) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

}  // namespace flyball::connectors
