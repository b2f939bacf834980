// What two programs say of why, compared. See reasons.h.
#include "tests/reference/reasons.h"

#include "engine/compile/program_data.h"
#include "engine/session.h"
#include "model/text.h"

namespace flyball::reference {
namespace {

constexpr std::size_t kEvery = 10;  // steps

class Sink final : public engine::OutputSink {
 public:
  void on_action(const ActionOutput& action) override { ids.push_back(action.id); }
  void on_derived(const DerivedOutput&) override {}
  void on_log(const LogOutput&) override {}
  std::vector<std::string> ids;
};

void say(const engine::FactUsed& f, const Interner& in, std::string& out) {
  out += " " + f.name + "{";
  for (const Value& v : f.values) out += to_text(v, in) + ",";
  out += f.stale ? "} stale" : "}";
}

void say(const std::vector<engine::LineExplained>& lines, const Interner& in, std::string& out) {
  for (const engine::LineExplained& line : lines) {
    out += "\n    " + std::to_string(line.span.begin) + " " + line.verdict;
    for (const auto& [name, value] : line.reads) out += " " + name + "=" + to_text(value, in);
    if (line.since) out += " since " + std::to_string(line.since->ns);
    if (line.due) out += " due " + std::to_string(line.due->ns);
  }
}

// Why each action was made, and why each rule does not run now.
std::string reasons(const engine::Session& session, const engine::Program& program, const std::vector<std::string>& ids,
                    const Interner& in) {
  std::string out;
  for (const std::string& id : ids) {
    const std::optional<engine::Explanation> why = session.why(id);
    if (!why) continue;
    out += "why " + why->rule + " " + std::to_string(why->onset.ns);
    for (const engine::FactUsed& f : why->facts) say(f, in, out);
    say(why->lines, in, out);
    out += "\n";
  }
  for (std::uint32_t r = 0; r < program.rules().rules.size(); ++r) {
    const engine::WhyNot not_now = session.why_not(r, {});
    // Of several ways through an `either` that come as far, or several facts that are in the way, which is told is nobody's promise.
    if (program.data().explain[r].ways.size() > 1) continue;
    out += "why-not " + not_now.rule + (not_now.line ? "" : " " + not_now.status) + "\n";
    if (!not_now.line) continue;
    for (const engine::LineExplained& line : not_now.lines) out += "    " + std::to_string(line.span.begin) + "\n";
  }
  return out;
}

}  // namespace

std::string difference_of_reasons(const SeedCase& c, const engine::Program& one, const engine::Program& other) {
  engine::Limits limits;
  limits.firings_per_instant = kFiringsMax;
  const engine::Program* const programs[2] = {&one, &other};
  Sink sinks[2];
  std::vector<std::unique_ptr<engine::Session>> sessions;
  for (const std::size_t which : {0U, 1U})
    sessions.push_back(std::make_unique<engine::Session>(*programs[which], *c.package->interner, sinks[which], limits));
  for (std::size_t i = 0; i < c.steps.size(); ++i) {
    const Step& step = c.steps[i];
    for (const std::size_t which : {0U, 1U}) {
      if (step.kind == StepKind::kFact) (void)sessions[which]->put(step.fact);
      if (step.kind == StepKind::kTick) sessions[which]->tick(step.time);
    }
    if (i % kEvery != kEvery - 1) continue;
    std::string texts[2];
    for (const std::size_t which : {0U, 1U})
      texts[which] = reasons(*sessions[which], *programs[which], sinks[which].ids, *c.package->interner);
    if (texts[0] == texts[1]) continue;
    return "seed " + std::to_string(c.seed) + " step " + std::to_string(i) + "\n" + write_case(text_of(c)) + "=== one\n" + texts[0] +
           "\n=== the other\n" + texts[1];
  }
  return "";
}

}  // namespace flyball::reference
