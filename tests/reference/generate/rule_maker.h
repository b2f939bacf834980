// RuleMaker: the lines and effects of one random rule, and the names that they may read. Not thread-safe.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/reference/generate/expressions.h"
#include "tests/reference/generate/package.h"
#include "tests/reference/generate/random.h"
#include "tests/reference/generate/types.h"

namespace flyball::reference {

inline std::string seconds(int n) { return std::to_string(n) + "s"; }

class RuleMaker {
 public:
  RuleMaker(Random& r, const GenPackage& package, const std::vector<std::size_t>& readable)
      : r_(r), package_(package), readable_(readable) {
    scope_.types = &package.types;
    scope_.aggregated = readable;
    scope_.windows = !package.is_production();
    scope_.names.push_back({"limit", GenKind::kInt, ""});
    scope_.names.push_back({"high", GenKind::kPercent, ""});
  }

  // The lines of `when`. `n:` patterns first in most cases: names must be bound before they are used.
  std::string when(int patterns, int others, bool timed) {
    std::string out;
    scope_.clocks = package_.has_calendars && !in_decision_ && !package_.is_production();
    if (package_.is_production()) {
      timed = false;
      // A match by one branch while an aggregate of another changes is the same match to us, another to the naive matcher.
      branches_ = r_.chance(50);
      scope_.aggregates = !branches_;
    }
    for (int i = 0; i < patterns; ++i) {
      out += r_.chance(12) && branches_ ? either(timed) : pattern(timed);
      if (others > 0 && r_.chance(30)) {
        out += other_line(timed, false);
        --others;
      }
    }
    for (int i = 0; i < others; ++i) out += other_line(timed, false);
    if (out.empty()) out = other_line(timed, false);
    scope_.clocks = false;
    return out;
  }

  std::string until() {
    scope_.clocks = package_.has_calendars;
    std::string out = r_.chance(75) || bound_.empty() ? other_line(true, true) : "    check " + condition(1) + hold(40) + "\n";
    if (r_.chance(15)) out += other_line(true, true);
    if (Random own = r_; own.chance(12)) {
      r_ = own;
      const std::string first = other_line(true, true);
      const std::string inner = case_either(true);
      out = "    either {\n" + first + (r_.chance(40) ? other_line(true, true) : "") + inner + "    } or {\n" + other_line(true, true) +
            "    }\n" + (r_.chance(30) ? out : "");
    }
    out += until_names();
    scope_.clocks = false;
    return out;
  }

  // Names that `until` itself binds, in a line or in both branches of an `either`.
  std::string until_names() {
    Random chosen = r_;
    const std::size_t index = chosen.of(readable_);
    const GenType& t = package_.types[index];
    if (!chosen.chance(15) || t.is_action || bound_.empty() || same(t, true).empty()) return {};
    r_ = chosen;
    const GenScope before = scope_;
    const auto line = [&] {
      const std::string tie = same(t, true);
      if (tie.empty()) return std::string("    some " + t.name + "\n");
      scope_ = before;
      const std::string out = "    u: " + t.name + tie + where(t, 50) + (t.is_event ? "" : hold(25)) + "\n";
      for (const GenField& f : t.fields) scope_.names.push_back({"u." + f.name, f.kind, "u"});
      return out;
    };
    std::string out = line();
    if (r_.chance(50)) {
      out += r_.chance(50) ? "    check " + condition(1) + "\n" : "";
      out = "    either {\n" + out + "    } or {\n" + line() + "    }\n";
    }
    if (scope_.names.size() > before.names.size()) out += "    check " + condition(1) + "\n";
    scope_ = before;
    return out;
  }

  // A person is asked, now and then; behind `when`, whose names it reads.
  std::string approval() {
    Random own = r_;  // packages without stay as they are
    if (!own.chance(25)) return {};
    r_ = own;
    scope_.clocks = package_.has_calendars;
    const std::string out = "  approve when " + (r_.chance(35) ? "true" : condition(r_.between(0, 2))) + "\n";
    scope_.clocks = false;
    return out;
  }

  std::string case_either(bool timed = false) {
    Random own = r_;
    if (!own.chance(20)) return {};
    r_ = own;
    const std::string first = other_line(timed, true) + (r_.chance(40) ? other_line(timed, true) : "");
    const std::string inner = case_either(timed);
    return "    either {\n" + first + "    } or {\n" + inner + other_line(timed, true) + "    }\n";
  }

  std::string record(const GenType& t) {
    std::string out = t.name + " { ";
    for (std::size_t i = 0; i < t.fields.size(); ++i) {
      const GenField& f = t.fields[i];
      out += (i > 0 ? ", " : "") + f.name + ": " + field_value(f.kind, i < t.key_fields && t.has_key);
    }
    return out + " }";
  }

  // `set` or `retract` of a bound mutable fact; empty if there is none.
  std::string change() {
    for (std::size_t i = 0; i < bound_.size(); ++i) {
      const GenType& t = package_.types[bound_types_[i]];
      if (!t.is_mutable) continue;
      if (t.fields.size() == t.key_fields || r_.chance(40)) return "    retract " + bound_[i] + "\n";
      const GenField& f = t.fields[t.key_fields + r_.below(t.fields.size() - t.key_fields)];
      return "    set " + bound_[i] + " { " + f.name + ": " + field_value(f.kind, false) + " }\n";
    }
    return {};
  }

  // The one fact of its type, which no other line reads: before all others, or behind them.
  std::string with_gate(const std::string& when) {
    const std::size_t single = *package_.single;
    const GenType& t = package_.types[single];
    const std::string line = "g: " + t.name + (r_.chance(80) ? " where " + own_condition(t) : "") + "\n";
    const bool first = r_.chance(60);
    const std::string out = first ? "    " + line + when : when + "    " + (bound_.empty() ? "" : "cross ") + line;
    bind("g", single);
    return out;
  }

  // A pattern that was written by hand.
  void bind(const std::string& name, std::size_t type) {
    bound_.push_back(name);
    bound_types_.push_back(type);
    for (const GenField& f : package_.types[type].fields) scope_.names.push_back({name + "." + f.name, f.kind, name});
  }

  const std::vector<std::string>& bound() const { return bound_; }
  bool first_has_k() const { return package_.types[bound_types_[0]].fields[0].name == "k"; }
  const GenScope& scope() const { return scope_; }
  bool binds_event() const { return binds_event_; }
  void in_decision() { in_decision_ = true; }
  void add_name(GenName name) { scope_.names.push_back(std::move(name)); }
  bool has_pattern() const { return !bound_.empty(); }

 private:
  std::string condition(int depth) { return random_condition(r_, scope_, depth); }
  std::string hold(int percent) { return r_.chance(percent) ? " for " + seconds(r_.between(1, 4)) : ""; }

  std::string field_value(GenKind kind, bool key) {
    // Keys from names of the kind, so that no recursion makes ever new ones.
    std::vector<std::string> names;
    for (const GenName& n : scope_.names) {
      if (n.kind == kind && !n.fact.empty()) names.push_back(n.text);
    }
    if (key) return names.empty() ? literal(r_, kind) : r_.of(names);
    if (kind == GenKind::kOptionalInt && r_.chance(60)) return random_value(r_, scope_, GenKind::kInt, 1);
    if (kind == GenKind::kOptionalString && r_.chance(60)) return random_value(r_, scope_, GenKind::kString, 1);
    if (kind == GenKind::kEnum || kind == GenKind::kBool || kind == GenKind::kOptionalInt || kind == GenKind::kOptionalString) {
      return names.empty() || r_.chance(50) ? literal(r_, kind) : r_.of(names);
    }
    return random_value(r_, scope_, kind, r_.chance(50) ? 1 : 0);
  }

  const GenType& readable_type(bool facts_only) {
    for (int tries = 0; tries < 8; ++tries) {
      const GenType& t = package_.types[r_.of(readable_)];
      if (!(facts_only && t.is_event)) return t;
    }
    return package_.types[readable_.front()];
  }

  bool has_events() const {
    return std::any_of(package_.types.begin(), package_.types.end(), [](const GenType& t) { return t.is_event; });
  }

  // `same k` with a bound fact that has the field; empty if there is none.
  std::string same(const GenType& t, bool needed) {
    if (bound_.empty() || (!needed && r_.chance(35))) return {};
    const std::size_t with = r_.below(bound_.size());
    std::vector<std::string> shared;
    for (const GenField& f : t.fields) {
      for (const GenField& g : package_.types[bound_types_[with]].fields) {
        if (f.name == g.name && (f.name != "d")) shared.push_back(f.name);
      }
    }
    if (shared.empty()) return {};
    std::string field = r_.of(shared);
    if (r_.chance(60)) field = shared.front();
    std::string out = " same " + field;
    const std::string second = r_.of(shared);
    if (r_.chance(20) && second != field) out += ", " + second;
    return out + " as " + bound_[with];
  }

  // About the fact itself.
  std::string own_condition(const GenType& t) {
    GenScope own;
    own.types = scope_.types;
    own.aggregates = false;
    for (const GenField& f : t.fields) own.names.push_back({f.name, f.kind, "", true});
    return random_condition(r_, own, 1);
  }

  std::string where(const GenType& t, int percent) {
    if (!r_.chance(percent)) return {};
    if (Random chosen = r_; scope_.clocks && chosen.chance(25)) {
      r_ = chosen;
      const std::string clock = random_own_clock(r_, t.fields);
      if (!clock.empty()) return " where " + (r_.chance(50) ? clock : clock + " and " + own_condition(t));
    }
    GenScope inner = scope_;
    for (const GenField& f : t.fields) inner.names.push_back({f.name, f.kind, "", true});
    // An aggregate inside a pattern's `where` reads every fact for every fact: rarely.
    inner.aggregates = r_.chance(25) && scope_.aggregates;
    // Bare fields first, so that most conditions are about the fact itself.
    GenScope own;
    own.clocks = scope_.clocks;
    own.types = scope_.types;
    own.aggregates = false;
    for (const GenField& f : t.fields) own.names.push_back({f.name, f.kind, "", true});
    return " where " + random_condition(r_, r_.chance(60) ? own : inner, r_.between(0, 2));
  }

  // An event is remembered now and then, and comes after another event or an action.
  std::string within(const GenType& t, bool timed) {
    if (!timed || !t.is_event || !r_.chance(40)) return {};
    std::string out = " within " + seconds(r_.between(1, 4));
    std::vector<std::string> moments;
    for (std::size_t i = 0; i < bound_.size(); ++i) {
      const GenType& other = package_.types[bound_types_[i]];
      if (other.is_event || other.is_action) moments.push_back(bound_[i]);
    }
    if (!moments.empty() && r_.chance(60)) out += " after " + r_.of(moments);
    return out;
  }

  // The values of a field, now and then; they are names, but no facts.
  std::string each(const GenType& t) {
    if (in_decision_ || package_.is_production()) return {};
    Random own = r_;  // packages without stay as they are
    if (!own.chance(t.is_event ? 15 : 10)) return {};
    r_ = own;
    // Of an event a window says which; it stands in a line of its own.
    std::string window;
    if (t.is_event) {
      window = "    check count(" + t.name + " over " + seconds(r_.between(1, 5)) + ") " + r_.word({">= 0", "> 1", "< 3"}) + "\n";
      if (r_.chance(20)) window += "    check count(" + t.name + " over " + seconds(r_.between(1, 5)) + ") >= 0\n";
    }
    std::vector<const GenField*> fields;
    for (const GenField& f : t.fields) {
      if (f.kind != GenKind::kDouble && f.kind != GenKind::kPercent) fields.push_back(&f);
    }
    const GenField& f = *r_.of(fields);
    const std::string name = "z" + std::to_string(values_++);
    const GenKind kind = f.kind == GenKind::kOptionalInt ? GenKind::kInt : f.kind == GenKind::kOptionalString ? GenKind::kString : f.kind;
    scope_.names.push_back({name, kind, name});
    return "    " + std::string(bound_.empty() && values_ == 1 ? "" : "cross ") + name + ": each " + t.name + "." + f.name + "\n" + window;
  }

  std::string pattern(bool timed) {
    const std::size_t index = r_.of(readable_);
    const GenType& t = package_.types[index];
    if (std::string values = each(t); !values.empty()) return values;
    if (t.is_action && !t.has_key) return other_line(timed, false);  // its identity would be its id
    const std::string name = "x" + std::to_string(bound_.size());
    std::string out = "    ";
    const std::string tie = same(t, !bound_.empty());
    if (tie.empty() && (!bound_.empty() || values_ > 0)) out += "cross ";
    out += name + ": " + t.name + tie + where(t, 60) + (timed && !t.is_event ? hold(20) : within(t, timed)) + "\n";
    bound_.push_back(name);
    bound_types_.push_back(index);
    binds_event_ = binds_event_ || t.is_event;
    if (t.is_event && out.find(" within ") == std::string::npos) moments_.push_back(name);
    for (const GenField& f : t.fields) scope_.names.push_back({name + "." + f.name, f.kind, name});
    return out;
  }

  // A line that binds the name that all branches bind.
  std::string in_branch(bool timed, const std::string& name, std::size_t index, const std::string& window) {
    const GenType& t = package_.types[index];
    const std::string tie = same(t, !bound_.empty());
    std::string out = "    " + std::string(tie.empty() && (!bound_.empty() || values_ > 0) ? "cross " : "") + name + ": " + t.name + tie +
                      where(t, 75) + (timed && !t.is_event ? hold(20) : window) + "\n";
    bind(name, index);
    return out;
  }

  // An `either` in a branch: it binds the name, if there is one, or now and then one of its own.
  std::string inner_either(bool timed, const std::string& name, std::size_t index, const std::string& window, int depth) {
    const GenScope before = scope_;
    const std::size_t bound_before = bound_.size();
    const std::size_t own = r_.of(readable_);
    const GenType& u = package_.types[own];
    const std::string own_name = "i" + std::to_string(inner_++);
    const bool names_own = name.empty() && !bound_.empty() && !u.is_action && !same(u, true).empty() && r_.chance(50);
    const std::string own_window = names_own ? within(u, timed) : "";
    const bool both = r_.chance(70);  // else only the first branch binds its own name
    std::string out = "    either {\n";
    for (int i = 0; i < 2; ++i) {
      if (i > 0) out += "    } or {\n";
      const bool deeper = depth < 2 && r_.chance(20);
      if (deeper) {
        out += inner_either(timed, name, index, window, depth + 1);
      } else if (!name.empty()) {
        out += in_branch(timed, name, index, window);
      } else if (names_own && (both || i == 0)) {
        out += in_branch(timed, own_name, own, own_window);
      }
      if ((name.empty() && !deeper) || r_.chance(30)) out += other_line(timed, false);
      scope_ = before;
      bound_.resize(bound_before);
      bound_types_.resize(bound_before);
    }
    out += "    }\n";
    if (!name.empty()) bind(name, index);
    return out;
  }

  // Two branches that bind one name, or none; now and then one of them binds a name of its own.
  std::string either(bool timed) {
    const bool binds = r_.chance(65);
    const std::size_t index = r_.of(readable_);
    const GenType& t = package_.types[index];
    if (t.is_action && !t.has_key) return other_line(timed, false);
    const std::string name = "x" + std::to_string(bound_.size());
    const GenScope before = scope_;
    const std::size_t bound_before = bound_.size();
    std::string out = "    either {\n";
    const int branches = r_.chance(15) ? 3 : 2;
    const std::string window = within(t, timed);
    for (int i = 0; i < branches; ++i) {
      if (i > 0) out += "    } or {\n";
      if (Random chosen = r_; chosen.chance(20)) {
        r_ = chosen;
        out += inner_either(timed, binds ? name : "", index, window, 1);
      } else if (binds) {
        out += in_branch(timed, name, index, window);
      } else if (!bound_.empty() && r_.chance(25)) {
        const std::size_t own = r_.of(readable_);
        const GenType& u = package_.types[own];
        const std::string tie = same(u, true);
        if (!tie.empty() && !u.is_action) {
          out += "    y" + std::to_string(i) + ": " + u.name + tie + where(u, 50) + (timed && !u.is_event ? hold(20) : within(u, timed)) +
                 "\n";
          bind("y" + std::to_string(i), own);
        }
      }
      if (!binds || r_.chance(35)) out += other_line(timed, false);
      scope_ = before;
      bound_.resize(bound_before);
      bound_types_.resize(bound_before);
    }
    if (binds) {
      bind(name, index);
      binds_event_ = binds_event_ || t.is_event;
    }
    return out + "    }\n";
  }

  std::string every(bool timed) {
    const GenType& t = readable_type(timed);
    GenScope inner = scope_;
    for (const GenField& f : t.fields) inner.names.push_back({f.name, f.kind, "", true});
    inner.aggregates = r_.chance(25) && scope_.aggregates;
    return "    every " + t.name + same(t, false) + where(t, 50) + " satisfies " + satisfied(t, inner) +
           (timed && !t.is_event ? hold(25) : "") + "\n";
  }

  std::string satisfied(const GenType& t, const GenScope& inner) {
    if (Random chosen = r_; scope_.clocks && chosen.chance(25)) {
      r_ = chosen;
      const std::string clock = random_own_clock(r_, t.fields);
      if (!clock.empty()) return clock;
    }
    return random_condition(r_, inner, r_.between(0, 1));
  }

  std::string other_line(bool timed, bool until) {
    switch (until ? r_.between(0, 4) : r_.between(0, 6)) {
      case 0:
      case 1: {
        const GenType& t = readable_type(timed && !(has_events() && r_.chance(30)));
        return "    some " + t.name + same(t, false) + where(t, 70) + (timed && !t.is_event ? hold(25) : within(t, timed)) + "\n";
      }
      case 2:
      case 3: {
        if (r_.chance(30)) return every(timed);
        const GenType& t = readable_type(false);
        if (Random chosen = r_; timed && t.is_event && !in_decision_ && !moments_.empty() && chosen.chance(60)) {
          r_ = chosen;
          return "    no " + t.name + same(t, false) + where(t, 50) + " within " + seconds(r_.between(1, 4)) + " after " + r_.of(moments_) +
                 "\n";
        }
        return "    no " + t.name + same(t, false) + where(t, 70) + (timed ? hold(35) : "") + "\n";
      }
      case 5: {
        const std::string name = "l" + std::to_string(lets_++);
        const std::string line = "    let " + name + " = " + random_value(r_, scope_, GenKind::kInt, 2) + "\n";
        scope_.names.push_back({name, GenKind::kInt, ""});
        return line;
      }
      default: return "    check " + condition(2) + (timed ? hold(35) : "") + "\n";
    }
  }

  Random& r_;
  const GenPackage& package_;
  const std::vector<std::size_t>& readable_;
  GenScope scope_;
  std::vector<std::string> bound_;
  std::vector<std::size_t> bound_types_;
  std::vector<std::string> moments_;  // bound events that are remembered for as long as is needed
  int lets_ = 0;
  int values_ = 0;  // names of `each`
  int inner_ = 0;   // names of an `either` inside another
  bool binds_event_ = false;
  bool in_decision_ = false;
  bool branches_ = true;  // `either` may stand here
};

}  // namespace flyball::reference
