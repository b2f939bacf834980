// Programs written from docs/reference/wire.md alone against `flyball run`; executors that die; peers that send rubbish.
#include <catch2/catch.hpp>
#include <csignal>

#include "tests/e2e/service.h"

namespace flyball::e2e {
namespace {

const char* const kNet = R"(
fact LinkStats key (device, port) { device: string  port: string  util: percent }
action DrainLink key (device, port) { device: string  port: string }
fact Drained key (device, port) { device: string  port: string }
rule hot {
  cooldown 1ms
  when { l: LinkStats where util > 80% }
  then { do DrainLink { device: l.device, port: l.port } }
}
rule remember {
  when { d: DrainLink where state == "acked" }
  then { derive Drained { device: d.device, port: d.port } }
}
decision pick_pool {
  input { service: string  client: ip }
  output { pool: string }
  case drained when { some Drained } return { pool: "spare" }
  default return { pool: input.service }
}
)";

const std::string kPython = "/usr/bin/python3";

// The page's program of that name, as a file.
std::string program(const Folder& folder, const std::string& name) {
  const std::string page = slurp(std::string(FLYBALL_SOURCE_DIR) + "/docs/reference/wire.md");
  const std::string head = "```python file=" + name + "\n";
  const std::size_t begin = page.find(head);
  REQUIRE(begin != std::string::npos);
  const std::size_t end = page.find("```", begin + head.size());
  return folder.write(name, page.substr(begin + head.size(), end - begin - head.size()));
}

bool has_python() { return run(kPython, {"-c", "import zmq, msgpack"}).status == 0; }

TEST_CASE("the programs of docs/reference/wire.md close the loop with `flyball run`") {
  if (!has_python()) {
    WARN("skipped: python3-zmq and python3-msgpack are not installed");
    return;
  }
  const Folder folder;
  Service service(folder, kNet);
  REQUIRE(service.listening());
  Child executor(folder, "executor", {program(folder, "executor.py"), service.endpoint("actions")}, kPython);
  Child tap(folder, "tap", {program(folder, "tap.py"), service.endpoint("out")}, kPython);
  const Finished first = run(kPython, {program(folder, "question.py"), service.endpoint("queries")});
  CHECK(first.out == "api from default\n");

  const Finished published = run(kPython, {program(folder, "publisher.py"), service.endpoint("facts")});
  INFO(published.err);
  CHECK(published.status == 0);
  CHECK(published.out.find("acknowledged 2 []\n") != std::string::npos);
  CHECK(published.out.find("acknowledged 3 [{'seq': 3, 'error':") != std::string::npos);
  CHECK(executor.await_out("draining e1 et1\n"));
  CHECK(service.eventually_says({"facts", "--type", "Drained"}, "\"et1\""));
  CHECK(run(kPython, {program(folder, "question.py"), service.endpoint("queries")}).out == "spare from drained\n");

  CHECK(run(kPython, {program(folder, "plain.py"), service.endpoint("plain")}).status == 0);
  CHECK(service.eventually_says({"facts", "--type", "LinkStats"}, "util: 50%"));
  REQUIRE(eventually([&] {
    run(kPython, {program(folder, "publisher.py"), service.endpoint("facts")});
    run(kPython, {program(folder, "plain.py"), service.endpoint("plain")});
    return tap.out().find("main.DrainLink {'device': 'e1', 'port': 'et1'}") != std::string::npos;
  }));
  CHECK(service.child().stop() == 0);
}

TEST_CASE("an executor that is killed loses nothing: the next one gets what it did not finish") {
  if (!has_python()) {
    WARN("skipped: python3-zmq and python3-msgpack are not installed");
    return;
  }
  const Folder folder;
  Service service(folder, kNet);
  REQUIRE(service.listening());
  std::string silent = slurp(program(folder, "executor.py"));
  const std::string answer = "say(**said[key])";
  silent.replace(silent.find(answer), answer.size(), "pass");
  Child first(folder, "first", {folder.write("silent.py", silent), service.endpoint("actions")}, kPython);
  REQUIRE(service.eventually_says({"status"}, "executor example-1: live"));
  REQUIRE(service
              .pub(R"({"type":"LinkStats","data":{"device":"e7","port":"p","util":0.9}})"
                   "\n")
              .status == 0);
  REQUIRE(first.await_out("draining e7 p\n"));
  first.signal(SIGKILL);
  first.wait();
  CHECK(service.query({"facts", "--type", "DrainLink"}).out.find("state: \"sent\"") != std::string::npos);

  Child second(folder, "second", {program(folder, "executor.py"), service.endpoint("actions")}, kPython);
  CHECK(second.await_out("draining e7 p\n"));
  CHECK(service.eventually_says({"facts", "--type", "DrainLink"}, "state: \"acked\""));
  CHECK(service.eventually_says({"facts", "--type", "Drained"}, "\"e7\""));
  CHECK(count_lines(second.out()) == 1);
  CHECK(service.child().stop() == 0);
}

TEST_CASE("rubbish on every socket harms nobody else") {
  if (!has_python()) {
    WARN("skipped: python3-zmq and python3-msgpack are not installed");
    return;
  }
  const Folder folder;
  Service service(folder, kNet, {"--bind", "plain=tcp://127.0.0.1:0", "--bind", "out=tcp://127.0.0.1:0", "--print-endpoints"});
  REQUIRE(service.listening());
  REQUIRE(service.child().await_out("}\n"));
  const auto port_of = [&](const std::string& face) {
    const std::string said = service.child().out();
    const std::string head = "\"" + face + "\":[\"tcp://127.0.0.1:";
    const std::size_t at = said.find(head);
    REQUIRE(at != std::string::npos);
    return said.substr(at + head.size(), said.find('"', at + head.size()) - at - head.size());
  };
  const std::string plain = port_of("plain"), out = port_of("out");
  // Somebody who behaves, all the while.
  std::string lines;
  for (int i = 0; i < 2'000; ++i)
    lines += R"({"type":"LinkStats","data":{"device":"d)" + std::to_string(i) + R"(","port":"p","util":0.5}})" + "\n";
  Child good(folder, "good", {"pub", folder.write("good.jsonl", lines), "--rate", "1000", "--connect", service.endpoint("facts")});
  const Finished hostile =
      run(kPython, {std::string(FLYBALL_SOURCE_DIR) + "/tests/e2e/hostile.py", service.endpoint("facts"), "tcp://127.0.0.1:" + plain,
                    "tcp://127.0.0.1:" + out, service.endpoint("actions"), service.endpoint("queries"), plain, out});
  INFO(hostile.err);
  CHECK(hostile.status == 0);
  CHECK(hostile.out.find("sent ") == 0);
  CHECK(good.wait() == 0);
  CHECK(good.err() == "2000 facts: 2000 acknowledged, 0 refused\n");
  CHECK(service.eventually_says({"facts", "--type", "LinkStats", "--json"}, "\"d1999\""));
  CHECK(service.query({"ask", "pick_pool", R"({"service":"api","client":"10.0.0.1"})"}).status == 0);
  const std::string status = service.query({"status", "--json"}).out;
  CHECK(status.find("\"malformed\":0,") == std::string::npos);
  CHECK(service.child().stop() == 0);
}

}  // namespace
TEST_CASE("sub: a type is named by its last part in whatever module, or by its qualified name") {
  const Folder folder;
  Service service(folder, "module net.probes\n" + std::string(kRules));
  REQUIRE(service.listening());
  Child local(folder, "local", {"sub", "facts", "--type", "Probe", "--connect", service.endpoint("out")});
  Child qualified(folder, "qualified", {"sub", "facts", "--type", "net.probes.P", "--connect", service.endpoint("out")});
  Child other(folder, "other", {"sub", "facts", "actions", "--type", "probes", "--connect", service.endpoint("out")});
  REQUIRE(eventually([&] {
    service.pub(probe("b1", true));
    return local.out().find("net.probes.Probe") != std::string::npos && qualified.out().find("net.probes.Probe") != std::string::npos;
  }));
  CHECK(other.out().empty());
  CHECK(local.stop() == 0);
  CHECK(qualified.stop() == 0);
  CHECK(other.stop() == 0);
  CHECK(service.child().stop() == 0);
}

}  // namespace flyball::e2e
