// A session that goes on under other rules (semantics.md §10): what each part means under the new text.
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

TEST_CASE("`retain` goes on from the last change, not from the reload", "[takeover]") {
  const std::string type = "fact A key (id) { id: int }\naction Page key (id) retain ";
  const std::string rest = " { id: int }\nrule r { when { a: A } then { do Page { id: a.id } } }\n";
  World w(type + "10s" + rest);
  w.put("1s", "A", "id: 1");
  w.tick("5s");
  CHECK(w.facts("Page").size() == 1);
  SECTION("with the same rules") {
    w.reload(type + "10s" + rest);
    w.tick("9s");
    w.reload(type + "10s" + rest);
    w.tick("10s");
    CHECK(w.facts("Page").size() == 1);
    w.tick("11s");
    CHECK(w.facts("Page").empty());
  }
  SECTION("with a shorter one that is over") {
    const TakenOver taken = w.reload(type + "3s" + rest);
    CHECK(taken.actions == 0);
    CHECK(taken.gone.size() == 1);
    CHECK(w.facts("Page").empty());
  }
  SECTION("with a longer one") {
    w.reload(type + "20s" + rest);
    w.tick("20s");
    CHECK(w.facts("Page").size() == 1);
    w.tick("21s");
    CHECK(w.facts("Page").empty());
  }
  SECTION("without any") {
    w.reload("fact A key (id) { id: int }\naction Page key (id)" + rest);
    w.tick("1h");
    CHECK(w.facts("Page").size() == 1);
  }
}
