// What `flyball test` writes: JUnit's XML, and which names a pattern means.
#include "app/testing/report.h"

#include <catch2/catch.hpp>

namespace flyball::app::testing {
namespace {

TEST_CASE("junit: a suite a file, a case a test, a failure with all that is known") {
  const TestReport good{"works", "a.fly", 3, 2, {}};
  const TestReport bad{"<b> & \"c\"",
                       "b.fly",
                       5,
                       1,
                       {{"b.fly", 6, "no `A` came", {"1s A { x: \x01 }"}, "line one\nline two\n"}, {"b.fly", 7, "nor B", {}, {}}}};
  CHECK(report_junit({good, bad, good}) ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"flyball\" tests=\"3\" failures=\"1\" errors=\"0\">\n"
        "  <testsuite name=\"a.fly\" tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"0\">\n"
        "    <testcase name=\"works\" classname=\"a.fly\" file=\"a.fly\" line=\"3\" assertions=\"2\"/>\n"
        "    <testcase name=\"works\" classname=\"a.fly\" file=\"a.fly\" line=\"3\" assertions=\"2\"/>\n"
        "  </testsuite>\n"
        "  <testsuite name=\"b.fly\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">\n"
        "    <testcase name=\"&lt;b&gt; &amp; &quot;c&quot;\" classname=\"b.fly\" file=\"b.fly\" line=\"5\" assertions=\"1\">\n"
        "      <failure message=\"no `A` came\" type=\"expectation\">  b.fly:6: no `A` came\n"
        "      1s A { x: \uFFFD }\n"
        "    why not:\n"
        "      line one\n"
        "      line two\n"
        "  b.fly:7: nor B\n"
        "</failure>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n");
}

TEST_CASE("a pattern is found anywhere in a name; a star is any text") {
  CHECK(name_matches("a hot link is drained", "hot"));
  CHECK(name_matches("a hot link is drained", "a*drained"));
  CHECK(name_matches("a hot link is drained", "*"));
  CHECK(name_matches("a hot link is drained", ""));
  CHECK(name_matches("aab", "a*ab"));
  CHECK_FALSE(name_matches("a hot link is drained", "drained*hot"));
  CHECK_FALSE(name_matches("a hot link", "Hot"));
}

}  // namespace
}  // namespace flyball::app::testing
