// `flyball ask`: a decision, from a running service or over recorded facts.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "app/commands/commands.h"
#include "app/explain/lookup.h"
#include "app/explain/render.h"
#include "app/replay/replay.h"
#include "bus/codec/json_lines.h"
#include "bus/transport/query_client.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr std::size_t kBatchMax = 1024;  // questions of one message to a service

struct Question {
  std::string json;
  std::uint64_t line = 0;  // of standard input
};

std::string error_line(const Error& error, std::uint64_t line) {
  return fmt::format("{{\"error\":{},\"line\":{}}}\n", quote(error.help.empty() ? error.message : error.message + "; " + error.help), line);
}

// The beginning of a word of the command line, for messages.
std::string shown(const std::string& text) {
  constexpr std::size_t kMost = 60;
  if (text.size() <= kMost) return text;
  std::size_t cut = kMost;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return text.substr(0, cut) + "…";
}

class Ask : public Command {
 public:
  Manual manual() const override {
    return {.name = "ask",
            .summary = "ask a decision",
            .synopsis = {"ask DECISION JSON [--connect ENDPOINT] [--explain]",
                         "ask DECISION JSON RULES… [--facts FILE] [--until TIME] [--explain]",
                         "ask DECISION --batch [RULES… --facts FILE | --connect ENDPOINT]"},
            .description =
                "Without RULES asks a running service; with RULES decides over recorded facts (none without `--facts`). JSON is the "
                "decision's input, an object. "
                "A decision changes nothing.\n\n"
                "The answer is one JSON object: decision, output, from (the case, `row 3` or `default`), as_of (the instant it reads), "
                "position (inputs applied up to it), skipped (cases that were unknown):\n"
                "  "
                "{\"decision\":\"net.pick_pool\",\"output\":{\"pool\":\"internal\"},\"from\":\"internal\",\"as_of\":12.5,\"position\":3,"
                "\"skipped\":[]}\n\n"
                "`--batch` reads one input a line from standard input and writes one answer a line, in order; a question that errs, "
                "or is no JSON, gives {\"error\":\"…\",\"line\":3}, and the others are answered.",
            .examples = {{"flyball ask pick_pool '{\"service\":\"api\",\"client\":\"192.0.2.7\"}'", "the running service"},
                         {"flyball ask pick_pool '{\"service\":\"api\",\"client\":\"192.0.2.7\"}' rules/ --facts morning.jsonl --explain",
                          "offline, with the case that answered"},
                         {"flyball ask qos_class --batch rules/ < questions.jsonl", "a line per question"}},
            .exit_codes =
                "0   answered\n1   the question is refused (with `--batch`: any of them), the rules do not check, or the service does not "
                "answer\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.positional("DECISION", decision_, "the decision's name, qualified if several modules have it");
    options.positional("JSON", input_, "its input as a JSON object; not with `--batch`", false);
    arguments_.add_options(options);
    arguments_.add_at(options);
    options.value("--connect", "ENDPOINT", connect_, "the service's queries endpoint (default tcp://127.0.0.1:7705)");
    options.flag("--batch", batch_, "read one input a line from standard input");
    options.flag("--explain", explain_, "for people: the answer, the case and its place in the rules, what was skipped");
    options.flag("--json", json_, "the answer as JSON (the default)");
  }
  int run(Io& io) override {
    if (batch_ && !input_.empty()) {
      arguments_.rules.insert(arguments_.rules.begin(), input_);
      input_.clear();
    }
    if (!batch_ && input_.empty()) {
      io.error("ask: `JSON` is missing", "the decision's input, like '{\"service\":\"api\"}'; or `--batch`");
      return kExitUsage;
    }
    const std::vector<std::string>& rules = arguments_.rules;
    if (batch_ && (arguments_.facts == "-" || std::find(rules.begin(), rules.end(), "-") != rules.end())) {
      io.error(fmt::format("ask: `--batch` and {} would both read standard input", arguments_.facts == "-" ? "`--facts -`" : "RULES `-`"));
      return kExitUsage;
    }
    if (const std::optional<int> wrong = arguments_.wrong_usage("ask", connect_, false, io)) return *wrong;
    if (batch_ && explain_) {
      io.error("ask: `--explain` is for one question", "the lines of `--batch` name the case that answered in `from`");
      return kExitUsage;
    }
    if (json_ && explain_) {
      io.error("ask: `--json` and `--explain` exclude each other");
      return kExitUsage;
    }
    if (!batch_) {
      Interner interner;
      if (const auto members = bus::parse_json_object(input_, interner); !members) {
        io.error(fmt::format("ask: the input `{}` is no JSON object: {}", shown(input_), members.error().message),
                 members.error().help.empty() ? "write it like '{\"service\":\"api\"}'" : members.error().help);
        return kExitUsage;
      }
    }
    return arguments_.rules.empty() ? online(io) : offline(io);
  }

 private:
  static int failed(const Error& error, Io& io) {
    io.error(error.message, error.help);
    return kExitFailed;
  }

  int offline(Io& io) {
    int exit_code = kExitFailed;
    const std::unique_ptr<Offline> offline = replay_offline(arguments_, io, exit_code);
    if (offline == nullptr) return exit_code;
    const ast::RuleSet& rules = offline->package->program->rules();
    const Result<DecisionId> decision = find_decision(rules.schema, decision_);
    if (!decision) return failed(decision.error(), io);
    Interner& interner = offline->package->interner;
    const auto answer = [&](std::string_view json) -> Result<engine::DecisionAnswer> {
      const Result<std::vector<Value>> input = bus::parse_decision_input(rules.schema, *decision, json, interner);
      if (!input) return std::unexpected(input.error());
      return offline->session->decide(*decision, *input);
    };
    const auto line = [&](const engine::DecisionAnswer& a) {
      std::string out;
      bus::append_answer(out, {*decision, &a.output, a.from, a.as_of, a.position, &a.skipped_unknown}, rules.schema, interner);
      return out + "\n";
    };
    if (!batch_) {
      const Result<engine::DecisionAnswer> given = answer(input_);
      if (!given) return failed(given.error(), io);
      io.data(explain_ ? answer_text(*decision, *given, {rules, offline->package->sources, interner}) : line(*given));
      return kExitFine;
    }
    return each_line(io, [&](const std::vector<Question>& questions) {
      bool all = true;
      for (const Question& question : questions) {
        const Result<engine::DecisionAnswer> given = answer(question.json);
        all = all && given.has_value();
        io.data(given ? line(*given) : error_line(given.error(), question.line));
      }
      return all;
    });
  }

  int online(Io& io) {
    Result<std::unique_ptr<bus::QueryClient>> client =
        bus::QueryClient::connect(connect_.value_or(std::string(bus::kDefaultQueriesEndpoint)));
    if (!client) return failed(client.error(), io);
    if (!batch_) {
      const Result<std::string> given = explain_ ? (*client)->explain(decision_, input_) : (*client)->ask(decision_, input_);
      if (!given) return failed(given.error(), io);
      io.data(explain_ ? *given : *given + "\n");
      return kExitFine;
    }
    return each_line(io, [&](const std::vector<Question>& questions) {
      std::vector<std::string> inputs;
      for (const Question& question : questions) inputs.push_back(question.json);
      const auto given = (*client)->ask_batch(decision_, inputs);
      bool all = given.has_value();
      if (!given) io.error(given.error().message, given.error().help);
      // A line for every question, also when the service refuses or does not answer.
      for (std::size_t i = 0; i < questions.size(); ++i) {
        const Result<std::string> one = given ? (*given)[i] : std::unexpected(given.error());
        all = all && one.has_value();
        io.data(one ? *one + "\n" : error_line(one.error(), questions[i].line));
      }
      return all;
    });
  }

  // Hands over the lines of stdin in groups; 1 if any group failed. A group ends where the next line has not come yet, so
  // that a program on the other end of a pipe gets each answer before it asks on.
  template <typename F>
  static int each_line(Io& io, F group) {
    Result<LineReader> lines = LineReader::open("-", io.in);
    std::vector<Question> waiting;
    std::string_view line;
    bool fine = true;
    for (;;) {
      // Before waiting for more, what was asked is answered: whoever sends one question and waits gets its answer.
      if (!waiting.empty() && (waiting.size() >= kBatchMax || !lines->buffered())) {
        fine = group(waiting) && fine;
        waiting.clear();
        std::fflush(io.out);
      }
      const LineReader::Status status = lines->next(line);
      if (status == LineReader::Status::kLine && !bus::is_blank_line(line)) waiting.push_back({std::string(line), lines->line_number()});
      if (status == LineReader::Status::kOversize) waiting.push_back({"", lines->line_number()});  // refused as not JSON, in its place
      if (status != LineReader::Status::kEnd && status != LineReader::Status::kFailed) continue;
      if (!waiting.empty()) fine = group(waiting) && fine;
      return fine && status == LineReader::Status::kEnd ? kExitFine : kExitFailed;
    }
  }

  OfflineArguments arguments_;
  std::string decision_, input_;
  std::optional<std::string> connect_;
  bool batch_ = false, explain_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_ask() { return std::make_unique<Ask>(); }

}  // namespace flyball::app
