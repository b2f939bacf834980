// Random expressions, by kind of result. Some of them err on some values: that is how unknowns are made.
#include "tests/reference/generate/expressions.h"

#include <algorithm>

namespace flyball::reference {
namespace {

std::vector<GenName> names_of(const GenScope& scope, GenKind kind) {
  std::vector<GenName> out;
  for (const GenName& n : scope.names) {
    if (n.kind == kind) out.push_back(n);
  }
  return out;
}

const char* comparison(Random& r) {
  static const std::vector<const char*> kWords = {"==", "!=", "<", "<=", ">", ">="};
  return r.of(kWords);
}

// `over last` counts per key: an event without one has none to count by.
std::string window(Random& r, bool by_count, bool by_time) {
  std::string out;
  if (by_time && r.chance(45))
    out += " over " + std::to_string(r.between(1, 5)) + "s";
  else if (by_count && r.chance(25))
    out += " over last " + std::to_string(r.between(1, 3));
  if (!out.empty() && r.chance(20)) out += " at least " + std::to_string(r.between(1, 3)) + " samples";
  return out;
}

// fn(Type.field where … over …), of the kind asked for; empty if there is nothing to aggregate.
std::string random_aggregate(Random& r, const GenScope& scope, GenKind kind) {
  if (!scope.aggregates || scope.inside_aggregate || scope.aggregated.empty()) return {};
  const GenType& type = (*scope.types)[r.of(scope.aggregated)];
  GenScope inner = scope;
  inner.inside_aggregate = true;
  // Bare names are the aggregated type's fields there.
  std::erase_if(inner.names, [](const GenName& n) { return n.bare; });
  for (const GenField& f : type.fields) inner.names.push_back({f.name, f.kind, "", true});
  std::string where = r.chance(50) ? " where " + random_condition(r, inner, 1) : "";
  // Windows over derived facts and actions are not part of the language's slice.
  const std::string over = type.is_derived || type.is_action ? "" : window(r, type.has_key || !type.is_event, scope.windows);
  if (Random own = r; scope.clocks && over.empty() && own.chance(60)) {
    r = own;
    const std::string clock = random_own_clock(r, type.fields);
    if (!clock.empty()) where += (where.empty() ? " where " : " and ") + clock;
  }
  std::vector<std::string> fields;
  for (const GenField& f : type.fields) {
    if (f.kind == kind || (kind == GenKind::kInt && f.kind == GenKind::kOptionalInt) ||
        (kind == GenKind::kDouble && f.kind == GenKind::kInt))
      fields.push_back(f.name);
  }
  const auto written = [&](const std::string& fn, const std::string& field) {
    return fn + "(" + type.name + (field.empty() ? "" : "." + field) + where + over + ")";
  };
  // Numbers of anything.
  if (kind == GenKind::kInt && r.chance(60)) {
    const std::string fn = over.empty() ? r.word({"count", "count", "distinct"}) : r.word({"count", "distinct", "changes", "changes"});
    return written(fn, fn == "count" ? "" : r.of(type.fields).name);
  }
  if (kind == GenKind::kInt && !type.fields.empty() && r.chance(15)) {
    // A number of a list of facts.
    const std::string top =
        "topk(" + std::to_string(r.between(1, 3)) + ", " + type.name + (fields.empty() ? "" : "." + r.of(fields)) + where + over + ")";
    // Actions without a key have none but their id, which the naive matcher does not know: no order among equals.
    if (type.is_action && !type.has_key) return written("count", "");
    if (!fields.empty()) return r.chance(50) ? "size(" + top + ")" : top + "[0]." + fields.front();
  }
  if (fields.empty()) return {};
  std::vector<const char*> fns = {"min", "max", "p50", "p90"};
  if (kind != GenKind::kDouble) fns.push_back("sum");
  if (kind != GenKind::kInt) fns.insert(fns.end(), {"avg", "avg", "stddev"});  // of ints they are doubles
  if (!over.empty()) {
    fns.insert(fns.end(), {"first", "last", "delta"});
    if (kind != GenKind::kInt) fns.insert(fns.end(), {"rate", "rate", "deriv", "ewma"});
  }
  const std::string field = r.of(fields);
  std::string fn = r.of(fns);
  const bool of_ints = kind == GenKind::kDouble && std::any_of(type.fields.begin(), type.fields.end(), [&](const GenField& f) {
                         return f.name == field && f.kind != GenKind::kDouble;
                       });
  static const std::vector<std::string> kDoubles = {"avg", "stddev", "rate", "deriv", "ewma"};
  if (of_ints && std::find(kDoubles.begin(), kDoubles.end(), fn) == kDoubles.end()) fn = "avg";
  const std::string weight = fn == "ewma" && r.chance(50) ? r.word({"0.5, ", "0.3, ", "1.0, "}) : "";
  return fn + "(" + weight + type.name + "." + field + where + over + ")";
}

std::string number_literal(Random& r, GenKind kind) { return literal(r, kind); }

std::string random_int(Random& r, const GenScope& scope, int depth) {
  const std::vector<GenName> ints = names_of(scope, GenKind::kInt);
  const std::vector<GenName> optionals = names_of(scope, GenKind::kOptionalInt);
  switch (depth <= 0 ? r.between(0, 3) : r.between(0, 9)) {
    case 0: return literal(r, GenKind::kInt);
    case 1:
    case 2:
    case 3: return ints.empty() ? literal(r, GenKind::kInt) : r.of(ints).text;
    case 4: return "(" + random_int(r, scope, depth - 1) + r.word({" + ", " - ", " * "}) + random_int(r, scope, depth - 1) + ")";
    case 5: return "(" + random_int(r, scope, depth - 1) + r.word({" / ", " % "}) + random_int(r, scope, depth - 1) + ")";
    case 6:
      return optionals.empty() ? literal(r, GenKind::kInt) : "(" + r.of(optionals).text + " ?? " + random_int(r, scope, depth - 1) + ")";
    case 7:
      return "(" + random_condition(r, scope, depth - 1) + " ? " + random_int(r, scope, depth - 1) + " : " +
             random_int(r, scope, depth - 1) + ")";
    default: {
      const std::string a = random_aggregate(r, scope, GenKind::kInt);
      return a.empty() ? literal(r, GenKind::kInt) : a;
    }
  }
}

// The facts whose staleness can be asked for here.
std::vector<std::string> staleable(const GenScope& scope) {
  std::vector<std::string> out;
  for (const GenName& n : scope.names) {
    if (!n.fact.empty()) out.push_back(n.text);
  }
  return out;
}

// What changes with time alone: a calendar, or `now` compared with a time, of a fact or not.
std::string random_clock(Random& r, const GenScope& scope) {
  if (r.chance(55)) return r.word({"now in c0", "now in c1", "now not in c0"});
  std::vector<std::string> ints;
  for (const GenName& n : scope.names) {
    if (n.kind == GenKind::kInt && !n.fact.empty()) ints.push_back(n.text);
  }
  const std::string base = std::to_string(r.between(98, 150));
  const std::string at =
      "timestamp(" + (ints.empty() || r.chance(35) ? base : base + " + " + r.of(ints) + " * " + std::to_string(r.between(1, 9))) + ")";
  const std::string op = r.word({" < ", " <= ", " > ", " >= "});
  switch (r.between(0, 3)) {
    case 0: return "now" + op + at;
    case 1: return at + op + "now";
    case 2: return "now - " + std::to_string(r.between(1, 5)) + "s" + op + at;
    default: return "now - " + at + op + std::to_string(r.between(0, 6)) + "s";
  }
}

std::string random_atom(Random& r, const GenScope& scope, int depth) {
  if (scope.clocks && !scope.inside_aggregate && r.chance(15)) return random_clock(r, scope);
  switch (r.between(0, 12)) {
    case 0:
    case 1:
    case 2: return random_int(r, scope, depth) + " " + comparison(r) + " " + random_int(r, scope, depth);
    case 3: {
      const std::vector<GenName> n = names_of(scope, GenKind::kPercent);
      if (n.empty()) break;
      return random_value(r, scope, GenKind::kPercent, depth) + " " + comparison(r) + " " +
             random_value(r, scope, GenKind::kPercent, depth);
    }
    case 4: {
      const std::vector<GenName> n = names_of(scope, GenKind::kString);
      if (n.empty()) break;
      if (r.chance(40)) return r.of(n).text + " like " + r.word({"\"a*\"", "\"*b\"", "\"?\"", "\"et-*\""});
      if (r.chance(40)) return r.of(n).text + " in [" + literal(r, GenKind::kString) + ", " + literal(r, GenKind::kString) + "]";
      return r.of(n).text + " " + comparison(r) + " " + random_value(r, scope, GenKind::kString, depth);
    }
    case 5: {
      const std::vector<GenName> n = names_of(scope, GenKind::kEnum);
      if (n.empty()) break;
      return r.of(n).text + r.word({" == ", " != "}) + literal(r, GenKind::kEnum);
    }
    case 6: {
      const std::vector<GenName> n = names_of(scope, GenKind::kBool);
      if (n.empty()) break;
      return r.of(n).text;
    }
    case 7: {
      const std::vector<GenName> n = names_of(scope, GenKind::kOptionalInt);
      if (n.empty()) break;
      const std::string& o = r.of(n).text;
      if (r.chance(50)) return o + r.word({" == null", " != null"});
      return "(" + o + " != null and " + o + " " + comparison(r) + " " + literal(r, GenKind::kInt) + ")";
    }
    case 8: {
      const std::vector<GenName> n = names_of(scope, GenKind::kDouble);
      if (n.empty()) break;
      return random_value(r, scope, GenKind::kDouble, depth) + " " + comparison(r) + " " + random_value(r, scope, GenKind::kDouble, depth);
    }
    case 9: {
      const std::vector<std::string> n = staleable(scope);
      if (n.empty()) break;
      return "stale(" + r.of(n) + ")";
    }
    case 10: {
      if (Random own = r; own.chance(40)) {  // ends that are worked out
        r = own;
        const std::string value = random_int(r, scope, depth), low = random_int(r, scope, depth);
        return value + " in " + low + r.word({"..", "..<"}) + random_int(r, scope, depth);
      }
      const int low = r.between(0, 2);
      return random_int(r, scope, depth) + " in " + std::to_string(low) + r.word({"..", "..<"}) + std::to_string(low + r.between(1, 2));
    }
    default: {
      const std::string a = random_aggregate(r, scope, GenKind::kInt);
      if (a.empty()) break;
      // Numbers that stale facts can often not reach, too.
      return a + " " + comparison(r) + " " + std::to_string(r.chance(60) ? r.between(0, 3) : r.between(4, 9));
    }
  }
  return random_int(r, scope, depth) + " " + comparison(r) + " " + literal(r, GenKind::kInt);
}

}  // namespace

std::string random_own_clock(Random& r, const std::vector<GenField>& fields) {
  std::vector<std::string> ints;
  for (const GenField& f : fields) {
    if (f.kind == GenKind::kInt) ints.push_back(f.name);
  }
  if (ints.empty()) return {};
  const std::string at =
      "timestamp(" + std::to_string(r.between(98, 140)) + " + " + r.of(ints) + " * " + std::to_string(r.between(1, 9)) + ")";
  const std::string op = r.word({" < ", " <= ", " > ", " >= "});
  switch (r.between(0, 3)) {
    case 0: return at + op + "now";
    case 1: return "now - " + at + op + std::to_string(r.between(0, 6)) + "s";
    case 2: return "(now + 1s" + op + at + " or " + r.of(ints) + " == " + literal(r, GenKind::kInt) + ")";
    default: return "now" + op + at;
  }
}

std::string random_condition(Random& r, const GenScope& scope, int depth) {
  if (depth <= 0) return random_atom(r, scope, 0);
  switch (r.between(0, 6)) {
    case 0: return "(" + random_condition(r, scope, depth - 1) + " and " + random_condition(r, scope, depth - 1) + ")";
    case 1: return "(" + random_condition(r, scope, depth - 1) + " or " + random_condition(r, scope, depth - 1) + ")";
    case 2: return "not (" + random_condition(r, scope, depth - 1) + ")";
    default: return random_atom(r, scope, depth - 1);
  }
}

std::string random_value(Random& r, const GenScope& scope, GenKind kind, int depth) {
  if (kind == GenKind::kInt) return random_int(r, scope, depth);
  const std::vector<GenName> names = names_of(scope, kind);
  if (depth > 0 && r.chance(15) && kind == GenKind::kPercent && !names.empty())
    return "(" + r.of(names).text + r.word({" + ", " - "}) + literal(r, kind) + ")";
  if (depth > 0 && r.chance(15) && kind == GenKind::kDouble && !names.empty())
    return "(" + r.of(names).text + r.word({" + ", " - ", " * "}) + literal(r, kind) + ")";
  if (depth > 0 && r.chance(20) && kind == GenKind::kString && !names.empty())
    return "f\"{" + random_int(r, scope, depth - 1) + "}-{" + r.of(names).text + "}\"";
  if (depth > 0 && r.chance(35) && (kind == GenKind::kPercent || kind == GenKind::kDouble)) {
    const std::string a = random_aggregate(r, scope, kind);
    if (!a.empty()) return a;
  }
  return names.empty() || r.chance(35) ? number_literal(r, kind) : r.of(names).text;
}

}  // namespace flyball::reference
