// Program: a checked RuleSet made ready to run: network plan, expression code, decision plans. Immutable; any number
// of Sessions may run one. Params are constants of a Program: to change one, compile again.
//
// Door: compile(). Everything in engine/ that is not named in program.h, statistics.h, outline.h, session.h, insight.h, expression.h or
// explain/explanation.h is internal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/statistics.h"
#include "model/calendar.h"
#include "model/interner.h"
#include "model/result.h"
#include "model/schema.h"
#include "model/time.h"
#include "parser/ast/ast.h"

namespace flyball::engine {

struct ProgramData;  // engine/compile/program_data.h

// Whether rules() keeps the expressions of its rules once they are compiled. They are half of a large package's memory, and only who
// compiles rules() again (with other params) needs them.
enum class Trees : std::uint8_t { kKeep, kFree };

class Program {
 public:
  ~Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;

  const Schema& schema() const;
  const ast::RuleSet& rules() const;
  Value param_value(std::uint32_t param) const;
  const ProgramData& data() const { return *data_; }
  // What the interner gave while the rules were read and compiled (Interner::Notes): sessions that collect keep it.
  void hold(std::vector<Value> constants);
  // A table of text of the compiled network: types → alpha nodes → joins → rules. For tests and `graph`.
  std::string dump() const;

 private:
  friend Result<Program> compile(ast::RuleSet rules, Interner& interner, const std::vector<std::pair<std::uint32_t, Value>>& params,
                                 Trees trees, const Program* running, const JoinOptions& joins);
  explicit Program(std::unique_ptr<ProgramData> data);
  std::unique_ptr<ProgramData> data_;
};

// `params` overrides defaults by Schema::params index; a value out of the param's type or range is an Error. `running`: a program of the
// same interner, of which a session may go on under this one: what is the same gets the same numbers, so that Session::take_over need not
// touch it. `joins`: what is known of the facts that will come; the written order stands where nothing is.
Result<Program> compile(ast::RuleSet rules, Interner& interner, const std::vector<std::pair<std::uint32_t, Value>>& params = {},
                        Trees trees = Trees::kKeep, const Program* running = nullptr, const JoinOptions& joins = {});

// A calendar by itself, for editors: whether it is open at t, and when that changes (kTimestampMax: never). nullopt: the machine has no
// table of its zone.
struct CalendarEdge {
  bool open = false;
  Timestamp next = kTimestampMax;
};
std::optional<CalendarEdge> calendar_at(const Calendar& calendar, Timestamp t);

}  // namespace flyball::engine
