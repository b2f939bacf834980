// The exact forms of units, and an order's fields in every form the wire allows.
#include "connectors/wire_fact.h"

#include <catch2/catch.hpp>

#include "connectors/order.h"

using namespace flyball;
using namespace flyball::connectors;

TEST_CASE("percents and durations are written exactly", "[connectors]") {
  CHECK(percent_text(250'000'000) == "25%");
  CHECK(percent_text(333'333'333) == "33.3333333%");
  CHECK(percent_text(0) == "0%");
  CHECK(percent_text(1'500'000'000) == "150%");
  CHECK(percent_text(1) == "0.0000001%");
  CHECK(duration_text(500'000'000) == "0.5s");
  CHECK(duration_text(0) == "0s");
  CHECK(duration_text(61'000'000'001) == "61.000000001s");
  CHECK(duration_text(-1'000'000) == "-0.001s");
}

TEST_CASE("ratios and rates are rounded once and never divide by nothing", "[connectors]") {
  CHECK(ratio_e9(1, 3) == 333'333'333);
  CHECK(ratio_e9(2, 3) == 666'666'667);
  CHECK(ratio_e9(5, 0) == 0);
  CHECK(ratio_e9(INT64_MAX, INT64_MAX) == 1'000'000'000);
  CHECK(per_second(50, 500'000'000) == 100);
  CHECK(per_second(50, 0) == 0);
}

TEST_CASE("an order's fields are read in every form of the wire", "[connectors]") {
  Order o;
  o.action = "infra.lb.SetWeight";
  o.fields = {{"half", 0.5},
              {"quarter", std::string("25%")},
              {"all", std::int64_t{1}},
              {"short", std::string("1m30s")},
              {"ms", std::string("250ms")},
              {"sec", 2.5},
              {"bad", std::string("25")},
              {"none", WireValue()}};
  CHECK(o.local_action() == "SetWeight");
  CHECK(o.percent_e9("half") == 500'000'000);
  CHECK(o.percent_e9("quarter") == 250'000'000);
  CHECK(o.percent_e9("all") == 1'000'000'000);
  CHECK_FALSE(o.percent_e9("bad"));
  CHECK_FALSE(o.percent_e9("none"));
  CHECK_FALSE(o.percent_e9("missing"));
  CHECK(o.duration_ns("short") == 90 * kNsPerSecond);
  CHECK(o.duration_ns("ms") == 250'000'000);
  CHECK(o.duration_ns("sec") == 2'500'000'000);
  CHECK_FALSE(o.duration_ns("quarter"));
  CHECK_FALSE(o.duration_ns("bad"));
  CHECK_FALSE(o.text("half"));
  o.fields["long"] = std::string("99999999999w");
  CHECK_FALSE(o.duration_ns("long"));
}
