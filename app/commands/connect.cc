// `flyball connect NAME …`: hands over to a connector, which parses its own words.
#include "connectors/connect.h"

#include <fmt/core.h>

#include "app/commands/commands.h"
#include "model/schema.h"
#include "model/suggest.h"

namespace flyball::app {
namespace {

class Connect : public Command {
 public:
  Manual manual() const override {
    std::string all;
    for (const connectors::Connector& c : connectors::connectors()) all += fmt::format("\n  {:<10} {}", c.name, c.synopsis);
    return {.name = "connect",
            .summary = "run a connector: facts from a real system, actions carried out on it",
            .synopsis = {"connect NAME [ARGUMENT…]", "connect NAME --help"},
            .description =
                "A connector is an ordinary client of the bus: it publishes what it sees and carries out the actions it is sent. "
                "It reconnects by itself and says when it cannot see. There are:" +
                all + "\n\nEach has a manual of its own: `flyball connect NAME --help`.",
            .examples = {{"flyball connect haproxy --help", "the manual of one connector"}},
            .exit_codes = "0   stopped as asked\n1   failed\n64  wrong usage"};
  }
  void options(Options& options) override {
    Option& name = options.positional("NAME", name_, "the connector");
    for (const connectors::Connector& c : connectors::connectors()) name.choices.emplace_back(c.name);
  }
  bool takes_raw() const override { return true; }
  int run(Io&) override { return kExitUsage; }  // without words, parsing has said already that NAME is missing

  int run_raw(const std::vector<std::string>& words, Io& io) override {
    std::vector<std::string> names;
    for (const connectors::Connector& c : connectors::connectors()) {
      names.emplace_back(c.name);
      if (c.name != words[0]) continue;
      std::vector<std::string> rest(words.begin() + 1, words.end());
      for (const std::string& word : rest) {
        if (word == "--") break;
        if (word != "--help" && word != "-h") continue;
        io.data(c.help);
        if (!c.help.ends_with('\n')) io.data("\n");
        return kExitFine;
      }
      return c.run(std::move(rest));
    }
    const std::string meant = did_you_mean(nearest(words[0], names));
    io.error(fmt::format("connect: there is no connector `{}`", words[0]), meant.empty() ? "there are " + listed(names, "and") : meant);
    return kExitUsage;
  }

 private:
  std::string name_;
};

}  // namespace

std::unique_ptr<Command> make_connect() { return std::make_unique<Connect>(); }

}  // namespace flyball::app
