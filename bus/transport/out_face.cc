// Publishing. Bodies are docs/reference/wire.md's "What the service publishes".
#include "bus/transport/out_face.h"

#include <algorithm>
#include <array>
#include <string>

#include "bus/codec/json_lines.h"
#include "bus/codec/msgpack_value.h"
#include "bus/codec/shapes.h"

namespace flyball::bus {
namespace {

constexpr std::size_t kMaxSubscriptions = 4'096;  // different prefixes; with more, everything is published

std::size_t declared_count(const FactType& t) { return t.role == Role::kAction ? t.declared_fields : t.fields.size(); }

}  // namespace

OutFace::OutFace(FaceContext& context, Socket socket) : c_(context), socket_(std::move(socket)) { socket_.set_no_drop(true); }

void OutFace::drain() {
  std::array<Frame, 1> frames;
  for (std::size_t i = 0; i < c_.limits->messages_per_poll; ++i) {
    const std::size_t n = socket_.receive(frames);
    if (n == 0) return;
    const std::string_view m = frames[0].view();
    if (n != 1 || m.empty()) continue;
    std::string_view prefix = m.substr(1);
    const bool json = prefix.starts_with(kJsonPrefix);
    if (json) prefix.remove_prefix(kJsonPrefix.size());
    Wanted& w = json ? as_json_ : packed_;
    if (m[0] == 1) {
      if (w.prefixes.size() < kMaxSubscriptions) {
        w.prefixes.emplace(prefix);
      } else {
        w.all = true;
      }
    } else if (m[0] == 0) {
      if (const auto it = w.prefixes.find(prefix); it != w.prefixes.end()) w.prefixes.erase(it);
    }
  }
}

bool OutFace::Wanted::has(std::string_view topic) const {
  return all || std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) { return topic.starts_with(prefix); });
}

bool OutFace::wanted(std::string_view topic) const {
  for (const Wanted* w : {&packed_, &as_json_}) {
    if (w->all) return true;
    for (const std::string& prefix : w->prefixes) {
      if (topic.starts_with(prefix) || prefix.starts_with(topic)) return true;
    }
  }
  return false;
}

void OutFace::set_topic(std::string_view kind, std::string_view name) {
  topic_.assign(kJsonPrefix);
  topic_ += kind;
  topic_ += '.';
  topic_ += name;
}

bool OutFace::begin(std::string_view kind, std::string_view name, std::size_t entries) {
  if (packed_.none()) return false;
  set_topic(kind, name);
  if (!packed_.has(plain_topic())) return false;
  body_.clear();
  MsgpackWriter w(body_);
  w.map(entries + 1);
  w.uint_entry("n", ++numbers_[std::string(plain_topic())]);
  return true;
}

void OutFace::end() { publish({plain_topic(), body_}); }

// The same as a line of text, as `replay` writes it, for who asked for that; its number is a part of its own.
template <typename Write>
void OutFace::json(std::string_view kind, std::string_view name, Write write) {
  if (as_json_.none()) return;
  set_topic(kind, name);
  if (!as_json_.has(plain_topic())) return;
  body_.clear();
  write(body_);
  const std::string number = std::to_string(++numbers_[topic_]);
  publish({topic_, body_, number});
}

void OutFace::publish(std::initializer_list<std::string_view> parts) {
  ++c_.counters->published;
  if (socket_.send(parts) == Sent::kYes) return;
  // Perhaps only the news that it was read has not been looked at.
  socket_.catch_up();
  if (socket_.send(parts) == Sent::kYes) return;
  // Somebody is full, and will be passed over by the library until it has read a good part. Those who keep up must not wait for it: once
  // more, passing over who is full.
  ++c_.counters->published_dropped;
  socket_.set_no_drop(false);
  socket_.send(parts);
  socket_.set_no_drop(true);
}

void OutFace::action(const ActionOutput& a) {
  const FactType& type = c_.schema->types[a.action];
  json("action", type.name, [&](std::string& out) { append_action(out, a, *c_.schema, *c_.interner); });
  if (!begin("action", type.name, 7U + (a.shadow ? 1 : 0) + (a.was_due ? 1 : 0))) return;
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(a.time);
  w.text_entry("rule", a.rule_name);
  w.text_entry("action", type.name);
  w.text_entry("id", a.id);
  w.string("data"), pack_fields(w, type.fields, declared_count(type), a.data, *c_.interner);
  w.text_entry("state", to_string(a.state));
  w.uint_entry("try", a.try_number);
  if (a.shadow) w.string("shadow"), w.boolean(true);
  if (a.was_due) w.string("late"), w.boolean(true);
  end();
}

void OutFace::derived(const DerivedOutput& d) {
  const FactType& type = c_.schema->types[d.type];
  json("derived", type.name, [&](std::string& out) { append_derived(out, d, *c_.schema, *c_.interner); });
  if (!begin("derived", type.name, 4)) return;
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(d.time);
  w.text_entry("type", type.name);
  w.text_entry("op", d.present ? "put" : "retract");
  w.string("data"), pack_fields(w, type.fields, declared_count(type), d.values, *c_.interner);
  end();
}

void OutFace::log(const LogOutput& l, std::string_view rule_name) {
  json("log", rule_name, [&](std::string& out) { append_log(out, l, rule_name); });
  if (!begin("log", rule_name, 3)) return;
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(l.time);
  w.text_entry("rule", rule_name);
  w.text_entry("log", l.text);
  end();
}

void OutFace::decision(const AnswerView& a, const std::vector<Value>& input, Timestamp time) {
  const DecisionType& type = c_.schema->decisions[a.decision];
  json("decision", type.name, [&](std::string& out) { append_decision(out, a, input, time, *c_.schema, *c_.interner); });
  if (!begin("decision", type.name, 5)) return;
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(time);
  w.text_entry("decision", type.name);
  w.string("input"), pack_fields(w, type.input, type.input.size(), input, *c_.interner);
  w.string("output"), pack_output(w, type, *a.output, *c_.interner);
  w.text_entry("from", a.from);
  end();
}

void OutFace::fact(const FactInput& f) {
  const FactType& type = c_.schema->types[f.type];
  json("fact", type.name, [&](std::string& out) { append_fact(out, f, *c_.schema, *c_.interner); });
  const bool sourced = f.source.is(Kind::kString);
  if (!begin("fact", type.name, 4 + (sourced ? 1U : 0U) + (f.seq != 0 ? 1U : 0U))) return;
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(f.stamp);
  w.text_entry("type", type.name);
  w.text_entry("op", to_string(f.op));
  w.string("data"),
      pack_fields(w, type.fields, declared_count(type), f.values, *c_.interner, f.op == FactOp::kPut ? ~std::uint64_t{0} : f.present);
  if (sourced) w.text_entry("source", c_.interner->text(f.source));
  if (f.seq != 0) w.uint_entry("seq", f.seq);
  end();
}

void OutFace::ack(const AckInput& a) {
  const FactType* type = a.action == kNoId ? nullptr : &c_.schema->types[a.action];
  const std::string_view name = type == nullptr ? std::string_view("unknown") : std::string_view(type->name);
  json("ack", name, [&](std::string& out) { append_ack(out, a, *c_.schema, *c_.interner); });
  if (!begin("ack", name, 2)) return;
  const bool result = type != nullptr && a.result.size() == type->result_fields.size() && !a.result.empty();
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(a.stamp);
  w.string("ack");
  w.map(1 + (a.id.empty() ? 0U : 1U) + (type == nullptr ? 0U : 1U) + (a.present == 0 ? 0U : 1U) + (result ? 1U : 0U) +
        (a.error.empty() ? 0U : 1U));
  if (!a.id.empty()) w.text_entry("id", a.id);
  if (type != nullptr) w.text_entry("action", type->name);
  if (a.present != 0) w.string("data"), pack_fields(w, type->fields, declared_count(*type), a.data, *c_.interner, a.present);
  w.text_entry("state", to_string(a.state));
  if (result)
    w.string("result"), pack_fields(w, type->result_fields, type->result_fields.size(), a.result, *c_.interner, given_fields(a.result));
  if (!a.error.empty()) w.text_entry("error", a.error);
  end();
}

void OutFace::tick(Timestamp time) {
  json("tick", "engine", [&](std::string& out) { append_tick(out, time); });
  if (!begin("tick", "engine", 2)) return;
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(time);
  w.string("tick"), w.boolean(true);
  end();
}

}  // namespace flyball::bus
