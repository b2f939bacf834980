// `flyball top`: what a running service's rules do, cost and hold, looked at again and again.
#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "app/commands/commands.h"
#include "app/explain/online.h"
#include "app/insight/view.h"
#include "app/io/json.h"
#include "bus/transport/query_client.h"
#include "model/text.h"

namespace flyball::app {
namespace {

constexpr DurationNs kEveryMin = 100'000'000, kEveryMax = 3600 * kNsPerSecond;
constexpr std::uint64_t kRulesMax = 10'000;  // shown

class Top : public Command {
 public:
  Manual manual() const override {
    return {
        .name = "top",
        .summary = "show what a running service's rules do, cost and hold",
        .synopsis = {"top [--connect ENDPOINT] [--by WORD] [--rules N] [--every D] [--looks N | --once] [--json]"},
        .description =
            "Asks a running service again and again, and shows what happened in between: facts and firings a second, where the time of the "
            "service's thread went, and each rule's share of it.\n\n"
            "  time%    of one core, sampled: what the rule's joins, tokens, aggregates and effects took\n"
            "  work/s   tests, pairs looked at, activations and tokens made or deleted: counted exactly\n"
            "  pairs/s  of facts or tokens that a join looked at\n"
            "  firings  episodes started, repeated and ended, and productions fired\n"
            "  matches  complete ones that stand now; tokens: partial ones, too\n"
            "  memory   what only this rule needs; what several share is in the second line, once\n"
            "  rule     `joins of a, b`: what these rules begin with, joined once for them; it counts as no rule\n\n"
            "Behind the rules stands, for each in mode shadow, what it would have done since the rules were loaded, beside what active "
            "rules "
            "did.\n\n"
            "Tests on single facts are shared by all rules over a type, so their time stands with the type. The service samples only while "
            "somebody looks, and 30 s longer; counters always run, and begin anew when rules are reloaded.\n\n"
            "On a terminal the screen is drawn anew at each look; else one look follows the other. `--json` writes one object a look: "
            "`now` with everything since the rules were loaded, `since`, the difference to the look before, and `shadow`. For recorded "
            "facts there "
            "is "
            "`flyball profile`.",
        .examples = {{"flyball top", "until you stop it"},
                     {"flyball top --once --by memory", "one look, over one second, the largest rules first"},
                     {"flyball top --looks 3 --every 10s --json | jq '.since.firings'", "firings in 10 s, three times"}},
        .exit_codes = "0   shown\n1   the service does not answer\n64  wrong usage"};
  }
  void options(Options& options) override {
    options.value("--connect", "ENDPOINT", connect_, "the service's queries endpoint (default tcp://127.0.0.1:7705)");
    Option& by =
        options.value("--by", "WORD", by_, "the most first by `time` (the default), `work`, `matches`, `memory`, `firings`, or by `name`");
    by.complete = Complete::kChoice;
    by.choices = {"time", "work", "matches", "memory", "firings", "name"};
    options.value("--rules", "N", rules_, "rules shown (default: 20, or what fits the terminal; at most 10000)");
    options.value("--every", "D", every_, "time between two looks (default 1s; 100ms to 1h)");
    options.value("--looks", "N", looks_, "end after so many").letter = "-n";
    options.flag("--once", once_, "one look, the same as `--looks 1`");
    options.flag("--json", json_, "one JSON object a look");
  }

  int run(Io& io) override {
    const std::optional<InsightOrder> by = insight_order(by_.value_or("time"));
    const DurationNs every = every_.value_or(kNsPerSecond);
    if (once_ && looks_) return wrong(io, "`--once` and `--looks` exclude each other", "give one of them");
    if (every < kEveryMin || every > kEveryMax) return wrong(io, "`--every` is out of range", "from 100ms to 1h");
    if (looks_ && *looks_ == 0) return wrong(io, "`--looks 0` shows nothing", "leave it out to look until you stop it");
    if (rules_ && (*rules_ == 0 || *rules_ > kRulesMax))
      return wrong(io, "`--rules` is out of range", fmt::format("from 1 to {}", kRulesMax));
    if (!by) return wrong(io, "`--by` is no order", "by " + std::string(kInsightOrders));

    Result<std::unique_ptr<bus::QueryClient>> client =
        bus::QueryClient::connect(connect_.value_or(std::string(bus::kDefaultQueriesEndpoint)));
    if (!client) return failed(io, client.error());
    std::optional<InsightReport> before;
    const std::uint64_t looks = once_ ? 1 : looks_.value_or(UINT64_MAX);
    const bool draws = isatty(STDOUT_FILENO) == 1 && io.out == stdout && !json_ && looks > 1;
    // A look shows what happened since the one before it: the first of all is not shown.
    for (std::uint64_t look = 0; look <= looks; ++look) {
      if (look > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(every));
      const Result<std::string> answer = (*client)->query("insight", fmt::format("{{\"by\":{}}}", quote(by_.value_or("time"))));
      if (!answer) return failed(io, answer.error());
      Result<InsightReport> now = read_insight(*answer);
      if (!now) return failed(io, now.error());
      if (look > 0) {
        std::optional<InsightReport> since = insight_since(*before, *now);
        const Result<std::string> shadow = (*client)->query("shadow", "{}");
        if (!shadow) return failed(io, shadow.error());
        if (json_) {
          io.data(fmt::format("{{\"now\":{},\"since\":{},\"shadow\":{}}}\n", *answer, since ? insight_json(*since) : "null",
                              json_member(*shadow, "shadow")));
        } else {
          TopView view{*by, shown(draws), io.out_colour};
          std::string text = since ? "" : "the rules were loaded anew: everything is since then\n";
          text += top_text(*now, since, view) + shadow_figures(*shadow);
          io.data((draws ? "\033[H\033[2J" : look > 1 ? "\n" : "") + text);
        }
        std::fflush(io.out);
      }
      before = std::move(*now);
    }
    return kExitFine;
  }

 private:
  static int wrong(Io& io, std::string_view message, std::string_view help) {
    io.error(fmt::format("top: {}", message), help);
    return kExitUsage;
  }
  static int failed(Io& io, const Error& error) {
    io.error(error.message, error.help);
    return kExitFailed;
  }
  // A line for each rule in shadow, without its examples.
  static std::string shadow_figures(std::string_view answer) {
    std::string out;
    const std::string text = split_text(answer).text;
    for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (text.compare(begin, 7, "shadow ") == 0) out += text.substr(begin, end + 1 - begin);
    }
    return out;
  }

  // On a terminal as many as leave room for the rest.
  std::size_t shown(bool draws) const {
    constexpr std::size_t kDefault = 20, kRest = 18, kLeast = 5;
    if (rules_) return static_cast<std::size_t>(*rules_);
    winsize size{};
    if (!draws || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return kDefault;
    return std::max<std::size_t>(kLeast, size.ws_row > kRest ? size.ws_row - kRest : 0);
  }

  std::optional<std::string> connect_, by_;
  std::optional<std::uint64_t> rules_, looks_;
  std::optional<DurationNs> every_;
  bool once_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_top() { return std::make_unique<Top>(); }

}  // namespace flyball::app
