// Compiling a package, with params given as texts.
#include <fmt/core.h>

#include <filesystem>

#include "app/package/package.h"
#include "app/package/texts.h"
#include "bus/codec/json_lines.h"
#include "model/text.h"
#include "parser/diagnostics/render.h"

namespace flyball::app {

Result<std::vector<std::pair<std::uint32_t, Value>>> parse_params(const std::vector<std::string>& texts, const Schema& schema,
                                                                  Interner& interner) {
  std::vector<std::pair<std::uint32_t, Value>> values;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) return fail(fmt::format("the param `{}` has no `=`", text), "params are given as NAME=VALUE");
    const std::string name = text.substr(0, equals);
    const std::string written = text.substr(equals + 1);
    const Schema::Lookup found = schema.find_param(name);
    if (found.id == kNoId) {
      std::string meant;
      for (const std::string& candidate : found.candidates) meant += (meant.empty() ? "did you mean `" : " or `") + candidate + "`";
      return fail(fmt::format("there is no param `{}`", name), meant.empty() ? meant : meant + "?");
    }
    // As JSON first (92, true, "x"), else as the bare text of a unit or a string (85%, 2m, up).
    const Type& type = schema.params[found.id].type;
    const Result<Value> bare = bus::parse_json_as(written, type, interner);
    const Result<Value> value = bare ? bare : bus::parse_json_as(quote(written), type, interner);
    if (!value) {
      // What is a number is judged as one: its refusal says how to write it with its unit.
      const Error& error = bus::parse_json(written, interner) ? bare.error() : value.error();
      return fail(fmt::format("`{}` cannot be `{}`: {}", name, written, error.message), error.help);
    }
    values.emplace_back(found.id, *value);
  }
  return values;
}

namespace {

// From a package that was parsed to one that was compiled. On an error `package` stays where it is: the notes are of its interner.
std::unique_ptr<CompiledPackage> finish(std::unique_ptr<CompiledPackage>& package, Interner::Notes& notes,
                                        const std::vector<std::string>& params, Io& io, int* exit_code, const ParamPlaces& places,
                                        engine::Trees trees, const engine::Program* running, const engine::JoinOptions& joins) {
  if (package->diagnostics.has_errors()) {
    if (io.json) {
      for (const Diagnostic& d : package->diagnostics.all()) io.message(render_json(d, package->sources) + "\n");
    } else {
      io.message(render_all(package->diagnostics, package->sources, io.err_colour));
    }
    return nullptr;
  }
  for (std::uint32_t i = 0; i < package->rule_files; ++i) {
    if (package->sources.text(i).find_first_not_of(" \t\r\n") == std::string_view::npos)
      io.warning(fmt::format("`{}` is empty: it has no rules", package->sources.path(i)));
  }
  const auto values = parse_params(params, package->rules.schema, package->interner);
  if (!values) {
    std::string place;
    for (const std::string& text : params) {
      if (parse_params({text}, package->rules.schema, package->interner)) continue;
      if (const auto found = places.find(text); found != places.end()) place = found->second + ": ";
      break;
    }
    io.error(place + values.error().message, values.error().help);
    if (exit_code != nullptr) *exit_code = kExitUsage;
    return nullptr;
  }
  Result<engine::Program> program = engine::compile(std::move(package->rules), package->interner, *values, trees, running, joins);
  if (!program) {
    io.error(program.error().message, program.error().help);
    return nullptr;
  }
  package->program.emplace(std::move(*program));
  package->program->hold(notes.take());
  return std::move(package);
}

}  // namespace

std::unique_ptr<CompiledPackage> compile_package(const std::vector<std::string>& arguments, const std::vector<std::string>& params, Io& io,
                                                 Interner* shared, int* exit_code, const ParamPlaces& places, engine::Trees trees,
                                                 const engine::Program* running, const engine::JoinOptions& joins) {
  if (exit_code != nullptr) *exit_code = kExitFailed;
  auto package = std::make_unique<CompiledPackage>(shared);
  Interner::Notes notes(package->interner);
  if (!parse_into(*package, arguments, io)) return nullptr;
  return finish(package, notes, params, io, exit_code, places, trees, running, joins);
}

std::unique_ptr<CompiledPackage> compile_texts(const RuleTexts& texts, Io& io, Interner* shared, int* exit_code,
                                               const engine::Program* running, const engine::JoinOptions& joins) {
  if (exit_code != nullptr) *exit_code = kExitFailed;
  auto package = std::make_unique<CompiledPackage>(shared);
  Interner::Notes notes(package->interner);
  std::vector<std::pair<std::string, std::string>> files;
  for (const RuleText& file : texts.files) files.emplace_back(file.path, file.text);
  // Whoever sends rules may name any file as a table: none of this machine is read for it.
  const ReadTable read = [&](const std::string& path) -> Result<std::string> {
    for (const RuleText& table : texts.tables) {
      if (std::filesystem::path(table.path).lexically_normal() == std::filesystem::path(path).lexically_normal()) return table.text;
    }
    return fail(fmt::format("`{}` is not among the tables that these rules carry", path));
  };
  if (!parse_texts(*package, std::move(files), read, io)) return nullptr;
  return finish(package, notes, texts.params, io, exit_code, {}, engine::Trees::kFree, running, joins);
}

}  // namespace flyball::app
