// One pass over the words.
#include "connectors/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "connectors/wire_fact.h"
#include "model/schema.h"
#include "model/suggest.h"
#include "model/text.h"

namespace flyball::connectors {

Result<Options> Options::parse(std::span<const OptionSpec> specs, const std::vector<std::string>& args) {
  Options out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::size_t equals = args[i].starts_with("--") ? args[i].find('=') : std::string::npos;
    const std::string name = args[i].substr(0, equals);
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const OptionSpec& s) { return s.name == name; });
    if (spec == specs.end()) {
      std::vector<std::string> names;
      for (const OptionSpec& s : specs) names.emplace_back(s.name);
      return fail(fmt::format("unknown option `{}`", name), did_you_mean(nearest(name, names)));
    }
    std::string value;
    if (!spec->has_value && equals != std::string::npos) return fail(fmt::format("`{}` takes no value", name));
    if (spec->has_value && equals != std::string::npos) {
      value = args[i].substr(equals + 1);
    } else if (spec->has_value) {
      if (i + 1 >= args.size()) return fail(fmt::format("`{}` needs a value", name));
      value = args[++i];
    }
    std::vector<std::string>& values = out.values_[name];
    if (!values.empty() && !spec->repeats) return fail(fmt::format("`{}` is given twice", name));
    values.push_back(std::move(value));
  }
  return out;
}

std::string Options::text(std::string_view name, std::string_view otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string(otherwise) : found->second.front();
}

std::vector<std::string> Options::all(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

Result<DurationNs> Options::duration(std::string_view name, DurationNs otherwise, DurationNs min, DurationNs max) const {
  if (!has(name)) return otherwise;
  const auto ns = parse_duration_ns(text(name, ""));
  if (!ns || *ns < min || *ns > max) {
    return fail(fmt::format("`{}` is not a duration from {} to {}: \"{}\"", name, duration_text(min), duration_text(max), text(name, "")),
                "write it as 500ms, 2s or 1m30s");
  }
  return *ns;
}

Result<std::int64_t> Options::number(std::string_view name, std::int64_t otherwise, std::int64_t min, std::int64_t max) const {
  if (!has(name)) return otherwise;
  const std::string word = text(name, "");
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
  if (error != std::errc() || end != word.data() + word.size() || n < min || n > max)
    return fail(fmt::format("`{}` is not a number from {} to {}: \"{}\"", name, min, max, word));
  return n;
}

}  // namespace flyball::connectors
