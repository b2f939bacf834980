// Writing records. Keys stand in a fixed order, fields in declared order, numbers as short as they can be.
#include <fmt/format.h>

#include "bus/codec/json_lines.h"
#include "bus/codec/shapes.h"
#include "bus/codec/suggest.h"
#include "model/text.h"

namespace flyball::bus {
namespace {

void append_text(std::string& out, std::string_view text) { out += quote(text); }

std::size_t declared_count(const FactType& t) { return t.role == Role::kAction ? t.declared_fields : t.fields.size(); }

const std::string& short_name(const Schema& schema, const DecisionType& decision) {
  return schema.find_decision(decision.local).id == kNoId ? decision.name : decision.local;
}

void begin_record(std::string& out, Timestamp time) {
  out += "{\"time\":";
  append_time(out, time);
}

}  // namespace

void append_time(std::string& out, Timestamp time) { out += format_scaled_decimal(time.ns, 9); }

void append_fields(std::string& out, const std::vector<Field>& fields, std::size_t count, const std::vector<Value>& values,
                   const Interner& interner, std::uint64_t present) {
  out += '{';
  bool first = true;
  for (std::size_t i = 0; i < count && i < values.size(); ++i) {
    if ((present >> i & 1) == 0) continue;
    if (!first) out += ',';
    first = false;
    append_text(out, fields[i].name);
    out += ':';
    append_json(out, values[i], interner);
  }
  out += '}';
}

void append_action(std::string& out, const ActionOutput& action, const Schema& schema, const Interner& interner) {
  const FactType& type = schema.types[action.action];
  begin_record(out, action.time);
  out += ",\"rule\":";
  append_text(out, action.rule_name);
  out += ",\"action\":";
  append_text(out, short_name(schema, type));
  out += ",\"id\":";
  append_text(out, action.id);
  out += ",\"data\":";
  append_fields(out, type.fields, declared_count(type), action.data, interner);
  out += ",\"state\":";
  append_text(out, to_string(action.state));
  out += fmt::format(",\"try\":{}", action.try_number);
  if (action.shadow) out += ",\"shadow\":true";
  if (action.was_due) out += ",\"late\":true";
  out += '}';
}

void append_derived(std::string& out, const DerivedOutput& derived, const Schema& schema, const Interner& interner) {
  const FactType& type = schema.types[derived.type];
  begin_record(out, derived.time);
  out += ",\"type\":";
  append_text(out, type.name);
  if (!derived.present) out += ",\"op\":\"retract\"";
  out += ",\"data\":";
  append_fields(out, type.fields, declared_count(type), derived.values, interner);
  out += '}';
}

void append_log(std::string& out, const LogOutput& log, std::string_view rule_name) {
  begin_record(out, log.time);
  out += ",\"rule\":";
  append_text(out, rule_name);
  out += ",\"log\":";
  append_text(out, log.text);
  out += '}';
}

void append_fact(std::string& out, const FactInput& fact, const Schema& schema, const Interner& interner) {
  const FactType& type = schema.types[fact.type];
  begin_record(out, fact.stamp);
  out += ",\"type\":";
  append_text(out, type.name);
  if (fact.op != FactOp::kPut) out += fmt::format(",\"op\":\"{}\"", to_string(fact.op));
  out += ",\"data\":";
  append_fields(out, type.fields, declared_count(type), fact.values, interner, fact.op == FactOp::kPut ? ~std::uint64_t{0} : fact.present);
  if (fact.source.is(Kind::kString)) {
    out += ",\"source\":";
    append_text(out, interner.text(fact.source));
  }
  if (fact.seq != 0) out += fmt::format(",\"seq\":{}", fact.seq);
  out += '}';
}

void append_ack(std::string& out, const AckInput& ack, const Schema& schema, const Interner& interner) {
  begin_record(out, ack.stamp);
  out += ",\"ack\":{";
  const char* comma = "";
  if (ack.action != kNoId) {
    out += "\"action\":";
    append_text(out, short_name(schema, schema.types[ack.action]));
    comma = ",";
  }
  if (!ack.id.empty()) {
    out += comma;
    out += "\"id\":";
    append_text(out, ack.id);
    comma = ",";
  }
  if (ack.action != kNoId && ack.present != 0) {
    const FactType& type = schema.types[ack.action];
    out += ",\"data\":";
    append_fields(out, type.fields, declared_count(type), ack.data, interner, ack.present);
  }
  out += comma;
  out += "\"state\":";
  append_text(out, to_string(ack.state));
  if (ack.action != kNoId && !ack.result.empty()) {
    const FactType& type = schema.types[ack.action];
    out += ",\"result\":";
    append_fields(out, type.result_fields, type.result_fields.size(), ack.result, interner, given_fields(ack.result));
  }
  if (!ack.error.empty()) {
    out += ",\"error\":";
    append_text(out, ack.error);
  }
  out += "}}";
}

void append_tick(std::string& out, Timestamp time) {
  begin_record(out, time);
  out += ",\"tick\":true}";
}

void append_accounted(std::string& out, Timestamp time, std::string_view source, std::uint64_t seq) {
  begin_record(out, time);
  out += ",\"tick\":true,\"source\":" + quote(source) + ",\"seq\":" + std::to_string(seq) + "}";
}

void append_recovered(std::string& out, Timestamp time) {
  begin_record(out, time);
  out += ",\"recovered\":true}";
}

// One record, or of a decision whose answer is a list one record each.
static void append_output(std::string& out, const DecisionType& decision, const std::vector<Value>& output, const Interner& interner) {
  const std::size_t width = decision.output.size();
  if (!decision.list) return append_fields(out, decision.output, width, output, interner);
  out += '[';
  for (std::size_t at = 0; at + width <= output.size(); at += width) {
    if (at > 0) out += ',';
    append_fields(out, decision.output, width,
                  {output.begin() + static_cast<std::ptrdiff_t>(at), output.begin() + static_cast<std::ptrdiff_t>(at + width)}, interner);
  }
  out += ']';
}

void append_decision(std::string& out, const AnswerView& answer, const std::vector<Value>& input, Timestamp time, const Schema& schema,
                     const Interner& interner) {
  const DecisionType& decision = schema.decisions[answer.decision];
  begin_record(out, time);
  out += ",\"decision\":";
  append_text(out, short_name(schema, decision));
  out += ",\"input\":";
  append_fields(out, decision.input, decision.input.size(), input, interner);
  out += ",\"output\":";
  append_output(out, decision, *answer.output, interner);
  out += ",\"from\":";
  append_text(out, answer.from);
  out += '}';
}

void append_answer(std::string& out, const AnswerView& answer, const Schema& schema, const Interner& interner) {
  const DecisionType& decision = schema.decisions[answer.decision];
  out += "{\"decision\":";
  append_text(out, short_name(schema, decision));
  out += ",\"output\":";
  append_output(out, decision, *answer.output, interner);
  out += ",\"from\":";
  append_text(out, answer.from);
  out += ",\"as_of\":";
  if (answer.as_of == kTimestampMin) {
    out += "null";
  } else {
    append_time(out, answer.as_of);
  }
  out += fmt::format(",\"position\":{},\"skipped\":[", answer.position);
  if (answer.skipped_unknown != nullptr) {
    const char* comma = "";
    for (const auto& name : *answer.skipped_unknown) {
      out += comma;
      append_text(out, name);
      comma = ",";
    }
  }
  out += "]}";
}

}  // namespace flyball::bus
