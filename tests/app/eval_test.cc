// One expression by itself: the batch's forms, both ways, and names inside a container.
#include "app/eval/eval.h"

#include <catch2/catch.hpp>

namespace flyball::app {
namespace {

TEST_CASE("eval: a case and its answer") {
  struct Row {
    std::string in, out;
  };
  const std::vector<Row> rows = {
      {R"j({"expr":"x + 1","bindings":{"x":{"value":{"int64_value":"2"}}},"type_env":[{"name":"x","ident":{"type":{"primitive":"INT64"}}}]})j",
       R"j({"value":{"int64_value":"3"},"type":{"primitive":"INT64"}})j"},
      {R"j({"expr":"[1u, 2u]"})j",
       R"j({"value":{"list_value":{"values":[{"uint64_value":"1"},{"uint64_value":"2"}]}},"type":{"list_type":{"elem_type":{"primitive":"UINT64"}}}})j"},
      {R"j({"expr":"[]"})j", R"j({"value":{"list_value":{}},"type":{"list_type":{"elem_type":{"dyn":{}}}}})j"},
      {R"j({"expr":"{'a': b'\\x01'}"})j",
       R"j({"value":{"map_value":{"entries":[{"key":{"string_value":"a"},"value":{"bytes_value":"AQ=="}}]}},"type":{"map_type":{"key_type":{"primitive":"STRING"},"value_type":{"primitive":"BYTES"}}}})j"},
      {R"j({"expr":"0.0 / 0.0"})j", R"j({"value":{"double_value":"NaN"},"type":{"primitive":"DOUBLE"}})j"},
      {R"j({"expr":"null"})j", R"j({"value":{"null_value":null},"type":{"null":null}})j"},
      {R"j({"expr":"1 + 2","check_only":true})j", R"j({"type":{"primitive":"INT64"}})j"},
      {R"j({"expr":"duration('90s')"})j",
       R"j({"value":{"object_value":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"90s"}},"type":{"well_known":"DURATION"}})j"},
      {R"j({"expr":"1 / 0"})j", R"j({"error":"division by zero"})j"},
      {R"j({"expr":"1 / 0 > 1 || true"})j", R"j({"value":{"bool_value":true},"type":{"primitive":"BOOL"}})j"},
      {R"j({"expr":"y","container":"a.b","bindings":{"y":{"value":{"int64_value":"1"}},"a.y":{"value":{"int64_value":"2"}}}})j",
       R"j({"value":{"int64_value":"2"},"type":{"dyn":{}}})j"},
      {R"j({"expr":".y","container":"a.b","bindings":{"y":{"value":{"int64_value":"1"}},"a.y":{"value":{"int64_value":"2"}}}})j",
       R"j({"value":{"int64_value":"1"},"type":{"dyn":{}}})j"},
      {R"j({"expr":"x || true","disable_check":true})j", R"j({"value":{"bool_value":true},"type":{"primitive":"BOOL"}})j"},
  };
  for (const Row& row : rows) {
    INFO(row.in);
    CHECK(evaluate_case(row.in) == row.out);
  }
}

TEST_CASE("eval: what is no case is answered by an error") {
  for (const char* bad :
       {"", "x", "{}", "[1]", R"j({"expr":1})j", R"j({"expr":"1"} x)j", R"j({"expr":"1","bindings":{"x":{"value":{"int64_value":"y"}}}})j",
        R"j({"expr":"1","bindings":{"x":{"value":{"no_value":1}}}})j", R"j({"expr":"1 +"})j", R"j({"expr":"1 + 'a'"})j"}) {
    INFO(bad);
    CHECK(evaluate_case(bad).starts_with(R"j({"error":")j"));
  }
}

}  // namespace
}  // namespace flyball::app
