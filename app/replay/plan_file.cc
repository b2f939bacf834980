// See plan_file.h.
#include "app/replay/plan_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "app/io/digest.h"
#include "app/io/files.h"
#include "app/io/instant.h"
#include "app/io/json.h"
#include "bus/codec/json_lines.h"
#include "bus/codec/json_reader.h"
#include "model/text.h"
#include "parser/tables/table_files.h"

namespace flyball::app {
namespace {

constexpr std::string_view kBegin = "{\"flyball_plan\":";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kChecksum = ",\n \"checksum\":\"";

std::vector<std::string> texts_in(std::string_view array) {
  std::vector<std::string> out;
  bus::JsonReader reader(array);
  if (array.empty() || !reader.enter_array()) return out;
  while (reader.next_item()) {
    std::string_view text;
    if (reader.read_string(text)) out.emplace_back(text);
  }
  return out;
}

}  // namespace

std::string plan_file_text(const PlanFile& plan) {
  std::string made, arguments;
  bus::append_time(made, plan.made);
  for (const std::string& argument : plan.arguments) arguments += (arguments.empty() ? "" : ",") + quote(argument);
  std::string out = fmt::format("{}{},\n \"made\":{},\n", kBegin, kVersion, made);
  out += fmt::format(" \"before\":{{\"digest\":{},\"name\":{}}},\n", quote(plan.before_digest), quote(plan.before_name));
  if (plan.service) {
    out += fmt::format(" \"service\":{{\"endpoint\":{},\"epoch\":{},\"engine_time\":{},\"inputs\":{}}},\n", quote(plan.service->endpoint),
                       quote(plan.service->epoch), plan.service->engine_time, plan.service->inputs);
  }
  out += fmt::format(" \"facts\":{{\"name\":{},\"digest\":{},\"lines\":{}}},\n", quote(plan.facts_name), quote(plan.facts_digest),
                     plan.facts_lines);
  out += fmt::format(" \"summary\":{},\n", plan.summary);
  out +=
      fmt::format(" \"after\":{{\"digest\":{},\"rules\":[{}],\n  {}}}", quote(plan.after_digest), arguments, rule_texts_json(plan.after));
  return fmt::format("{}{}{}\"}}\n", out, kChecksum, text_digest(out));
}

bool is_plan_file(std::string_view text) { return text.starts_with(kBegin); }

Result<PlanFile> read_plan_file(std::string_view text) {
  if (!is_plan_file(text)) return fail("it is no plan", "`flyball plan … --out FILE` makes one");
  if (!text.substr(kBegin.size()).starts_with(std::string(kVersion) + ","))
    return fail("it is a plan of another version of flyball", "make it anew");
  const std::size_t at = text.rfind(kChecksum);
  if (at == std::string_view::npos || text.substr(at + kChecksum.size()) != text_digest(text.substr(0, at)) + "\"}\n")
    return fail("the plan has been changed since it was made: its checksum is wrong", "make the plan anew");
  PlanFile out;
  const std::optional<Timestamp> made = parse_instant(json_member(text, "made"));
  const std::string before = json_member(text, "before"), after = json_member(text, "after"), facts = json_member(text, "facts");
  Result<RuleTexts> rules = read_rule_texts(after);
  if (!made || !rules) return fail("the plan cannot be read", "make it anew");
  out.made = *made;
  out.before_digest = json_text(before, "digest");
  out.before_name = json_text(before, "name");
  out.after_digest = json_text(after, "digest");
  out.after = std::move(*rules);
  out.arguments = texts_in(json_member(after, "rules"));
  out.facts_name = json_text(facts, "name");
  out.facts_digest = json_text(facts, "digest");
  out.facts_lines = json_number(facts, "lines").value_or(0);
  if (const std::string service = json_member(text, "service"); !service.empty())
    out.service = {json_text(service, "endpoint"), json_text(service, "epoch"), json_member(service, "engine_time"),
                   json_member(service, "inputs")};
  out.summary = json_member(text, "summary");
  return out;
}

Result<void> same_files(const PlanFile& plan) {
  if (plan.arguments.empty()) return {};
  const auto changed = [](const std::string& what) {
    return fail(what + " since the plan was made", "make the plan anew; `--carried` applies what it carries");
  };
  const Result<std::vector<std::string>> paths = rule_paths(plan.arguments);
  if (!paths) return changed(fmt::format("the new rules have changed ({})", paths.error().message));
  const auto same = [&](const RuleText& carried, std::size_t max_bytes) -> Result<void> {
    const Result<std::string> text = read_text(carried.path, stdin, max_bytes);
    if (!text) return changed(fmt::format("the new rules have changed ({})", text.error().message));
    return *text == carried.text ? Result<void>{} : changed(fmt::format("`{}` has changed", carried.path));
  };
  std::vector<std::string> there;
  for (const std::string& path : *paths) there.push_back(std::filesystem::absolute(path).lexically_normal().generic_string());
  for (const std::string& path : there) {
    if (std::none_of(plan.after.files.begin(), plan.after.files.end(), [&](const RuleText& file) { return file.path == path; }))
      return changed(fmt::format("`{}` has come to the new rules", path));
  }
  for (const RuleText& file : plan.after.files) {
    if (std::find(there.begin(), there.end(), file.path) == there.end())
      return changed(fmt::format("`{}` is gone from the new rules", file.path));
    if (Result<void> done = same(file, SourceFiles::kMaxFileBytes); !done) return done;
  }
  for (const RuleText& table : plan.after.tables) {
    if (Result<void> done = same(table, kMaxTableFileBytes); !done) return done;
  }
  return {};
}

}  // namespace flyball::app
