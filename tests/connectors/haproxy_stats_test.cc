// Reading HAProxy's answers: a captured sample, and answers broken in every way a dying process can break them.
#include <catch2/catch.hpp>

#include "connectors/haproxy/facts.h"
#include "connectors/haproxy/stats.h"
#include "tests/connectors/fake_socket.h"

using namespace flyball;
using namespace flyball::connectors;
using namespace flyball::connectors::haproxy;
using flyball::connectors::testing::sample;

TEST_CASE("a captured `show stat` is read", "[haproxy]") {
  const auto rows = parse_stat(sample("show_stat.csv"));
  REQUIRE(rows);
  REQUIRE(rows->size() == 5);  // web1 web2 web3 web5 and the backend; the frontend is left out
  const StatRow& web1 = rows->at(0);
  CHECK(web1.backend == "web");
  CHECK(web1.server == "web1");
  CHECK(web1.status == "UP");
  CHECK(web1.address == "127.0.0.1:18081");
  CHECK(web1.check_status == "L7OK");
  CHECK(web1.check_code == 200);
  CHECK(web1.check_text == "Layer7 check passed");
  CHECK(web1.sessions_total == 2780);
  CHECK(web1.connect_errors == 1);
  CHECK(web1.retries == 3);
  CHECK(web1.bytes_in == 208338);
  CHECK(rows->at(1).status == "DOWN");
  CHECK(rows->at(1).check_status == "L4CON");
  CHECK_FALSE(rows->at(1).check_code);
  CHECK(rows->at(2).check_status.empty());
  CHECK(rows->at(4).server.empty());
  CHECK(rows->at(4).connect_errors == 6);
  CHECK(rows->at(4).active_servers == 1);
}

TEST_CASE("captured server states are read", "[haproxy]") {
  const auto states = parse_servers_state(sample("show_servers_state.txt"));
  REQUIRE(states);
  REQUIRE(states->size() == 4);
  const ServerState& web1 = states->at(0);
  CHECK(health_of(web1) == "up");
  CHECK(admin_of(web1) == "ready");
  CHECK(web1.weight == 25);
  CHECK(web1.configured_weight == 100);
  CHECK(web1.has_check);
  CHECK(health_of(states->at(1)) == "down");
  CHECK(admin_of(states->at(1)) == "drain");
  CHECK(admin_of(states->at(2)) == "maint");
  CHECK(states->at(3).address == "-");
  CHECK_FALSE(states->at(3).has_check);  // configured, but never switched on
}

TEST_CASE("a running server without a check is unchecked, not up", "[haproxy]") {
  ServerState s;
  s.operation = Operation::kRunning;
  CHECK(health_of(s) == "unchecked");
  s.has_check = true;
  CHECK(health_of(s) == "up");
  s.operation = Operation::kStarting;
  CHECK(health_of(s) == "starting");
  s.operation = Operation::kStopping;
  CHECK(health_of(s) == "stopping");
}

TEST_CASE("maintenance counts for more than a drain", "[haproxy]") {
  ServerState s;
  s.admin = kForcedDrain;
  CHECK(admin_of(s) == "drain");
  s.admin = kForcedDrain | kForcedMaint;
  CHECK(admin_of(s) == "maint");
  s.admin = kResolverMaint;
  CHECK(admin_of(s) == "maint");
  s.admin = kConfiguredMaint;  // left over in the flags after `state ready`
  CHECK(admin_of(s) == "ready");
}

TEST_CASE("a captured `show info` is read", "[haproxy]") {
  const auto info = parse_info(sample("show_info.txt"));
  REQUIRE(info);
  CHECK(info->version.starts_with("2.6"));
  CHECK(info->pid > 0);
  CHECK(info->uptime_s > 0);
}

TEST_CASE("an answer cut off anywhere is refused as a whole", "[haproxy]") {
  const std::string whole = sample("show_stat.csv");
  // HAProxy ends the table with two line ends; a table cut off at the end of a row must not look like fewer servers.
  for (std::size_t size = 0; size + 1 < whole.size(); size += 97) CHECK_FALSE(parse_stat(whole.substr(0, size)));
  for (std::size_t at = whole.find('\n'); at + 2 < whole.size(); at = whole.find('\n', at + 1))
    CHECK_FALSE(parse_stat(whole.substr(0, at + 1)));
  CHECK(parse_stat(whole));
  const std::string states = sample("show_servers_state.txt");
  for (std::size_t size = 0; size + 1 < states.size(); size += 13) CHECK_FALSE(parse_servers_state(states.substr(0, size)));
}

TEST_CASE("garbage is refused with its words", "[haproxy]") {
  const auto message = [](std::string_view text) {
    const auto rows = parse_stat(text);
    return rows ? std::string("accepted") : rows.error().message;
  };
  CHECK(message("Permission denied\n") == "`show stat` answered \"Permission denied\"");
  CHECK(message("\x01\x02\xff garbage\n\n") == "`show stat` answered \"?\?\xff garbage\"");
  CHECK(message("# pxname,svname\nweb,web1\n\n") == "`show stat` has no column `type`");
  CHECK(message("").starts_with("the answer to `show stat` was cut off"));

  std::string broken = sample("show_stat.csv");
  const std::size_t at = broken.find("L7OK,200");
  REQUIRE(at != std::string::npos);
  broken.replace(at, 8, "L7OK,2x0");
  CHECK(message(broken) == "`show stat` sent \"2x0\" in column `check_code`, where a number belongs");

  std::string huge = sample("show_stat.csv");
  huge.replace(huge.find(",2780,"), 6, ",99999999999999999999,");
  CHECK(message(huge).find("where a number belongs") != std::string::npos);

  std::string shorter = sample("show_stat.csv");
  shorter.replace(shorter.find("web,web2"), shorter.find('\n', shorter.find("web,web2")) - shorter.find("web,web2"), "web,web2,0,0");
  CHECK(message(shorter).find("a line of 4 cells") != std::string::npos);

  CHECK_FALSE(parse_servers_state("Can't find backend.\n\n"));
  CHECK_FALSE(parse_servers_state("2\n# be_id\n\n"));
  CHECK_FALSE(parse_info("Name: HAProxy\n"));
}

TEST_CASE("quoted cells keep their commas", "[haproxy]") {
  std::string text = sample("show_stat.csv");
  text.replace(text.find("Layer7 check passed"), 19, "\"a, \"\"b\"\"\"");
  const auto rows = parse_stat(text);
  REQUIRE(rows);
  CHECK(rows->at(0).check_text == "a, \"b\"");
}

TEST_CASE("columns are found by name, in any order and among others", "[haproxy]") {
  // Another version: every line with one more column in front.
  std::string out;
  bool first = true;
  for (const char c : sample("show_stat.csv")) {
    if (first && c != '\n' && c != '#') out += "extra,";
    if (first && c == '#') {
      out += "# extra,";
      first = false;
      continue;
    }
    first = c == '\n';
    out += c;
  }
  out.erase(out.find(' ', 2), 1);
  const auto rows = parse_stat(out);
  REQUIRE(rows);
  CHECK(rows->at(0).server == "web1");
}
