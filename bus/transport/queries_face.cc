// Questions and answers.
#include "bus/transport/queries_face.h"

#include <fmt/format.h>

#include <array>

#include "bus/codec/msgpack_value.h"
#include "bus/codec/suggest.h"
#include "bus/codec/transcode.h"
#include "bus/transport/hello.h"

namespace flyball::bus {
namespace {

constexpr std::size_t kMaxEnvelope = 8;  // parts before the body: routing id, REQ's empty part, hops
constexpr std::size_t kMaxWith = 64;     // keys of why-not's `with`
constexpr std::size_t kAnswerEntries = 5;

Result<std::string> whole_as_json(const Message& m) {
  auto whole = m.at("op");
  whole->seek(0);
  std::string json;
  if (auto ok = packed_to_json(*whole, json); !ok) return std::unexpected(ok.error());
  return json;
}

}  // namespace

void QueriesFace::set_schema() {
  inputs_.clear();
  for (const DecisionType& d : c_.schema->decisions) inputs_.emplace_back("the input of " + code(d.local), d.input);
}

std::size_t QueriesFace::drain(bool& more) {
  std::array<Frame, kMaxEnvelope + 1> frames;
  std::array<std::string_view, kMaxEnvelope + 1> parts;
  for (std::size_t i = 0; i < c_.limits->messages_per_poll; ++i) {
    const std::size_t n = socket_.receive(frames);
    if (n == 0) return i;
    ++c_.counters->messages_in;
    if (n < 2 || n > frames.size()) {
      ++c_.counters->malformed;
      continue;
    }
    c_.counters->bytes_in += frames[n - 1].view().size();
    answer(frames[n - 1].view());
    for (std::size_t k = 0; k + 1 < n; ++k) parts[k] = frames[k].view();
    parts[n - 1] = out_;
    if (socket_.send(std::span<const std::string_view>(parts.data(), n)) != Sent::kYes) ++c_.counters->replies_dropped;
  }
  more = true;
  return c_.limits->messages_per_poll;
}

void QueriesFace::write_request_id(MsgpackWriter& w, const Message& m) {
  auto r = m.at("req");
  if (!r) return;
  const std::size_t from = r->position();
  r->skip();  // it was passed over once, when the message was parsed
  w.string("req");
  w.raw(r->bytes_between(from, r->position()));
}

void QueriesFace::answer(std::string_view body) {
  out_.clear();
  const auto m = Message::parse(body);
  auto done = m ? answer_message(*m) : std::unexpected(m.error());
  if (done) return;
  ++c_.counters->questions_refused;
  out_.clear();
  MsgpackWriter w(out_);
  w.map(m && m->has("req") ? 3 : 2);
  w.text_entry("op", "error");
  if (m) write_request_id(w, *m);
  w.text_entry("error", one_line(done.error()));
}

Result<void> QueriesFace::answer_message(const Message& m) {
  if (m.op() == "ask") return ask(m);
  ++c_.counters->questions;
  if (m.op() == "status") {
    if (auto ok = m.only({"req", "json"}); !ok) return ok;
    return write_document(c_.handler->on_status(), m);
  }
  if (m.op() == "why") {
    if (auto ok = m.only({"req", "json", "action"}); !ok) return ok;
    const auto id = m.text("action");
    if (!id) return std::unexpected(id.error());
    return write_document(c_.handler->on_why(id->value_or("last")), m);
  }
  if (m.op() == "approve" || m.op() == "reject") {
    const bool approved = m.op() == "approve";
    if (auto ok = approved ? m.only({"req", "json", "action"}) : m.only({"req", "json", "action", "reason"}); !ok) return ok;
    const auto id = m.required_text("action");
    const auto reason = m.text("reason");
    if (!id || !reason) return std::unexpected(id ? reason.error() : id.error());
    return write_document(c_.handler->on_verdict(*id, approved, reason->value_or("")), m);
  }
  if (m.op() == "facts") {
    if (auto ok = m.only({"req", "json", "type"}); !ok) return ok;
    const auto type = m.text("type");
    if (!type) return std::unexpected(type.error());
    return write_document(c_.handler->on_facts(type->value_or("")), m);
  }
  if (m.op() == "insight") {
    if (auto ok = m.only({"req", "json", "by", "nodes"}); !ok) return ok;
    const auto by = m.text("by");
    const auto nodes = m.boolean("nodes");
    if (!by || !nodes) return std::unexpected(by ? nodes.error() : by.error());
    return write_document(c_.handler->on_insight(by->value_or(""), nodes->value_or(false)), m);
  }
  if (m.op() == "rules") {
    if (auto ok = m.only({"req", "json", "texts"}); !ok) return ok;
    const auto texts = m.boolean("texts");
    if (!texts) return std::unexpected(texts.error());
    return write_document(c_.handler->on_rules(texts->value_or(false)), m);
  }
  if (m.op() == "snapshot") {
    if (auto ok = m.only({"req", "json", "id", "offset"}); !ok) return ok;
    const auto id = m.text("id");
    const auto offset = m.uint("offset");
    if (!id || !offset) return std::unexpected(id ? offset.error() : id.error());
    return write_document(c_.handler->on_snapshot(id->value_or(""), offset->value_or(0)), m);
  }
  if (m.op() == "apply") {
    if (auto ok = m.only({"req", "json", "files", "tables", "params", "expect", "digest"}); !ok) return ok;
    const auto whole = whole_as_json(m);
    if (!whole) return std::unexpected(whole.error());
    return write_document(c_.handler->on_apply(*whole), m);
  }
  if (m.op() == "why-not") {
    if (auto ok = m.only({"req", "json", "rule", "with"}); !ok) return ok;
    const auto rule = m.required_text("rule");
    if (!rule) return std::unexpected(rule.error());
    std::vector<std::pair<std::string, std::string>> with;
    if (auto r = m.at("with"); r && r->peek() != PackedKind::kNil) {
      std::uint32_t n = 0;
      if (!r->read_map(n)) return fail("`with`: " + r->error());
      if (n > kMaxWith) return fail(fmt::format("`with` has at most {} keys", kMaxWith));
      for (std::uint32_t i = 0; i < n; ++i) {
        std::string_view key;
        WireScalar value;
        if (!r->read_string(key) || !r->read_scalar(value)) return fail("`with`: " + r->error());
        with.emplace_back(std::string(key), value.form == WireScalar::Form::kString ? std::string(value.text) : describe(value));
      }
    }
    return write_document(c_.handler->on_why_not(*rule, with), m);
  }
  // A hello, or what follows one.
  if (m.op() == "hello")
    return fail("nobody says hello on the queries face", "publishers do on the facts face, executors on the actions face");
  if (!face_of_op(m.op(), "queries").empty()) return std::unexpected(unknown_op(m.op(), "queries", {}));
  const auto whole = whole_as_json(m);
  if (!whole) return std::unexpected(whole.error());
  return write_document(c_.handler->on_other(m.op(), *whole), m);
}

Result<void> QueriesFace::write_document(Result<std::string> json, const Message& m) {
  if (!json) return std::unexpected(json.error());
  const auto as_json = m.boolean("json");
  if (!as_json) return std::unexpected(as_json.error());
  MsgpackWriter w(out_);
  w.map(m.has("req") ? 3 : 2);
  w.text_entry("op", "answer");
  write_request_id(w, m);
  if (as_json->value_or(false)) {
    w.text_entry("json", *json);
    return {};
  }
  w.string("answer");
  return json_to_packed(*json, w);
}

// With `json` the input may be a text of JSON: read as `ask` reads it over recorded facts.
Result<AnswerView> QueriesFace::answer_of(MsgpackReader& input, DecisionId decision, bool json) {
  ++c_.counters->questions;
  if (json && input.peek() == PackedKind::kString) {
    std::string_view text;
    if (!input.read_string(text)) return fail(input.error());
    auto read = parse_decision_input(*c_.schema, decision, text, *c_.interner);
    if (!read) return std::unexpected(read.error());
    input_ = std::move(*read);
    return c_.handler->on_ask(decision, input_);
  }
  const FieldTable& table = inputs_[decision];
  std::uint64_t present = 0;
  if (auto ok = read_packed_fields(input, table, *c_.interner, input_, present, 3); !ok) return std::unexpected(ok.error());
  std::size_t missing = 0;
  if (!table.fill(present, table.all(), input_, missing)) return std::unexpected(table.missing_field(missing));
  return c_.handler->on_ask(decision, input_);
}

// The same bytes that `flyball ask` prints over recorded facts.
Result<void> QueriesFace::write_json_answer(MsgpackReader& input, DecisionId decision, MsgpackWriter& w, std::size_t extra_entries,
                                            Wanted wanted) {
  const auto a = answer_of(input, decision, true);
  if (!a) return std::unexpected(a.error());
  std::string text;
  append_answer(text, *a, *c_.schema, *c_.interner);
  w.map(1 + (wanted.explain ? 1 : 0) + extra_entries);
  if (extra_entries > 0) w.text_entry("op", "answer");
  w.text_entry("json", text);
  if (wanted.explain) w.text_entry("text", c_.handler->on_explain(*a));
  return {};
}

Result<void> QueriesFace::write_answer(MsgpackReader& input, DecisionId decision, MsgpackWriter& w, std::size_t extra_entries) {
  const auto a = answer_of(input, decision, false);
  if (!a) return std::unexpected(a.error());
  const DecisionType& type = c_.schema->decisions[decision];
  w.map(kAnswerEntries + extra_entries);
  if (extra_entries > 0) w.text_entry("op", "answer");
  w.string("output"), pack_output(w, type, *a->output, *c_.interner);
  w.text_entry("from", a->from);
  w.string("as_of");
  if (a->as_of == kTimestampMin) {
    w.nil();
  } else {
    w.timestamp(a->as_of);
  }
  w.uint_entry("position", a->position);
  w.string("skipped");
  w.array(a->skipped_unknown == nullptr ? 0 : a->skipped_unknown->size());
  if (a->skipped_unknown != nullptr) {
    for (const std::string& name : *a->skipped_unknown) w.string(name);
  }
  return {};
}

Result<void> QueriesFace::ask(const Message& m) {
  if (auto ok = m.only({"req", "decision", "input", "batch", "json", "explain"}); !ok) return ok;
  const auto as_json = m.boolean("json");
  if (!as_json) return std::unexpected(as_json.error());
  const auto explain = m.boolean("explain");
  if (!explain) return std::unexpected(explain.error());
  const Wanted wanted{as_json->value_or(false), explain->value_or(false)};
  if (wanted.explain && !wanted.json) return fail("`explain` is for answers as JSON", "add `json`");
  const auto write_one = [&](MsgpackReader& input, DecisionId decision, MsgpackWriter& w, std::size_t extra_entries) {
    return wanted.json ? write_json_answer(input, decision, w, extra_entries, wanted) : write_answer(input, decision, w, extra_entries);
  };
  const auto name = m.required_text("decision");
  if (!name) return std::unexpected(name.error());
  const auto decision = find_decision(*c_.schema, *name);
  if (!decision) return std::unexpected(decision.error());
  if (m.has("input") == m.has("batch")) return fail("`ask` has either an `input` or a `batch`");
  MsgpackWriter w(out_);
  if (auto input = m.at("input")) {
    if (auto ok = write_one(*input, *decision, w, m.has("req") ? 3 : 2); !ok) return ok;
    w.text_entry("decision", *name);
    write_request_id(w, m);
    return {};
  }
  auto r = m.at("batch");
  std::uint32_t n = 0;
  if (!r->read_array(n)) return fail("`batch`: " + r->error());
  if (n > c_.limits->batch_questions_max) return fail(fmt::format("a batch has at most {} questions", c_.limits->batch_questions_max));
  w.map(m.has("req") ? 4 : 3);
  w.text_entry("op", "answer");
  w.text_entry("decision", *name);
  write_request_id(w, m);
  w.string("batch");
  w.array(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::size_t start = r->position();
    const std::size_t out_start = out_.size();
    auto ok = write_one(*r, *decision, w, 0);
    if (!ok) {
      ++c_.counters->questions_refused;
      out_.resize(out_start);
      w.map(1);
      w.text_entry("error", one_line(ok.error()));
    }
    r->seek(start);
    r->skip(kMaxNesting - 2);
  }
  return {};
}

}  // namespace flyball::bus
