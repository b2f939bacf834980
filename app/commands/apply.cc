// `flyball apply`: a running service loads other rules, as a plan has them or as files do.
#include <fmt/core.h>

#include <chrono>
#include <filesystem>

#include "app/clients/running.h"
#include "app/commands/commands.h"
#include "app/explain/online.h"
#include "app/explain/render.h"
#include "app/io/files.h"
#include "app/package/texts.h"
#include "app/replay/plan_file.h"
#include "app/replay/plan_report.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr DurationNs kMaxAge = 24 * 3600 * kNsPerSecond;
constexpr DurationNs kMaxAhead = 60 * kNsPerSecond;  // two clocks differ by less

class Apply : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "apply",
        .summary = "have a running service load other rules",
        .synopsis = {"apply PLAN [--connect ENDPOINT] [--max-age DURATION] [--carried] [--json]",
                     "apply RULES… [--set NAME=VALUE …] [--connect ENDPOINT] [--json]",
                     "apply --set NAME=VALUE … [--connect ENDPOINT] [--json]"},
        .description =
            "Sends the rules to the service as texts; it checks them and loads them between two inputs: facts, episodes, holds and actions "
            "of "
            "rules of the same name go on, and nothing is sent twice. On any error the old rules go on.\n\n"
            "A PLAN, as `flyball plan --out` keeps it, is refused if what it was made of is not so any more: the service runs other rules "
            "or "
            "params than those it was compared with, a file of the new rules has changed, the plan itself was changed, or it is older than "
            "`--max-age`. Of RULES, or of `--set` alone, nothing is compared; the params of the service stay but for `--set`.\n\n"
            "A service with a data folder keeps what was applied, and runs it after a restart; SIGHUP loads the files of its "
            "configuration, "
            "and ends that. `flyball status` says what runs. A service with `apply = false` in its configuration refuses.",
        .examples = {{"flyball plan rules/ --connect tcp://127.0.0.1:7705 --facts morning.jsonl --out today.plan && …", "look at it first"},
                     {"flyball apply today.plan", "what was looked at, or nothing"},
                     {"flyball apply --set high_util=85%", "another threshold, at once"}},
        .exit_codes = "0   loaded, or the service runs these rules already\n1   refused, and nothing is loaded\n64  wrong usage"};
  }

  void options(Options& options) override {
    options.positionals("RULES", words_, "a plan, or rule files and folders", false).complete = Complete::kRules;
    options.value("--connect", "ENDPOINT", connect_, "the service's queries endpoint (default tcp://127.0.0.1:7705)");
    options.list("--set", "NAME=VALUE", set_, "a param that is to have another value; may be given several times");
    options.value("--max-age", "DURATION", max_age_, "refuse a plan older than this (default 24h)");
    options.flag("--carried", carried_, "take a plan's rules as it carries them, wherever their files are now");
    options.flag("--json", json_, "one JSON object");
  }

  int run(Io& io) override {
    const auto wrong = [&](std::string_view message, std::string_view help) {
      io.error(fmt::format("apply: {}", message), help);
      return kExitUsage;
    };
    if (words_.empty() && set_.empty()) return wrong("there is nothing to load", "name a plan, rules, or a param by `--set NAME=VALUE`");
    std::optional<std::string> plan_text;
    std::error_code ignored;
    if (words_.size() == 1 && std::filesystem::is_regular_file(words_[0], ignored) && !words_[0].ends_with(".fly")) {
      Result<std::string> text = read_text(words_[0], io.in, PlanFile::kMaxBytes);
      if (text && is_plan_file(*text)) plan_text = std::move(*text);
      // What is neither is no rule file by accident: an answer kept in place of a plan, or one that was cut off.
      const std::string_view begin =
          text ? std::string_view(*text).substr(std::min(text->find_first_not_of(" \t\r\n"), text->size())) : "x";
      if (!plan_text && (begin.empty() || begin[0] == '{' || begin[0] == '[')) {
        io.error(fmt::format("`{}` is no plan, and holds no rules", words_[0]), "`flyball plan … --out FILE` makes one");
        return kExitFailed;
      }
    }
    if (!plan_text && (max_age_ || carried_)) return wrong(fmt::format("`{}` is for a plan", carried_ ? "--carried" : "--max-age"), {});
    if (plan_text && !set_.empty()) return wrong("a plan has its params", "make another plan, with `--set`");
    const Result<RunningService> service = RunningService::connect(connect_);
    if (!service) return failed(service.error(), io);
    const Result<std::string> answer = plan_text ? by_plan(*service, *plan_text) : by_rules(*service, io);
    if (!answer) return answer.error().message.empty() ? exit_code_ : failed(answer.error(), io);
    const SplitAnswer split = split_text(*answer);
    io.data(json_ ? split.json + "\n" : split.text);
    return kExitFine;
  }

 private:
  static int failed(const Error& error, Io& io) {
    io.error(error.message, error.help);
    return kExitFailed;
  }

  Result<std::string> by_plan(const RunningService& service, const std::string& text) const {
    const Result<PlanFile> plan = read_plan_file(text);
    if (!plan) return fail(fmt::format("`{}`: {}", words_[0], plan.error().message), plan.error().help);
    const Timestamp now{std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
    const DurationNs age = now - plan->made, allowed = max_age_.value_or(kMaxAge);
    // It would never be too old.
    if (age < -kMaxAhead) {
      return fail(
          fmt::format("`{}` was made at {}, which is {} ahead of this clock", words_[0], plan_moment(plan->made), rough_duration(-age)),
          "one of the two clocks is wrong: set it, and make the plan anew");
    }
    if (age > allowed) {
      return fail(fmt::format("`{}` was made at {}, {} ago: too old (`--max-age {}`)", words_[0], plan_moment(plan->made),
                              rough_duration(age), format_duration_human(allowed)),
                  "make the plan anew");
    }
    if (!carried_) {
      if (const Result<void> same = same_files(*plan); !same) return std::unexpected(same.error());
    }
    const Result<RunningService::Rules> running = service.rules();
    if (!running) return std::unexpected(running.error());
    return service.apply(plan->after, plan->after_digest, plan->before_digest, running->bytes_max);
  }

  // The error without a message: it was said.
  Result<std::string> by_rules(const RunningService& service, Io& io) {
    Result<RunningService::Rules> running = service.rules();
    if (!running) return std::unexpected(running.error());
    RuleTexts texts = running->texts;
    const std::vector<std::string> params = with_params(texts.params, set_);
    // Checked here as well: with the lines that are wrong.
    std::unique_ptr<CompiledPackage> package;
    if (words_.empty()) {
      texts.params = params;
      package = compile_texts(texts, io, nullptr, &exit_code_);
    } else {
      package = compile_package(words_, params, io, nullptr, &exit_code_);
    }
    if (package == nullptr) return fail("");
    Result<RuleTexts> sent = texts_of(*package, params);
    if (!sent) return std::unexpected(sent.error());
    return service.apply(words_.empty() ? *sent : with_absolute_paths(std::move(*sent)), rules_digest(*package), running->digest,
                         running->bytes_max);
  }

  std::vector<std::string> words_, set_;
  std::optional<std::string> connect_;
  std::optional<DurationNs> max_age_;
  bool carried_ = false, json_ = false;
  int exit_code_ = kExitFailed;
};

}  // namespace

std::unique_ptr<Command> make_apply() { return std::make_unique<Apply>(); }

}  // namespace flyball::app
