// Schema lookups, types as text, membership, action words, the function table.
#include "model/schema.h"

#include <catch2/catch.hpp>
#include <set>

#include "model/fact.h"
#include "model/functions.h"
#include "model/interner.h"
#include "model/suggest.h"

using namespace flyball;

namespace {
FactType fact_type(std::string module, std::string local) {
  FactType t;
  t.name = module + "." + local;
  t.module = module;
  t.local = local;
  return t;
}
}  // namespace

TEST_CASE("types are found by qualified name, by unambiguous local name, and misspellings by nearness") {
  Schema s;
  s.types = {fact_type("net.types", "LinkStats"), fact_type("net.types", "Link"), fact_type("vm", "Link"), fact_type("vm", "Host")};
  s.index();
  CHECK(s.find_type("net.types.LinkStats").id == 0);
  CHECK(s.find_type("LinkStats").id == 0);
  CHECK(s.find_type("vm.Link").id == 2);
  const auto ambiguous = s.find_type("Link");
  CHECK(ambiguous.id == kNoId);
  CHECK(ambiguous.ambiguous);
  CHECK(ambiguous.candidates == std::vector<std::string>{"net.types.Link", "vm.Link"});
  const auto typo = s.find_type("LinkStat");
  CHECK(typo.id == kNoId);
  CHECK(typo.candidates == std::vector<std::string>{"LinkStats"});
  CHECK(s.find_type("vm.Hots").candidates == std::vector<std::string>{"vm.Host"});
  CHECK(s.find_type("Elephant").candidates.empty());
  CHECK(s.find_type("").candidates.empty());
}

TEST_CASE("names that mean the opposite of each other are near, but not the same name misspelt") {
  struct Row {
    const char* word;
    const char* name;
    bool opposed;
  };
  for (const Row& row : {Row{"unhealthy", "healthy", true},
                         {"healthy", "unhealthy", true},
                         {"Undrain", "Drain", true},
                         {"Unlock", "Lock", true},
                         {"unhelathy", "healthy", true},
                         {"unavailble", "available", true},
                         {"out_service", "in_service", true},
                         {"ingress", "egress", true},
                         {"inbound", "outbound", true},
                         {"inactive", "active", true},
                         {"disable", "enable", true},
                         {"disabled", "enabled", true},
                         {"noauth", "auth", true},
                         {"no_auth", "auth", true},
                         {"restart", "start", true},
                         {"linkUp", "linkDown", true},
                         {"link_on", "link_off", true},
                         {"isUnhealthy", "isHealthy", true},
                         {"is_unhealthy", "is_healthy", true},
                         {"min_rate", "max_rate", true},
                         {"rate_min", "rate_max", true},
                         {"rx_bytes", "tx_bytes", true},
                         {"rx_bytse", "tx_bytes", true},
                         {"p95", "p99", true},
                         {"eth0", "eth1", true},
                         {"preload", "load", true},
                         {"useless", "useful", true},
                         {"utl", "util", false},
                         {"prt", "port", false},
                         {"intreface", "interface", false},
                         {"interfce", "interface", false},
                         {"innput", "input", false},
                         {"cooldwon", "cooldown", false},
                         {"cooldow", "cooldown", false},
                         {"halthy", "healthy", false},
                         {"unhelthy", "unhealthy", false},
                         {"Drian", "Drain", false},
                         {"in_servce", "in_service", false},
                         {"restrat", "restart", false},
                         {"onclaer", "onclear", false},
                         {"dpeth", "depth", false},
                         {"Device", "device", false},
                         {"eth_0", "eth0", false}}) {
    INFO(row.word << " " << row.name);
    CHECK(opposed(row.word, row.name) == row.opposed);
    CHECK(opposed(row.name, row.word) == row.opposed);
  }
}

TEST_CASE("nearest gives all equally near names") {
  const std::vector<std::string> names{"util", "until", "utils", "port", "peer"};
  CHECK(nearest("utl", names) == std::vector<std::string>{"util"});
  CHECK(nearest("utiil", names) == std::vector<std::string>{"util"});
  CHECK(nearest("prot", names) == std::vector<std::string>{"port"});
  CHECK(nearest("peor", names) == std::vector<std::string>{"peer"});
  CHECK(nearest("fort", {"sort", "port", "rate"}) == std::vector<std::string>{"port", "sort"});
  // Of a short word everything would be near.
  CHECK(nearest("up", {"p", "us", "cup"}).empty());
  CHECK(nearest("time", {"size", "ttl"}).empty());
  CHECK(nearest("IP", {"ip", "pp"}) == std::vector<std::string>{"ip"});
  CHECK(nearest("List", {"list"}) == std::vector<std::string>{"list"});
  CHECK(nearest("cooldwon", {"cooldown", "cool"}) == std::vector<std::string>{"cooldown"});
}

TEST_CASE("fields and keys") {
  FactType t = fact_type("m", "T");
  t.fields = {{"a", Type::of(TypeTag::kInt), {}, ""}, {"b", Type::of(TypeTag::kString), {}, ""}};
  t.key = {1};
  t.declared_fields = 2;
  CHECK(t.field_index("b") == 1);
  CHECK(t.field_index("c") == kNoId);
  CHECK(t.is_key_field(1));
  CHECK_FALSE(t.is_key_field(0));
  CHECK(t.action_field(ActionField::kId) == 2);
  CHECK(t.action_field(ActionField::kRule) == 7);
}

TEST_CASE("types as an author writes them") {
  Type set = Type::of(TypeTag::kEnum);
  set.members = {"up", "down"};
  CHECK(to_string(set) == "\"up\" | \"down\"");
  set.nullable = true;
  CHECK(to_string(set) == "(\"up\" | \"down\")?");
  CHECK(to_string(Type::map_of(Type::of(TypeTag::kString), Type::list_of(Type::of(TypeTag::kIp)))) == "map<string, list<ip>>");
  Type optional = Type::of(TypeTag::kString);
  optional.nullable = true;
  CHECK(to_string(optional) == "string?");
}

TEST_CASE("value_matches checks members, elements and null") {
  Interner in;
  Type set = Type::of(TypeTag::kEnum);
  set.members = {"up", "down"};
  CHECK(value_matches(in.string("up"), set, in));
  CHECK_FALSE(value_matches(in.string("sideways"), set, in));
  CHECK_FALSE(value_matches(Value::null(), set, in));
  set.nullable = true;
  CHECK(value_matches(Value::null(), set, in));
  const Type ints = Type::list_of(Type::of(TypeTag::kInt));
  CHECK(value_matches(in.list(std::vector<Value>{Value::integer(1)}), ints, in));
  CHECK_FALSE(value_matches(in.list(std::vector<Value>{Value::real(1)}), ints, in));
  CHECK_FALSE(value_matches(Value::unknown(), Type::of(TypeTag::kDyn), in));
  CHECK(value_matches(Value::null(), Type::of(TypeTag::kDyn), in));
  Type record = Type::of(TypeTag::kRecord);
  record.members = {"ip"};
  record.args = {Type::of(TypeTag::kString)};
  CHECK(value_matches(in.map(std::vector<MapEntry>{{in.string("ip"), in.string("x")}}), record, in));
  CHECK(value_matches(in.map(std::vector<MapEntry>{}), record, in));
  CHECK_FALSE(value_matches(in.map(std::vector<MapEntry>{{in.string("port"), in.string("x")}}), record, in));
}

TEST_CASE("action states have words both ways") {
  for (int i = 0; i < 8; ++i) {
    const auto s = static_cast<ActionState>(i);
    CHECK(action_state(to_string(s)) == s);
  }
  CHECK_FALSE(action_state("Sent"));
  CHECK_FALSE(action_state(""));
}

TEST_CASE("the function table is grouped by name, and its signatures are unique") {
  std::set<std::string_view> seen_names, seen_signatures;
  std::string_view last;
  for (const FunctionInfo& f : functions()) {
    CHECK(f.fn != Fn::kNone);
    CHECK_FALSE(f.doc.empty());
    CHECK(f.signature.find(" -> ") != std::string_view::npos);
    CHECK(seen_signatures.insert(f.signature).second);
    if (f.name != last && f.name != "ip") CHECK(seen_names.insert(f.name).second);
    last = f.name;
  }
}
