// Cases and transcripts as text, both ways.
#include <cctype>

#include "model/text.h"
#include "tests/reference/case.h"

namespace flyball::reference {
namespace {

std::string time_text(Timestamp t) { return format_duration_human(t.ns); }

std::uint64_t all_of(std::size_t fields) { return fields >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << fields) - 1; }

// A cursor over one step's line.
class Words {
 public:
  explicit Words(const std::string& text) : text_(text) {}
  bool done() {
    skip();
    return at_ >= text_.size();
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // A quoted string with its quotes, or what stands up to a blank or one of `,:{}`.
  std::string word() {
    skip();
    const std::size_t from = at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      }
      if (at_ < text_.size()) ++at_;
    } else {
      while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) == 0 &&
             std::string(",:{}").find(text_[at_]) == std::string::npos)
        ++at_;
    }
    return text_.substr(from, at_ - from);
  }

 private:
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  const std::string& text_;
  std::size_t at_ = 0;
};

std::optional<std::int64_t> parse_int(const std::string& w) { return parse_scaled_decimal(w, 0); }

std::optional<Value> parse_value(const std::string& w, const Type& type, Interner& in) {
  if (w == "null") return Value::null();
  if (w == "true" || w == "false") return Value::boolean(w == "true");
  if (w.size() >= 2 && w.front() == '"') {
    const std::string text = w.substr(1, w.size() - 2);  // addresses of IPv6 stand in quotes, too: they have points in them
    if (type.is(TypeTag::kIp) || type.is(TypeTag::kCidr)) return parse_value(text, type, in);
    return type.is(TypeTag::kTimestamp) ? parse_timestamp(text) : std::optional(in.string(text));
  }
  if (type.is(TypeTag::kDouble)) return Value::real(std::stod(w));
  if (type.is(TypeTag::kPercent)) {
    const auto p = parse_percent_e9(w);
    return p ? std::optional(Value::percent_e9(*p)) : std::nullopt;
  }
  if (type.is(TypeTag::kDuration)) {
    const auto d = parse_duration_ns(w);
    return d ? std::optional(Value::duration_ns(*d)) : std::nullopt;
  }
  if (type.is(TypeTag::kIp)) {
    const auto ip = parse_ip(w);
    return ip ? std::optional(in.ip(*ip)) : std::nullopt;
  }
  if (type.is(TypeTag::kCidr)) {
    const auto cidr = parse_cidr(w);
    return cidr ? std::optional(in.cidr(*cidr)) : std::nullopt;
  }
  const auto i = parse_int(w);
  return i ? std::optional(Value::integer(*i)) : std::nullopt;
}

// { field: value, … } into values and the mask of those given.
Result<std::uint64_t> parse_record(Words& words, const std::vector<Field>& fields, std::size_t count, std::vector<Value>& values,
                                   Interner& in) {
  values.assign(count, Value::null());
  std::uint64_t present = 0;
  if (!words.take('{')) return fail("`{` expected");
  while (!words.take('}')) {
    const std::string name = words.word();
    std::size_t f = 0;
    while (f < count && fields[f].name != name) ++f;
    if (f == count || !words.take(':')) return fail("no field `" + name + "`");
    const std::string text = words.word();
    const std::optional<Value> v = parse_value(text, fields[f].type, in);
    if (!v) return fail("`" + text + "` is no value of `" + name + "`");
    values[f] = *v;
    present |= std::uint64_t{1} << f;
    words.take(',');
  }
  return present;
}

Result<Timestamp> parse_time(const std::string& w) {
  const auto ns = parse_duration_ns(w);
  if (!ns) return fail("`" + w + "` is no time");
  return Timestamp{*ns};
}

}  // namespace

Result<Step> parse_step(const std::string& line, const Loaded& package) {
  Interner& in = *package.interner;
  const Schema& schema = package.rules.schema;
  Words words(line);
  Step step;
  const std::string verb = words.word();
  if (verb == "ask") {
    step.kind = StepKind::kAsk;
    step.decision = schema.find_decision(words.word()).id;
    if (step.decision == kNoId) return fail("no such decision: " + line);
    const DecisionType& d = schema.decisions[step.decision];
    const auto present = parse_record(words, d.input, d.input.size(), step.input, in);
    if (!present) return std::unexpected(present.error());
    return step;
  }
  const Result<Timestamp> time = parse_time(words.word());
  if (!time) return std::unexpected(time.error());
  if (verb == "tick" || verb == "recovered") {
    step.kind = verb == "tick" ? StepKind::kTick : StepKind::kRecovered;
    step.time = *time;
    return step;
  }
  const std::string name = words.word();
  if (verb == "ack" && std::isdigit(static_cast<unsigned char>(name[0])) != 0) {
    step.kind = StepKind::kAck;
    step.ack_number = static_cast<std::size_t>(*parse_int(name));
    step.ack.stamp = *time;
    step.ack.state = action_state(words.word()).value_or(ActionState::kAcked);
    return step;
  }
  const FactTypeId type = schema.type_id(name);
  if (type == kNoId) return fail("no such type: " + line);
  const FactType& t = schema.types[type];
  std::vector<Value> values;
  const auto present = parse_record(words, t.fields, t.declared_fields, values, in);
  if (!present) return std::unexpected(present.error());
  if (verb == "ack") {
    step.kind = StepKind::kAck;
    step.ack.action = type;
    step.ack.present = *present;
    step.ack.data = values;
    step.ack.stamp = *time;
    step.ack.state = action_state(words.word()).value_or(ActionState::kAcked);
    return step;
  }
  step.kind = StepKind::kFact;
  step.fact.op = verb == "patch" ? FactOp::kPatch : verb == "retract" ? FactOp::kRetract : FactOp::kPut;
  step.fact.type = type;
  step.fact.stamp = *time;
  step.fact.values = values;
  step.fact.present = *present;
  while (!words.done()) {
    const std::string option = words.word();
    const std::string value = words.word();
    if (option == "source") step.fact.source = *parse_value(value, Type::of(TypeTag::kString), in);
    if (option == "seq") step.fact.seq = static_cast<std::uint64_t>(*parse_int(value));
  }
  return step;
}

std::string render_record(const FactType& type, const std::vector<Value>& values, std::uint64_t present, const Interner& in) {
  std::string out = type.local + " {";
  for (std::size_t f = 0; f < values.size(); ++f) {
    if ((present >> f & 1) == 0) continue;
    out += (out.back() == '{' ? " " : ", ") + type.fields[f].name + ": " + to_source(values[f], in);
  }
  return out + " }";
}

std::string render_step(const Step& step, const Loaded& package) {
  const Interner& in = *package.interner;
  const Schema& schema = package.rules.schema;
  switch (step.kind) {
    case StepKind::kTick: return "tick " + time_text(step.time);
    case StepKind::kRecovered: return "recovered " + time_text(step.time);
    case StepKind::kAsk: {
      const DecisionType& d = schema.decisions[step.decision];
      std::string out = "ask " + d.local + " {";
      for (std::size_t f = 0; f < step.input.size(); ++f)
        out += (f > 0 ? ", " : " ") + d.input[f].name + ": " + to_source(step.input[f], in);
      return out + " }";
    }
    case StepKind::kAck: {
      const std::string state = to_string(step.ack.state);
      if (step.ack_number != 0) return "ack " + time_text(step.ack.stamp) + " " + std::to_string(step.ack_number) + " " + state;
      return "ack " + time_text(step.ack.stamp) + " " + render_record(schema.types[step.ack.action], step.ack.data, step.ack.present, in) +
             " " + state;
    }
    case StepKind::kFact: {
      const FactInput& f = step.fact;
      std::string out = f.op == FactOp::kPut ? "put " : f.op == FactOp::kPatch ? "patch " : "retract ";
      const FactType& t = schema.types[f.type];
      out += time_text(f.stamp) + " " + render_record(t, f.values, f.op == FactOp::kPut ? all_of(t.declared_fields) : f.present, in);
      if (!f.source.is_null()) out += " source " + to_source(f.source, in) + " seq " + std::to_string(f.seq);
      return out;
    }
  }
  return {};
}

std::string render(const Firing& f, const Loaded& package) {
  return time_text(f.time) + (f.clear ? " clear " : " fire ") + package.rules.rules[f.rule].qualified;
}

std::string render(const ActionOutput& a, const Loaded& package) {
  const FactType& t = package.rules.schema.types[a.action];
  std::string out =
      time_text(a.time) + " do " + render_record(t, a.data, all_of(t.declared_fields), *package.interner) + " " + to_string(a.state);
  if (a.state == ActionState::kSent) out += " try " + std::to_string(a.try_number);
  return out + (a.shadow ? " shadow" : "") + (a.was_due ? " late" : "") + " from " + a.rule_name;
}

std::string render(const DerivedOutput& d, const Loaded& package) {
  const FactType& t = package.rules.schema.types[d.type];
  return time_text(d.time) + (d.present ? " + " : " - ") + render_record(t, d.values, all_of(t.declared_fields), *package.interner);
}

std::string render(const Transcript& t, const Loaded& package) {
  std::string out;
  for (const Firing& f : t.firings) out += render(f, package) + "\n";
  for (const ActionOutput& a : t.actions) out += render(a, package) + "\n";
  for (const DerivedOutput& d : t.derived) out += render(d, package) + "\n";
  for (const LogOutput& l : t.logs) out += time_text(l.time) + " log " + quote(l.text) + "\n";
  return out;
}

Result<CaseText> read_case(const std::string& text) {
  CaseText c;
  enum class Part { kComment, kFile, kSteps, kExpect } part = Part::kComment;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line == "=== file") {
      part = Part::kFile;
      c.files.emplace_back();
    } else if (line == "=== steps") {
      part = Part::kSteps;
    } else if (line == "=== expect") {
      part = Part::kExpect;
    } else if (line.starts_with("===")) {
      return fail("unknown part `" + line + "`");
    } else if (part == Part::kComment) {
      c.comment += line + "\n";
    } else if (part == Part::kFile) {
      c.files.back() += line + "\n";
    } else if (part == Part::kExpect) {
      c.expect += line + "\n";
    } else if (!line.empty() && line[0] != '#') {
      c.steps.push_back(line);
    }
  }
  return c;
}

std::string write_case(const CaseText& c) {
  std::string out = c.comment;
  for (const std::string& f : c.files) out += "=== file\n" + f;
  out += "=== steps\n";
  for (const std::string& s : c.steps) out += s + "\n";
  if (!c.expect.empty()) out += "=== expect\n" + c.expect;
  return out;
}

}  // namespace flyball::reference
