// What fires again in flyball fires again in CLIPS, and what does not does not (semantics.md §12, "an activation fires once").
#include <catch2/catch.hpp>

#include "benchmarks/classical/run.h"
#include "tests/clips/compare.h"

using namespace flyball;
using namespace flyball::clips;

namespace {

using Lines = std::vector<std::string>;

// One rule that is looked at, r0, and others that count k up and change something each time.
struct Program {
  const char* what;
  const char* r0_fly;
  const char* r0_clp;
  const char* r1_fly;  // in the middle of r1, which fires while k is 0
  const char* r1_clp;
  const char* r2_fly;  // and of r2, which fires while k is 1
  const char* r2_clp;
  std::vector<GivenFact> facts;
  Lines fired;
};

std::string block(const std::string& name, int priority, const std::string& body) {
  return "rule " + name + " {\n  priority " + std::to_string(priority) + "\n" + body + "}\n";
}

Generated program_of(const Program& p, const std::string& strategy) {
  Generated out;
  out.strategy = strategy;
  out.rules = "module main strategy " + strategy + R"(
mutable fact A { x: int  y: int }
mutable fact B { x: int  y: int }
mutable fact K key (k) { k: int  v: int }
mutable fact M key (k) { k: int  v: int }
)" + block("r0", 1, std::string("  when {\n") + p.r0_fly + "  }\n  then { log \"r0\" }\n") +
              block("r1", 0, std::string("  when {\n    p0: K where v == 0\n") + p.r1_fly + "    log \"r1\"\n    set p0 { v: 1 }\n  }\n") +
              block("r2", 0, std::string("  when {\n    p0: K where v == 1\n") + p.r2_fly + "    log \"r2\"\n    set p0 { v: 2 }\n  }\n");
  out.constructs =
      "(deftemplate a (slot x) (slot y))\n(deftemplate b (slot x) (slot y))\n(deftemplate k (slot k) (slot v))\n"
      "(deftemplate m (slot k) (slot v))\n";
  out.constructs += std::string("(defrule r0 (declare (salience 1))\n") + p.r0_clp + "  =>)\n";
  out.constructs += std::string("(defrule r1\n  ?p0 <- (k (v 0))\n") + p.r1_clp + "  (modify ?p0 (v 1)))\n";
  out.constructs += std::string("(defrule r2\n  ?p0 <- (k (v 1))\n") + p.r2_clp + "  (modify ?p0 (v 2)))\n";
  out.constructs += "(deffacts given\n";
  for (const GivenFact& f : p.facts) {
    const auto [one, two] = fields_of(f.type);
    out.constructs += "  (" + f.type + " (" + one + " " + std::to_string(f.first) + ") (" + two + " " + std::to_string(f.second) + "))\n";
  }
  out.constructs += ")\n";
  out.facts = p.facts;
  out.priorities = {1, 0, 0};
  return out;
}

const std::vector<Program> kPrograms = {
    {"what kept it from being true came and went",
     "    a: A where x == 1\n    no B where x == 1\n",
     "  (a (x 1))\n  (not (b (x 1)))\n",
     "  }\n  then {\n    assert B { x: 1, y: 0 }\n",
     "  =>\n  (assert (b (x 1) (y 0)))\n",
     "    cross p1: B\n  }\n  then {\n    retract p1\n",
     "  ?p1 <- (b)\n  =>\n  (retract ?p1)\n",
     {{"k", 0, 0}, {"a", 1, 0}},
     {"r0", "r1", "r2", "r0"}},
    {"what it asked for went and came",
     "    a: A where x == 1\n    some B where x == 1\n",
     "  (a (x 1))\n  (exists (b (x 1)))\n",
     "    cross p1: B\n  }\n  then {\n    retract p1\n",
     "  ?p1 <- (b)\n  =>\n  (retract ?p1)\n",
     "  }\n  then {\n    assert B { x: 1, y: 0 }\n",
     "  =>\n  (assert (b (x 1) (y 0)))\n",
     {{"k", 0, 0}, {"a", 1, 0}, {"b", 1, 0}},
     {"r0", "r1", "r2", "r0"}},
    {"another is there that it asks for",
     "    a: A where x == 1\n    some B where x == 1\n",
     "  (a (x 1))\n  (exists (b (x 1)))\n",
     "  }\n  then {\n    assert B { x: 1, y: 1 }\n",
     "  =>\n  (assert (b (x 1) (y 1)))\n",
     "    cross p1: B where y == 0\n  }\n  then {\n    retract p1\n",
     "  ?p1 <- (b (y 0))\n  =>\n  (retract ?p1)\n",
     {{"k", 0, 0}, {"a", 1, 0}, {"b", 1, 0}},
     {"r0", "r1", "r2"}},
    {"the fact itself went and came",
     "    a: A where x == 1\n",
     "  (a (x 1))\n",
     "    cross p1: A\n  }\n  then {\n    retract p1\n",
     "  ?p1 <- (a)\n  =>\n  (retract ?p1)\n",
     "  }\n  then {\n    assert A { x: 1, y: 0 }\n",
     "  =>\n  (assert (a (x 1) (y 0)))\n",
     {{"k", 0, 0}, {"a", 1, 0}},
     {"r0", "r1", "r2", "r0"}},
    {"the fact was asserted while it was there",
     "    a: A where x == 1\n",
     "  (a (x 1))\n",
     "  }\n  then {\n    assert A { x: 1, y: 0 }\n",
     "  =>\n  (assert (a (x 1) (y 0)))\n",
     "  }\n  then {\n    assert A { x: 1, y: 0 }\n",
     "  =>\n  (assert (a (x 1) (y 0)))\n",
     {{"k", 0, 0}, {"a", 1, 0}},
     {"r0", "r1", "r2"}},
    {"the fact changed, and back",
     "    m: M where v == 0\n",
     "  (m (v 0))\n",
     "    cross p1: M\n  }\n  then {\n    set p1 { v: 1 }\n",
     "  ?p1 <- (m)\n  =>\n  (modify ?p1 (v 1))\n",
     "    cross p1: M\n  }\n  then {\n    set p1 { v: 0 }\n",
     "  ?p1 <- (m)\n  =>\n  (modify ?p1 (v 0))\n",
     {{"k", 0, 0}, {"m", 1, 0}},
     {"r0", "r1", "r2", "r0"}},
    {"the fact changed and is still what is asked for",
     "    m: M where v >= 0\n",
     "  (m (v ?v&:(>= ?v 0)))\n",
     "    cross p1: M\n  }\n  then {\n    set p1 { v: 1 }\n",
     "  ?p1 <- (m)\n  =>\n  (modify ?p1 (v 1))\n",
     "    cross p1: M\n  }\n  then {\n    set p1 { v: 5 }\n",
     "  ?p1 <- (m)\n  =>\n  (modify ?p1 (v 5))\n",
     {{"k", 0, 0}, {"m", 1, 0}},
     {"r0", "r1", "r0", "r2", "r0"}},
    {"it was true in between two actions of one firing",
     "    a: A where x == 1\n    no B where x == 1\n",
     "  (a (x 1))\n  (not (b (x 1)))\n",
     "    cross p1: B\n  }\n  then {\n    retract p1\n    assert B { x: 1, y: 5 }\n",
     "  ?p1 <- (b)\n  =>\n  (retract ?p1)\n  (assert (b (x 1) (y 5)))\n",
     "    cross p1: B\n  }\n  then {\n    retract p1\n",
     "  ?p1 <- (b)\n  =>\n  (retract ?p1)\n",
     {{"k", 0, 0}, {"a", 1, 0}, {"b", 1, 0}},
     {"r1", "r2", "r0"}},
    {"it was not true in between two actions of one firing",
     "    a: A where x == 1\n    some B where x == 1\n",
     "  (a (x 1))\n  (exists (b (x 1)))\n",
     "    cross p1: B\n  }\n  then {\n    retract p1\n    assert B { x: 1, y: 5 }\n",
     "  ?p1 <- (b)\n  =>\n  (retract ?p1)\n  (assert (b (x 1) (y 5)))\n",
     "  }\n  then {\n",
     "  =>\n",
     {{"k", 0, 0}, {"a", 1, 0}, {"b", 1, 0}},
     {"r0", "r1", "r0", "r2"}},
};

}  // namespace

TEST_CASE("what goes and comes again fires again, as in CLIPS", "[clips][productions]") {
  for (const Program& p : kPrograms) {
    for (const char* const strategy : {"depth", "breadth", "lex", "mea"}) {
      INFO(p.what << ", " << strategy);
      const Generated program = program_of(p, strategy);
      INFO(program.rules << program.constructs);
      CHECK(play(program).fired == p.fired);
      if (bench::classical::have_clips()) CHECK(clips_fired(program) == p.fired);
    }
  }
  if (!bench::classical::have_clips()) WARN("CLIPS is not installed: not compared");
}
