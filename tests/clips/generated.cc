// Makes the rules, line by line in both languages, then the facts.
#include "tests/clips/generated.h"

#include <fmt/format.h>

#include <set>

#include "benchmarks/random.h"

namespace flyball::clips {
namespace {

constexpr std::int64_t kMost = 3;  // of a field that rules count up

const char* const kStrategies[] = {"depth", "breadth", "lex", "mea"};
const char* const kTypes[] = {"a", "b", "k", "m"};

std::string capital(const std::string& type) { return std::string(1, static_cast<char>(type[0] - 'a' + 'A')); }

// What one line asks of one field, in both languages.
struct Test {
  std::string fly;  // "" if nothing
  std::string clp;  // a constraint of the slot
  bool ties = false;
};

struct Bound {
  std::string type;
  std::string name;
};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed * 0x9E3779B97F4A7C15ULL + 1) {}

  Generated make() {
    out_.strategy = kStrategies[random_.below(4)];
    out_.rules = "module main strategy " + out_.strategy + R"(
mutable fact A { x: int  y: int }
mutable fact B { x: int  y: int }
mutable fact K key (k) { k: int  v: int }
mutable fact M key (k) { k: int  v: int }
)";
    out_.constructs =
        "(deftemplate a (slot x) (slot y))\n(deftemplate b (slot x) (slot y))\n(deftemplate k (slot k) (slot v))\n(deftemplate m (slot k) "
        "(slot v))\n";
    const std::uint32_t rules = 3 + random_.below(4);
    for (std::uint32_t r = 0; r < rules; ++r) rule(r);
    facts();
    return std::move(out_);
  }

 private:
  std::string number(std::uint32_t below) { return std::to_string(random_.below(below)); }
  std::string field(const Bound& b, bool second) const {
    const auto names = fields_of(b.type);
    return second ? names.second : names.first;
  }
  std::string fly_value(const Bound& b, bool second) const { return b.name + "." + field(b, second); }
  static std::string clp_value(const Bound& b, bool second) { return "?" + b.name + (second ? "y" : "x"); }

  // Of a field called `own`; `variable` is what CLIPS calls it, "" if it needs no name.
  Test test(const std::string& own, const std::string& variable, const std::vector<Bound>& bound) {
    const std::string open = variable.empty() ? "" : variable + "&";
    const std::string named = variable.empty() ? "?own-" + own : variable;
    const std::uint32_t kind = random_.below(bound.empty() ? 9 : 14);
    if (kind < 5) return {"", variable, false};
    if (kind == 5) {
      const std::string n = number(3);
      return {own + " == " + n, open + n, false};
    }
    if (kind == 6) {
      const std::string n = number(3);
      return {own + " != " + n, open + "~" + n, false};
    }
    if (kind < 9) {
      const std::string n = number(3);
      const char* const op = random_.below(2) == 0 ? "<=" : ">=";
      return {own + " " + op + " " + n, named + "&:(" + op + " " + named + " " + n + ")", false};
    }
    const Bound& other = bound[random_.below(static_cast<std::uint32_t>(bound.size()))];
    const bool second = random_.below(2) == 1;
    if (kind < 12) return {own + " == " + fly_value(other, second), open + clp_value(other, second), true};
    if (kind == 12) return {own + " != " + fly_value(other, second), open + "~" + clp_value(other, second), false};
    return {own + " > " + fly_value(other, second), named + "&:(> " + named + " " + clp_value(other, second) + ")", false};
  }

  struct Line {
    std::string fly;  // after the type
    std::string clp;  // the pattern
    bool ties = false;
  };

  // `name` is "" in `no` and `some`. `below`: the second field is to be less than kMost.
  Line line(const std::string& type, const std::string& name, const std::vector<Bound>& bound, bool below) {
    const auto [first, second] = fields_of(type);
    const Test one = test(first, name.empty() ? "" : "?" + name + "x", bound);
    Test two = test(second, name.empty() ? "" : "?" + name + "y", bound);
    if (two.fly.empty() && is_keyed(type) && !below) two.fly = second + " >= 0";
    if (below) {
      two.fly = (two.fly.empty() ? "" : two.fly + " and ") + second + " < " + std::to_string(kMost);
      two.clp += fmt::format("&:(< ?{}y {})", name, kMost);
    }
    Line out;
    out.ties = one.ties || two.ties;
    if (!one.fly.empty() || !two.fly.empty()) out.fly = " where " + one.fly + (one.fly.empty() || two.fly.empty() ? "" : " and ") + two.fly;
    out.clp = "(" + type + (one.clp.empty() ? "" : " (" + first + " " + one.clp + ")") +
              (two.clp.empty() ? "" : " (" + second + " " + two.clp + ")") + ")";
    return out;
  }

  std::pair<std::string, std::string> value(const std::vector<Bound>& bound) {
    if (random_.below(3) == 0) {
      const std::string n = number(3);
      return {n, n};
    }
    const Bound& b = bound[random_.below(static_cast<std::uint32_t>(bound.size()))];
    const bool second = random_.below(2) == 1;
    return {fly_value(b, second), clp_value(b, second)};
  }

  void rule(std::uint32_t nr) {
    const int priority = static_cast<int>(random_.below(5)) / 2 - 1;
    const std::uint32_t patterns = 1 + random_.below(3);
    std::vector<Bound> bound;
    std::string fly, clp, said, fly_then, clp_then;
    std::set<std::string> changed;
    for (std::uint32_t p = 0; p < patterns; ++p) {
      const Bound b{kTypes[random_.below(4)], "p" + std::to_string(p)};
      const std::uint32_t change = changed.contains(b.type) ? 3 : random_.below(4);  // 0, 1: set; 2: retract
      const bool sets = is_keyed(b.type) && change < 2;
      const bool round = random_.below(2) == 0;
      const Line l = line(b.type, b.name, bound, sets && !round);
      fly += fmt::format("    {}{}: {}{}\n", p > 0 && !l.ties ? "cross " : "", b.name, capital(b.type), l.fly);
      clp += fmt::format("  ?{} <- {}\n", b.name, l.clp);
      bound.push_back(b);
      said += fmt::format(" {} {{{}}} {{{}}}", b.type, fly_value(b, false), fly_value(b, true));
      if (sets && round) {
        fly_then += fmt::format("    set {} {{ v: ({} + 1) % {} }}\n", b.name, fly_value(b, true), kMost);
        clp_then += fmt::format("  (modify ?{} (v (mod (+ {} 1) {})))\n", b.name, clp_value(b, true), kMost);
      } else if (sets) {
        fly_then += fmt::format("    set {} {{ v: {} + 1 }}\n", b.name, fly_value(b, true));
        clp_then += fmt::format("  (modify ?{} (v (+ {} 1)))\n", b.name, clp_value(b, true));
      } else if (change == 2) {
        fly_then += fmt::format("    retract {}\n", b.name);
        clp_then += fmt::format("  (retract ?{})\n", b.name);
      }
      if (sets || change == 2) changed.insert(b.type);
      if (random_.below(4) == 0) {
        const bool none = random_.below(3) != 0;
        const std::string type = kTypes[random_.below(none ? 4 : 2)];
        const Line asked = line(type, "", bound, false);
        fly += fmt::format("    {} {}{}\n", none ? "no" : "some", capital(type), asked.fly);
        clp += fmt::format("  ({} {})\n", none ? "not" : "exists", asked.clp);
      }
    }
    const std::uint32_t asserts = random_.below(3);
    for (std::uint32_t i = 0; i < asserts; ++i) {
      const std::string type = kTypes[random_.below(2)];
      const auto x = value(bound);
      const auto y = value(bound);
      fly_then += fmt::format("    assert {} {{ x: {}, y: {} }}\n", capital(type), x.first, y.first);
      clp_then += fmt::format("  (assert ({} (x {}) (y {})))\n", type, x.second, y.second);
    }
    out_.rules += fmt::format("rule r{} {{\n  priority {}\n  when {{\n{}  }}\n  then {{\n    log f\"r{}{}\"\n{}  }}\n}}\n", nr, priority,
                              fly, nr, said, fly_then);
    out_.constructs += fmt::format("(defrule r{}\n  (declare (salience {}))\n{}  =>\n{})\n", nr, priority, clp, clp_then);
    out_.priorities.push_back(priority);
    out_.types_of.emplace_back();
    for (const Bound& b : bound) out_.types_of.back().push_back(b.type);
  }

  void facts() {
    out_.constructs += "(deffacts given\n";
    const std::uint32_t wanted = 6 + random_.below(10);
    std::set<std::string> there;
    for (std::uint32_t i = 0; i < wanted; ++i) {
      const std::string type = kTypes[random_.below(4)];
      const std::int64_t first = random_.below(4);
      const std::int64_t second = random_.below(3);
      if (!there.insert(fmt::format("{} {} {}", type, first, is_keyed(type) ? 0 : second)).second) continue;
      const auto [one, two] = fields_of(type);
      out_.facts.push_back({type, first, second});
      out_.constructs += fmt::format("  ({} ({} {}) ({} {}))\n", type, one, first, two, second);
    }
    out_.constructs += ")\n";
  }

  bench::Random random_;
  Generated out_;
};

}  // namespace

Generated generate(std::uint64_t seed) { return Maker(seed).make(); }

std::pair<std::string, std::string> fields_of(const std::string& type) {
  return is_keyed(type) ? std::pair<std::string, std::string>{"k", "v"} : std::pair<std::string, std::string>{"x", "y"};
}

bool is_keyed(const std::string& type) { return type == "k" || type == "m"; }

}  // namespace flyball::clips
