// Random packages: types, rules, decisions.
#include "tests/reference/generate/package.h"

#include <algorithm>

#include "tests/reference/generate/expressions.h"
#include "tests/reference/generate/rule_maker.h"
#include "tests/reference/generate/types.h"

namespace flyball::reference {
namespace {

std::string options_of(Random& r, RuleMaker& maker, const GenPackage& p) {
  std::string out;
  if (p.is_production()) {
    if (r.chance(40)) out += "  priority " + std::to_string(r.between(-1, 1)) + "\n";
    if (r.chance(8)) out += "  mode " + r.word({"shadow", "off"}) + "\n";
    return out;
  }
  if (p.has_calendars && r.chance(45)) {
    const bool both = r.chance(20);
    const bool outside = r.chance(45);
    if (!outside || both) out += "  during " + r.word({"c0", "c1"}) + "\n";
    if (outside || both) out += "  not during " + r.word({"c0", "c1"}) + "\n";
  }
  if (r.chance(35)) out += "  priority " + std::to_string(r.between(-1, 2)) + "\n";
  if (r.chance(30)) {
    out += "  cooldown " + seconds(r.between(1, 5));
    if (maker.has_pattern() && r.chance(60) && maker.first_has_k()) out += " per " + maker.bound()[0] + ".k";
    out += "\n";
  }
  if (r.chance(10)) out += "  repeat " + seconds(r.between(1, 4)) + "\n";
  if (Random own = r; own.chance(20)) out += "  late skip " + seconds(own.between(0, 4)) + "\n";  // the rest stays as it is
  if (r.chance(12)) out += "  mode " + r.word({"shadow", "off", "active"}) + "\n";
  return out;
}

std::string head_of(const std::string& name, const std::string& options, const std::string& when) {
  return "rule " + name + " {\n" + options + "  when {\n" + when + "  }\n";
}

// A rule whose `then` only derives: part of the derive closure.
std::string deriving_rule(Random& r, const GenPackage& p, const std::string& name, const std::vector<std::size_t>& readable,
                          std::size_t derived) {
  RuleMaker maker(r, p, readable);
  const std::string when = maker.when(r.between(1, 2), r.between(0, 1), r.chance(30));
  std::string options;
  if (r.chance(25)) options += "  priority " + std::to_string(r.between(-1, 2)) + "\n";
  if (r.chance(8)) options += "  mode " + r.word({"shadow", "off"}) + "\n";
  return head_of(name, options, when) + "  then {\n    derive " + maker.record(p.types[derived]) + "\n  }\n}\n";
}

// D from D along a published fact: positive, through keys only.
std::string recursive_rule(Random& r, const GenPackage& p, const std::string& name, std::size_t base, std::size_t derived) {
  const GenType& d = p.types[derived];
  const GenType& b = p.types[base];
  RuleMaker maker(r, p, {derived});
  std::string record = d.name + " { ";
  for (std::size_t i = 0; i < d.fields.size(); ++i) {
    const GenField& f = d.fields[i];
    record += (i > 0 ? ", " : "") + f.name + ": " + (i == 0 ? "y.v" : i < d.key_fields ? "x." + f.name : literal(r, f.kind));
  }
  return head_of(name, "", "    x: " + d.name + "\n    y: " + b.name + " where k == x.k\n") + "  then {\n    derive " + record +
         " }\n  }\n}\n";
}

std::string acting_rule(Random& r, const GenPackage& p, const std::string& name, const std::vector<std::size_t>& readable,
                        const std::vector<std::size_t>& actions, const std::vector<std::size_t>& derivable) {
  RuleMaker maker(r, p, readable);
  std::string when = maker.when(r.between(r.chance(15) ? 0 : 1, r.chance(25) ? 3 : 2), r.between(0, 2), r.chance(70));
  if (p.single && r.chance(60)) when = maker.with_gate(when);
  const bool keep = !p.is_production() && r.chance(12);
  std::string out = head_of(name, options_of(r, maker, p) + (keep ? "  keep " + seconds(r.between(1, 4)) + "\n" : ""), when);
  out += "  then {\n";
  const int effects = r.between(1, 2);
  for (int i = 0; i < effects; ++i) {
    if (!derivable.empty() && !p.is_production() && r.chance(20))
      out += "    derive " + maker.record(p.types[r.of(derivable)]) + "\n";
    else
      out += "    do " + maker.record(p.types[r.of(actions)]) + "\n";
  }
  if (const std::size_t place = out.find("  when {"); out.find("    do ") != std::string::npos) out.insert(place, maker.approval());
  std::vector<std::size_t> changeable;
  for (std::size_t t : readable) {
    if (p.types[t].is_mutable) changeable.push_back(t);
  }
  if (!changeable.empty() && r.chance(p.is_production() ? 70 : 40))
    out += r.chance(60) ? "    assert " + maker.record(p.types[r.of(changeable)]) + "\n" : maker.change();
  if (r.chance(10)) out += "    log f\"" + name + " {" + random_value(r, maker.scope(), GenKind::kInt, 0) + "}\"\n";
  out += "  }\n";
  if (p.is_production()) return out + "}\n";
  if (!keep && r.chance(35)) out += "  until {\n" + maker.until() + "  }\n";
  if (r.chance(40))
    out += "  on clear {\n    do " + maker.record(p.types[r.of(actions)]) + "\n" + (r.chance(30) ? maker.change() : "") + "  }\n";
  return out + "}\n";
}

std::string random_decision(Random& r, const GenPackage& p, const std::string& name, const std::vector<std::size_t>& readable) {
  std::string out = "decision " + name + " {\n  input { k: int  s: string  p: percent }\n  output { a: int  t: string }\n";
  if (r.chance(15)) out += "  on unknown fail\n";
  const int cases = r.between(0, 2);
  for (int i = 0; i < cases; ++i) {
    RuleMaker maker(r, p, readable);
    maker.in_decision();
    for (const GenName& n :
         std::vector<GenName>{{"input.k", GenKind::kInt, ""}, {"input.s", GenKind::kString, ""}, {"input.p", GenKind::kPercent, ""}}) {
      maker.add_name(n);
    }
    const std::string when = maker.when(r.between(0, 1), 1, false) + maker.case_either();
    out += "  case c" + std::to_string(i) + " when {\n" + when + "  } return { a: " + random_value(r, maker.scope(), GenKind::kInt, 1) +
           ", t: \"c" + std::to_string(i) + "\" }\n";
  }
  if (r.chance(60)) {
    out += "  table first {\n    | k | s | p || a | t |\n";
    const int rows = r.between(1, 4);
    for (int i = 0; i < rows; ++i) {
      out += "    | " + (r.chance(40)   ? "-"
                         : r.chance(50) ? literal(r, GenKind::kInt)
                                        : std::to_string(r.between(0, 1)) + ".." + std::to_string(r.between(2, 3)));
      out += " | " + (r.chance(50) ? std::string("-") : r.chance(50) ? literal(r, GenKind::kString) : "like \"a*\"");
      out += " | " + (r.chance(50) ? std::string("-") : r.word({">= ", "< "}) + literal(r, GenKind::kPercent));
      out += " || " + std::to_string(i) + " | \"r" + std::to_string(i) + "\" |\n";
    }
    out += "  }\n";
  }
  return out + "  default return { a: 99, t: input.s }\n}\n";
}

}  // namespace

std::vector<std::string> GenPackage::files() const {
  const std::string module = "module m" + (strategy.empty() ? "" : " strategy " + strategy) + "\n";
  const std::string start = module + (has_lost ? "import std.source\n" : "");
  std::vector<std::string> out = {start + head + decisions, start, start};
  for (std::size_t i = 0; i < rules.size(); ++i) out[1 + i % 2] += rules[i];
  if (has_lost) out.push_back("module std.source\nevent Lost {  source: string  first: int  last: int }\n");
  return out;
}

// Two rules that undo each other's work for ever: a value flipped there and back, or a fact made and taken away.
void add_runaway(Random& r, GenPackage& p, std::size_t flipped, const std::vector<std::size_t>& readable,
                 const std::vector<std::size_t>& actions) {
  const GenType& m = p.types[flipped];
  const bool flips = r.chance(65);
  const int from = r.between(0, 3);
  const int to = (from + r.between(1, 3)) % 4;
  for (const bool back : {false, true}) {
    RuleMaker maker(r, p, readable);
    std::string when;
    std::string effect;
    if (flips) {
      when = "    x0: " + m.name + " where v == " + std::to_string(back ? to : from) + "\n";
      effect = "    set x0 { v: " + std::to_string(back ? from : to) + " }\n";
      maker.bind("x0", flipped);
    } else if (back) {
      when = "    x0: " + m.name + "\n";
      effect = "    retract x0\n";
      maker.bind("x0", flipped);
    } else {
      const std::size_t base = r.of(readable);
      const GenType& b = p.types[base];
      if (base == flipped || b.is_event || (b.is_action && !b.has_key)) return;  // an id is no identity to be compared
      when = "    x0: " + p.types[base].name + "\n    no " + m.name + " where k == x0.k\n";
      maker.bind("x0", base);
      effect = "    assert " + m.name + " { ";
      for (std::size_t i = 0; i < m.fields.size(); ++i)
        effect += (i > 0 ? ", " : "") + m.fields[i].name + ": " + (i == 0 ? "x0.k" : literal(r, m.fields[i].kind));
      effect += " }\n";
    }
    if (r.chance(25)) when += maker.when(0, 1, false);
    std::string then;
    if (r.chance(60)) then += "    do " + maker.record(p.types[r.of(actions)]) + "\n";
    if (r.chance(50))
      then = effect + then;
    else
      then += effect;
    std::string clear;
    if (!p.is_production() && r.chance(40)) clear = "  on clear {\n    do " + maker.record(p.types[r.of(actions)]) + "\n  }\n";
    std::string head;
    if (r.chance(40)) head += "  priority " + std::to_string(r.between(-1, 2)) + "\n";
    if (!p.is_production() && r.chance(15)) head += "  keep " + seconds(r.between(1, 3)) + "\n";
    p.rules.push_back(head_of("flip" + std::to_string(p.rules.size()), head, when) + "  then {\n" + then + "  }\n" + clear + "}\n");
  }
}

GenPackage generate_package(Random& r, const GenOptions& options) {
  GenPackage p;
  Random extra = r;  // so that packages without a runaway stay as they are
  const bool runs_away = extra.chance(12);
  std::vector<std::size_t> published;
  std::vector<std::size_t> derived;
  std::vector<std::size_t> actions;
  auto add = [&](GenType t, std::vector<std::size_t>& list) {
    list.push_back(p.types.size());
    p.types.push_back(std::move(t));
  };
  const int facts = r.between(1, 3);
  for (int i = 0; i < facts; ++i) {
    GenType t = random_type(r, "F" + std::to_string(i));
    if (r.chance(45)) {
      t.has_ttl = true;
      t.options += " ttl " + seconds(r.between(2, 5));
    }
    if (options.late && r.chance(12)) {
      t.options += " lateness " + seconds(r.between(1, 2));
      p.has_lateness = true;
    }
    if (options.late && r.chance(15)) t.options += " late " + r.word({"drop", "apply", "divert"});
    add(std::move(t), published);
  }
  const int events = r.between(0, 1);
  for (int i = 0; i < events; ++i) {
    GenType t = random_type(r, "E" + std::to_string(i));
    t.is_event = true;
    t.has_key = r.chance(60);
    add(std::move(t), published);
  }
  Random productions = r;  // so that other packages stay as they are
  if (productions.chance(14)) p.strategy = productions.word({"depth", "breadth", "lex", "mea"});
  if (r.chance(15) || p.is_production()) {
    GenType t = random_type(r, "M0");
    t.is_mutable = true;
    if (r.chance(25)) t.options += " ttl " + seconds(r.between(2, 5));
    add(std::move(t), published);
  }
  if (p.is_production() && productions.chance(70)) {
    GenType t = random_type(productions, "S0");
    t.is_mutable = true;
    t.key_fields = 0;
    if (productions.chance(15)) t.options += " ttl " + seconds(productions.between(2, 5));
    p.single = p.types.size();
    add(std::move(t), published);
  }
  std::size_t flipped = 0;
  if (runs_away) {
    GenType t = random_type(extra, "M1");
    t.is_mutable = true;
    if (t.fields.size() == t.key_fields || t.fields[t.key_fields].name != "v")
      t.fields.insert(t.fields.begin() + static_cast<std::ptrdiff_t>(t.key_fields), all_fields()[2]);
    if (extra.chance(25)) t.options += " ttl " + seconds(extra.between(2, 5));
    flipped = p.types.size();
    add(std::move(t), published);
  }
  const int conclusions = r.chance(45) ? r.between(1, 2) : 0;
  for (int i = 0; i < conclusions; ++i) {
    GenType t = random_type(r, "D" + std::to_string(i));
    t.is_derived = true;
    add(std::move(t), derived);
  }
  const int kinds = r.between(1, 2);
  for (int i = 0; i < kinds; ++i) {
    GenType t = random_type(r, "A" + std::to_string(i));
    t.is_action = true;
    t.has_key = r.chance(75);
    if (r.chance(30)) t.options += " tries " + std::to_string(r.between(2, 3)) + " every " + seconds(r.between(1, 3));
    if (r.chance(25)) t.options += " timeout " + seconds(r.between(1, 4));
    if (r.chance(20))
      t.options += " rate " + std::to_string(r.between(1, 2)) + " per " + seconds(r.between(1, 4)) + (r.chance(30) ? " else refuse" : "");
    add(std::move(t), actions);
  }
  for (const GenType& t : p.types) p.head += declaration(t);
  if (Random numbers = r; numbers.chance(15)) {  // packages without stay as they are
    p.has_lost = true;
    GenType t;
    t.name = "Lost";
    t.is_event = true;
    t.has_key = false;
    t.fields = {{"source", GenKind::kString}, {"first", GenKind::kInt}, {"last", GenKind::kInt}};
    add(std::move(t), published);
  }
  Random clock = r;  // so that packages without calendars stay as they are
  if (clock.chance(30)) {
    p.has_calendars = true;
    for (const std::string name : {"c0", "c1"}) p.head += random_calendar(clock, name);
  }
  p.head += "param limit: int = " + std::to_string(r.between(0, 3)) + "\nparam high: percent = " + r.word({"20%", "50%", "80%"}) + "\n";

  std::vector<std::size_t> readable = published;
  for (std::size_t i = 0; i < derived.size(); ++i) {
    const int rules = r.between(1, 2);
    for (int k = 0; k < rules; ++k) p.rules.push_back(deriving_rule(r, p, "derive" + std::to_string(p.rules.size()), readable, derived[i]));
    std::vector<std::size_t> bases;
    for (std::size_t b : published) {
      const GenType& t = p.types[b];
      if (!t.is_event && t.fields.size() > t.key_fields && t.fields[t.key_fields].name == "v") bases.push_back(b);
    }
    if (!bases.empty() && r.chance(30))
      p.rules.push_back(recursive_rule(r, p, "recur" + std::to_string(p.rules.size()), r.of(bases), derived[i]));
    readable.push_back(derived[i]);
  }
  std::vector<std::size_t> all = readable;
  if (r.chance(50)) all.insert(all.end(), actions.begin(), actions.end());
  // Derived facts that an episode may hold up: those that its rule does not read.
  const int acting = r.between(1, derived.empty() ? 3 : 2);
  for (int i = 0; i < acting; ++i) {
    const bool may_derive = !derived.empty() && r.chance(40);
    p.rules.push_back(acting_rule(r, p, "act" + std::to_string(p.rules.size()), may_derive ? published : all, actions,
                                  may_derive ? derived : std::vector<std::size_t>{}));
  }
  if (runs_away) add_runaway(extra, p, flipped, all, actions);
  if (options.decisions && r.chance(35)) {
    p.decision_names.push_back("pick");
    p.decisions = random_decision(r, p, "pick", all);
  }
  return p;
}

}  // namespace flyball::reference
