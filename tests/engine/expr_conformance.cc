// The CEL conformance suite's core cases, if ../shared/data holds them: every case is run and compared; how many agree
// is printed, and may not fall below what was reached before.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "model/compare.h"
#include "tests/engine/expr_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;
using nlohmann::json;

namespace {

constexpr int kReached = 1078;

std::string decode_base64(const std::string& text) {
  std::string out;
  unsigned held = 0, bits = 0;
  for (const char c : text) {
    const char* alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char* p = c == '=' ? nullptr : std::strchr(alphabet, c);
    if (p == nullptr) break;
    held = held << 6 | static_cast<unsigned>(p - alphabet);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(held >> bits & 0xFFU);
    }
  }
  return out;
}

Value value_of(const json& j, Interner& in) {
  const std::string kind = j.begin().key();
  const json& v = j.begin().value();
  if (kind == "null_value") return Value::null();
  if (kind == "bool_value") return Value::boolean(v.get<bool>());
  if (kind == "int64_value") return Value::integer(v.is_string() ? std::stoll(v.get<std::string>()) : v.get<std::int64_t>());
  if (kind == "uint64_value") return Value::uinteger(v.is_string() ? std::stoull(v.get<std::string>()) : v.get<std::uint64_t>());
  if (kind == "double_value") {
    if (v.is_string()) {
      const std::string s = v.get<std::string>();
      return Value::real(s == "NaN" ? std::nan("") : s == "-Infinity" ? -INFINITY : INFINITY);
    }
    return Value::real(v.get<double>());
  }
  if (kind == "string_value") return in.string(v.get<std::string>());
  if (kind == "bytes_value") return in.bytes(decode_base64(v.get<std::string>()));
  if (kind == "type_value") return in.type_name(v.get<std::string>());
  if (kind == "list_value") {
    std::vector<Value> items;
    for (const json& item : v.value("values", json::array())) items.push_back(value_of(item, in));
    return in.list(items);
  }
  if (kind == "map_value") {
    std::vector<MapEntry> entries;
    for (const json& e : v.value("entries", json::array())) entries.push_back({value_of(e["key"], in), value_of(e["value"], in)});
    return in.map(entries);
  }
  return in.error("unreadable " + kind);
}

Type type_of(const json& j) {
  if (j.contains("primitive")) {
    static const std::map<std::string, TypeTag> kTags{{"BOOL", TypeTag::kBool},     {"INT64", TypeTag::kInt},
                                                      {"UINT64", TypeTag::kUint},   {"DOUBLE", TypeTag::kDouble},
                                                      {"STRING", TypeTag::kString}, {"BYTES", TypeTag::kBytes}};
    return Type::of(kTags.at(j["primitive"]));
  }
  if (j.contains("null")) return Type::of(TypeTag::kNull);
  if (j.contains("list_type")) return Type::list_of(type_of(j["list_type"]["elem_type"]));
  if (j.contains("map_type")) return Type::map_of(type_of(j["map_type"]["key_type"]), type_of(j["map_type"]["value_type"]));
  return Type::of(TypeTag::kDyn);
}

bool agrees(const Value& a, const Value& b, const Interner& in) {
  if (a.is(Kind::kDouble) && b.is(Kind::kDouble) && std::isnan(a.as_double()) && std::isnan(b.as_double())) return true;
  return compare_total(a, b, in) == 0;
}

}  // namespace

TEST_CASE("the CEL conformance suite's core cases") {
  std::ifstream file(std::string(FLYBALL_SOURCE_DIR) + "/../shared/data/cel_conformance_core.jsonl");
  if (const char* given = std::getenv("FLYBALL_CEL_CASES"); !file && given != nullptr) file.open(given);
  if (!file) {
    WARN("skipped: the conformance cases are not here");
    return;
  }
  const bool verbose = std::getenv("FLYBALL_CEL_VERBOSE") != nullptr;
  int total = 0, passed = 0;
  std::map<std::string, std::pair<int, int>> by_file;
  std::string line;
  while (std::getline(file, line)) {
    const json test = json::parse(line);
    Interner in;
    std::vector<Bound> bound;
    for (const json& declared : test.value("type_env", json::array())) {
      if (declared.contains("ident")) bound.push_back({declared["name"], type_of(declared["ident"]["type"]), Value::unknown()});
    }
    if (test.contains("bindings")) {
      for (const auto& [name, b] : test["bindings"].items()) {
        const Value v = value_of(b["value"], in);
        const auto it = std::find_if(bound.begin(), bound.end(), [&](const Bound& x) { return x.name == name; });
        if (it == bound.end()) {
          bound.push_back({name, Type::of(TypeTag::kDyn), v});
        } else {
          it->value = v;
        }
      }
    }
    const Compiled c = compile_text(test["expr"], in, bound, false, test.value("disable_check", false));
    bool good = false;
    std::string got;
    if (test.value("check_only", false)) {
      good = c.trouble.empty();
      got = c.trouble;
    } else if (!c.trouble.empty()) {
      good = test.contains("eval_error");
      got = "refused: " + c.trouble;
    } else {
      const Value v = run_code(c.code, in, bound);
      got = v.is_error() ? "error: " + std::string(in.text(v)) : to_source(v, in);
      const json* expected = test.contains("value")          ? &test["value"]
                             : test.contains("typed_result") ? &test["typed_result"]["result"]
                                                             : nullptr;
      good = test.contains("eval_error") ? v.is_error() : expected != nullptr && agrees(v, value_of(*expected, in), in);
    }
    ++total;
    passed += good ? 1 : 0;
    auto& [p, n] = by_file[test["file"]];
    p += good ? 1 : 0;
    ++n;
    if (!good && verbose)
      std::cerr << test["file"].get<std::string>() << '/' << test["name"].get<std::string>() << ": " << test["expr"].get<std::string>()
                << "\n    " << got << '\n';
  }
  for (const auto& [name, counts] : by_file) std::cout << "  " << name << ' ' << counts.first << " of " << counts.second << '\n';
  std::cout << "CEL conformance: " << passed << " of " << total << '\n';
  CHECK(passed >= kReached);
}
