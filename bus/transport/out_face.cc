// Publishing. Bodies are docs/reference/wire.md's "What the service publishes".
#include "bus/transport/out_face.h"

#include <array>

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
    const std::string_view prefix = m.substr(1);
    if (m[0] == 1) {
      if (subscriptions_.size() < kMaxSubscriptions) {
        subscriptions_.emplace(prefix);
      } else {
        all_ = true;
      }
    } else if (m[0] == 0) {
      if (const auto it = subscriptions_.find(prefix); it != subscriptions_.end()) subscriptions_.erase(it);
    }
  }
}

bool OutFace::wanted(std::string_view topic) const {
  if (all_) return true;
  for (const std::string& prefix : subscriptions_) {
    if (topic.starts_with(prefix) || prefix.starts_with(topic)) return true;
  }
  return false;
}

bool OutFace::begin(std::string_view kind, std::string_view name, std::size_t entries) {
  if (subscriptions_.empty() && !all_) return false;
  topic_.assign(kind);
  topic_ += '.';
  topic_ += name;
  bool any = all_;
  for (auto it = subscriptions_.begin(); !any && it != subscriptions_.end(); ++it) any = topic_.starts_with(*it);
  if (!any) return false;
  body_.clear();
  MsgpackWriter w(body_);
  w.map(entries + 1);
  w.uint_entry("n", ++numbers_[topic_]);
  return true;
}

void OutFace::end() {
  ++c_.counters->published;
  if (socket_.send({topic_, body_}) == Sent::kYes) return;
  // Perhaps only the news that it was read has not been looked at.
  socket_.catch_up();
  if (socket_.send({topic_, body_}) == Sent::kYes) return;
  // Somebody is full, and will be passed over by the library until it has read a good part. Those who keep up must not wait for it: once
  // more, passing over who is full.
  ++c_.counters->published_dropped;
  socket_.set_no_drop(false);
  socket_.send({topic_, body_});
  socket_.set_no_drop(true);
}

void OutFace::action(const ActionOutput& a) {
  const FactType& type = c_.schema->types[a.action];
  if (!begin("action", type.name, a.shadow ? 8 : 7)) return;
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(a.time);
  w.text_entry("rule", a.rule_name);
  w.text_entry("action", type.name);
  w.text_entry("id", a.id);
  w.string("data"), pack_fields(w, type.fields, declared_count(type), a.data, *c_.interner);
  w.text_entry("state", to_string(a.state));
  w.uint_entry("try", a.try_number);
  if (a.shadow) w.string("shadow"), w.boolean(true);
  end();
}

void OutFace::derived(const DerivedOutput& d) {
  const FactType& type = c_.schema->types[d.type];
  if (!begin("derived", type.name, 4)) return;
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(d.time);
  w.text_entry("type", type.name);
  w.text_entry("op", d.present ? "put" : "retract");
  w.string("data"), pack_fields(w, type.fields, declared_count(type), d.values, *c_.interner);
  end();
}

void OutFace::log(const LogOutput& l, std::string_view rule_name) {
  if (!begin("log", rule_name, 3)) return;
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(l.time);
  w.text_entry("rule", rule_name);
  w.text_entry("log", l.text);
  end();
}

void OutFace::decision(const AnswerView& a, const std::vector<Value>& input, Timestamp time) {
  const DecisionType& type = c_.schema->decisions[a.decision];
  if (!begin("decision", type.name, 5)) return;
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(time);
  w.text_entry("decision", type.name);
  w.string("input"), pack_fields(w, type.input, type.input.size(), input, *c_.interner);
  w.string("output"), pack_fields(w, type.output, type.output.size(), *a.output, *c_.interner);
  w.text_entry("from", a.from);
  end();
}

void OutFace::fact(const FactInput& f) {
  const FactType& type = c_.schema->types[f.type];
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
  if (!begin("ack", type == nullptr ? "unknown" : type->name, 2)) return;
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
  if (!begin("tick", "engine", 2)) return;
  MsgpackWriter w(body_);
  w.string("time"), w.timestamp(time);
  w.string("tick"), w.boolean(true);
  end();
}

}  // namespace flyball::bus
