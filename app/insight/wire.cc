// A report as JSON, and back.
#include <fmt/core.h>

#include <charconv>
#include <functional>
#include <map>

#include "app/insight/report.h"
#include "bus/codec/json_reader.h"
#include "model/text.h"

namespace flyball::app {
namespace {

// Microseconds are more than samples know.
std::string seconds(double s) { return fmt::format("{:.6f}", s); }

std::string rule_json(const RuleReport& r) {
  return fmt::format(
      R"({{"rule":{},"time":{},"work":{},"left":{},"right":{},"pairs":{},"tests":{},"made":{},"deleted":{},"matches":{},)"
      R"("starts":{},"repeats":{},"ends":{},"fired":{},"effect_errors":{},"bytes":{},"shared_bytes":{},"off":{},"shared_joins":{}}})",
      quote(r.rule), seconds(r.time), r.work(), r.left, r.right, r.pairs, r.tests, r.made, r.deleted, r.matches, r.starts, r.repeats,
      r.ends, r.fired, r.effect_errors, r.bytes, r.shared_bytes, r.off, r.shared_joins);
}

std::string type_json(const TypeReport& t) {
  return fmt::format(R"({{"type":{},"time":{},"updates":{},"live":{},"stale":{},"bytes":{},"spare_bytes":{}}})", quote(t.type),
                     seconds(t.time), t.updates, t.live, t.stale, t.bytes, t.spare_bytes);
}

std::string node_json(const NodeReport& n) {
  return fmt::format(
      R"({{"kind":{},"id":{},"of":{},"what":{},"line":{},"rules":{},"time":{},"in":{},"tried":{},"made":{},"gone":{},"bytes":{}}})",
      quote(n.kind), n.id, quote(n.of), quote(n.what), n.line ? std::to_string(*n.line) : "null", n.rules, seconds(n.time), n.in, n.tried,
      n.made, n.gone, n.bytes);
}

// Items while there is room; what has none is cut off and counted.
template <typename Item, typename Write>
std::string array(std::vector<Item>& items, std::uint64_t& left_out, std::size_t& room, Write write) {
  std::string out = "[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string one = write(items[i]);
    if (one.size() + 1 > room) {
      left_out += items.size() - i;
      items.resize(i);
      break;
    }
    room -= one.size() + 1;
    out += (i == 0 ? "" : ",") + one;
  }
  return out + "]";
}

// One object of numbers, texts and truths, by key; keys it does not know it passes over: a newer service may say more.
class Members {
 public:
  explicit Members(bus::JsonReader& reader) : reader_(reader) {}
  void text(std::string_view key, std::string& to) {
    on_[key] = [this, &to] {
      std::string_view read;
      if (reader_.read_string(read)) to = read;
    };
  }
  void flag(std::string_view key, bool& to) {
    on_[key] = [this, &to] { reader_.read_bool(to); };
  }
  template <typename Number>
  void number(std::string_view key, Number& to) {
    on_[key] = [this, &to] {
      std::string_view raw;
      if (reader_.read_number(raw)) std::from_chars(raw.data(), raw.data() + raw.size(), to);
    };
  }
  void optional_number(std::string_view key, std::optional<std::uint32_t>& to) {
    on_[key] = [this, &to] {
      if (reader_.peek() == bus::JsonKind::kNull) {
        reader_.read_null();
        return;
      }
      std::uint32_t n = 0;
      std::string_view raw;
      if (reader_.read_number(raw)) std::from_chars(raw.data(), raw.data() + raw.size(), n);
      to = n;
    };
  }
  template <typename Item>
  void list(std::string_view key, std::vector<Item>& to, std::function<void(Members&, Item&)> members) {
    on_[key] = [this, &to, members = std::move(members)] {
      if (!reader_.enter_array()) return;
      while (reader_.next_item()) {
        Members of(reader_);
        members(of, to.emplace_back());
        of.read();
      }
    };
  }
  void read() {
    if (!reader_.enter_object()) return;
    std::string_view key;
    while (reader_.next_key(key)) {
      const auto known = on_.find(key);
      if (known == on_.end())
        reader_.skip_value();
      else
        known->second();
    }
  }

 private:
  bus::JsonReader& reader_;
  std::map<std::string_view, std::function<void()>> on_;
};

}  // namespace

std::string insight_json(InsightReport& r) {
  std::size_t room = kInsightBytesMax / 8;
  const std::string types = array(r.types, r.types_left_out, room, type_json);
  room = kInsightBytesMax / 2;
  const std::string nodes = array(r.nodes, r.nodes_left_out, room, node_json);
  room = kInsightBytesMax - types.size() - nodes.size();
  const std::string rules = array(r.rules, r.rules_left_out, room, rule_json);
  std::string advice;
  for (const AdviceReport& a : r.advice)
    advice += fmt::format(R"({}{{"rule":{},"line":{},"gain":{:.1f}}})", advice.empty() ? "" : ",", quote(a.rule), a.line, a.gain);
  std::string parts = "[";
  for (const PartReport& p : r.parts)
    parts += fmt::format(R"({}{{"part":{},"time":{}}})", parts.size() > 1 ? "," : "", quote(p.part), seconds(p.time));
  return fmt::format(
      R"({{"plan":{},"at":{},"sampled":{},"sampling":{},"facts":{},"firings":{},"instants":{},"tokens":{},"bytes":{},"rule_bytes":{},"type_bytes":{},"type_spare_bytes":{},"shared_bytes":{},)"
      R"("other_bytes":{},"rule_time":{},"type_time":{},"rules":{},"rules_left_out":{},"shared_joins":{},"types":{},"types_left_out":{},"parts":{}],"nodes":{},"nodes_left_out":{},"advice":[{}]}})",
      quote(r.plan), seconds(r.at), seconds(r.sampled), r.sampling, r.facts, r.firings, r.instants, r.tokens, r.bytes, r.rule_bytes,
      r.type_bytes, r.type_spare_bytes, r.shared_bytes, r.other_bytes, seconds(r.rule_time), seconds(r.type_time), rules, r.rules_left_out,
      r.shared_joins, types, r.types_left_out, parts, nodes, r.nodes_left_out, advice);
}

Result<InsightReport> read_insight(std::string_view json) {
  InsightReport out;
  bus::JsonReader reader(json);
  Members top(reader);
  top.text("plan", out.plan);
  top.number("at", out.at), top.number("sampled", out.sampled), top.flag("sampling", out.sampling);
  top.number("facts", out.facts), top.number("firings", out.firings), top.number("instants", out.instants);
  top.number("tokens", out.tokens), top.number("bytes", out.bytes), top.number("shared_bytes", out.shared_bytes);
  top.number("rule_bytes", out.rule_bytes), top.number("type_bytes", out.type_bytes), top.number("type_spare_bytes", out.type_spare_bytes);
  top.number("other_bytes", out.other_bytes);
  top.number("rule_time", out.rule_time), top.number("type_time", out.type_time);
  top.number("rules_left_out", out.rules_left_out), top.number("types_left_out", out.types_left_out);
  top.number("nodes_left_out", out.nodes_left_out), top.number("shared_joins", out.shared_joins);
  top.list<RuleReport>("rules", out.rules, [](Members& m, RuleReport& r) {
    m.text("rule", r.rule), m.number("time", r.time);
    m.number("left", r.left), m.number("right", r.right), m.number("pairs", r.pairs), m.number("tests", r.tests);
    m.number("made", r.made), m.number("deleted", r.deleted), m.number("matches", r.matches);
    m.number("starts", r.starts), m.number("repeats", r.repeats), m.number("ends", r.ends), m.number("fired", r.fired);
    m.number("effect_errors", r.effect_errors), m.number("bytes", r.bytes), m.number("shared_bytes", r.shared_bytes), m.flag("off", r.off);
    m.flag("shared_joins", r.shared_joins);
  });
  top.list<TypeReport>("types", out.types, [](Members& m, TypeReport& t) {
    m.text("type", t.type), m.number("time", t.time), m.number("updates", t.updates), m.number("live", t.live);
    m.number("stale", t.stale), m.number("bytes", t.bytes), m.number("spare_bytes", t.spare_bytes);
  });
  top.list<AdviceReport>("advice", out.advice,
                         [](Members& m, AdviceReport& a) { m.text("rule", a.rule), m.number("line", a.line), m.number("gain", a.gain); });
  top.list<PartReport>("parts", out.parts, [](Members& m, PartReport& p) { m.text("part", p.part), m.number("time", p.time); });
  top.list<NodeReport>("nodes", out.nodes, [](Members& m, NodeReport& n) {
    m.text("kind", n.kind), m.number("id", n.id), m.text("of", n.of), m.text("what", n.what), m.optional_number("line", n.line);
    m.number("rules", n.rules), m.number("time", n.time), m.number("in", n.in), m.number("tried", n.tried), m.number("made", n.made);
    m.number("gone", n.gone), m.number("bytes", n.bytes);
  });
  top.read();
  if (!reader.at_end()) return fail("the service's answer cannot be read: " + reader.error());
  return out;
}

}  // namespace flyball::app
