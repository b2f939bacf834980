// See coverage.h.
#include "app/testing/coverage.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/testing/judge.h"
#include "model/text.h"
#include "parser/parser.h"
#include "parser/tables/table_files.h"

namespace flyball::app::testing {
namespace {

std::string place(const SourceFiles& sources, const ast::Span& span) {
  return fmt::format("{}:{}", sources.path(span.file), sources.position(span.file, span.begin).line);
}

// On one line.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank || (!out.empty() && out.back() != ' ')) out += blank ? ' ' : c;
  }
  return out;
}

// A line without which the rule may still mean something.
bool can_be_left_out(const ast::Line& line) {
  return line.kind == ast::LineKind::kCheck || (line.kind == ast::LineKind::kPattern && line.pattern.quantifier != ast::Quantifier::kOne);
}

// The program without line `line` of rule `name` of file `file`; nothing if it is needed.
std::optional<engine::Program> without(const SourceFiles& sources, Interner& interner, std::uint32_t file, const std::string& name,
                                       std::size_t line) {
  Diagnostics diagnostics;
  std::vector<ast::File> files;
  SourceFiles texts;
  for (std::uint32_t i = 0; i < sources.size(); ++i) {
    if (!texts.add(sources.path(i), std::string(sources.text(i)))) return std::nullopt;
  }
  std::vector<std::uint32_t> place(sources.size());
  for (std::uint32_t i = 0; i < sources.size(); ++i) {
    place[i] = static_cast<std::uint32_t>(files.size());
    if (!is_table_file(sources.path(i))) files.push_back(parse_file(texts, i, interner, diagnostics));
  }
  // They are among the sources already.
  const ReadTable read = [](const std::string&) -> Result<std::string> { return fail("the table has not been read"); };
  for (ast::File& f : files) read_table_files(f, texts, read, interner, diagnostics);
  for (ast::RuleDecl& rule : files[place[file]].rules) {
    if (rule.name.text == name) rule.when.lines.erase(rule.when.lines.begin() + static_cast<std::ptrdiff_t>(line));
  }
  ast::RuleSet rules = check_package(std::move(files), texts, interner, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  Result<engine::Program> program = engine::compile(std::move(rules), interner);
  if (!program) return std::nullopt;
  return std::move(*program);
}

}  // namespace

void Coverage::note(const Plan& plan, const Recording& recording, const ast::RuleSet& rules) {
  for (const Firing& firing : recording.firings) fired_.insert(firing.rule);
  // A rule that only derives does not fire: it counts as soon as a fact of a type it derives was there.
  for (std::uint32_t i = 0; i < rules.rules.size(); ++i) {
    for (const ast::Effect& effect : rules.rules[i].then) {
      if (effect.kind == ast::EffectKind::kDerive &&
          std::binary_search(recording.derived.begin(), recording.derived.end(), effect.record.fact_type))
        fired_.insert(i);
    }
  }
  for (const Answer& answer : recording.answers) {
    const Question* question = std::get_if<Question>(&plan.inputs[answer.input].what);
    if (question == nullptr || !answer.answer) continue;
    if (answer.answer->rows.empty()) answered_.emplace(question->decision, answer.answer->from);
    for (const std::uint32_t row : answer.answer->rows) answered_.emplace(question->decision, fmt::format("row {}", row + 1));
  }
}

std::vector<std::string> Coverage::report(const ast::RuleSet& rules, const SourceFiles& sources) const {
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < rules.rules.size(); ++i) {
    if (!fired(i)) out.push_back(fmt::format("never fired: {} ({})", rules.rules[i].qualified, place(sources, rules.rules[i].span)));
  }
  std::size_t ways = 0, missed = 0;
  for (DecisionId id = 0; id < rules.decisions.size(); ++id) {
    const ast::DecisionDecl& d = rules.decisions[id];
    const auto way = [&](const std::string& name, const ast::Span& span) {
      ++ways;
      if (answered_.contains({id, name})) return;
      ++missed;
      out.push_back(fmt::format("never answered: {} of {} ({})", name, d.qualified, place(sources, span)));
    };
    for (const ast::Case& c : d.cases) way(c.name.text, c.span);
    if (d.table) {
      for (std::size_t i = 0; i < d.table->rows.size(); ++i) way(fmt::format("row {}", i + 1), d.table->rows[i].span);
    }
    if (d.fallback) way("default", d.fallback->span);
  }
  out.push_back(fmt::format("{} of {} rules fired in a test", fired_.size(), rules.rules.size()));
  if (ways > 0) out.push_back(fmt::format("{} of {} cases and rows answered in a test", ways - missed, ways));
  return out;
}

std::string seen(const Recording& recording, const ast::RuleSet& rules, const Interner& interner) {
  std::string out;
  for (const ActionOutput& action : recording.actions) {
    out += fmt::format("{} {} {}\n", action.time.ns, static_cast<int>(action.state), describe(action, rules.schema, interner));
  }
  for (const Firing& firing : recording.firings) out += fmt::format("{} {}\n", firing.time.ns, rules.rules[firing.rule].qualified);
  for (const FactTypeId type : recording.derived) out += rules.schema.types[type].name + "\n";
  for (const Told& told : recording.logs) out += fmt::format("{} {}\n", told.time.ns, told.text);
  for (const Answer& answer : recording.answers) {
    out += fmt::format("{} {}\n", answer.input, answer.answer ? answer.answer->from : "");
    if (!answer.answer) continue;
    for (const Value& value : answer.answer->output) out += to_text(value, interner) + "\n";
  }
  return out;
}

std::vector<std::string> undecisive_lines(const SourceFiles& sources, Interner& interner, const engine::Program& program,
                                          const std::function<bool(std::uint32_t)>& fired, const RunTests& run) {
  std::vector<std::string> out;
  const std::optional<std::vector<std::string>> as_it_is = run(program);
  if (!as_it_is || as_it_is->empty()) return out;
  std::size_t looked_at = 0, decisive = 0, left = 0;
  const ast::RuleSet& rules = program.rules();
  for (std::uint32_t i = 0; i < rules.rules.size(); ++i) {
    const ast::RuleDecl& rule = rules.rules[i];
    if (!fired(i) || rule.when.lines.size() < 2) continue;
    for (std::size_t k = 0; k < rule.when.lines.size(); ++k) {
      const ast::Line& line = rule.when.lines[k];
      if (!can_be_left_out(line)) continue;
      if ((looked_at + 1) * as_it_is->size() > kMaxCoverageRuns) {
        ++left;
        continue;
      }
      const std::optional<engine::Program> other = without(sources, interner, rule.span.file, rule.name.text, k);
      if (!other) continue;
      ++looked_at;
      if (run(*other) != as_it_is) {
        ++decisive;
        continue;
      }
      out.push_back(
          fmt::format("never decisive: `{}` of {} ({})", shown(sources.text(line.span)), rule.qualified, place(sources, line.span)));
    }
  }
  out.push_back(fmt::format("{} of {} lines of `when` were decisive in a test", decisive, looked_at));
  if (left > 0) out.push_back(fmt::format("{} more were not looked at", left));
  return out;
}

}  // namespace flyball::app::testing
