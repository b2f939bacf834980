// One expression by itself: parse, check by CEL's own typing, evaluate over variables. What `eval` does; its batch form speaks
// the value and type forms of CEL's conformance suite. Pure but for the interner. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/interner.h"
#include "model/result.h"
#include "model/type.h"
#include "model/value.h"
#include "parser/diagnostics/diagnostic.h"
#include "parser/parser.h"
#include "parser/source.h"

namespace flyball::app {

struct Binding {
  std::string name;  // may have dots
  Type type;
  Value value;  // an error value: not bound
};

struct Evaluated {
  Value value;  // an error value when it errs; its text says why
  Type type;
};

struct EvalOptions {
  std::vector<FunctionDeclaration> functions;  // known by their types only
  std::string container;                       // names are looked up in it first, as CEL says
  bool disable_check = false;                  // types are seen at run time only
  bool check_only = false;
};

// Error: the diagnostics are in `diagnostics`, and the first one's message is the Error's.
Result<Evaluated> evaluate_text(std::string_view text, const std::vector<Binding>& bindings, const EvalOptions& options,
                                SourceFiles& sources, Interner& interner, Diagnostics& diagnostics);

// A case of the batch, {"expr":…,"bindings":…,…}, to its answer; one line without a newline. Never fails: an error is an answer.
std::string evaluate_case(std::string_view line);

// {"int64_value":"1"} and {"primitive":"INT64"}: the suite's forms of a value and of a type.
void append_suite_value(std::string& out, const Value& value, const Interner& interner);
void append_suite_type(std::string& out, const Type& type);

}  // namespace flyball::app
