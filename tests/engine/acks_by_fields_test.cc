// Acknowledgements that tell their action by fields mean the newest that agrees and waits for such a word (semantics.md §8), whatever
// happened to the actions meanwhile: answered, approved, taken back with a cascade, handed to another session, restored, and with names
// collected in between.
#include <algorithm>

#include "tests/engine/dice.h"
#include "tests/engine/session_harness.h"

using namespace flyball;
using namespace flyball::engine;
using namespace flyball::engine::testing;

namespace {

constexpr const char* kFields = "{ host: string  n: int  serial: int }";

// Tell is sent, Ask waits for approval while no switch is on. A Boom turns a switch on and off until the cascade is taken back, with what
// it sent and what expired meanwhile; a reload lets it do so again.
std::string rules(bool other) {
  return fmt::format(R"(
event Ping {0}
event Boom {{ n: int  serial: int }}
fact Need key (serial) {0}
mutable fact Switch key (id) {{ id: int  on: bool }}
action Tell {0}
action Ask key (serial) {0}
rule tell {{ when {{ p: Ping }} then {{ do Tell {{ host: p.host, n: p.n, serial: p.serial }} }} }}
rule ask {{ approve when true when {{ d: Need  no Switch where on }} then {{ do Ask {{ host: d.host, n: d.n, serial: d.serial }} }} }}
rule on {{ priority 10 when {{ b: Boom  cross s: Switch where not on }}
  then {{ set s {{ on: true }} do Tell {{ host: "boom", n: b.n, serial: b.serial }} }} }}
rule off {{ when {{ b: Boom  cross s: Switch where on  {1} }} then {{ set s {{ on: false }} }} }}
)",
                     kFields, other ? "check 1 < 2" : "");
}

struct Known {
  std::int64_t serial = 0;
  std::vector<Value> data;
  std::string state;
};

std::vector<Known> actions(World& w, const char* type_name) {
  const FactTypeId id = w.program->schema().type_id(type_name);
  const FactType& type = w.program->schema().types[id];
  std::vector<Known> out;
  for (const FactView& f : w.session->facts(id))
    out.push_back({f.values[2].as_int(),
                   {f.values.begin(), f.values.begin() + 3},
                   std::string(w.in.text(f.values[type.action_field(ActionField::kState)]))});
  return out;
}

}  // namespace

TEST_CASE("an acknowledgement by fields finds what going over all actions finds", "[session][actions]") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 9)));
  Dice dice(seed);
  Limits limits;
  limits.firings_per_instant = 200;
  World w(rules(false), limits);
  bool other = false;
  std::int64_t serial = 0;
  std::uint64_t found = 0, taken_back = 0;
  w.put("1s", "Switch", "id: 1, on: false");
  for (int step = 0; step < 400; ++step) {
    const std::string time = fmt::format("{}s", 2 * step + 2);
    const auto boom = [&] { w.put(time, "Boom", fmt::format("n: 1, serial: {}", ++serial)); };
    const auto any_fields = [&] { return fmt::format(R"(host: "h{}", n: {}, serial: {})", dice.below(3), dice.below(3), ++serial); };
    switch (dice.below(20)) {
      case 0: boom(); break;
      case 1: w.session->collect(); break;
      case 2:
        if (dice.below(2) == 0) other = !other;
        w.reload(rules(other), dice.below(3) == 0);
        break;
      case 3: {
        const std::string bytes = w.session->snapshot();
        w.session = std::make_unique<Session>(*w.program, w.in, w.said, limits);
        REQUIRE(w.session->restore(bytes).has_value());
        break;
      }
      case 4:
      case 5:
      case 6:
      case 7: w.put(time, "Ping", any_fields()); break;
      case 8:
      case 9:
      case 10:
        w.put(time, "Need", any_fields());
        if (dice.below(3) == 0) boom();
        break;
      default: {
        const char* const type = dice.below(2) == 0 ? "Tell" : "Ask";
        const ActionState said = dice.below(2) == 0   ? ActionState::kApproved
                                 : dice.below(4) == 0 ? ActionState::kFailed
                                                      : ActionState::kAcked;
        const std::uint64_t mask = dice.below(8);
        std::string fields;
        if ((mask & 1) != 0) fields += fmt::format(R"(host: "h{}", )", dice.below(3));
        if ((mask & 2) != 0) fields += fmt::format("n: {}, ", dice.below(3));
        if ((mask & 4) != 0) fields += fmt::format("serial: {}, ", serial - static_cast<std::int64_t>(dice.below(6)));
        w.tick(time);
        const std::vector<Known> before = actions(w, type);
        const FactInput like = w.input(time, type, fields);
        const Known* meant = nullptr;
        const char* const awaits = said == ActionState::kApproved ? "proposed" : "sent";
        for (const Known& k : before) {
          bool agrees = k.state == awaits;
          for (std::size_t f = 0; f < 3; ++f) agrees = agrees && ((like.present >> f & 1U) == 0 || like.values[f] == k.data[f]);
          if (agrees && (meant == nullptr || k.serial > meant->serial)) meant = &k;
        }
        w.ack(time, type, fields, said);
        w.tick(fmt::format("{}s", 2 * step + 3));
        INFO("seed " << seed << " step " << step << " " << type << " " << fields);
        const std::vector<Known> after = actions(w, type);
        REQUIRE(after.size() == before.size());
        for (std::size_t i = 0; i < after.size(); ++i) {
          const bool is = meant == &before[i];
          found += is ? 1 : 0;
          REQUIRE(after[i].serial == before[i].serial);
          REQUIRE(after[i].state == (!is ? before[i].state : said == ActionState::kApproved ? "sent" : to_string(said)));
        }
        break;
      }
    }
    w.tick(time);
    for (const std::string& line : w.heard()) taken_back += line.find("runaway") == std::string::npos ? 0 : 1;
  }
  CHECK(found > 20);
  CHECK(taken_back > 2);
}

TEST_CASE("acknowledgements by other sets of fields than a type has tables for are found, too", "[session][actions]") {
  World w(R"(
event Ping { a: int  b: int  c: int }
action Tell { a: int  b: int  c: int }
rule tell { when { p: Ping } then { do Tell { a: p.a, b: p.b, c: p.c } } }
)");
  for (int i = 0; i < 8; ++i) w.put(fmt::format("{}s", i + 1), "Ping", fmt::format("a: {}, b: {}, c: {}", i & 1, i >> 1 & 1, i >> 2));
  w.tick("9s");
  Lines acked;
  for (const char* fields : {"a: 0", "b: 0", "c: 0", "a: 0, b: 0", "a: 1, c: 1", "b: 1, c: 0", "a: 0, b: 0, c: 0", ""}) {
    w.ack(fmt::format("{}s", 10 + acked.size()), "Tell", fields);
    w.tick(fmt::format("{}s", 10 + acked.size()));
    std::string states;
    for (const Known& k : actions(w, "Tell")) states += k.state == "acked" ? 'x' : '.';
    acked.push_back(states);
  }
  const auto count = [](const std::string& s) { return std::count(s.begin(), s.end(), 'x'); };
  for (std::size_t i = 0; i < acked.size(); ++i) CHECK(count(acked[i]) == static_cast<std::ptrdiff_t>(i + 1));
}
