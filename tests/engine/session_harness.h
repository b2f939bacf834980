// A session over rules written as text, fed by short words, said as lines of text: what the tests of the session compare.
#pragma once

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "engine/compile/expr_compiler.h"
#include "engine/program.h"
#include "engine/session.h"
#include "model/text.h"
#include "parser/diagnostics/render.h"
#include "parser/parser.h"

namespace flyball::engine::testing {

// Seconds (or a literal such as "1m30s") of recorded time.
inline Timestamp at(const std::string& text) { return Timestamp{parse_duration_ns(text).value()}; }

class Said final : public OutputSink {
 public:
  explicit Said(const Interner& in) : in_(in) {}
  std::vector<std::string> lines;
  bool firings = false;  // also say what fired
  std::vector<std::string> ids;
  const Schema* schema = nullptr;

  void on_action(const ActionOutput& a) override {
    const FactType& type = schema->types[a.action];
    lines.push_back(fmt::format("{} {}{} {}{}", time(a.time), type.local, record(type.fields, a.data), to_string(a.state),
                                a.try_number > 1 ? fmt::format(" #{}", a.try_number) : "") +
                    (a.shadow ? " shadow" : "") + (a.was_due ? " late, due " + time(*a.was_due) : ""));
    ids.push_back(a.id);
  }
  void on_derived(const DerivedOutput& d) override {
    const FactType& type = schema->types[d.type];
    lines.push_back(fmt::format("{} {}{}{}", time(d.time), d.present ? "+" : "-", type.local, record(type.fields, d.values)));
  }
  void on_log(const LogOutput& l) override { lines.push_back(fmt::format("{} log {}", time(l.time), l.text)); }
  void on_firing(Timestamp t, std::uint32_t rule, bool clear) override {
    if (firings) lines.push_back(fmt::format("{} rule {}{}", time(t), rule, clear ? " clear" : ""));
  }
  void on_trouble(Timestamp t, const std::string& message) override { lines.push_back(fmt::format("{} trouble {}", time(t), message)); }

  static std::string time(Timestamp t) { return format_duration_human(t.ns); }
  std::string record(const std::vector<Field>& fields, const std::vector<Value>& values) const {
    std::string out = "(";
    for (std::size_t i = 0; i < values.size(); ++i)
      out += fmt::format("{}{}: {}", i == 0 ? "" : ", ", fields[i].name, to_source(values[i], in_));
    return out + ")";
  }

 private:
  const Interner& in_;
};

class World {
 public:
  explicit World(const std::string& text, Limits limits = {}) : limits_(limits) {
    program = load(text);
    said.schema = &program->schema();
    session = std::make_unique<Session>(*program, in, said, limits_);
  }

  // Another session, of other rules, goes on where this one is.
  TakenOver reload(const std::string& text, bool anew = false) {
    std::unique_ptr<Program> next_program = load(text, anew ? nullptr : program.get());
    said.schema = &next_program->schema();
    auto next = std::make_unique<Session>(*next_program, in, said, limits_);
    TakenOver taken = next->take_over(*session, anew);
    session = std::move(next);
    program = std::move(next_program);
    return taken;
  }

  // `fields` as in a rule: `id: 1, up: true`. Fields left out take their defaults (for a patch: are not given).
  FactInput input(const std::string& time, const std::string& type, const std::string& fields, FactOp op = FactOp::kPut) {
    const FactTypeId id = program->schema().type_id(type);
    REQUIRE(id != kNoId);
    const FactType& t = program->schema().types[id];
    FactInput out;
    out.type = id;
    out.op = op;
    out.stamp = at(time);
    read_fields(t.fields, fields, out.values, out.present);
    return out;
  }
  Result<PutOutcome> put(const std::string& time, const std::string& type, const std::string& fields) {
    return session->put(input(time, type, fields));
  }
  Result<PutOutcome> patch(const std::string& time, const std::string& type, const std::string& fields) {
    return session->put(input(time, type, fields, FactOp::kPatch));
  }
  Result<PutOutcome> retract(const std::string& time, const std::string& type, const std::string& fields) {
    return session->put(input(time, type, fields, FactOp::kRetract));
  }
  Result<void> ack(const std::string& time, const std::string& type, const std::string& fields, ActionState state = ActionState::kAcked,
                   const std::string& result = "") {
    AckInput ack;
    ack.action = program->schema().type_id(type);
    const FactType& t = program->schema().types[ack.action];
    const std::vector<Field> declared(t.fields.begin(), t.fields.begin() + static_cast<std::ptrdiff_t>(t.declared_fields));
    read_fields(declared, fields, ack.data, ack.present);
    std::uint64_t given = 0;
    if (!result.empty()) read_fields(t.result_fields, result, ack.result, given);
    ack.state = state;
    ack.stamp = at(time);
    return session->ack(ack);
  }
  void tick(const std::string& time) { session->tick(at(time)); }
  void recovered(const std::string& time) { session->recovered(at(time)); }
  // What was said since the last call.
  std::vector<std::string> heard() {
    std::vector<std::string> out;
    out.swap(said.lines);
    return out;
  }
  // The live facts of a type, in key order.
  std::vector<std::string> facts(const std::string& type) {
    const FactTypeId id = program->schema().type_id(type);
    std::vector<std::string> out;
    for (const FactView& f : session->facts(id)) {
      out.push_back(said.record(program->schema().types[id].fields, f.values) + (f.stale ? " stale" : ""));
    }
    return out;
  }

  Interner in;
  std::unique_ptr<Program> program;
  Said said{in};
  std::unique_ptr<Session> session;

 private:
  static std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> out;
    std::string part;
    int depth = 0;
    bool quoted = false;
    for (const char c : text) {
      if (c == '"') quoted = !quoted;
      if (!quoted && (c == '[' || c == '(' || c == '{')) ++depth;
      if (!quoted && (c == ']' || c == ')' || c == '}')) --depth;
      if (c == ',' && depth == 0 && !quoted) {
        out.push_back(part);
        part.clear();
      } else {
        part += c;
      }
    }
    if (part.find_first_not_of(' ') != std::string::npos) out.push_back(part);
    return out;
  }
  void read_fields(const std::vector<Field>& fields, const std::string& text, std::vector<Value>& values, std::uint64_t& present) {
    values.assign(fields.size(), Value::null());
    for (std::size_t i = 0; i < fields.size(); ++i) values[i] = fields[i].default_value.value_or(Value::null());
    for (const std::string& part : split(text)) {
      const std::size_t colon = part.find(':');
      const std::size_t begin = part.find_first_not_of(' ');
      const std::string name = part.substr(begin, colon - begin);
      const auto field = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
      INFO(name);
      REQUIRE(field != fields.end());
      const std::size_t index = static_cast<std::size_t>(field - fields.begin());
      SourceFiles sources;
      Diagnostics diagnostics;
      const auto file = sources.add("value", part.substr(colon + 1));
      ast::Expr e = parse_expression(sources, *file, in, diagnostics);
      check_expression(e, {}, true, in, diagnostics);
      INFO(part);
      REQUIRE_FALSE(diagnostics.has_errors());
      Value v = constant_value(e, {nullptr, nullptr, &in});
      if (field->type.is(TypeTag::kDouble) && v.is(Kind::kInt)) v = Value::real(static_cast<double>(v.as_int()));
      values[index] = v;
      present |= std::uint64_t{1} << index;
    }
  }
  std::unique_ptr<Program> load(const std::string& text, const Program* running = nullptr) {
    Diagnostics diagnostics;
    Interner::Notes notes(in);
    const auto file = sources_.add("test.fly", text);
    std::vector<ast::File> files;
    files.push_back(parse_file(sources_, *file, in, diagnostics));
    ast::RuleSet rules = check_package(std::move(files), sources_, in, diagnostics);
    if (diagnostics.has_errors()) FAIL(render_all(diagnostics, sources_));
    Result<Program> compiled = compile(std::move(rules), in, {}, Trees::kKeep, running);
    if (!compiled) FAIL(compiled.error().message);
    compiled->hold(notes.take());
    return std::make_unique<Program>(std::move(*compiled));
  }

  SourceFiles sources_;
  Limits limits_;
};

using Lines = std::vector<std::string>;

}  // namespace flyball::engine::testing
