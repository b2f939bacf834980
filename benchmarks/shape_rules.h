// Rules whose shapes are asked twice: what they cost (bench_shapes.cc), and whether they are right (tests/engine/shapes_test.cc).
#pragma once

namespace flyball::bench {

inline constexpr const char* kRing = R"(
module bench.shapes
fact Begin key (node) { node: int }
fact Link key (from) { from: int  to: int }
fact Reached key (node) { node: int }
rule begin {
  when { b: Begin }
  then { derive Reached { node: b.node } }
}
rule go_on {
  when {
    r: Reached
    l: Link where from == r.node
  }
  then { derive Reached { node: l.to } }
}
)";

inline constexpr const char* kReasons = R"(
module bench.shapes
fact Link key (id) { id: int  up: bool }
fact Trouble key () { first: int }
rule trouble {
  when { l: Link where not up }
  then { derive Trouble { first: l.id } }
}
)";

}  // namespace flyball::bench
