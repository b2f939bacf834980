// MessagePack: bytes written, bytes read, bytes refused. msgpack-cxx is the independent oracle, here and nowhere else.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <msgpack.hpp>
#include <random>
#include <sstream>

#include "bus/codec/fact_decoder.h"
#include "bus/codec/message.h"
#include "bus/codec/msgpack_value.h"
#include "bus/codec/transcode.h"
#include "bus/codec/typed_json.h"
#include "model/text.h"
#include "tests/bus/fixture.h"

using namespace flyball;
using namespace flyball::bus;
using flyball::bus::test::World;

namespace {

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

template <typename F>
std::string written(F&& f) {
  std::string out;
  MsgpackWriter w(out);
  f(w);
  return out;
}

// One field of Everything packed by `f`, as the canonical JSON it was taken for, or the error.
template <typename F>
std::string taken(World& w, std::string_view name, F&& f) {
  const std::string item = written([&](MsgpackWriter& m) {
    m.map(2);
    m.text_entry("type", "Everything");
    m.string("data");
    m.map(name == "k" ? 1 : 2);
    if (name != "k") m.string("k"), m.integer(1);
    m.string(name);
    f(m);
  });
  FactDecoder d(w.schema, w.in);
  FactInput fact;
  AckInput ack;
  MsgpackReader r(item);
  const auto ok = d.decode(r, {7}, fact, ack);
  if (!ok) return ok.error().message;
  if (!r.at_end()) return "bytes left over";
  std::string out;
  append_json(out, fact.values[w.schema.types[w.everything].field_index(name)], w.in);
  return out;
}

}  // namespace

TEST_CASE("integers, doubles, strings and times have one form each") {
  const auto i = [](std::int64_t n) { return hex(written([&](MsgpackWriter& w) { w.integer(n); })); };
  CHECK(i(0) == "00");
  CHECK(i(127) == "7f");
  CHECK(i(128) == "cc80");
  CHECK(i(256) == "cd0100");
  CHECK(i(65'536) == "ce00010000");
  CHECK(i(4'294'967'296) == "cf0000000100000000");
  CHECK(i(-1) == "ff");
  CHECK(i(-32) == "e0");
  CHECK(i(-33) == "d0df");
  CHECK(i(-129) == "d1ff7f");
  CHECK(i(-32'769) == "d2ffff7fff");
  CHECK(i(std::numeric_limits<std::int64_t>::min()) == "d38000000000000000");
  CHECK(hex(written([](MsgpackWriter& w) { w.real(0.92); })) == "cb3fed70a3d70a3d71");
  CHECK(hex(written([](MsgpackWriter& w) { w.string("e1"); })) == "a26531");
  CHECK(hex(written([](MsgpackWriter& w) { w.string(std::string(32, 'a')); })).starts_with("d92061"));
  CHECK(hex(written([](MsgpackWriter& w) { w.string(std::string(256, 'a')); })).starts_with("da010061"));
  CHECK(hex(written([](MsgpackWriter& w) { w.string(std::string(65'536, 'a')); })).starts_with("db0001000061"));
  CHECK(hex(written([](MsgpackWriter& w) { w.bytes(std::string(2, '\0')); })) == "c4020000");
  CHECK(hex(written([](MsgpackWriter& w) { w.timestamp(Timestamp{1'795'341'600'000'000'000}); })) == "d6ff6b02bd20");
  CHECK(hex(written([](MsgpackWriter& w) { w.timestamp(Timestamp{12'500'000'000}); })) == "d7ff773594000000000c");
  CHECK(hex(written([](MsgpackWriter& w) { w.timestamp(Timestamp{-1}); })) == "c70cff3b9ac9ffffffffffffffffff");
  CHECK(hex(written([](MsgpackWriter& w) { w.map(15), w.map(16), w.map(65'536); })) == "8fde0010df00010000");
  CHECK(hex(written([](MsgpackWriter& w) { w.array(15), w.array(16), w.array(65'536); })) == "9fdc0010dd00010000");
}

TEST_CASE("what msgpack-cxx packs, we read; what we write, it reads: random documents") {
  std::mt19937_64 rng(7);
  const std::function<void(msgpack::packer<msgpack::sbuffer>&, MsgpackWriter&, int)> both = [&](auto& theirs, MsgpackWriter& ours,
                                                                                                int depth) {
    const auto number = [&] { return static_cast<std::int64_t>(rng()) >> (rng() % 64); };
    switch (rng() % (depth > 4 ? 6 : 8)) {
      case 0: theirs.pack_nil(), ours.nil(); break;
      case 1: {
        const bool b = rng() % 2 == 0;
        theirs.pack(b), ours.boolean(b);
        break;
      }
      case 2: {
        const std::int64_t n = number();
        theirs.pack_int64(n), ours.integer(n);
        break;
      }
      case 3: {
        // Not whole: those msgpack-cxx packs as integers.
        const double d = static_cast<double>(number() % 1'000'000) + 0.25;
        theirs.pack_double(d), ours.real(d);
        break;
      }
      case 4: {
        const std::string s(rng() % 300, 'x');
        theirs.pack(s), ours.string(s);
        break;
      }
      case 5: {
        const std::string s(rng() % 300, '\1');
        theirs.pack_bin(static_cast<std::uint32_t>(s.size())), theirs.pack_bin_body(s.data(), static_cast<std::uint32_t>(s.size())),
            ours.bytes(s);
        break;
      }
      case 6: {
        const auto n = static_cast<std::uint32_t>(rng() % 20);
        theirs.pack_array(n), ours.array(n);
        for (std::uint32_t i = 0; i < n; ++i) both(theirs, ours, depth + 1);
        break;
      }
      default: {
        const auto n = static_cast<std::uint32_t>(rng() % 20);
        theirs.pack_map(n), ours.map(n);
        for (std::uint32_t i = 0; i < n; ++i) {
          const std::string key = "k" + std::to_string(i);
          theirs.pack(key), ours.string(key);
          both(theirs, ours, depth + 1);
        }
      }
    }
  };
  for (int round = 0; round < 2'000; ++round) {
    msgpack::sbuffer theirs;
    msgpack::packer<msgpack::sbuffer> packer(theirs);
    std::string ours;
    MsgpackWriter w(ours);
    both(packer, w, 0);
    // pack_int64 takes the shortest form, as ours: the bytes are equal.
    const bool equal = std::string_view(theirs.data(), theirs.size()) == ours;
    REQUIRE(equal);
    MsgpackReader r(ours);
    REQUIRE(r.skip());
    REQUIRE(r.at_end());
    REQUIRE(packed_to_json(ours).has_value());
  }
}

TEST_CASE("every encoding of a number is read") {
  World w;
  for (const std::string& bytes :
       {std::string("\x05"), std::string("\xcc\x05"), std::string("\xcd\0\x05", 3), std::string("\xce\0\0\0\x05", 5),
        std::string("\xcf\0\0\0\0\0\0\0\x05", 9), std::string("\xd0\x05"), std::string("\xd1\0\x05", 3), std::string("\xd2\0\0\0\x05", 5),
        std::string("\xd3\0\0\0\0\0\0\0\x05", 9), std::string("\xca\x40\xa0\0\0", 5), std::string("\xcb\x40\x14\0\0\0\0\0\0", 9)}) {
    INFO(hex(bytes));
    CHECK(taken(w, "k", [&](MsgpackWriter& m) { m.raw(bytes); }) == "5");
    CHECK(taken(w, "d", [&](MsgpackWriter& m) { m.raw(bytes); }) == "5.0");
    CHECK(taken(w, "dur", [&](MsgpackWriter& m) { m.raw(bytes); }) == "\"5s\"");
    CHECK(taken(w, "at", [&](MsgpackWriter& m) { m.raw(bytes); }) == "\"1970-01-01T00:00:05Z\"");
    CHECK(taken(w, "size", [&](MsgpackWriter& m) { m.raw(bytes); }) == "5");
    // A float may be a ratio of 5; a whole number is more likely 5 %.
    const bool is_float = bytes.front() == '\xca' || bytes.front() == '\xcb';
    CHECK(taken(w, "pct", [&](MsgpackWriter& m) { m.raw(bytes); }) ==
          (is_float ? "5.0" : "`pct` of `Everything`: expected a percent or null, got 5"));
  }
}

TEST_CASE("values take the forms of their types") {
  World w;
  const auto real = [&](std::string_view field, double d) { return taken(w, field, [&](MsgpackWriter& m) { m.real(d); }); };
  const auto text = [&](std::string_view field, std::string_view s) { return taken(w, field, [&](MsgpackWriter& m) { m.string(s); }); };
  CHECK(real("pct", 0.92) == "0.92");
  CHECK(real("pct", 0.1 + 0.2) == "0.3");
  CHECK(text("pct", "92%") == "0.92");
  CHECK(real("pct", 80) == "`pct` of `Everything`: expected a percent or null, got 80.0");
  CHECK(real("size", -1) == "`size` of `Everything`: expected a size or null, got -1.0");
  CHECK(taken(w, "size", [&](MsgpackWriter& m) { m.integer(-1); }) == "`size` of `Everything`: expected a size or null, got -1");
  CHECK(text("dur", "1h1h") == "`dur` of `Everything`: expected a duration or null, got \"1h1h\"");
  CHECK(real("pct", 1e300) == "`pct` of `Everything`: expected a percent or null, got 1e300");
  CHECK(real("dur", 0.25) == "\"0.25s\"");
  CHECK(text("dur", "2m") == "\"120s\"");
  CHECK(real("size", 1.5e9) == "1500000000");
  CHECK(text("size", "2GiB") == "2147483648");
  CHECK(text("rate", "10Gbps") == "10000000000");
  CHECK(real("pps", 2.5) == "3");
  CHECK(text("ip", "fe80::1") == "\"fe80::1\"");
  CHECK(text("net", "10.0.0.0/8") == "\"10.0.0.0/8\"");
  CHECK(text("net", "10.0.0.1/8") == "`net` of `Everything`: expected a cidr or null, got \"10.0.0.1/8\"");
  CHECK(text("at", "2026-11-22T10:00:00Z") == "\"2026-11-22T10:00:00Z\"");
  CHECK(taken(w, "at", [](MsgpackWriter& m) { m.timestamp(Timestamp{1'500'000'000}); }) == "\"1970-01-01T00:00:01.5Z\"");
  CHECK(taken(w, "at", [](MsgpackWriter& m) { m.timestamp(Timestamp{-1}); }) == "\"1969-12-31T23:59:59.999999999Z\"");
  CHECK(taken(w, "y", [](MsgpackWriter& m) { m.bytes(std::string("\0\1\2", 3)); }) == "\"AAEC\"");
  CHECK(real("d", std::nan("")).starts_with("`d` of `Everything`: expected a double or null, got"));
  CHECK(real("d", std::numeric_limits<double>::infinity()).starts_with("`d` of `Everything`: expected a double or null, got"));
  CHECK(real("any", std::nan("")).starts_with("`any` of `Everything`: expected any value, got"));
  CHECK(real("k", 1.5) == "`k` of `Everything`: expected an int, got 1.5");
  CHECK(real("k", 1e17).starts_with("`k` of `Everything`: expected an int, got"));
  CHECK(taken(w, "u", [](MsgpackWriter& m) { m.uinteger(~0ULL); }) == "18446744073709551615");
  CHECK(taken(w, "k", [](MsgpackWriter& m) {
          m.uinteger(~0ULL);
        }).starts_with("`k` of `Everything`: expected an int, got 18446744073709551615"));
  CHECK(taken(w, "b", [](MsgpackWriter& m) { m.boolean(true); }) == "true");
  CHECK(taken(w, "b", [](MsgpackWriter& m) { m.integer(1); }) == "`b` of `Everything`: expected a bool or null, got 1");
  CHECK(taken(w, "b", [](MsgpackWriter& m) { m.nil(); }) == "null");
  CHECK(taken(w, "k", [](MsgpackWriter& m) { m.nil(); }) == "`k` of `Everything`: expected an int, got null");
  CHECK(taken(w, "tags", [](MsgpackWriter& m) { m.array(2), m.string("a"), m.string("b"); }) == R"(["a","b"])");
  CHECK(taken(w, "tags", [](MsgpackWriter& m) { m.array(2), m.string("a"), m.integer(1); }) ==
        "`tags[1]` of `Everything`: expected a string, got 1");
  CHECK(taken(w, "tags", [](MsgpackWriter& m) { m.map(0); }) == "`tags` of `Everything`: expected a list<string> or null, got a map");
  CHECK(taken(w, "slots", [](MsgpackWriter& m) { m.map(1), m.integer(7), m.string("x"); }) == R"({"7":"x"})");
  // As a peer sends them who passes JSON on.
  CHECK(taken(w, "slots", [](MsgpackWriter& m) { m.map(2), m.string("7"), m.string("x"), m.string("-8"), m.string("y"); }) ==
        R"({"-8":"y","7":"x"})");
  CHECK(taken(w, "slots", [](MsgpackWriter& m) { m.map(2), m.string("7"), m.string("x"), m.integer(7), m.string("y"); }) ==
        "`slots` of `Everything`: expected different keys, got 7 twice");
  CHECK(taken(w, "slots", [](MsgpackWriter& m) { m.map(1), m.string("up"), m.string("x"); }) ==
        "`slots[\"up\"]` of `Everything`: expected an int, got \"up\"");
  CHECK(real("d", -0.0) == "0.0");
  CHECK(taken(w, "counts", [](MsgpackWriter& m) { m.map(2), m.string("a"), m.integer(1), m.string("a"), m.integer(2); }) ==
        "`counts` of `Everything`: expected different keys, got \"a\" twice");
  CHECK(taken(w, "any", [](MsgpackWriter& m) { m.map(1), m.string("a"), m.array(2), m.nil(), m.real(2.5); }) == R"({"a":[null,2.5]})");
}

TEST_CASE("seconds as doubles are exact to the nanosecond for 26 days") {
  World w;
  std::mt19937_64 rng(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto ns = static_cast<std::int64_t>(rng() >> 13);
    const double d = static_cast<double>(ns) / 1e9;
    WireScalar s;
    s.form = WireScalar::Form::kDouble;
    s.real = d;
    Value v;
    Mismatch m;
    REQUIRE(to_typed(s, Type::of(TypeTag::kDuration), w.in, v, m));
    REQUIRE(v.as_int() == ns);
  }
}

TEST_CASE("values survive the way out and back") {
  World w;
  const std::vector<std::pair<const char*, const char*>> table = {
      {"pct", "\"92.123456789%\""}, {"dur", "\"1h30m0.5s\""},    {"at", "\"2026-11-22T10:00:00.000000001Z\""},
      {"size", "9007199254740993"}, {"rate", "10000000001"},     {"ip", "\"10.0.0.1\""},
      {"net", "\"2001:db8::/32\""}, {"y", "\"AAEC\""},           {"tags", "[\"é\",\"\"]"},
      {"counts", "{\"a\":-1}"},     {"slots", "{\"-3\":\"x\"}"}, {"d", "0.1"},
      {"u", "18446744073709551615"}};
  for (const auto& [name, json] : table) {
    INFO(name);
    const Field& field = w.schema.types[w.everything].fields[w.schema.types[w.everything].field_index(name)];
    JsonReader jr(json);
    Value v;
    Mismatch m;
    REQUIRE(read_typed(jr, field.type, w.in, v, m));
    const std::string packed = written([&](MsgpackWriter& x) { pack_value(x, v, w.in); });
    MsgpackReader r(packed);
    Value back;
    REQUIRE(read_packed(r, field.type, w.in, back, m, 1));
    CHECK(back == v);
  }
}

TEST_CASE("declared lengths are not believed, nothing is allocated for them") {
  World w;
  const auto refused = [&](std::string value) { return taken(w, "any", [&](MsgpackWriter& m) { m.raw(value); }); };
  CHECK(refused(std::string("\xdd\xff\xff\xff\xff", 5)).find("an array has more items than the message has bytes") != std::string::npos);
  CHECK(refused(std::string("\xdf\x7f\xff\xff\xff", 5)).find("a map has more entries than the message has bytes") != std::string::npos);
  CHECK(refused(std::string("\xdb\xff\xff\xff\xff", 5)).find("a string is longer than the message") != std::string::npos);
  CHECK(refused(std::string("\xc6\xff\xff\xff\xff", 5)).find("a string is longer than the message") != std::string::npos);
  CHECK(refused(std::string("\xc9\xff\xff\xff\xff\x01", 6)).find("an extension is longer than the message") != std::string::npos);
  CHECK(refused("\xc1").find("the byte 0xc1 is never used") != std::string::npos);
  CHECK(refused(std::string("\xd4\x01\x00", 3)).find("an extension that is no timestamp") != std::string::npos);
  CHECK(refused(std::string("\xd7\xff\xff\xff\xff\xff\0\0\0\0", 10)).find("more than 999999999 nanoseconds") != std::string::npos);
  CHECK(refused(std::string("\xa2\xc3\x28", 3)).find("a string is not UTF-8") != std::string::npos);
  // Ten million nested arrays: refused at the limit, in no time.
  CHECK(refused(std::string(10'000'000, '\x91')).find("nested too deep") != std::string::npos);
}

TEST_CASE("nesting is limited alike wherever a fact is read") {
  World w;
  const auto nested = [](int n) {
    return [n](MsgpackWriter& m) {
      for (int i = 0; i < n; ++i) m.array(1);
      m.nil();
    };
  };
  CHECK(taken(w, "any", nested(12)) == std::string(12, '[') + "null" + std::string(12, ']'));
  CHECK(taken(w, "any", nested(13)).find("nested too deep") != std::string::npos);
}

TEST_CASE("misspelt, doubled and missing fields are refused; the reader stands at the next fact") {
  World w;
  FactDecoder d(w.schema, w.in);
  const auto pack = [](std::string_view json) { return written([&](MsgpackWriter& m) { REQUIRE(json_to_packed(json, m).has_value()); }); };
  const std::string good = pack(R"({"type":"Vm","data":{"vm":"v","running":true}})");
  for (const auto& [bad, message] : std::vector<std::pair<std::string, std::string>>{
           {R"({"type":"Vm","data":{"vm":"v","runing":true}})", "`Vm` has no field `runing`"},
           {R"({"type":"Vm","data":{"vm":"v"}})", "`running` of `Vm` is missing"},
           {R"({"type":"Vm"})", "`vm` of `Vm` is missing"},
           {R"({"data":{}})", "`type` is missing"},
           {R"({"typ":"Vm"})", "a fact has no key `typ`"},
           {R"({"type":"Vm","data":[]})", "expected the fields of `Vm` as a map, got an array"},
           {R"({"type":5})", "`type`: expected a string, got an integer"},
           {R"({"type":"Vm","time":"soon","data":{}})", "`time`: expected a time, got \"soon\""},
           {R"({"type":"Vm","op":"del","data":{}})", "`op`: expected \"put\", \"patch\" or \"retract\", got `del`"},
           {R"({"type":"Vm","ack":{"id":"x"}})", "an `ack` stands alone with `time`"},
           {R"({"ack":{"state":"acked"}})", "an `ack` names its `action`, or an `id`"},
           {R"({"ack":{"id":"x","stat":"acked"}})", "an `ack` has no key `stat`"},
           {"[1,[2]]", "expected a fact as a map with `type` and `data`, got an array"}}) {
    INFO(bad);
    const std::string bytes = pack(bad) + good;
    MsgpackReader r(bytes);
    FactInput f;
    AckInput a;
    const auto refused = d.decode(r, {1}, f, a);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message == message);
    REQUIRE_FALSE(r.failed());
    const auto next = d.decode(r, {1}, f, a);
    CHECK(next.has_value());
    CHECK(r.at_end());
  }
  std::string twice = written([](MsgpackWriter& m) {
    m.map(2), m.text_entry("type", "Vm"), m.string("data"), m.map(2), m.text_entry("vm", "a"), m.text_entry("vm", "b");
  });
  MsgpackReader r(twice);
  FactInput f;
  AckInput a;
  CHECK(d.decode(r, {1}, f, a).error().message == "`vm` of `Vm` is given twice");
}

TEST_CASE("buffers are reused: a patch after a put does not see its values") {
  World w;
  FactDecoder d(w.schema, w.in);
  FactInput f;
  AckInput a;
  const auto decode = [&](std::string_view json) {
    const std::string bytes = written([&](MsgpackWriter& m) { REQUIRE(json_to_packed(json, m).has_value()); });
    MsgpackReader r(bytes);
    REQUIRE(d.decode(r, {1}, f, a).has_value());
  };
  decode(R"({"type":"LinkStats","data":{"device":"e1","port":"p","util":0.5,"errors":9,"oper":"down","lag":"x"}})");
  const Value* storage = f.values.data();
  decode(R"({"type":"LinkStats","op":"patch","data":{"port":"p","device":"e1","errors":3}})");
  CHECK(f.values.data() == storage);
  CHECK(f.op == FactOp::kPatch);
  CHECK(f.present == 0b010011);
  CHECK(f.values[3].is_null());
  decode(R"({"type":"LinkStats","data":{"device":"e1","port":"p","util":0.5}})");
  CHECK(f.op == FactOp::kPut);
  CHECK(f.values[2].is_null());
  CHECK(f.values[4] == Value::integer(0));
  CHECK(w.text(f.values[5]) == "up");
}

TEST_CASE("any change of one byte and any truncation of a fact is read or refused, nothing else") {
  World w;
  FactDecoder d(w.schema, w.in);
  const std::string good = written([&](MsgpackWriter& m) {
    REQUIRE(
        json_to_packed(
            R"({"type":"Everything","time":1.5,"data":{"k":1,"s":"abc","tags":["a","b"],"counts":{"a":1},"any":{"x":[1,{"y":null}]},"ip":"::1"}})",
            m)
            .has_value());
  });
  FactInput f;
  AckInput a;
  for (std::size_t n = 0; n < good.size(); ++n) {
    MsgpackReader r(std::string_view(good).substr(0, n));
    CHECK_FALSE(d.decode(r, {1}, f, a).has_value());
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      std::string changed = good;
      changed[i] = static_cast<char>(c);
      MsgpackReader r(changed);
      if (auto ok = d.decode(r, {1}, f, a); !ok && ok.error().message.empty()) FAIL("an error without words");
      MsgpackReader plain(changed);
      if (auto ok = d.decode_plain(plain, w.everything, {1}, f); !ok && ok.error().message.empty()) FAIL("an error without words");
      static_cast<void>(Message::parse(changed));
      static_cast<void>(packed_to_json(changed));
    }
  }
}

TEST_CASE("JSON to MessagePack and back") {
  const auto through = [](std::string_view json) {
    std::string out;
    MsgpackWriter w(out);
    if (auto ok = json_to_packed(json, w); !ok) return ok.error().message;
    return packed_to_json(out).value();
  };
  CHECK(through(R"({"a":[1,-2,3.5,"x",null,true,18446744073709551615],"b":{}})") ==
        R"({"a":[1,-2,3.5,"x",null,true,18446744073709551615],"b":{}})");
  CHECK(through("{\"a\":1,\"a\":2}") == "`a` is given twice");
  CHECK(through("1e400") == "1e400 is too large a number");
  CHECK(through("[1") == "not JSON at column 3: the text ends inside a list");
  CHECK(through("1 2") == "not JSON at column 3: something follows the end of the value");
  std::string out;
  MsgpackWriter w(out);
  w.map(3), w.string("time"), w.timestamp(Timestamp{1'500'000'000}), w.integer(5), w.nil(), w.string("in"), w.array(1),
      w.timestamp(Timestamp{1'500'000'000});
  CHECK(packed_to_json(out).value() == R"({"time":1.5,"5":null,"in":["1970-01-01T00:00:01.5Z"]})");
}
