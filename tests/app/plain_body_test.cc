// Facts as the plain face carries them: a number goes out as it was written.
#include "app/clients/plain_body.h"

#include <catch2/catch.hpp>

#include "bus/codec/transcode.h"

namespace flyball::app {
namespace {

std::string sent(const std::string& number) {
  const Result<PlainFact> fact = plain_fact(R"({"type":"P","data":{"u":)" + number + "}}");
  if (!fact) return fact.error().message;
  return bus::packed_to_json(std::string(1, static_cast<char>(0x80 | fact->body.size())) + fact->body.packed()).value_or("unreadable");
}

}  // namespace

TEST_CASE("a ratio with a point stays one: 2.0 is 200 %, 2 would be refused") {
  CHECK(sent("2") == R"({"u":2})");
  CHECK(sent("2.0") == R"({"u":2.0})");
  CHECK(sent("0.5") == R"({"u":0.5})");
  CHECK(sent("-9223372036854775808") == R"({"u":-9223372036854775808})");
  CHECK(sent("\"80%\"") == R"({"u":"80%"})");
  CHECK(sent("1e999") == "`u`: 1e999 is out of range");
}

}  // namespace flyball::app
