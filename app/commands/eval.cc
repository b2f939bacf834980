// `flyball eval`: one expression, or a batch of conformance cases.
#include "app/eval/eval.h"

#include <fmt/core.h>

#include "app/commands/commands.h"
#include "app/io/files.h"
#include "bus/codec/json_lines.h"
#include "model/text.h"
#include "parser/diagnostics/render.h"

namespace flyball::app {
namespace {

class Eval : public Command {
 public:
  Manual manual() const override {
    return {.name = "eval",
            .summary = "evaluate an expression",
            .synopsis = {"eval EXPR [--input JSON] [--json]", "eval --batch < CASES"},
            .description =
                "Evaluates one expression of the rule language by CEL's own typing and prints its value as it would be written in a rule. "
                "The members of the `--input` object are its variables.\n\n"
                "`--batch` reads one case a line from standard input, in the value forms of CEL's conformance suite, and answers each with "
                "a line, in order:\n"
                "  in:  {\"expr\":\"x + "
                "1\",\"bindings\":{\"x\":{\"value\":{\"int64_value\":\"2\"}}},\"type_env\":[…],\"container\":\"…\",\"disable_check\":false,"
                "\"check_only\":false}\n"
                "  out: {\"value\":{\"int64_value\":\"3\"},\"type\":{\"primitive\":\"INT64\"}}\n"
                "  out: {\"error\":\"…\"}     when it does not parse, check or evaluate\n"
                "  out: {\"type\":{…}}      for check_only",
            .examples = {{"flyball eval '2GiB / 4s'", "units: a bitrate"},
                         {"flyball eval 'ip(client) in 10.0.0.0/8' --input '{\"client\":\"10.1.2.3\"}'",
                          "over an input: strings from JSON are strings, ip(…) makes an address of one"},
                         {"flyball eval --batch < cases.jsonl", "a line per case"}},
            .exit_codes =
                "0   evaluated (with `--batch`: every line was answered)\n1   the expression does not parse or check, or its value is an "
                "error\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positional("EXPR", expression_, "the expression; `-` reads it from standard input", false);
    options.value("--input", "JSON", input_, "an object whose members are the expression's variables");
    options.flag("--batch", batch_, "read one case a line from standard input");
    options.flag("--json", json_, "one JSON object: value, type; or error");
  }
  int run(Io& io) override {
    if (batch_) return run_batch(io);
    if (expression_.empty()) {
      io.error("eval: `EXPR` is missing", "`flyball eval --help` shows what it takes");
      return kExitUsage;
    }
    if (expression_ == "-") {
      Result<std::string> text = read_text("-", io.in, SourceFiles::kMaxFileBytes);
      if (!text) {
        io.error(text.error().message);
        return kExitFailed;
      }
      expression_ = std::move(*text);
    }
    Interner interner;
    std::vector<Binding> bindings;
    if (input_) {
      const auto members = bus::parse_json_object(*input_, interner);
      if (!members) {
        io.error("`--input`: " + members.error().message,
                 members.error().help.empty() ? "it is a JSON object, like '{\"x\": 1}'" : members.error().help);
        return kExitUsage;
      }
      for (const auto& [name, value] : *members) bindings.push_back({name, Type::of(TypeTag::kDyn), value});
    }
    SourceFiles sources;
    Diagnostics diagnostics;
    const Result<Evaluated> result = evaluate_text(expression_, bindings, {}, sources, interner, diagnostics);
    if (!result) {
      if (json_)
        io.data(fmt::format("{{\"error\":{}}}\n", quote(result.error().message)));
      else if (diagnostics.has_errors())
        io.message(render_all(diagnostics, sources, io.err_colour));
      else
        io.error(result.error().message, result.error().help);
      return kExitFailed;
    }
    if (result->value.is_error()) {
      const std::string_view text = interner.text(result->value);
      const std::string message(text.empty() ? "the value is unknown" : text);
      if (json_)
        io.data(fmt::format("{{\"error\":{}}}\n", quote(message)));
      else
        io.error(message);
      return kExitFailed;
    }
    if (!json_) {
      io.data(to_source(result->value, interner) + "\n");
      return kExitFine;
    }
    std::string out = "{\"value\":";
    append_json(out, result->value, interner);
    io.data(out + fmt::format(",\"type\":{}}}\n", quote(to_string(result->type))));
    return kExitFine;
  }

 private:
  int run_batch(Io& io) {
    if (!expression_.empty() || input_) {
      io.error("eval: `--batch` reads its expressions from standard input", "give either an EXPR or `--batch`");
      return kExitUsage;
    }
    Result<LineReader> lines = LineReader::open("-", io.in);
    std::string_view line;
    for (;;) {
      // Whoever sends one case and waits for its answer gets it.
      if (!lines->buffered()) std::fflush(io.out);
      const LineReader::Status status = lines->next(line);
      if (status == LineReader::Status::kEnd) return kExitFine;
      if (status == LineReader::Status::kFailed) {
        io.error("standard input cannot be read to its end");
        return kExitFailed;
      }
      if (status == LineReader::Status::kOversize)
        io.data("{\"error\":\"the line is too long\"}\n");
      else  // an empty line as well: the answers stand in the order of the lines, one for each
        io.data(evaluate_case(line) + "\n");
    }
  }

  std::string expression_;
  std::optional<std::string> input_;
  bool batch_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_eval() { return std::make_unique<Eval>(); }

}  // namespace flyball::app
