// Lengths of time as explanations say them.
#include "app/explain/render.h"

#include <catch2/catch.hpp>

#include "model/text.h"

namespace flyball::app {

TEST_CASE("ages are said as people say them") {
  const std::vector<std::pair<const char*, const char*>> table = {
      {"0s", "0s"},          {"999ns", "999ns"},  {"1ms", "1ms"},        {"420ms137us5ns", "420ms"}, {"1s", "1s"}, {"12s345ms", "12.3s"},
      {"59s999ms", "59.9s"}, {"1m0s999ms", "1m"}, {"3m12s7ns", "3m12s"}, {"59m59s", "59m59s"},       {"1h", "1h"}, {"5h3m59s", "5h3m"},
      {"2d5h59m", "2d5h"},   {"1w", "1w"},        {"30d1h1m", "30d1h"},
  };
  for (const auto& [exact, said] : table) {
    INFO(exact);
    CHECK(rough_duration(parse_duration_ns(exact).value()) == said);
  }
}

}  // namespace flyball::app
