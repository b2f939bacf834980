// The schema that the bus's tests speak of, built by hand: no parser is needed to test bytes.
#pragma once

#include <string>
#include <vector>

#include "model/fact.h"
#include "model/interner.h"
#include "model/schema.h"

namespace flyball::bus::test {

inline Field field(std::string name, Type type, std::optional<Value> default_value = {}) {
  return {std::move(name), std::move(type), default_value, ""};
}

inline Type nullable(Type t) {
  t.nullable = true;
  return t;
}

inline Type enumeration(std::vector<std::string> members) {
  Type t = Type::of(TypeTag::kEnum);
  t.members = std::move(members);
  return t;
}

inline FactType fact_type(std::string module, std::string local, Role role, std::vector<Field> fields, std::vector<std::uint32_t> key,
                          bool has_key = true) {
  FactType t;
  t.name = module + "." + local;
  t.module = module;
  t.local = local;
  t.role = role;
  t.declared_fields = fields.size();
  t.fields = std::move(fields);
  t.key = std::move(key);
  t.has_key = has_key;
  return t;
}

struct World {
  Interner in;
  Schema schema;
  FactTypeId link = 0, everything = 0, flap = 0, vm = 0, derived = 0, drain = 0, fence = 0;
  DecisionId pick_pool = 0;

  World() {
    const auto T = [](TypeTag tag) { return Type::of(tag); };
    const auto add = [&](FactType t) {
      schema.types.push_back(std::move(t));
      return static_cast<FactTypeId>(schema.types.size() - 1);
    };
    link = add(
        fact_type("net.types", "LinkStats", Role::kFact,
                  {field("device", T(TypeTag::kString)), field("port", T(TypeTag::kString)), field("lag", nullable(T(TypeTag::kString))),
                   field("util", T(TypeTag::kPercent)), field("errors", T(TypeTag::kInt), Value::integer(0)),
                   field("oper", enumeration({"up", "down", "testing"}), in.string("up"))},
                  {0, 1}));
    everything = add(fact_type(
        "net.types", "Everything", Role::kFact,
        {field("k", T(TypeTag::kInt)), field("b", nullable(T(TypeTag::kBool))), field("u", nullable(T(TypeTag::kUint))),
         field("d", nullable(T(TypeTag::kDouble))), field("s", nullable(T(TypeTag::kString))), field("y", nullable(T(TypeTag::kBytes))),
         field("dur", nullable(T(TypeTag::kDuration))), field("at", nullable(T(TypeTag::kTimestamp))),
         field("pct", nullable(T(TypeTag::kPercent))), field("size", nullable(T(TypeTag::kSize))),
         field("rate", nullable(T(TypeTag::kBitrate))), field("pps", nullable(T(TypeTag::kPps))), field("ip", nullable(T(TypeTag::kIp))),
         field("net", nullable(T(TypeTag::kCidr))), field("tags", nullable(Type::list_of(T(TypeTag::kString)))),
         field("counts", nullable(Type::map_of(T(TypeTag::kString), T(TypeTag::kInt)))),
         field("slots", nullable(Type::map_of(T(TypeTag::kInt), T(TypeTag::kString)))), field("any", T(TypeTag::kDyn))},
        {0}));
    flap = add(
        fact_type("net.types", "BgpFlap", Role::kEvent, {field("device", T(TypeTag::kString)), field("peer", T(TypeTag::kIp))}, {}, false));
    vm = add(fact_type("net.types", "Vm", Role::kMutable, {field("vm", T(TypeTag::kString)), field("running", T(TypeTag::kBool))}, {0}));
    derived = add(
        fact_type("net.rules", "Hot", Role::kDerived, {field("device", T(TypeTag::kString)), field("util", T(TypeTag::kPercent))}, {0}));
    FactType d =
        fact_type("net.rules", "DrainLink", Role::kAction,
                  {field("device", T(TypeTag::kString)), field("port", T(TypeTag::kString)), field("reason", T(TypeTag::kString))}, {0, 1});
    builtins(d);
    drain = add(std::move(d));
    FactType f = fact_type("ha.rules", "Fence", Role::kAction, {field("target", T(TypeTag::kString))}, {0});
    f.result_fields = {field("ip", T(TypeTag::kIp)), field("took", nullable(T(TypeTag::kDuration)))};
    builtins(f);
    fence = add(std::move(f));
    DecisionType p;
    p.name = "net.rules.pick_pool";
    p.local = "pick_pool";
    p.input = {field("service", T(TypeTag::kString)), field("client", T(TypeTag::kIp)),
               field("weight", T(TypeTag::kInt), Value::integer(1))};
    p.output = {field("pool", T(TypeTag::kString)), field("timeout", T(TypeTag::kDuration))};
    schema.decisions.push_back(std::move(p));
    schema.index();
  }

  std::string text(Value v) const { return std::string(in.text(v)); }

 private:
  static void builtins(FactType& t) {
    const auto T = [](TypeTag tag) { return Type::of(tag); };
    for (auto f : {field("id", T(TypeTag::kString)), field("state", T(TypeTag::kString)), field("at", T(TypeTag::kTimestamp)),
                   field("tries", T(TypeTag::kInt)), field("result", nullable(T(TypeTag::kDyn))), field("rule", T(TypeTag::kString))}) {
      t.fields.push_back(std::move(f));
    }
  }
};

}  // namespace flyball::bus::test
