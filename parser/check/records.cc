// Records `{ field: e, … }` against the fields they fill. See passes.h.
#include <fmt/format.h>

#include "parser/check/expressions.h"
#include "parser/check/passes.h"

namespace flyball::check {

void check_record(Package& p, Scope& scope, ast::Record& record, const std::vector<Field>& fields, std::size_t count,
                  const std::string& what, Completeness completeness) {
  std::vector<bool> given(count, false);
  bool unknown = false;
  ExprChecker checker(p, scope);
  for (ast::RecordField& f : record.fields) {
    std::size_t index = 0;
    while (index < count && fields[index].name != f.name.text) ++index;
    if (index == count) {
      unknown = true;
      p.report.misspelt("E0302", f.name.span, fmt::format("{} has no field `{}`", what, f.name.text), f.name.text,
                        field_names(fields, count));
      checker.check(f.value);
      continue;
    }
    given[index] = true;
    f.field = static_cast<std::uint32_t>(index);
    if (p.uses != nullptr) p.uses->field(f.name.span, fields, index);
    checker.value_for(f.value, fields[index].type, "`" + fields[index].name + "`");
  }
  // A misspelt field is most likely the missing one: one mistake, one message.
  if (completeness == Completeness::kPartial || unknown) return;
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < count; ++i) {
    if (!given[i] && !fields[i].default_value && !fields[i].type.nullable && !fields[i].type.is(TypeTag::kError))
      missing.push_back(fields[i].name);
  }
  if (missing.empty()) return;
  const ast::Span at = record.type.text.empty() ? record.span : record.type.span;
  p.report.error("E0505", at, fmt::format("{} needs {}, too", what, listed(missing, "and")),
                 "give every field that has no default and is not optional (`T?`)");
}

}  // namespace flyball::check
