// Starting and asking the service.
#include "tests/e2e/service.h"

namespace flyball::e2e {

const char* const kRules = R"(
fact Probe key (backend) { backend: string  ok: bool }
action Drain key (backend) { backend: string }
action Undrain key (backend) { backend: string }
rule drain {
  cooldown 1ms
  when { p: Probe where not ok }
  then { do Drain { backend: p.backend } }
  on clear { do Undrain { backend: p.backend } }
}
rule three_bad {
  cooldown 1h
  when { check count(Probe where not ok) >= 3 for 50ms }
  then { do Drain { backend: "all" } }
}
decision pick {
  input { want: string }
  output { backend: string }
  case wanted when { some Probe where backend == input.want and ok } return { backend: input.want }
  default return { backend: "none" }
}
)";

std::string probe(const std::string& backend, bool ok) {
  return R"({"type":"Probe","data":{"backend":")" + backend + R"(","ok":)" + (ok ? "true" : "false") + "}}\n";
}

Service::Service(const Folder& folder, const std::string& rules, const std::vector<std::string>& more) : folder_(folder) {
  std::vector<std::string> args = {"run", folder.write("rules.fly", rules)};
  for (const char* face : {"facts", "plain", "out", "actions", "queries"}) {
    args.emplace_back("--bind");
    args.push_back(std::string(face) + "=" + endpoint(face));
  }
  args.insert(args.end(), more.begin(), more.end());
  child_ = std::make_unique<Child>(folder, "run", args);
  listening_ = child_->await_err("listening:");
}

Finished Service::pub(const std::string& lines, const std::vector<std::string>& more) const {
  std::vector<std::string> args = {"pub", "-", "--connect", endpoint("facts")};
  args.insert(args.end(), more.begin(), more.end());
  return flyball(args, lines);
}

Finished Service::query(std::vector<std::string> args) const {
  args.emplace_back("--connect");
  args.push_back(endpoint("queries"));
  return flyball(args);
}

bool Service::eventually_says(const std::vector<std::string>& args, const std::string& text) const {
  return eventually([&] { return query(args).out.find(text) != std::string::npos; });
}

}  // namespace flyball::e2e
