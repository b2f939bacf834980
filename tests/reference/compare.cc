// Step by step, from where the transcripts agreed last.
#include "tests/reference/compare.h"

#include <algorithm>
#include <map>

#include "model/compare.h"
#include "model/text.h"

namespace flyball::reference {
namespace {

bool same_values(const std::vector<Value>& a, const std::vector<Value>& b) { return a == b; }

int compare_rows(const std::vector<Value>& a, const std::vector<Value>& b, const Interner& in) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const int c = compare_total(a[i], b[i], in);
    if (c != 0) return c;
  }
  return 0;
}

// Derived outputs are a set at each instant.
std::vector<DerivedOutput> sorted_tail(const std::vector<DerivedOutput>& all, std::size_t from, const Interner& in) {
  std::vector<DerivedOutput> out(all.begin() + static_cast<std::ptrdiff_t>(from), all.end());
  std::stable_sort(out.begin(), out.end(), [&](const DerivedOutput& a, const DerivedOutput& b) {
    if (a.time != b.time) return a.time < b.time;
    if (a.type != b.type) return a.type < b.type;
    const int c = compare_rows(a.values, b.values, in);
    return c != 0 ? c < 0 : a.present < b.present;
  });
  return out;
}

template <typename T, typename Same, typename Text>
std::optional<std::string> differing(const char* what, const std::vector<T>& a, const std::vector<T>& b, std::size_t from, const Same& same,
                                     const Text& text) {
  for (std::size_t i = from; i < std::max(a.size(), b.size()); ++i) {
    if (i < a.size() && i < b.size() && same(a[i], b[i])) continue;
    auto line = [&](const std::vector<T>& list) { return i < list.size() ? text(list[i]) : std::string("nothing"); };
    return std::string(what) + " " + std::to_string(i + 1) + ":\n  expected " + line(a) + "\n  got      " + line(b) + "\n";
  }
  return std::nullopt;
}

// Facts of one type as text, with what both sides must agree on.
std::vector<std::string> fact_lines(Player& player, FactTypeId id, const Loaded& package) {
  const FactType& type = package.rules.schema.types[id];
  const Interner& in = *package.interner;
  std::vector<std::string> out;
  for (FactRow& row : player.facts(id)) {
    if (type.role == Role::kAction) row.values[type.action_field(ActionField::kId)] = Value::null();
    for (std::uint32_t f = 0; f < row.values.size(); ++f) {
      if (row.stale && !type.is_key_field(f)) row.values[f] = Value::null();
    }
    std::string line = render_record(type, row.values, ~std::uint64_t{0}, in);
    if (row.stale) line += " stale";
    if (type.role == Role::kFact || type.role == Role::kMutable) {
      line += " stamp " + format_duration_human(row.stamp.ns);
      if (row.expires) line += " expires " + format_duration_human(row.expires->ns);
    }
    out.push_back(std::move(line));
  }
  // Without a key the order is that of ids, which are not compared.
  if (type.role == Role::kAction && !type.has_key) std::sort(out.begin(), out.end());
  return out;
}

std::string answer_text(const Answer& a, const Loaded& package) {
  if (a.failed) return "an error";
  std::string out = a.from + " {";
  for (const Value& v : a.output) out += " " + to_source(v, *package.interner);
  out += " }";
  for (const std::string& s : a.skipped_unknown) out += " unknown: " + s;
  return out;
}

// A value that its field's type does not have, wherever one can be told: no two sides may agree on one.
std::optional<std::string> misfit(const std::string& what, const std::vector<Value>& values, const std::vector<Field>& fields,
                                  const Interner& in) {
  for (std::size_t f = 0; f < values.size(); ++f) {
    if (value_matches(values[f], fields[f].type, in)) continue;
    return what + ": `" + fields[f].name + ": " + to_string(fields[f].type) + "` is " + to_source(values[f], in) + "\n";
  }
  return std::nullopt;
}

// Of the facts as they are.
std::optional<std::string> misfit_of_facts(Player& player, const Loaded& package) {
  const Schema& schema = package.rules.schema;
  for (FactTypeId id = 0; id < schema.types.size(); ++id) {
    if (schema.types[id].is_event()) continue;
    for (const FactRow& row : player.facts(id)) {
      if (row.stale) continue;
      if (auto m = misfit("a fact of " + schema.types[id].name, row.values, schema.types[id].fields, *package.interner)) return m;
    }
  }
  return std::nullopt;
}

// Of what was said, from places in the transcript on.
std::optional<std::string> misfit_of_news(const Transcript& t, std::size_t actions, std::size_t derived, const Loaded& package) {
  const std::vector<FactType>& types = package.rules.schema.types;
  for (; actions < t.actions.size(); ++actions) {
    const ActionOutput& a = t.actions[actions];
    if (auto m = misfit("an action " + types[a.action].name, a.data, types[a.action].fields, *package.interner)) return m;
  }
  for (; derived < t.derived.size(); ++derived) {
    const DerivedOutput& d = t.derived[derived];
    if (auto m = misfit("a derived " + types[d.type].name, d.values, types[d.type].fields, *package.interner)) return m;
  }
  return std::nullopt;
}

// How far the two transcripts were found to agree.
struct Agreed {
  std::size_t firings = 0, actions = 0, derived = 0, logs = 0;
  std::map<std::string, std::string> ids;  // expected's → got's
  std::map<std::string, std::string> back;
};

std::optional<std::string> differing_ids(const Transcript& a, const Transcript& b, Agreed& agreed) {
  for (std::size_t i = agreed.actions; i < a.actions.size(); ++i) {
    const std::string& x = a.actions[i].id;
    const std::string& y = b.actions[i].id;
    const bool fits = agreed.ids.try_emplace(x, y).first->second == y && agreed.back.try_emplace(y, x).first->second == x;
    if (!fits) return "action " + std::to_string(i + 1) + ": id `" + y + "` is not one for one action\n";
  }
  return std::nullopt;
}

std::optional<std::string> differing_news(const Transcript& a, const Transcript& b, Agreed& agreed, const Loaded& package) {
  const Interner& in = *package.interner;
  if (auto d = differing_transcripts(a, b, agreed.firings, agreed.actions, package)) return d;
  if (auto d = differing_ids(a, b, agreed)) return d;
  auto same_derived = [](const DerivedOutput& x, const DerivedOutput& y) {
    return x.time == y.time && x.type == y.type && x.present == y.present && same_values(x.values, y.values);
  };
  if (auto d = differing("derived", sorted_tail(a.derived, agreed.derived, in), sorted_tail(b.derived, agreed.derived, in), 0, same_derived,
                         [&](const DerivedOutput& x) { return render(x, package); })) {
    return d;
  }
  auto same_log = [](const LogOutput& x, const LogOutput& y) { return x.time == y.time && x.rule == y.rule && x.text == y.text; };
  if (auto d = differing("log", a.logs, b.logs, agreed.logs, same_log, [](const LogOutput& x) { return x.text; })) return d;
  if (auto m = misfit_of_news(b, agreed.actions, agreed.derived, package)) return m;
  agreed.firings = a.firings.size();
  agreed.actions = a.actions.size();
  agreed.derived = a.derived.size();
  agreed.logs = a.logs.size();
  return std::nullopt;
}

}  // namespace

std::optional<std::string> differing_transcripts(const Transcript& a, const Transcript& b, std::size_t firings, std::size_t actions,
                                                 const Loaded& package) {
  if (auto d = differing(
          "firing", a.firings, b.firings, firings, [](const Firing& x, const Firing& y) { return x == y; },
          [&](const Firing& x) { return render(x, package); })) {
    return d;
  }
  auto same_action = [](const ActionOutput& x, const ActionOutput& y) {
    const bool tries = x.state != ActionState::kSent || x.try_number == y.try_number;
    return x.time == y.time && x.action == y.action && x.rule == y.rule && same_values(x.data, y.data) && x.state == y.state && tries &&
           x.shadow == y.shadow && x.was_due == y.was_due;
  };
  return differing("action", a.actions, b.actions, actions, same_action, [&](const ActionOutput& x) { return render(x, package); });
}

std::optional<std::string> differing_facts(Player& expected, Player& got, const Loaded& package) {
  for (FactTypeId id = 0; id < package.rules.schema.types.size(); ++id) {
    if (package.rules.schema.types[id].is_event()) continue;
    const std::vector<std::string> a = fact_lines(expected, id, package);
    const std::vector<std::string> b = fact_lines(got, id, package);
    if (a == b) continue;
    std::string out = "facts:\n  expected";
    for (const std::string& line : a) out += "\n    " + line;
    out += "\n  got";
    for (const std::string& line : b) out += "\n    " + line;
    return out + "\n";
  }
  return std::nullopt;
}

Comparison compare_players(Player& expected, Player& got, const std::vector<Step>& steps, const Loaded& package) {
  Comparison out;
  Agreed agreed;
  for (std::size_t i = 0; i <= steps.size(); ++i) {
    std::optional<Answer> a;
    std::optional<Answer> b;
    if (i == steps.size()) {
      expected.finish();
      got.finish();
    } else {
      a = expected.take(steps[i]);
      b = got.take(steps[i]);
    }
    std::optional<std::string> d = differing_news(expected.transcript(), got.transcript(), agreed, package);
    if (!d) d = differing_facts(expected, got, package);
    if (!d) d = misfit_of_facts(got, package);
    if (!d && expected.runaways() != got.runaways())
      d = "cascades taken back: expected " + std::to_string(expected.runaways()) + ", got " + std::to_string(got.runaways()) + "\n";
    if (!d && a && !(*a == *b)) d = "answer:\n  expected " + answer_text(*a, package) + "\n  got      " + answer_text(*b, package) + "\n";
    if (!d && b && !b->failed)
      d = misfit("the answer from " + b->from, b->output, package.rules.schema.decisions[steps[i].decision].output, *package.interner);
    if (d) {
      out.difference = Difference{i, *d};
      break;
    }
    ++out.steps_compared;
  }
  out.firings = expected.transcript().firings.size();
  out.runaways = expected.runaways();
  return out;
}

}  // namespace flyball::reference
