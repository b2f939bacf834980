// Recorded facts as JSON lines: what is read, what is refused and in which words, what is written.
#include "bus/codec/json_lines.h"

#include <catch2/catch.hpp>

#include "model/text.h"
#include "tests/bus/fixture.h"

using namespace flyball;
using namespace flyball::bus;
using flyball::bus::test::World;

namespace {

std::string error_of(World& w, std::string_view line) {
  RecordedReader reader(w.schema, w.in);
  const auto r = reader.read(line);
  REQUIRE_FALSE(r.has_value());
  return r.error().help.empty() ? r.error().message : r.error().message + "; " + r.error().help;
}

FactInput fact_of(World& w, std::string_view line) {
  RecordedReader reader(w.schema, w.in);
  auto r = reader.read(line);
  INFO(line << (r ? "" : r.error().message));
  REQUIRE(r.has_value());
  return std::get<FactInput>(*r);
}

// One field of Everything, given as JSON, as the canonical JSON it was taken for; or the error.
std::string round(World& w, std::string_view name, std::string_view json) {
  RecordedReader reader(w.schema, w.in);
  const std::string line =
      "{\"time\":1,\"type\":\"Everything\",\"data\":{\"k\":1,\"" + std::string(name) + "\":" + std::string(json) + "}}";
  const auto r = reader.read(line);
  if (!r) return r.error().message;
  const auto& f = std::get<FactInput>(*r);
  std::string out;
  append_json(out, f.values[w.schema.types[w.everything].field_index(name)], w.in);
  return out;
}

}  // namespace

TEST_CASE("a recorded put is read with its defaults, source and sequence") {
  World w;
  const auto f =
      fact_of(w, R"({"time":"2026-11-22T10:00:00.000000001Z","type":"net.types.LinkStats","data":{"device":"e1","port":"et1","util":0.92},)"
                 R"("source":"gnmi-1","seq":17})");
  CHECK(f.type == w.link);
  CHECK(f.op == FactOp::kPut);
  CHECK(f.stamp.ns == 1795341600'000000001);
  CHECK(w.text(f.source) == "gnmi-1");
  CHECK(f.seq == 17);
  REQUIRE(f.values.size() == 6);
  CHECK(w.text(f.values[0]) == "e1");
  CHECK(f.values[2].is_null());
  CHECK(f.values[3] == Value::percent_e9(920'000'000));
  CHECK(f.values[4] == Value::integer(0));
  CHECK(w.text(f.values[5]) == "up");
  CHECK(f.present == 0x3F);
}

TEST_CASE("keys of a record may come in any order, types by local name") {
  World w;
  const auto f =
      fact_of(w, R"( { "data" : {"util":"92%","port":"et1","device":"e1"}, "seq":1, "type":"LinkStats", "time":12.000000003 } )");
  CHECK(f.stamp.ns == 12'000'000'003);
  CHECK(f.values[3] == Value::percent_e9(920'000'000));
}

TEST_CASE("retract and patch name the key") {
  World w;
  const auto r = fact_of(w, R"({"time":12.5,"type":"LinkStats","op":"retract","data":{"device":"e1","port":"et1","util":0.5}})");
  CHECK(r.op == FactOp::kRetract);
  CHECK(r.present == 0x3);
  const auto p = fact_of(w, R"({"time":12.5,"type":"LinkStats","op":"patch","data":{"device":"e1","port":"et1","util":0.5}})");
  CHECK(p.op == FactOp::kPatch);
  CHECK(p.present == 0xB);
  CHECK(p.values[4].is_null());
  CHECK(error_of(w, R"({"time":1,"type":"LinkStats","op":"retract","data":{"device":"e1"}})") ==
        "`port` of `LinkStats` is missing; a `retract` names the whole key");
  CHECK(error_of(w, R"({"time":1,"type":"BgpFlap","op":"retract","data":{}})") == "`BgpFlap` is an event: it cannot be retracted");
}

TEST_CASE("acknowledgements and ticks") {
  World w;
  RecordedReader reader(w.schema, w.in);
  const auto a =
      reader.read(R"({"time":107.5,"ack":{"action":"Fence","data":{"target":"db1"},"state":"acked","result":{"ip":"10.0.0.1"}}})");
  REQUIRE(a.has_value());
  const auto& ack = std::get<AckInput>(*a);
  CHECK(ack.action == w.fence);
  CHECK(ack.present == 1);
  CHECK(w.text(ack.data[0]) == "db1");
  CHECK(ack.state == ActionState::kAcked);
  REQUIRE(ack.result.size() == 2);
  CHECK(ack.result[1].is_null());
  CHECK(ack.stamp.ns == 107'500'000'000);

  const auto empty = reader.read(R"({"time":1,"ack":{"action":"DrainLink","data":{},"state":"failed","result":{},"error":"no route"}})");
  REQUIRE(empty.has_value());
  CHECK(std::get<AckInput>(*empty).error == "no route");

  const auto t = reader.read(R"({"time":900,"tick":true})");
  REQUIRE(t.has_value());
  CHECK(std::get<TickInput>(*t).time.ns == 900'000'000'000);
  const auto accounted = reader.read(R"({"time":900,"tick":true,"source":"gnmi-1","seq":18})");
  REQUIRE(accounted);
  CHECK(std::get<TickInput>(*accounted).source == "gnmi-1");
  CHECK(std::get<TickInput>(*accounted).seq == 18);
  std::string again;
  append_accounted(again, {900'000'000'000}, "gnmi-1", 18);
  CHECK(again == R"({"time":900,"tick":true,"source":"gnmi-1","seq":18})");
  CHECK_FALSE(reader.read(R"({"time":900,"tick":true,"seq":18})"));

  CHECK(error_of(w, R"({"time":1,"ack":{"action":"Fense"}})") == "there is no action `Fense`; did you mean `Fence`?");
  CHECK(error_of(w, R"({"time":1,"ack":{"action":"Fence","state":"sent"}})") ==
        "`state`: expected \"acked\", \"failed\", \"approved\" or \"rejected\", got `sent`");
  CHECK(error_of(w, R"({"time":1,"ack":{}})") == "an `ack` names its `action`, or an `id`");
  CHECK(error_of(w, R"({"time":1,"tick":false})") == "`tick`: expected true");
  CHECK(error_of(w, R"({"time":1,"tick":true,"type":"LinkStats"})") ==
        "a record is either a fact (`type`), an `ack`, a `tick` or `recovered`");

  const auto back = reader.read(R"({"time":960,"recovered":true})");
  REQUIRE(back.has_value());
  CHECK(std::get<RecoveredInput>(*back).time.ns == 960'000'000'000);
  CHECK(error_of(w, R"({"time":1,"recovered":1})") == "`recovered`: expected true");
  CHECK(error_of(w, R"({"time":1,"recovered":true,"tick":true})") ==
        "a record is either a fact (`type`), an `ack`, a `tick` or `recovered`");
  CHECK(error_of(w, R"({"time":1,"recovered":true,"seq":3})") == "`recovered` stands alone with `time` and `source`");
}

TEST_CASE("values take the forms of their types, exactly") {
  World w;
  const std::vector<std::array<const char*, 3>> table = {
      {"b", "true", "true"},
      {"u", "18446744073709551615", "18446744073709551615"},
      {"u", "-1", "`u` of `Everything`: expected a uint or null, got -1"},
      {"k", "1", "`k` of `Everything` is given twice"},
      {"d", "1", "1.0"},
      {"d", "0.1", "0.1"},
      {"d", "-0.0", "0.0"},
      {"d", "1e400", "`d` of `Everything`: expected a double or null, got 1e400"},
      {"d", "1e-400", "0.0"},
      {"s", "\"\\u00e9\\ud83d\\ude00\"", "\"é😀\""},
      {"y", "\"AAEC\"", "\"AAEC\""},
      {"y", "\"A\"", "`y` of `Everything`: expected bytes or null, got \"A\""},
      {"dur", "\"120s\"", "\"120s\""},
      {"dur", "\"2m\"", "\"120s\""},
      {"dur", "\"1ns\"", "\"0.000000001s\""},
      {"dur", "\"1w2d3h4m5s6ms7us8ns\"", "\"788645.006007008s\""},
      {"dur", "\"-1.5s\"", "\"-1.5s\""},
      {"at", "\"2026-11-22T10:00:00Z\"", "\"2026-11-22T10:00:00Z\""},
      {"at", "1.5", "\"1970-01-01T00:00:01.5Z\""},
      {"at", "\"9999-12-31T00:00:00Z\"", "\"9999-12-31T00:00:00Z\""},
      {"at", "253402214400", "`at` of `Everything`: expected a timestamp or null, got 253402214400"},
      {"pct", "0.92", "0.92"},
      {"pct", "\"92%\"", "0.92"},
      {"pct", "0.000000001", "0.000000001"},
      {"pct", "1e-9", "0.000000001"},
      {"pct", "\"high\"", "`pct` of `Everything`: expected a percent or null, got \"high\""},
      {"size", "\"2GiB\"", "2147483648"},
      {"size", "9007199254740993", "9007199254740993"},
      {"rate", "\"10Gbps\"", "10000000000"},
      {"rate", "12.5", "13"},
      {"pps", "\"3Mpps\"", "3000000"},
      {"ip", "\"fe80::1\"", "\"fe80::1\""},
      {"ip", "\"10.0.0.256\"", "`ip` of `Everything`: expected an ip or null, got \"10.0.0.256\""},
      {"net", "\"10.0.0.0/8\"", "\"10.0.0.0/8\""},
      {"tags", "[\"a\",\"b\"]", "[\"a\",\"b\"]"},
      {"tags", "[\"a\",1]", "`tags[1]` of `Everything`: expected a string, got 1"},
      {"tags", "\"a\"", "`tags` of `Everything`: expected a list<string> or null, got \"a\""},
      {"counts", "{\"b\":2,\"a\":1}", "{\"a\":1,\"b\":2}"},
      {"counts", "{\"a\":1,\"a\":1}", "`counts` of `Everything`: expected different keys, got \"a\" twice"},
      {"counts", "{\"a\":\"x\"}", "`counts[\"a\"]` of `Everything`: expected an int, got \"x\""},
      {"slots", "{\"7\":\"x\"}", "{\"7\":\"x\"}"},
      {"slots", "{\"x\":\"x\"}", "`slots[\"x\"]` of `Everything`: expected an int, got \"x\""},
      {"any", "{\"a\":[1,2.5,null,{\"b\":true}]}", "{\"a\":[1,2.5,null,{\"b\":true}]}"},
      {"any", "9223372036854775808", "9223372036854775808"},
      {"s", "null", "null"},
  };
  for (const auto& [name, json, expected] : table) {
    INFO(name << " " << json);
    CHECK(round(w, name, json) == expected);
  }
}

TEST_CASE("a quantity says its unit where a bare number could mean two things") {
  World w;
  // What is written, what it is taken for; or what the refusal says.
  const std::vector<std::array<const char*, 3>> table = {
      {"pct", "0", "0"},
      {"pct", "1", "1"},
      {"pct", "-1", "-1"},
      {"pct", "1.5", "1.5"},
      {"pct", "2.0", "2.0"},
      {"pct", "10.0", "10.0"},
      {"pct", "\"1200%\"", "\"1200%\""},
      {"pct", "80", "got 80; write \"80%\" or the ratio 0.8: as a ratio 80 would be 8000%; if that is meant, write \"8000%\""},
      {"pct", "2", "got 2; write \"2%\" or the ratio 0.02: as a ratio 2 would be 200%; if that is meant, write \"200%\""},
      {"pct", "80.5", "got 80.5; write \"80.5%\" or the ratio 0.805: as a ratio 80.5 would be 8050%; if that is meant, write \"8050%\""},
      {"pct", "1e300", "got 1e300; write \"1e300%\" or the ratio 0.92"},
      {"pct", "\"80\"", "got \"80\"; write a ratio such as 0.92, or \"92%\""},
      {"pct", "\"0.8\"", "got \"0.8\"; write a ratio such as 0.92, or \"92%\""},
      {"size", "5", "5"},
      {"size", "\"5B\"", "5"},
      {"size", "\"5\"", "got \"5\"; write a number of bytes, or \"2GiB\""},
      {"size", "-5", "got -5; a size is not negative"},
      {"size", "\"-5MB\"", "got \"-5MB\"; write a number of bytes, or \"2GiB\""},
      {"rate", "\"10\"", "got \"10\"; write a number of bit/s, or \"10Gbps\""},
      {"rate", "-1", "got -1; a bitrate is not negative"},
      {"pps", "\"7\"", "got \"7\"; write a number of packets/s, or \"3Mpps\""},
      {"dur", "90", "got 90; write a duration with its unit: \"120s\", \"1h30m\", \"250ms\""},
      {"dur", "\"90\"", "got \"90\"; write a duration with its unit: \"120s\", \"1h30m\", \"250ms\""},
      {"dur", "\"0\"", "got \"0\"; write a duration with its unit: \"120s\", \"1h30m\", \"250ms\""},
      {"dur", "\"1h1h\"", "got \"1h1h\"; write a duration with its unit: \"120s\", \"1h30m\", \"250ms\""},
      {"dur", "\"30m1h\"", "got \"30m1h\"; write a duration with its unit: \"120s\", \"1h30m\", \"250ms\""},
  };
  for (const auto& [name, json, expected] : table) {
    INFO(name << " " << json);
    const std::string line = "{\"time\":1,\"type\":\"Everything\",\"data\":{\"k\":1,\"" + std::string(name) + "\":" + json + "}}";
    RecordedReader reader(w.schema, w.in);
    if (std::string_view(expected).starts_with("got")) {
      CHECK(error_of(w, line).ends_with(expected));
      continue;
    }
    CHECK(round(w, name, json) == expected);
    CHECK(round(w, name, expected) == expected);  // what is written can be read back
  }
}

TEST_CASE("whole numbers may be written as decimals, fractions are refused") {
  World w;
  CHECK(round(w, "counts", "{\"a\":3.0}") == "{\"a\":3}");
  CHECK(round(w, "counts", "{\"a\":1e3}") == "{\"a\":1000}");
  CHECK(round(w, "counts", "{\"a\":-9223372036854775808}") == "{\"a\":-9223372036854775808}");
  CHECK(round(w, "counts", "{\"a\":9223372036854775808}").starts_with("`counts[\"a\"]`"));
  CHECK(round(w, "counts", "{\"a\":3.5}") == "`counts[\"a\"]` of `Everything`: expected an int, got 3.5");
  CHECK(round(w, "counts", "{\"a\":1e999999999999}").starts_with("`counts[\"a\"]`"));
}

TEST_CASE("refusals say what and where") {
  World w;
  const std::vector<std::pair<const char*, const char*>> table = {
      {R"({"time":1,"type":"LinkStats","data":{"device":"e1","port":"et1","util":"high"}})",
       "`util` of `LinkStats`: expected a percent, got \"high\"; write a ratio such as 0.92, or \"92%\""},
      {R"({"time":1,"type":"LinkStats","data":{"device":"e1","port":"et1","utl":1}})",
       "`LinkStats` has no field `utl`; did you mean `util`?"},
      {R"({"time":1,"type":"LinkStats","data":{"device":"e1","port":"et1"}})", "`util` of `LinkStats` is missing"},
      {R"({"time":1,"type":"LinkStats"})", "`device` of `LinkStats` is missing"},
      {R"({"time":1,"type":"LinkStat","data":{}})", "there is no fact type `LinkStat`; did you mean `LinkStats`?"},
      {R"({"time":1,"type":"Hot","data":{}})", "`Hot` is derived by rules and cannot be put from outside"},
      {R"({"time":1,"type":"DrainLink","data":{}})",
       "`DrainLink` is an action and cannot be put from outside; acknowledge it with an `ack`"},
      {R"({"time":1,"type":"LinkStats","data":{"device":"e1","port":"et1","util":0,"oper":"donw"}})",
       "`oper` of `LinkStats`: expected one of \"up\", \"down\", \"testing\", got \"donw\"; did you mean \"down\"?"},
      {R"({"time":1,"type":"LinkStats","data":{"device":"e1","device":"e2"}})", "`device` of `LinkStats` is given twice"},
      {R"({"time":1,"type":"LinkStats","type":"LinkStats","data":{}})", "`type` is given twice"},
      {R"({"type":"LinkStats","data":{}})", "`time` is missing"},
      {R"({"time":"soon","type":"LinkStats","data":{}})",
       "`time`: expected a time, got \"soon\"; write RFC 3339 such as \"2026-11-22T10:00:00Z\", or seconds since the epoch"},
      {R"({"time":1e10,"type":"LinkStats","data":{}})",
       "`time`: expected a time, got 1e10; a stamp lies between 1677-09-21T00:12:43.145224192Z and 2262-04-11T23:47:16.854775807Z"},
      {R"({"time":"9999-01-01T00:00:00Z","type":"LinkStats","data":{}})",
       "`time`: expected a time, got \"9999-01-01T00:00:00Z\"; a stamp lies between 1677-09-21T00:12:43.145224192Z and "
       "2262-04-11T23:47:16.854775807Z"},
      {R"({"time":1,"typ":"LinkStats"})", "a record has no key `typ`; did you mean `type`?"},
      {R"({"time":1,"type":"LinkStats","op":"delete","data":{}})", "`op`: expected \"put\", \"patch\" or \"retract\", got `delete`"},
      {R"({"time":1,"type":"LinkStats","data":{},"seq":0})", "`seq`: expected a whole number from 1 on"},
      {R"({"time":1,"type":"LinkStats","data":[]})", "expected the fields of `LinkStats` as an object"},
      {R"({"time":1})", "`type` is missing; a record has `type` and `data`, or `ack`, or `tick`, or `recovered`"},
      {R"({"time":1,"op":"put"})", "`type` is missing; a record has `type` and `data`, or `ack`, or `tick`, or `recovered`"},
      {R"([1])", "expected a record `{…}`"},
      {R"({"time":1,"type":"LinkStats","data":{"device":"e1",}})", "not JSON at column 52: expected a key in quotes"},
      {R"({"time":NaN})", "not JSON at column 9: expected a value"},
      {R"({"time":1} x)", "not JSON at column 12: something follows the end of the value"},
      {R"({"time":01})", "not JSON at column 10: a number has a leading zero"},
      {R"(nonsense)", "expected a record `{…}`"},
      {R"(Nonsense)", "not JSON at column 1: expected a value"},
      {"", "not JSON at column 1: the text ends where a value is due"},
      {"{\"time\":1,\"type\":\"a\xFF\"}", "not JSON at column 22: a string is not UTF-8"},
      {"{\"time\":1,\"type\":\"\\ud800\"}", "not JSON at column 25: a lone surrogate"},
  };
  for (const auto& [line, message] : table) {
    INFO(line);
    CHECK(error_of(w, line) == message);
  }
}

TEST_CASE("limits of a line") {
  World w;
  CHECK(error_of(w, std::string(kMaxLineBytes + 1, ' ')) == "the line is longer than 1048576 bytes");
  std::string deep = R"({"time":1,"type":"Everything","data":{"k":1,"any":)";
  CHECK(round(w, "any", std::string(14, '[') + std::string(14, ']')) == std::string(14, '[') + std::string(14, ']'));
  CHECK(round(w, "any", std::string(15, '[') + std::string(15, ']')).ends_with("nested deeper than 16 levels"));
  CHECK(round(w, "any", std::string(500'000, '[')).ends_with("nested deeper than 16 levels"));
}

TEST_CASE("no prefix and no single-byte change of a record does more than be refused") {
  World w;
  RecordedReader reader(w.schema, w.in);
  const std::string line =
      R"({"time":12.5,"type":"LinkStats","op":"put","data":{"device":"e1","port":"et\u0031","util":9.2e-1,"lag":null},"source":"g","seq":17})";
  REQUIRE(reader.read(line).has_value());
  for (std::size_t n = 0; n < line.size(); ++n) CHECK_FALSE(reader.read(line.substr(0, n)).has_value());
  for (std::size_t i = 0; i < line.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      std::string changed = line;
      changed[i] = static_cast<char>(c);
      const auto r = reader.read(changed);
      if (!r && r.error().message.empty()) FAIL("an error without words");
    }
  }
}

TEST_CASE("writers are byte-stable") {
  World w;
  std::string out;
  ActionOutput a;
  a.time = {107'500'000'000};
  a.id = "00112233445566778899aabbccddeeff";
  a.action = w.drain;
  a.rule_name = "net.remediation.drain_hot_link";
  a.data = {w.in.string("e1"), w.in.string("et1"), w.in.string("et1 above \"80%\"")};
  append_action(out, a, w.schema, w.in);
  CHECK(out == R"({"time":107.5,"rule":"net.remediation.drain_hot_link","action":"DrainLink","id":"00112233445566778899aabbccddeeff",)"
               R"("data":{"device":"e1","port":"et1","reason":"et1 above \"80%\""},"state":"sent","try":1})");
  out.clear();
  a.shadow = true;
  a.state = ActionState::kProposed;
  a.time = {1'795'341'600'000'000'001};
  append_action(out, a, w.schema, w.in);
  CHECK(out.starts_with(R"({"time":1795341600.000000001,)"));
  CHECK(out.ends_with(R"("state":"proposed","try":1,"shadow":true})"));

  out.clear();
  append_derived(out, {{5'000'000'000}, w.derived, false, {w.in.string("e1"), Value::percent_e9(920'000'000)}}, w.schema, w.in);
  CHECK(out == R"({"time":5,"type":"net.rules.Hot","op":"retract","data":{"device":"e1","util":0.92}})");
  out.clear();
  append_log(out, {{-1'500'000'000}, 0, "line\n"}, "m.r");
  CHECK(out == R"({"time":-1.5,"rule":"m.r","log":"line\n"})");
  out.clear();
  const std::vector<Value> output{w.in.string("internal"), Value::duration_ns(500'000'000)};
  const std::vector<std::string> skipped{"degraded"};
  append_answer(out, {w.pick_pool, &output, "internal", {12'000'000'000}, 7, &skipped}, w.schema, w.in);
  CHECK(
      out ==
      R"({"decision":"pick_pool","output":{"pool":"internal","timeout":"0.5s"},"from":"internal","as_of":12,"position":7,"skipped":["degraded"]})");
}

TEST_CASE("what is written as a record reads back the same") {
  World w;
  RecordedReader reader(w.schema, w.in);
  const std::vector<std::string> lines = {
      R"({"time":12.5,"type":"net.types.LinkStats","data":{"device":"e1","port":"et1","lag":null,"util":0.92,"errors":3,"oper":"down"},"source":"g","seq":17})",
      R"({"time":12.5,"type":"net.types.LinkStats","op":"retract","data":{"device":"e1","port":"et1"}})",
      R"({"time":12.5,"type":"net.types.LinkStats","op":"patch","data":{"device":"e1","port":"et1","util":0.5}})",
      R"({"time":107.5,"ack":{"action":"Fence","data":{"target":"db1"},"state":"acked","result":{"ip":"10.0.0.1","took":"2s"}}})",
      R"({"time":107.5,"ack":{"action":"Fence","data":{"target":"db1"},"state":"acked","result":{}}})",
      R"({"time":107.5,"ack":{"id":"00ff","state":"failed","error":"no route"}})",
      R"({"time":900,"tick":true})",
      R"({"time":960,"recovered":true})",
  };
  for (const auto& line : lines) {
    auto r = reader.read(line);
    INFO(line << (r ? "" : r.error().message));
    REQUIRE(r.has_value());
    std::string out;
    if (auto* f = std::get_if<FactInput>(&*r)) append_fact(out, *f, w.schema, w.in);
    if (auto* a = std::get_if<AckInput>(&*r)) append_ack(out, *a, w.schema, w.in);
    if (auto* t = std::get_if<TickInput>(&*r)) append_tick(out, t->time);
    if (auto* t = std::get_if<RecoveredInput>(&*r)) append_recovered(out, t->time);
    CHECK(out == line);
  }
}

TEST_CASE("questions as JSON") {
  World w;
  const auto v = parse_decision_input(w.schema, w.pick_pool, R"({"client":"192.0.2.7","service":"api"})", w.in);
  REQUIRE(v.has_value());
  REQUIRE(v->size() == 3);
  CHECK(w.text((*v)[0]) == "api");
  CHECK((*v)[2] == Value::integer(1));
  const auto bad = parse_decision_input(w.schema, w.pick_pool, R"({"service":"api"})", w.in);
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().message == "`client` of the input of `pick_pool` is missing");
}

TEST_CASE("any JSON is a value") {
  World w;
  const auto members = parse_json_object(R"({"x":1,"y":"a","z":[1.5,{"k":null}]})", w.in);
  REQUIRE(members.has_value());
  REQUIRE(members->size() == 3);
  CHECK((*members)[0].second == Value::integer(1));
  CHECK_FALSE(parse_json_object(R"({"x":1,"x":2})", w.in).has_value());
  CHECK_FALSE(parse_json("1 2", w.in).has_value());
  CHECK(parse_json_as("\"2m\"", Type::of(TypeTag::kDuration), w.in).value() == Value::duration_ns(120 * kNsPerSecond));
}
